//! VirtualServices on their own, whatever gateways they are bound to: what istio-config-validator and router_check_tool ask of.
//!
//! A gateway that the mesh does not have gets all of them, on port 80 and, with TLS, on port 443.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rules::Rules;
use crate::ingest::Manifests;
use crate::model::istio::HttpDirectResponse;

/// The objects of the gateway, to be read with the manifests.
pub const GATEWAY: &str = include_str!("gateway.yaml");

const BOUND_TO: &str = "meshc-test/all-virtual-services";

/// Binds all VirtualServices to the gateway, and to nothing else.
pub fn bind(manifests: &mut Manifests) {
    for config in &mut manifests.resources.virtual_services {
        let mut copy = (**config).clone();
        copy.spec.export_to = vec!["*".to_owned()];
        if !copy.spec.hosts.is_empty() {
            copy.spec.gateways = vec![BOUND_TO.to_owned()];
        }
        for condition in copy.spec.http.iter_mut().flat_map(|http| &mut http.r#match) {
            condition.gateways.clear();
        }
        *config = Arc::new(copy);
    }
}

/// Lets rules answer by themselves that istiod drops with their delegates; `used` are the marks that routes have. Says whether there
/// are such rules.
pub fn keep_dropped(manifests: &mut Manifests, rules: &Rules, used: &BTreeSet<usize>) -> bool {
    let mut has_some = false;
    for config in &mut manifests.resources.virtual_services {
        let is_dropped = |name: &str| !rules.in_name(name).any(|mark| used.contains(&mark));
        if config.spec.hosts.is_empty()
            || !config.spec.http.iter().any(|http| http.delegate.is_some() && is_dropped(&http.name))
        {
            continue;
        }
        let mut copy = (**config).clone();
        for http in copy.spec.http.iter_mut().filter(|http| http.delegate.is_some() && is_dropped(&http.name)) {
            http.delegate = None;
            http.direct_response = Some(HttpDirectResponse { status: 404, ..HttpDirectResponse::default() });
            has_some = true;
        }
        *config = Arc::new(copy);
    }
    has_some
}

/// Completes the short host of a request to that of a VirtualService with the same short host.
pub fn full_host(manifests: &Manifests, host: &str, cluster_domain: &str) -> Option<String> {
    if host.contains('.') {
        return None;
    }
    let found = manifests.resources.virtual_services.iter().find(|config| config.spec.hosts.iter().any(|h| h == host));
    found.map(|config| format!("{host}.{}.svc.{cluster_domain}", config.meta.namespace))
}
