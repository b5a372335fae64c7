//! Users that OpenShift has set aside for the Pods of a Namespace.
//!
//! istiod: `inject.go` `GetProxyIDs`, `openshift.go`

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{PROXY, containers, proxy_of};

/// The user and group of proxies that nothing says another of.
pub(super) const DEFAULT_IDS: (i64, i64) = (1337, 1337);

const USERS: &str = "openshift.io/sa.scc.uid-range";
const GROUPS: &str = "openshift.io/sa.scc.supplemental-groups";

/// Returns user and group of the proxies in a Namespace: the last of its ranges.
pub(super) fn proxy_ids(annotations: &BTreeMap<String, String>) -> (i64, i64) {
    let last = |block: &String| end(block);
    let user = annotations.get(USERS).and_then(last);
    let groups = annotations.get(GROUPS).or_else(|| annotations.get(USERS));
    // One bad range spoils the list.
    let groups: Option<Vec<i64>> = groups.and_then(|list| list.split(',').map(end).collect());
    let group = groups.and_then(|groups| groups.first().copied());
    (user.unwrap_or(DEFAULT_IDS.0), group.unwrap_or(DEFAULT_IDS.1))
}

/// The last number of `<first>/<count>` or `<first>-<last>`.
fn end(block: &str) -> Option<i64> {
    if let Some((first, count)) = block.split_once('/') {
        let (first, count) = (first.parse::<u32>().ok()?, count.parse::<u32>().ok()?);
        return Some(i64::from(first.wrapping_add(count).wrapping_sub(1)));
    }
    let (first, last) = block.split_once('-')?;
    first.parse::<u32>().ok()?;
    last.parse::<u32>().ok().map(i64::from)
}

/// Takes the user from the Pod's own container `istio-proxy` where it is the application's too: then OpenShift has set it.
///
/// istiod: `webhook.go` `isSidecarUserMatchingAppUser`
pub(super) fn forget_user(spec: &mut Map<String, Value>) {
    let user = |container: &Value| container.pointer("/securityContext/runAsUser").and_then(Value::as_i64);
    let name = |container: &Value| container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (proxies, others): (Vec<&Value>, Vec<&Value>) =
        containers(spec).into_iter().partition(|one| name(one) == PROXY);
    let applications =
        others.into_iter().filter(|one| !matches!(name(one).as_str(), "istio-init" | "istio-validation"));
    let last = |all: Vec<Option<i64>>| all.into_iter().flatten().next_back().unwrap_or_default();
    let is_shared = last(proxies.into_iter().map(user).collect()) == last(applications.map(user).collect());
    if is_shared
        && let Some(security) =
            proxy_of(spec).and_then(|proxy| proxy.get_mut("securityContext")).and_then(Value::as_object_mut)
    {
        security.remove("runAsUser");
        security.remove("runAsGroup");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_a_range() {
        let ids = |annotations: &[(&str, &str)]| {
            proxy_ids(&annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
        };
        assert_eq!(ids(&[]), DEFAULT_IDS);
        assert_eq!(ids(&[(USERS, "1000620000/10000")]), (1_000_629_999, 1_000_629_999));
        assert_eq!(ids(&[(USERS, "1000-2000"), (GROUPS, "1-5,7-9")]), (2000, 5));
        assert_eq!(ids(&[(USERS, "1000"), (GROUPS, "1-5,7")]), DEFAULT_IDS);
    }
}
