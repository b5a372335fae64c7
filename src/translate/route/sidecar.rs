//! Outbound route configurations, by the names that the listeners ask for.
//!
//! istiod: `httproute.go` `buildSidecarOutboundHTTPRouteConfig`

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::envoy::{RouteConfiguration, VirtualHost};
use crate::mesh::protocol::Protocol;
use crate::proxy::{EgressListener, OutboundView};
use crate::translate::route::route_name::RouteName;
use crate::translate::route::{catch_all, virtual_host};

/// Names that listeners ask for -> `RouteConfiguration`s, in that order.
///
/// istiod: `httproute.go` `BuildHTTPRoutes`, `buildSidecarOutboundHTTPRouteConfig`
pub(crate) fn sidecar<'n>(
    view: &OutboundView<'_>,
    names: impl IntoIterator<Item = &'n str>,
    diagnostics: &mut Diagnostics,
) -> Vec<RouteConfiguration> {
    // Many names ask for one host each of the same port.
    let mut by_port: BTreeMap<u32, Vec<VirtualHost>> = BTreeMap::new();
    let mut build = |name: &str| {
        let route_name = RouteName::parse(name)?;
        let virtual_hosts = match route_name {
            RouteName::Port(_) | RouteName::AllPorts => {
                let mut all = of_listener(view, route_name.port(), name, diagnostics);
                all.push(catch_all::virtual_host(view));
                all
            }
            RouteName::Sniffed { host, port } => {
                let all = by_port.entry(port).or_insert_with(|| of_listener(view, port, name, diagnostics));
                of_host(all, name, host)
            }
        };
        Some(RouteConfiguration {
            virtual_hosts,
            max_direct_response_body_size_bytes: Some(MAX_DIRECT_RESPONSE_BODY_SIZE),
            ignore_port_in_host_matching: true,
            ..empty(name)
        })
    };
    names.into_iter().map(|name| build(name).unwrap_or_else(|| empty(name))).collect()
}

/// One megabyte, which validation allows too. istiod: `route.go` `DefaultMaxDirectResponseBodySizeBytes`.
pub(crate) const MAX_DIRECT_RESPONSE_BODY_SIZE: u32 = 1024 * 1024;

/// What istiod answers for a name that it cannot read.
pub(crate) fn empty(name: &str) -> RouteConfiguration {
    RouteConfiguration { name: name.to_owned(), validate_clusters: Some(false), ..RouteConfiguration::default() }
}

/// Returns the virtual hosts of a port sorted by name; the bind address tells sockets apart (port 0). A Sidecar's `HTTP_PROXY`
/// listener has those of all ports.
fn of_listener(view: &OutboundView<'_>, port: u32, bind: &str, diagnostics: &mut Diagnostics) -> Vec<VirtualHost> {
    let Some(listener) = view.scope.egress_listener_for_route(port, bind) else { return Vec::new() };
    let port = if is_http_proxy(listener) { 0 } else { port };
    let mut virtual_hosts = virtual_host::virtual_hosts(view, listener, port, diagnostics);
    virtual_hosts.sort_by(|a, b| a.name.cmp(&b.name));
    virtual_hosts
}

fn is_http_proxy(listener: &EgressListener) -> bool {
    listener.listener.port.as_ref().is_some_and(|p| Protocol::parse(&p.protocol) == Protocol::HttpProxy)
}

/// Returns the virtual host of a service whose protocol is sniffed: its listener knows the host already, so every domain is its own.
///
/// istiod: `httproute.go` `getVirtualHostsForSniffedServicePort`
fn of_host(all: &[VirtualHost], name: &str, host: &str) -> Vec<VirtualHost> {
    let is_meant = |v: &&VirtualHost| v.domains.iter().any(|d| d == name || d == host);
    let mut found: Vec<_> = all.iter().filter(is_meant).cloned().collect();
    if let [only] = found.as_mut_slice() {
        only.domains = vec!["*".to_owned()];
    }
    found
}
