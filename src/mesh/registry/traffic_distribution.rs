//! `trafficDistribution`: by field, by annotation of the service, by annotation of the namespace.

use std::collections::BTreeMap;

use crate::mesh::service::TrafficDistribution;

const ANNOTATION: &str = "networking.istio.io/traffic-distribution";

/// istiod: `pilot/pkg/model/service.go` `GetTrafficDistribution`
pub(crate) fn traffic_distribution(
    field: &str,
    service_annotations: &BTreeMap<String, String>,
    namespace_annotations: &BTreeMap<String, String>,
) -> TrafficDistribution {
    match field {
        "PreferSameZone" | "PreferClose" => return TrafficDistribution::PreferSameZone,
        "PreferSameNode" => return TrafficDistribution::PreferSameNode,
        _ => {}
    }
    let stated = [service_annotations, namespace_annotations]
        .into_iter()
        .filter_map(|annotations| annotations.get(ANNOTATION))
        .find(|value| !value.is_empty());
    match stated.map(|value| value.to_ascii_lowercase()).as_deref() {
        Some("preferclose" | "prefersamezone") => TrafficDistribution::PreferSameZone,
        Some("prefersamenode") => TrafficDistribution::PreferSameNode,
        _ => TrafficDistribution::Any,
    }
}
