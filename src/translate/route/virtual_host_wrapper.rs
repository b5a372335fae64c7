//! Routes with the hosts and services that share them.
//!
//! istiod: `route.go` `BuildSidecarVirtualHostWrapper`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::envoy::Route;
use crate::mesh::hostname;
use crate::mesh::service::Resolution;
use crate::mesh::virtual_service::{MESH_GATEWAY, RouteSemantics, route_semantics};
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::proxy::{EgressListener, OutboundView};
use crate::translate::route::listener_services::{ListenerService, ListenerServices};
use crate::translate::route::virtual_service::{HttpRouteOptions, http_routes};
use crate::translate::route::{default_route, virtual_service_hosts};

/// What becomes one virtual host for each of its hosts and services.
///
/// istiod: `route.go` `VirtualHostWrapper`
#[derive(Debug)]
pub(super) struct VirtualHostWrapper<'s, 'a> {
    /// Whose routes they are; none for the default routes of a service.
    pub(super) virtual_service: Option<&'a Config<VirtualService>>,
    /// The service port.
    pub(super) port: u32,
    /// The services.
    pub(super) services: Vec<&'s ListenerService<'a>>,
    /// Hosts of the VirtualService that are no services.
    pub(super) hosts: Vec<String>,
    /// The routes of each.
    pub(super) routes: Vec<Route>,
}

/// Builds those of the VirtualServices in order, then one for each service port that no VirtualService speaks for.
///
/// istiod: `route.go` `BuildSidecarVirtualHostWrapper`
pub(super) fn virtual_host_wrappers<'s, 'a>(
    view: &OutboundView<'_>,
    listener: &'a EgressListener,
    services: &'s ListenerServices<'a>,
    listener_port: u32,
) -> Vec<VirtualHostWrapper<'s, 'a>> {
    // Port 80 is for hosts outside of the registry too.
    let wildcards: Vec<&String> = services.keys().filter(|s| hostname::is_wildcard(s)).collect();
    let is_wanted = |config: &&Arc<Config<VirtualService>>| {
        listener_port == 80 || virtual_service_hosts::names_a_service(&config.spec, services, &wildcards)
    };
    let mut wrappers: Vec<_> = listener
        .virtual_services
        .iter()
        .filter(is_wanted)
        .flat_map(|config| of_virtual_service(view, config, services, listener_port, &listener.most_specific_wildcard))
        .collect();
    let claimed: BTreeSet<&str> = wrappers.iter().flat_map(|w| &w.services).map(|s| s.hostname.as_str()).collect();
    let unclaimed = services.values().filter(|s| !claimed.contains(s.hostname.as_str()));
    let defaults: Vec<_> = unclaimed.flat_map(|service| of_service(view, service)).collect();
    wrappers.extend(defaults);
    wrappers
}

/// The routes of a VirtualService for its services by port, and for its other hosts.
///
/// istiod: `route.go` `buildSidecarVirtualHostsForVirtualService`
fn of_virtual_service<'s, 'a>(
    view: &OutboundView<'_>,
    config: &'a Config<VirtualService>,
    services: &'s ListenerServices<'a>,
    listener_port: u32,
    most_specific: &BTreeMap<String, (String, String)>,
) -> Vec<VirtualHostWrapper<'s, 'a>> {
    let service = |host: &str| services.get(host).map(ListenerService::as_destination);
    let options = HttpRouteOptions { view, listener_port, gateway: MESH_GATEWAY, is_tls: false, service: &service };
    let routes = http_routes(&options, config);
    let hosts = virtual_service_hosts::separate(config, services, most_specific);
    if routes.is_empty() || !may_speak_for(view, config, &hosts.services) {
        return Vec::new();
    }
    // By port in the order in which they come up: see `ListenerServices`.
    let mut by_port: IndexMap<u32, Vec<&ListenerService<'_>>> = IndexMap::new();
    for service in &hosts.services {
        for port in service.http_ports() {
            by_port.entry(port).or_default().push(service);
        }
    }
    if by_port.is_empty() && listener_port == 80 {
        by_port.insert(80, Vec::new());
    }
    let wrapper = |(port, services)| VirtualHostWrapper {
        virtual_service: Some(config),
        port,
        services,
        hosts: hosts.other.clone(),
        routes: routes.clone(),
    };
    by_port.into_iter().map(wrapper).collect()
}

/// A Gateway API route counts for clients in its own namespace, or for services there. (One such service is enough for all.)
fn may_speak_for(view: &OutboundView<'_>, config: &Config<VirtualService>, services: &[&ListenerService<'_>]) -> bool {
    let namespace = &config.meta.namespace;
    route_semantics(config) != RouteSemantics::Gateway
        || services.iter().any(|s| s.service.namespace == *namespace || view.client.namespace == *namespace)
}

/// The default route of each port. Another name of a service has no virtual host of its own: see its aliases.
fn of_service<'s, 'a>(view: &OutboundView<'_>, service: &'s ListenerService<'a>) -> Vec<VirtualHostWrapper<'s, 'a>> {
    if service.service.resolution == Resolution::Alias {
        return Vec::new();
    }
    let wrapper = |port| VirtualHostWrapper {
        virtual_service: None,
        port,
        services: vec![service],
        hosts: Vec::new(),
        routes: vec![default_route::outbound(view, &service.hostname, port)],
    };
    service.http_ports().map(wrapper).collect()
}
