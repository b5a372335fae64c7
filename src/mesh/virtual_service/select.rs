//! Which VirtualServices a Sidecar egress listener imports, and which of them speaks for a service.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::installation::Features;
use crate::mesh::egress_hosts::{self, ANY_NAMESPACE, EgressHosts};
use crate::mesh::hostname;
use crate::mesh::virtual_service::{
    MESH_GATEWAY, RouteSemantics, VirtualServiceIndex, is_own_gateway_route, route_semantics,
};
use crate::model::Config;
use crate::model::istio::VirtualService;

impl VirtualServiceIndex {
    /// Selects the VirtualServices for sidecars of which some host is among the imported ones (by namespace, see
    /// [`crate::mesh::egress_hosts`]). Each list is walked twice: Gateway API routes of the own namespace come first.
    ///
    /// istiod: `pilot/pkg/model/virtualservice.go` `SelectVirtualServices`
    pub fn select(
        &self,
        config_namespace: &str,
        imported: &BTreeMap<String, EgressHosts>,
        features: &Features,
    ) -> Vec<Arc<Config<VirtualService>>> {
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut out = Vec::new();
        for list in self.lists(config_namespace, MESH_GATEWAY) {
            let (own, other): (Vec<_>, Vec<_>) =
                list.iter().partition(|c| features.unified_sidecar_scope && is_own_gateway_route(c, config_namespace));
            for config in own.into_iter().chain(other) {
                let key = (config.meta.namespace.as_str(), config.meta.name.as_str());
                if is_imported(config, imported) && seen.insert(key) {
                    out.push(config.clone());
                }
            }
        }
        out
    }
}

/// Says whether one of the hosts is imported from the VirtualService's namespace, or from any.
fn is_imported(config: &Config<VirtualService>, imported: &BTreeMap<String, EgressHosts>) -> bool {
    let gateway_semantics = route_semantics(config) == RouteSemantics::Gateway;
    let namespace = config.meta.namespace.as_str();
    let counts = |host: &&String| !egress_hosts::exclude(imported, namespace, host);
    [namespace, ANY_NAMESPACE].iter().filter_map(|&namespace| imported.get(namespace)).any(|hosts| {
        config.spec.hosts.iter().filter(counts).any(|h| hosts.virtual_service_matches(h, gateway_semantics))
    })
}

/// Returns for each service the VirtualService (its namespace and name) with the most specific host that covers it; of equal hosts
/// the first in the list.
///
/// istiod: `pilot/pkg/model/sidecar.go` `computeWildcardHostVirtualServiceIndex`
pub fn most_specific_by_hostname<'a>(
    virtual_services: &[Arc<Config<VirtualService>>],
    services: impl Iterator<Item = &'a str>,
) -> BTreeMap<String, (String, String)> {
    let mut exact: BTreeMap<String, &Config<VirtualService>> = BTreeMap::new();
    let mut wildcards = exact.clone();
    for config in virtual_services {
        for host in &config.spec.hosts {
            let map = if hostname::is_wildcard(host) { &mut wildcards } else { &mut exact };
            map.entry(host.clone()).or_insert(config);
        }
    }
    let find = |service: &str| {
        let (_, config) = hostname::most_specific_match(service, &exact, &wildcards)?;
        Some((service.to_owned(), (config.meta.namespace.clone(), config.meta.name.clone())))
    };
    services.filter_map(find).collect()
}
