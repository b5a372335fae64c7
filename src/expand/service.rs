//! Virtual addresses of Services.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{Invented, Made, address, node};
use crate::expand::Target;
use crate::ingest::Manifests;
use crate::model::kubernetes::ServiceSpec;

/// `Service.spec.clusterIP` in 10.96.0.0/12, by the hash of `namespace/name`, where the API server would give one.
pub(super) fn make(manifests: &Manifests, _: &Target<'_>) -> Vec<Made> {
    let mut pool = None;
    let mut made = Vec::new();
    for service in manifests.services.iter().filter(|service| lacks_address(&service.spec.spec)) {
        let pool = pool.get_or_insert_with(|| address::free(Ipv4Addr::new(10, 96, 0, 0), 12, manifests));
        let (namespace, name) = (&service.meta.namespace, &service.meta.name);
        let Some(address) = pool.address(&format!("{namespace}/{name}")) else { continue };
        let Some(mut object) = manifests.object(service.source).map(node::object) else { continue };
        let Some(root) = object.as_object_mut() else { continue };
        let spec = node::map(root, "spec");
        let address = address.to_string();
        spec.insert("clusterIP".to_owned(), json!(address));
        spec.insert("clusterIPs".to_owned(), Value::Array(vec![json!(address)]));
        let invented = Invented {
            kind: "Service",
            namespace: namespace.clone(),
            name: name.clone(),
            field: "spec.clusterIP",
            value: address,
            source: service.source,
        };
        made.push(Made { source: service.source, object, replaces: true, invented: vec![invented] });
    }
    made
}

/// Returns whether a Service has a virtual address but does not say which. One of IPv6 only stays without.
fn lacks_address(spec: &ServiceSpec) -> bool {
    let ipv6_only = !spec.ip_families.is_empty() && spec.ip_families.iter().all(|family| family == "IPv6");
    spec.r#type != "ExternalName"
        && spec.cluster_ip.is_empty()
        && spec.cluster_ips.iter().all(String::is_empty)
        && !ipv6_only
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
