//! The Service of a Gateway.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Deployed, GATEWAY_LABEL, class};
use crate::expand::node;
use crate::ingest::Manifests;
use crate::model::gateway_api::{GROUP, Listener};

/// The port for health checks.
const STATUS_PORT: u32 = 15021;
/// Longest name of a port.
const MAX_NAME: usize = 63;

/// The Service without an address, which the API server gives.
pub(super) fn service(deployed: &Deployed<'_>, manifests: &Manifests) -> Value {
    let gateway = deployed.gateway;
    let written = gateway.meta.annotations.get("networking.istio.io/service-type");
    let r#type = written.map_or(class::service_type(deployed.controller), String::as_str);
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": deployed.metadata(&deployed.meta.name, &deployed.labels()),
        "spec": {
            "ipFamilyPolicy": "PreferDualStack",
            "ports": ports(&listeners(deployed, manifests)),
            "selector": {GATEWAY_LABEL: gateway.meta.name},
            "type": r#type,
        },
    });
    if deployed.is_waypoint() {
        let annotations = object["metadata"]["annotations"].as_object_mut();
        let distribution = "networking.istio.io/traffic-distribution".to_owned();
        annotations.map(|annotations| annotations.entry(distribution).or_insert_with(|| json!("PreferClose")));
    }
    if let (Some(address), "LoadBalancer") = (gateway.spec.addresses.first(), r#type) {
        object["spec"]["loadBalancerIP"] = json!(address.value);
    }
    object
}

/// Gives the Service an address, unless it has one or is to have none; returns it with what there is to say of that.
pub(super) fn with_address(mut object: Value, address: &str) -> (Value, String) {
    let Some(root) = object.as_object_mut() else { return (object, String::new()) };
    let spec = node::map(root, "spec");
    let text = |name: &str| spec.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("type") == "ExternalName" || !text("clusterIP").is_empty() {
        return (object, String::new());
    }
    spec.insert("clusterIP".to_owned(), json!(address));
    spec.insert("clusterIPs".to_owned(), json!([address]));
    (object, format!(", {address}"))
}

/// The listeners of the Gateway and of the ListenerSets that it takes.
fn listeners<'m>(deployed: &Deployed<'m>, manifests: &'m Manifests) -> Vec<&'m Listener> {
    let gateway = deployed.gateway;
    let sets = manifests.listener_sets.iter().filter(|set| {
        let parent = &set.spec.parent_ref;
        let namespace = &set.meta.namespace;
        let labels = manifests.namespaces.iter().find(|n| n.meta.name == *namespace).map(|n| &n.meta.labels);
        (parent.group.as_str(), parent.kind.as_str()) == (GROUP, "Gateway")
            && parent.name == gateway.meta.name
            && *parent.namespace.as_ref().unwrap_or(namespace) == gateway.meta.namespace
            && gateway.spec.accepts_listener_set(&gateway.meta.namespace, namespace, labels)
    });
    gateway.spec.listeners.iter().chain(sets.flat_map(|set| &set.spec.listeners)).collect()
}

/// istiod: `deploymentcontroller.go` `extractServicePorts`
fn ports(listeners: &[&Listener]) -> Vec<Value> {
    let port = |name: &str, number: u32, protocol: &str| json!({"name": name, "port": number, "protocol": "TCP", "targetPort": number, "appProtocol": protocol});
    let mut numbers = BTreeSet::new();
    let mut out = vec![port("status-port", STATUS_PORT, "tcp")];
    for listener in listeners.iter().filter(|listener| numbers.insert(listener.port)) {
        let mut name = listener.name.replace('.', "-");
        name.truncate(MAX_NAME);
        out.push(port(&name, listener.port, &listener.protocol.to_ascii_lowercase()));
    }
    out
}
