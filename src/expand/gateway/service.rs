//! The Service of a Gateway.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Deployed, GATEWAY_LABEL, class};
use crate::ingest::Manifests;
use crate::installation::{Behaviour, Installation};
use crate::model::gateway_api::{GROUP, Listener};

/// The port for health checks.
const STATUS_PORT: u32 = 15021;
/// Longest name of a port.
const MAX_NAME: usize = 63;

/// The Service without an address, which the API server gives.
pub(super) fn service(deployed: &Deployed<'_>, manifests: &Manifests, installation: &Installation) -> Value {
    let gateway = deployed.gateway;
    let written = gateway.meta.annotations.get("networking.istio.io/service-type");
    let r#type = written.map_or(class::service_type(deployed.controller), String::as_str);
    let mut object = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": deployed.metadata(&deployed.meta.name, &deployed.labels()),
        "spec": {
            "ipFamilyPolicy": "PreferDualStack",
            "ports": ports(&listeners(deployed, manifests), installation),
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

/// Returns a name that two ports have.
pub(super) fn name_given_twice(service: &Value) -> Option<&str> {
    let mut known = BTreeSet::new();
    let ports = service.pointer("/spec/ports").and_then(Value::as_array);
    let mut names = ports.into_iter().flatten().filter_map(|port| port.get("name")?.as_str());
    names.find(|name| !known.insert(*name))
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
fn ports(listeners: &[&Listener], installation: &Installation) -> Vec<Value> {
    let port = |name: &str, number: u32, transport: &str, protocol: &str| json!({"name": name, "port": number, "protocol": transport, "targetPort": number, "appProtocol": protocol});
    let quic = installation.features.quic_listeners && installation.does(Behaviour::OpensUdpPortsForQuic);
    let mut names = Names { apart: installation.does(Behaviour::NamesGatewayPortsApart), used: BTreeSet::new() };
    let mut numbers = BTreeSet::new();
    let status = names.name("status-port", STATUS_PORT);
    let mut out = vec![port(&status, STATUS_PORT, "TCP", "tcp")];
    for listener in listeners.iter().filter(|listener| numbers.insert(listener.port)) {
        let name = names.name(&listener.name.replace('.', "-"), listener.port);
        let protocol = listener.protocol.to_ascii_lowercase();
        out.push(port(&name, listener.port, "TCP", &protocol));
        if quic && protocol == "https" {
            let name = names.name(&format!("{name}-quic"), listener.port);
            out.push(port(&name, listener.port, "UDP", &protocol));
        }
    }
    out
}

/// The names of the ports.
struct Names {
    /// Whether no name is given twice. The API server takes no Service that has one twice.
    apart: bool,
    used: BTreeSet<String>,
}

impl Names {
    /// Returns a name that a port can have. istiod: `deploymentcontroller.go` `uniquePortName`
    fn name(&mut self, name: &str, number: u32) -> String {
        let cut = |name: &str, longest: usize| name.chars().take(longest).collect::<String>();
        let mut candidate = cut(name, MAX_NAME);
        let mut suffix = format!("-{number}");
        while self.apart && self.used.contains(&candidate) {
            candidate = cut(name, MAX_NAME - suffix.len()) + &suffix;
            suffix.push('x');
        }
        self.used.insert(candidate.clone());
        candidate
    }
}
