//! EndpointSlices that repeat Endpoints: istiod reads slices only.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::endpoint_slice::{services_with_slices, slice};
use super::{Invented, Made};
use crate::expand::Target;
use crate::ingest::Manifests;
use crate::model::Config;
use crate::model::kubernetes::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints};

/// EndpointSlices for the Endpoints of a Service that has none, as Kubernetes' mirroring controller makes them: one for each
/// subset and family of addresses.
pub(super) fn make(manifests: &Manifests, _: &Target<'_>) -> Vec<Made> {
    let sliced = services_with_slices(manifests);
    let services = manifests.services.iter();
    let services: BTreeSet<_> = services.map(|s| (s.meta.namespace.as_str(), s.meta.name.as_str())).collect();
    let mut made = Vec::new();
    for endpoints in manifests.endpoints.iter().filter(|endpoints| !skips_mirror(endpoints)) {
        let service = (endpoints.meta.namespace.as_str(), endpoints.meta.name.as_str());
        if sliced.contains(&service) || !services.contains(&service) {
            continue;
        }
        for (number, subset) in endpoints.spec.subsets.iter().enumerate() {
            for (family, is_family) in [("IPv4", is_ipv4 as fn(&str) -> bool), ("IPv6", is_ipv6)] {
                made.extend(mirror(endpoints, number, subset, family, is_family));
            }
        }
    }
    made
}

fn mirror(
    endpoints: &Config<Endpoints>,
    number: usize,
    subset: &EndpointSubset,
    family: &str,
    is_family: fn(&str) -> bool,
) -> Option<Made> {
    let ready = subset.addresses.iter().map(|address| (address, true));
    let not_ready = subset.not_ready_addresses.iter().map(|address| (address, false));
    let list: Vec<Value> =
        ready.chain(not_ready).filter(|(address, _)| is_family(&address.ip)).map(|(a, r)| endpoint(a, r)).collect();
    if list.is_empty() {
        return None;
    }
    let (namespace, name) = (&endpoints.meta.namespace, &endpoints.meta.name);
    let what = format!("{} of Endpoints {name}", list.len());
    let ports: Vec<Value> = subset.ports.iter().map(port).collect();
    let by = "endpointslicemirroring-controller.k8s.io";
    let object = slice(namespace, name, &format!("mirror/{number}"), by, family, &list, &ports);
    let invented = Invented {
        kind: "EndpointSlice",
        namespace: namespace.clone(),
        name: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        field: "",
        value: what,
        source: endpoints.source,
    };
    Some(Made { source: endpoints.source, object, replaces: false, invented: vec![invented] })
}

fn skips_mirror(endpoints: &Config<Endpoints>) -> bool {
    let meta = &endpoints.meta;
    meta.labels.get("endpointslice.kubernetes.io/skip-mirror").is_some_and(|value| value == "true")
        || meta.annotations.contains_key("control-plane.alpha.kubernetes.io/leader")
}

fn endpoint(address: &EndpointAddress, ready: bool) -> Value {
    let mut endpoint = json!({
        "addresses": [address.ip],
        "conditions": {"ready": ready, "serving": ready, "terminating": false},
    });
    let texts = [("hostname", &address.hostname), ("nodeName", &address.node_name)];
    for (key, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
        endpoint[key] = json!(value);
    }
    if let Some(target) = &address.target_ref {
        endpoint["targetRef"] = json!({"kind": target.kind, "namespace": target.namespace, "name": target.name});
    }
    endpoint
}

fn port(port: &EndpointPort) -> Value {
    let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
    let mut object = json!({"name": port.name, "protocol": protocol});
    if let Some(number) = port.port {
        object["port"] = json!(number);
    }
    if let Some(app_protocol) = &port.app_protocol {
        object["appProtocol"] = json!(app_protocol);
    }
    object
}

fn is_ipv4(address: &str) -> bool {
    matches!(address.parse(), Ok(IpAddr::V4(_)))
}

fn is_ipv6(address: &str) -> bool {
    matches!(address.parse(), Ok(IpAddr::V6(_)))
}
