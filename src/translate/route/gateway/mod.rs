//! Route configurations of gateways: one for all plain HTTP servers of a port, and one for each HTTPS server.
//!
//! ```text
//! servers of the name -> hosts that servers and VirtualServices share, each with routes (virtual_hosts)
//!                     -> hosts with the same routes become one virtual host              (collapse)
//! ```
//!
//! istiod: `core/gateway.go` `buildGatewayHTTPRouteConfig`

mod collapse;
mod services;
mod virtual_hosts;

use std::sync::Arc;

use crate::envoy::{Any, Route, RouteConfiguration, VirtualHost, VirtualHostTlsRequirementType};
use crate::mesh::gateway::GatewayServer;
use crate::proxy::ProxyView;
use crate::translate::route::{MAX_DIRECT_RESPONSE_BODY_SIZE, catch_all_last, empty, join_host_port};

/// A virtual host whose routes are still shared with others: those that came from one VirtualService are the same pointers.
struct HostRoutes {
    name: String,
    domains: Vec<String>,
    routes: Vec<Arc<Route>>,
    require_tls: bool,
    include_request_attempt_count: bool,
    /// How requests stick to an endpoint.
    session: Option<(String, Any)>,
}

/// `Gateway.servers[]`, `VirtualService.http` -> the `RouteConfiguration` of a name
///
/// A name without servers (Envoy asks for it while a listener drains) has no virtual hosts.
///
/// istiod: `core/gateway.go` `buildGatewayHTTPRouteConfig`
pub(crate) fn build(view: &ProxyView<'_>, name: &str) -> RouteConfiguration {
    let servers = view.merged_gateway().and_then(|gateway| gateway.servers_by_route_name.get(name));
    let Some(servers) = servers.filter(|s| !s.is_empty()) else {
        return empty(name);
    };
    RouteConfiguration {
        virtual_hosts: virtual_hosts(view, servers),
        ignore_port_in_host_matching: true,
        max_direct_response_body_size_bytes: Some(MAX_DIRECT_RESPONSE_BODY_SIZE),
        ..empty(name)
    }
}

fn virtual_hosts(view: &ProxyView<'_>, servers: &[Arc<GatewayServer>]) -> Vec<VirtualHost> {
    let hosts = virtual_hosts::host_routes(view, servers);
    if hosts.is_empty() {
        return vec![black_hole(servers[0].port.number)];
    }
    let hosts = if view.outbound.mesh.features().route_collapse {
        collapse::collapse(hosts)
    } else {
        hosts.into_values().collect()
    };
    let mut hosts: Vec<VirtualHost> = hosts.into_iter().map(virtual_host).collect();
    hosts.sort_by(|a, b| a.name.cmp(&b.name));
    hosts
}

fn virtual_host(host: HostRoutes) -> VirtualHost {
    VirtualHost {
        name: host.name,
        domains: host.domains,
        routes: catch_all_last(host.routes.iter().map(|route| (**route).clone()).collect()),
        require_tls: if host.require_tls {
            VirtualHostTlsRequirementType::All
        } else {
            VirtualHostTlsRequirementType::None
        },
        include_request_attempt_count: host.include_request_attempt_count,
        typed_per_filter_config: host.session.into_iter().collect(),
        ..VirtualHost::default()
    }
}

/// No routes: Envoy answers 404.
fn black_hole(port: u32) -> VirtualHost {
    VirtualHost { name: join_host_port("blackhole", port), domains: vec!["*".to_owned()], ..VirtualHost::default() }
}
