//! Priorities by labels that client and endpoint share.

use std::collections::BTreeMap;

use crate::model::istio::label::NETWORK;
use crate::translate::endpoint::failover;
use crate::translate::endpoint::locality::{LocalityEndpoint, LocalityEndpoints};

/// `localityLbSetting.failoverPriority`, `trafficDistribution` -> `LocalityLbEndpoints.priority`
///
/// The more of the labels, in order, an endpoint shares with the client, the higher its priority. Endpoints of one place with
/// different priorities are split.
///
/// istiod: `loadbalancer.go` `applyFailoverPriorities`
pub(super) fn by_priority<'m>(
    groups: Vec<LocalityEndpoints<'m>>,
    client_labels: &BTreeMap<String, String>,
    priority_labels: &[String],
    by_network: ByNetwork,
) -> Vec<LocalityEndpoints<'m>> {
    let wanted = wanted(client_labels, priority_labels);
    let by_network = match priority_labels.first() {
        Some(first) if first == NETWORK => by_network,
        _ => ByNetwork::Required,
    };
    let mut split: Vec<LocalityEndpoints<'m>> =
        groups.into_iter().flat_map(|group| split(group, &wanted, by_network)).collect();
    let priorities: Vec<u32> = split.iter().map(|group| group.priority).collect();
    for (group, priority) in split.iter_mut().zip(failover::consecutive(&priorities)) {
        group.priority = priority;
    }
    split
}

/// The labels with the values that an endpoint should have: the client's own, or those that stand in the setting (`key=value`).
///
/// A value for a label counts wherever the label is named. istiod: `priorityLabelOverrides`.
fn wanted<'a>(client_labels: &'a BTreeMap<String, String>, priority_labels: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let parse = |text: &'a String| {
        let mut parts = text.split('=');
        let key = parts.next().unwrap_or_default();
        let value = parts.next().filter(|_| parts.next().is_none());
        (key, value)
    };
    let overrides: BTreeMap<&str, &str> =
        priority_labels.iter().filter_map(|text| parse(text).1.map(|value| (parse(text).0, value))).collect();
    let own = |key: &str| client_labels.get(key).map_or("", String::as_str);
    let key = |text: &'a String| parse(text).0;
    priority_labels.iter().map(key).map(|key| (key, overrides.get(key).copied().unwrap_or_else(|| own(key)))).collect()
}

/// What the network means where it is the first label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByNetwork {
    /// As any label: endpoints of another network come last, whatever else they share.
    Required,
    /// Endpoints of another network come after all of the client's own, in the order of the labels that follow.
    Preferred,
}

/// Splits the endpoints of a place by priority. istiod: `applyFailoverPriorityPerLocality`.
fn split<'m>(
    group: LocalityEndpoints<'m>,
    wanted: &[(&str, &str)],
    by_network: ByNetwork,
) -> Vec<LocalityEndpoints<'m>> {
    let prefers = by_network == ByNetwork::Preferred;
    let mut by_priority: BTreeMap<usize, Vec<LocalityEndpoint<'m>>> = BTreeMap::new();
    for endpoint in group.endpoints {
        let value = |key: &str| endpoint.labels.get(key).map_or("", String::as_str);
        let is_shared = |(key, wanted): &&(&str, &str)| value(key) == *wanted;
        let shared = wanted.iter().take_while(is_shared).count();
        let priority = match wanted {
            // The place of the first of the others that differs, behind all priorities of the own network.
            [_, others @ ..] if prefers && shared == 0 => {
                let further = others.iter().take_while(is_shared).count();
                let rank = if further == others.len() { 0 } else { others.len() - further };
                wanted.len() + rank
            }
            _ => wanted.len() - shared,
        };
        by_priority.entry(priority).or_default().push(endpoint);
    }
    let locality = group.locality;
    by_priority
        .into_iter()
        .map(|(priority, endpoints)| LocalityEndpoints {
            locality: locality.clone(),
            weight: Some(endpoints.iter().map(LocalityEndpoint::weight).fold(0, u32::wrapping_add)),
            endpoints,
            priority: u32::try_from(priority).unwrap_or(u32::MAX),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::envoy::{LbEndpoint, Locality};

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn endpoint(pairs: &[(&str, &str)], weight: u32) -> LocalityEndpoint<'static> {
        LocalityEndpoint {
            endpoint: None,
            labels: Cow::Owned(labels(pairs)),
            lb_endpoint: LbEndpoint { load_balancing_weight: Some(weight), ..LbEndpoint::default() },
        }
    }

    fn split_by(client: &[(&str, &str)], setting: &[&str]) -> Vec<(u32, Option<u32>)> {
        let group = LocalityEndpoints {
            locality: Locality::default(),
            endpoints: vec![
                endpoint(&[("region", "eu"), ("zone", "a")], 1),
                endpoint(&[("region", "eu"), ("zone", "b")], 2),
                endpoint(&[("region", "us"), ("zone", "a")], 4),
                endpoint(&[("region", "us")], 8),
            ],
            weight: Some(15),
            priority: 0,
        };
        let setting: Vec<String> = setting.iter().map(ToString::to_string).collect();
        by_priority(vec![group], &labels(client), &setting, ByNetwork::Required)
            .iter()
            .map(|g| (g.priority, g.weight))
            .collect()
    }

    #[test]
    fn the_first_label_that_differs_decides() {
        let client = [("region", "eu"), ("zone", "a")];
        assert_eq!(split_by(&client, &["region", "zone"]), [(0, Some(1)), (1, Some(2)), (2, Some(12))]);
        assert_eq!(split_by(&client, &["zone"]), [(0, Some(5)), (1, Some(10))]);
    }

    #[test]
    fn a_value_in_the_setting_stands_for_the_clients() {
        assert_eq!(split_by(&[], &["region=us", "zone"]), [(0, Some(8)), (1, Some(4)), (2, Some(3))]);
    }
}
