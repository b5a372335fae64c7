//! `match.cluster`

use crate::envoy::DynamicMessage;
use crate::translate::envoy_filter::patch::Patch;

/// `match.cluster.{name, service, subset, portNumber}`; a name alone decides. The rest is in the cluster's name, but for the services
/// of an inbound cluster, which are `hosts`.
///
/// istiod: `cluster_patch.go` `clusterMatch`
pub(in crate::translate::envoy_filter) fn cluster(patch: &Patch, cluster: &DynamicMessage, hosts: &[String]) -> bool {
    let Some(wanted) = patch.cluster() else { return true };
    let name = cluster.text("name");
    if !wanted.name.is_empty() {
        return wanted.name == name;
    }
    let key = SubsetKey::parse(name);
    let is_service = if key.direction == "inbound" && !hosts.is_empty() {
        hosts.contains(&wanted.service)
    } else {
        key.hostname == wanted.service
    };
    (wanted.subset.is_empty() || wanted.subset == key.subset)
        && (wanted.service.is_empty() || is_service)
        && (wanted.port_number == 0 || key.port == i64::from(wanted.port_number))
}

/// The parts of a cluster's name, as far as they are there. istiod: `service.go` `ParseSubsetKey`
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SubsetKey<'n> {
    pub(super) direction: &'n str,
    pub(super) port: i64,
    pub(super) subset: &'n str,
    pub(super) hostname: &'n str,
}

impl<'n> SubsetKey<'n> {
    pub(super) fn parse(name: &'n str) -> Self {
        let is_dns_srv = name.starts_with("outbound_.") || name.starts_with("inbound_.");
        let separator = if is_dns_srv { "_." } else { "|" };
        let mut key = Self::default();
        let Some((direction, rest)) = name.split_once(separator) else { return key };
        key.direction = direction;
        let Some((port, rest)) = rest.split_once(separator) else { return key };
        key.port = port.parse().unwrap_or_default();
        let Some((subset, hostname)) = rest.split_once(separator) else { return key };
        key.subset = subset;
        if !hostname.contains(separator) {
            key.hostname = hostname;
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_clusters_have_parts() {
        let key = |direction, port, subset, hostname| SubsetKey { direction, port, subset, hostname };
        for (name, expected) in [
            ("outbound|80|v1|a.b.svc.cluster.local", key("outbound", 80, "v1", "a.b.svc.cluster.local")),
            ("outbound_.80_.v1_.a.b", key("outbound", 80, "v1", "a.b")),
            ("inbound|8080||", key("inbound", 8080, "", "")),
            ("PassthroughCluster", SubsetKey::default()),
            ("a|b|c|d|e", key("a", 0, "c", "")),
        ] {
            assert_eq!(SubsetKey::parse(name), expected, "{name}");
        }
    }
}
