//! EndpointSlices from the Pods that a Service selects, as Kubernetes' controller makes them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Invented, Made, address};
use crate::expand::Target;
use crate::ingest::Manifests;
use crate::model::Config;
use crate::model::kubernetes::{IntOrString, Node, Pod, Service, ServicePort};

/// Most endpoints of a slice.
const MAX_ENDPOINTS: usize = 100;

/// EndpointSlices of each Service that selects Pods and has no slice and no Endpoints.
///
/// Pods whose ports resolve to the same numbers share slices; a Service that selects no Pod with an address gets none.
pub(super) fn make(manifests: &Manifests, _: &Target<'_>) -> Vec<Made> {
    let mut covered = services_with_slices(manifests);
    covered.extend(manifests.endpoints.iter().map(|e| (e.meta.namespace.as_str(), e.meta.name.as_str())));
    let lacking = manifests.services.iter().filter(|service| {
        !service.spec.spec.selector.is_empty()
            && service.spec.spec.r#type != "ExternalName"
            && !covered.contains(&(service.meta.namespace.as_str(), service.meta.name.as_str()))
    });
    lacking.flat_map(|service| slices(manifests, service)).collect()
}

/// Returns namespace and name of the Services that have a slice.
pub(super) fn services_with_slices(manifests: &Manifests) -> BTreeSet<(&str, &str)> {
    let slices = manifests.endpoint_slices.iter();
    slices
        .filter_map(|s| Some((s.meta.namespace.as_str(), s.meta.labels.get("kubernetes.io/service-name")?.as_str())))
        .collect()
}

/// Returns an EndpointSlice.
pub(super) fn slice(
    namespace: &str,
    service: &str,
    part: &str,
    managed_by: &str,
    address_type: &str,
    endpoints: &[Value],
    ports: &[Value],
) -> Value {
    let suffix = address::suffix(&format!("{namespace}/{service}/{address_type}/{part}"), 5);
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": format!("{service}-{suffix}"),
            "namespace": namespace,
            "labels": {
                "kubernetes.io/service-name": service,
                "endpointslice.kubernetes.io/managed-by": managed_by,
            },
        },
        "addressType": address_type,
        "endpoints": endpoints,
        "ports": ports,
    })
}

fn slices(manifests: &Manifests, service: &Config<Service>) -> Vec<Made> {
    let (namespace, name) = (&service.meta.namespace, &service.meta.name);
    // By family and ports.
    let mut groups: BTreeMap<(&str, Vec<u32>), Vec<&Config<Pod>>> = BTreeMap::new();
    for pod in &manifests.pods {
        let family = match pod.spec.status.pod_ip.parse() {
            Ok(IpAddr::V4(_)) => "IPv4",
            Ok(IpAddr::V6(_)) => "IPv6",
            Err(_) => continue,
        };
        if pod.meta.namespace == *namespace && selects(service, pod) {
            let ports =
                service.spec.spec.ports.iter().map(|port| target(&pod.spec, port).unwrap_or_default()).collect();
            groups.entry((family, ports)).or_default().push(pod);
        }
    }
    let mut made = Vec::new();
    for ((family, numbers), pods) in groups {
        let ports = service.spec.spec.ports.iter().zip(&numbers).filter(|(_, number)| **number != 0);
        let ports: Vec<Value> = ports.map(|(port, number)| slice_port(port, *number)).collect();
        for (part, pods) in pods.chunks(MAX_ENDPOINTS).enumerate() {
            let endpoints: Vec<Value> = pods.iter().map(|pod| endpoint(service, pod, &manifests.nodes)).collect();
            let part = format!("{numbers:?}/{part}");
            let by = "endpointslice-controller.k8s.io";
            let object = slice(namespace, name, &part, by, family, &endpoints, &ports);
            let names: Vec<&str> = pods.iter().map(|pod| pod.meta.name.as_str()).collect();
            let invented = Invented {
                kind: "EndpointSlice",
                namespace: namespace.clone(),
                name: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
                field: "",
                value: format!("of Service {name}, Pod {}", names.join(", ")),
                source: service.source,
            };
            made.push(Made { source: service.source, object, replaces: false, invented: vec![invented] });
        }
    }
    made
}

/// Returns whether a Pod is behind a Service: selected, and not run to its end.
fn selects(service: &Config<Service>, pod: &Config<Pod>) -> bool {
    let ended = matches!(pod.spec.status.phase.as_str(), "Succeeded" | "Failed");
    !ended && service.spec.spec.selector.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value))
}

/// Returns the number of a Service's port in a Pod; a name is that of a container's port of the same protocol.
fn target(pod: &Pod, port: &ServicePort) -> Option<u32> {
    let name = match &port.target_port {
        None | Some(IntOrString::Int(0)) => return Some(port.port),
        Some(IntOrString::Int(number)) => return Some(*number),
        Some(IntOrString::String(name)) => name,
    };
    // Init containers count if they keep running.
    let kept = pod.spec.init_containers.iter().filter(|container| container.restart_policy == "Always");
    let protocol = |protocol: &str| if protocol.is_empty() { "TCP".to_owned() } else { protocol.to_owned() };
    let mut ports = pod.spec.containers.iter().chain(kept).flat_map(|container| &container.ports);
    let found = ports.find(|p| p.name == *name && protocol(&p.protocol) == protocol(&port.protocol));
    found.map(|port| port.container_port)
}

fn slice_port(port: &ServicePort, number: u32) -> Value {
    let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
    let mut object = json!({"name": port.name, "port": number, "protocol": protocol});
    if let Some(app_protocol) = &port.app_protocol {
        object["appProtocol"] = json!(app_protocol);
    }
    object
}

fn endpoint(service: &Config<Service>, pod: &Config<Pod>, nodes: &[Arc<Config<Node>>]) -> Value {
    let serving = pod.spec.status.conditions.iter().any(|c| c.r#type == "Ready" && c.status == "True");
    let terminating = pod.meta.deletion_timestamp.is_some();
    let ready = service.spec.spec.publish_not_ready_addresses || (serving && !terminating);
    let mut endpoint = json!({
        "addresses": [pod.spec.status.pod_ip],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {"kind": "Pod", "namespace": pod.meta.namespace, "name": pod.meta.name},
    });
    let spec = &pod.spec.spec;
    if !spec.hostname.is_empty() && spec.subdomain == service.meta.name {
        endpoint["hostname"] = json!(spec.hostname);
    }
    if !spec.node_name.is_empty() {
        endpoint["nodeName"] = json!(spec.node_name);
        let node = nodes.iter().find(|node| node.meta.name == spec.node_name);
        if let Some(zone) = node.and_then(|node| node.meta.labels.get("topology.kubernetes.io/zone")) {
            endpoint["zone"] = json!(zone);
        }
    }
    endpoint
}
