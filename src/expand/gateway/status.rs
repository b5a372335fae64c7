//! Where a Gateway is reached, as istiod writes it into the status: what waypoints are found by.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{class, needs_nothing, served};
use crate::expand::{Invented, Made, Target, node};
use crate::ingest::Manifests;
use crate::model::Config;
use crate::model::kubernetes::Service;

/// The annotation that names the type of addresses to report.
const ADDRESS_TYPE: &str = "networking.istio.io/address-type";

/// `status.addresses` of each Gateway that istiod serves in an ambient mesh, where its Service is in the input or was made, and the
/// status says nothing yet.
///
/// istiod: `gateway/conversion.go` `reportGatewayStatus`
pub(in crate::expand) fn make(manifests: &Manifests, target: &Target<'_>) -> Vec<Made> {
    let features = &target.installation.features;
    if !features.ambient {
        return Vec::new();
    }
    let mut made = Vec::new();
    for (gateway, controller) in served(manifests, target) {
        let name = gateway.spec.deployment_name(&gateway.meta, controller);
        let namespace = &gateway.meta.namespace;
        let mut services = manifests.services.iter();
        let service = services.find(|service| service.meta.namespace == *namespace && service.meta.name == name);
        let Some(service) = service.filter(|_| !needs_nothing(gateway)) else { continue };
        let hostname = format!("{name}.{namespace}.svc.{}", target.installation.cluster_domain);
        let wanted = gateway.meta.annotations.get(ADDRESS_TYPE).map_or(class::address_type(controller), String::as_str);
        let addresses = addresses(service, hostname, wanted);
        let Some(mut object) = manifests.object(gateway.source).map(node::object) else { continue };
        let Some(root) = object.as_object_mut().filter(|_| !addresses.is_empty()) else { continue };
        let reported = addresses.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect();
        node::map(root, "status").insert("addresses".to_owned(), Value::Array(reported));
        let values: Vec<&str> = addresses.iter().map(|(_, value)| value.as_str()).collect();
        let invented = Invented {
            kind: "Gateway",
            namespace: namespace.clone(),
            name: gateway.meta.name.clone(),
            field: "status.addresses",
            value: values.join(", "),
            source: gateway.source,
        };
        made.push(Made { source: gateway.source, object, replaces: true, invented: vec![invented] });
    }
    made
}

/// The addresses, each with its type: those of the load balancer, else those inside of the cluster. A Service that waits for its
/// load balancer has no hostname yet.
fn addresses(service: &Config<Service>, hostname: String, wanted: &str) -> Vec<(&'static str, String)> {
    let balancer = &service.spec.load_balancer_ingress;
    let external = balancer.iter().map(|one| if one.ip.is_empty() { &one.hostname } else { &one.ip });
    let external: BTreeSet<&String> =
        external.filter(|address| !address.is_empty()).chain(&service.spec.spec.external_ips).collect();
    let mut found: Vec<String> = external.into_iter().cloned().collect();
    if found.is_empty() {
        if wanted != "Hostname" {
            let own = service.spec.spec.cluster_ips.iter().chain([&service.spec.spec.cluster_ip]);
            let own: BTreeSet<&String> = own.filter(|ip| !ip.is_empty() && *ip != "None").collect();
            found.extend(own.into_iter().cloned());
        }
        if wanted != "IPAddress" && service.spec.spec.r#type != "LoadBalancer" {
            found.push(hostname);
        }
    }
    let kind = |address: &String| if address.parse::<std::net::IpAddr>().is_ok() { "IPAddress" } else { "Hostname" };
    found.into_iter().map(|address| (kind(&address), address)).collect()
}
