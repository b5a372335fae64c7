//! Namespaces that the input uses and does not have.

use std::collections::BTreeMap;

use serde_json::json;

use super::workload::{lack_pods, workloads};
use super::{Invented, Made, inject};
use crate::expand::Target;
use crate::ingest::Manifests;
use crate::model::gateway_api::GatewayController;
use crate::model::istio::label::DATAPLANE_MODE;
use crate::source::ResourceRef;

/// A Namespace labelled `istio-injection: enabled` for workloads whose namespace the input does not have; `istio.io/dataplane-mode:
/// ambient` if it has a waypoint.
///
/// A repository of manifests rarely has it: the label is given by hand, as Istio's guide says. Namespaces of the system, and
/// Istio's own, are not taken to have the label.
pub(super) fn make(manifests: &Manifests, target: &Target<'_>) -> Vec<Made> {
    let has_waypoint = |name: &str| {
        let known = target.installation.features.known_classes();
        let mut gateways = manifests.kubernetes_gateways.iter().filter(|gateway| gateway.meta.namespace == name);
        let classes = || manifests.gateway_classes.iter().map(AsRef::as_ref);
        gateways.any(|g| known.controller(&g.spec.gateway_class_name, classes()) == Some(GatewayController::Waypoint))
    };
    let mut missing: BTreeMap<String, ResourceRef> = BTreeMap::new();
    for workload in lack_pods(manifests, &workloads(manifests)) {
        let namespace = &workload.meta.namespace;
        let known = manifests.namespaces.iter().any(|n| n.meta.name == *namespace);
        if !known && namespace != "istio-system" && !inject::IGNORED_NAMESPACES.contains(&namespace.as_str()) {
            missing.entry(namespace.clone()).or_insert(workload.source);
        }
    }
    let made = missing.into_iter().map(|(name, source)| {
        let (label, value) =
            if has_waypoint(&name) { (DATAPLANE_MODE, "ambient") } else { ("istio-injection", "enabled") };
        let labels = json!({label: value, "kubernetes.io/metadata.name": name});
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        let invented = Invented {
            kind: "Namespace",
            namespace: String::new(),
            name,
            field: "",
            value: format!("{label}: {value}"),
            source,
        };
        Made { source, object, replaces: false, invented: vec![invented] }
    });
    made.collect()
}
