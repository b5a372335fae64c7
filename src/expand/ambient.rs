//! Which Pods are in ambient mode: what Istio's CNI says of them.
//!
//! istio: `cni/pkg/util/podutil.go` `PodEligible`, `cni/pkg/util/enablement_selector.go`

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Invented, Made, Target, node};
use crate::ingest::Manifests;
use crate::model::gateway_api::{GatewayController, KubernetesGateway};
use crate::model::istio::label::{DATAPLANE_MODE, REDIRECTION};
use crate::model::{Config, ObjectMeta};

/// What the injector has written to a Pod with a sidecar.
const INJECTED: &str = "sidecar.istio.io/status";
/// Namespaces whose Pods the CNI leaves alone. istio: `cni/values.yaml` `excludeNamespaces`
const EXCLUDED: &[&str] = &["kube-system"];

/// Says whether the input shows what the CNI or istiod has done to an ambient mesh: a Pod says whether it is redirected, or a waypoint
/// has an address.
pub(super) fn is_seen_to(manifests: &Manifests, target: &Target<'_>) -> bool {
    let known = target.installation.features.known_classes();
    let is_waypoint = |gateway: &Config<KubernetesGateway>| {
        let classes = manifests.gateway_classes.iter().map(AsRef::as_ref);
        let controller = known.controller(&gateway.spec.gateway_class_name, classes);
        matches!(controller, Some(GatewayController::Waypoint | GatewayController::EastWest))
    };
    manifests.pods.iter().any(|pod| pod.meta.annotations.contains_key(REDIRECTION))
        || manifests.kubernetes_gateways.iter().any(|g| is_waypoint(g) && !g.spec.status_addresses.is_empty())
}

/// Enrols the Pods of the input that have an address already, unless it shows who is enrolled. Those that get their address here are
/// enrolled as they are made.
pub(super) fn enrol(manifests: &Manifests, target: &Target<'_>) -> Vec<Made> {
    if !target.installation.features.ambient || is_seen_to(manifests, target) {
        return Vec::new();
    }
    let mut made = Vec::new();
    for pod in manifests.pods.iter().filter(|pod| !pod.spec.status.pod_ip.is_empty()) {
        let spec = &pod.spec.spec;
        if !is_eligible(manifests, &pod.meta.namespace, &of_meta(&pod.meta), spec.host_network) {
            continue;
        }
        let Some(mut object) = manifests.object(pod.source).map(node::object) else { continue };
        let Some(root) = object.as_object_mut() else { continue };
        annotate(root);
        let invented = Invented {
            kind: "Pod",
            namespace: pod.meta.namespace.clone(),
            name: pod.meta.name.clone(),
            field: "metadata.annotations",
            value: format!("{REDIRECTION}: enabled"),
            source: pod.source,
        };
        made.push(Made { source: pod.source, object, replaces: true, invented: vec![invented] });
    }
    made
}

/// Enrols a Pod that is being made, if it is to be in ambient mode; returns whether it is.
pub(super) fn enrol_made(
    manifests: &Manifests,
    target: &Target<'_>,
    namespace: &str,
    pod: &mut Map<String, Value>,
) -> bool {
    if !target.installation.features.ambient {
        return false;
    }
    let host_network = node::map(pod, "spec").get("hostNetwork").and_then(Value::as_bool).unwrap_or_default();
    let metadata = node::map(pod, "metadata");
    let texts = |map: &Map<String, Value>| {
        map.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    };
    let written = Written {
        labels: texts(node::map(metadata, "labels")),
        annotations: texts(node::map(metadata, "annotations")),
    };
    let enrolled = is_eligible(manifests, namespace, &written, host_network);
    if enrolled {
        annotate(pod);
    }
    enrolled
}

/// Labels and annotations of a Pod.
struct Written {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

fn of_meta(meta: &ObjectMeta) -> Written {
    Written { labels: meta.labels.clone(), annotations: meta.annotations.clone() }
}

fn is_eligible(manifests: &Manifests, namespace: &str, pod: &Written, host_network: bool) -> bool {
    let of_namespace = manifests.namespaces.iter().find(|n| n.meta.name == namespace);
    let asks = |labels: &BTreeMap<String, String>| labels.get(DATAPLANE_MODE).is_some_and(|mode| mode == "ambient");
    let refuses = pod.labels.get(DATAPLANE_MODE).is_some_and(|mode| mode == "none");
    let is_ztunnel = pod.labels.get("app").is_some_and(|app| app == "ztunnel");
    let asked = asks(&pod.labels) || of_namespace.is_some_and(|n| asks(&n.meta.labels)) && !refuses;
    asked && !host_network && !is_ztunnel && !pod.annotations.contains_key(INJECTED) && !EXCLUDED.contains(&namespace)
}

fn annotate(pod: &mut Map<String, Value>) {
    let annotations = node::map(node::map(pod, "metadata"), "annotations");
    annotations.entry(REDIRECTION).or_insert_with(|| json!("enabled"));
}
