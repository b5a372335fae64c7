//! Where a workload runs, and the topology labels that follow from it.

use std::collections::BTreeMap;

use crate::installation::{Behaviour, Behaviours};
use crate::model::istio::label::NETWORK;

/// Label of a pod or WorkloadEntry that states its locality, with dots or slashes between the parts.
const TOPOLOGY_LOCALITY: &str = "topology.istio.io/locality";
/// The older form of it.
pub(crate) const ISTIO_LOCALITY: &str = "istio-locality";
/// Label for the region.
pub(crate) const REGION: &str = "topology.kubernetes.io/region";
/// Label for the zone.
pub(crate) const ZONE: &str = "topology.kubernetes.io/zone";
/// Label for the sub-zone.
pub(crate) const SUBZONE: &str = "topology.istio.io/subzone";
/// Label for the cluster.
const CLUSTER: &str = "topology.istio.io/cluster";
/// The labels that a traffic distribution compares.
pub(crate) const TOPOLOGY: [&str; 5] = [NETWORK, REGION, ZONE, SUBZONE, HOSTNAME];
/// Label for the node.
pub(crate) const HOSTNAME: &str = "kubernetes.io/hostname";

/// Returns the locality that labels state themselves, as `region/zone/subzone`.
///
/// istiod: `pkg/model` `GetLocalityLabel`, `SanitizeLocalityLabel`
pub(crate) fn stated(labels: &BTreeMap<String, String>, behaviours: Behaviours) -> Option<String> {
    let topology = labels.get(TOPOLOGY_LOCALITY).filter(|_| behaviours.contains(Behaviour::ReadsTopologyLocalityLabel));
    let label = topology.or_else(|| labels.get(ISTIO_LOCALITY)).filter(|l| !l.is_empty())?;
    Some(if label.contains('/') { label.clone() } else { label.replace('.', "/") })
}

/// Returns the locality of a node, as `region/zone/subzone`; the GA labels go before the beta ones.
///
/// istiod: `serviceregistry/kube/controller/controller.go` `getPodLocality`
pub(crate) fn of_node(labels: &BTreeMap<String, String>) -> Option<String> {
    let label = |keys: &[&str]| keys.iter().filter_map(|k| labels.get(*k)).find(|v| !v.is_empty());
    let region = label(&[REGION, "failure-domain.beta.kubernetes.io/region"]);
    let zone = label(&[ZONE, "failure-domain.beta.kubernetes.io/zone"]);
    let subzone = label(&[SUBZONE]);
    region.or(zone).or(subzone)?;
    let text = |part: Option<&String>| part.cloned().unwrap_or_default();
    Some(format!("{}/{}/{}", text(region), text(zone), text(subzone)))
}

/// Splits `region/zone/subzone`; further parts are left out. istiod: `SplitLocalityLabel`.
pub(crate) fn split(locality: &str) -> (&str, &str, &str) {
    let mut parts = locality.split('/');
    let mut part = || parts.next().unwrap_or_default();
    (part(), part(), part())
}

/// Adds the labels by which topology can be selected. istiod: `serviceregistry/util/label` `AugmentLabels`.
pub(crate) fn augmented(
    labels: &BTreeMap<String, String>,
    cluster_id: &str,
    locality: &str,
    node: &str,
    network: &str,
) -> BTreeMap<String, String> {
    let mut out = labels.clone();
    let (region, zone, subzone) = split(locality);
    for (key, value) in [(REGION, region), (ZONE, zone), (SUBZONE, subzone), (CLUSTER, cluster_id), (HOSTNAME, node)] {
        if !value.is_empty() {
            out.insert(key.to_owned(), value.to_owned());
        }
    }
    if !network.is_empty() && out.get(NETWORK).is_none_or(String::is_empty) {
        out.insert(NETWORK.to_owned(), network.to_owned());
    }
    out
}
