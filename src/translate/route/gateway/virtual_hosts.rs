//! Which hosts a gateway answers, and with which routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::{HostRoutes, services};
use crate::envoy::Route;
use crate::mesh::gateway::GatewayServer;
use crate::mesh::hostname;
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::proxy::ProxyView;
use crate::translate::destination::DestinationService;
use crate::translate::route::{HttpRouteOptions, http_routes, join_host_port, persistent_session, proxy_headers};

/// Routes by Gateway and VirtualService: made once, and then the same for all hosts and servers.
type Routes = BTreeMap<(String, String, String), Vec<Arc<Route>>>;

/// The hosts that servers and VirtualServices share, in the order in which they came up, and the hosts of HTTPS redirects.
///
/// istiod: `core/gateway.go` `buildGatewayHTTPRouteConfig`
pub(super) fn host_routes(view: &ProxyView<'_>, servers: &[Arc<GatewayServer>]) -> IndexMap<String, HostRoutes> {
    let mut known = Routes::new();
    let mut hosts = IndexMap::new();
    for server in servers {
        let mesh = view.outbound.mesh;
        for virtual_service in mesh.virtual_services_for_gateway(&view.proxy.namespace, &server.gateway_name) {
            let shared = shared_hosts(server, &virtual_service);
            if shared.is_empty() {
                continue;
            }
            let routes = routes(view, server, &virtual_service, &mut known);
            if !routes.is_empty() {
                add(view, server, &virtual_service, shared, &routes, &mut hosts);
            }
        }
        redirect(view, server, &mut hosts);
    }
    hosts
}

/// `Gateway.servers[].hosts`, `VirtualService.hosts` -> their intersection; of two that overlap, the narrower
fn shared_hosts(server: &GatewayServer, virtual_service: &Config<VirtualService>) -> Vec<String> {
    let offered = hostname::for_namespace(&server.spec.hosts, &virtual_service.meta.namespace);
    hostname::intersection(&offered, &virtual_service.spec.hosts)
}

/// The routes of a VirtualService, made for the first server for which there are any.
fn routes(
    view: &ProxyView<'_>,
    server: &GatewayServer,
    virtual_service: &Config<VirtualService>,
    known: &mut Routes,
) -> Vec<Arc<Route>> {
    let meta = &virtual_service.meta;
    let key = (server.gateway_name.clone(), meta.name.clone(), meta.namespace.clone());
    if let Some(routes) = known.get(&key) {
        return routes.clone();
    }
    let services = services::by_hostname(view, virtual_service);
    let options = HttpRouteOptions {
        view: &view.outbound,
        listener_port: server.port.number,
        gateway: &server.gateway_name,
        is_tls: server.spec.tls.is_some(),
        service: &|host| services.get(host).map(|&service| DestinationService::from(service)),
    };
    let routes = http_routes(&options, virtual_service);
    let routes: Vec<_> = routes.into_iter().map(Arc::new).collect();
    if !routes.is_empty() {
        known.insert(key, routes.clone());
    }
    routes
}

fn add(
    view: &ProxyView<'_>,
    server: &GatewayServer,
    virtual_service: &Config<VirtualService>,
    shared: Vec<String>,
    routes: &[Arc<Route>],
    hosts: &mut IndexMap<String, HostRoutes>,
) {
    let features = view.outbound.mesh.features();
    for host in shared {
        let host = host.to_lowercase();
        let entry = hosts.entry(host).or_insert_with_key(|host| HostRoutes {
            session: services::by_hostname(view, virtual_service)
                .get(host)
                .and_then(|service| persistent_session::per_route(features, &service.labels)),
            ..host_without_routes(view, server, host)
        });
        entry.routes.extend(routes.iter().cloned());
        entry.require_tls |= server.is_https_redirect();
    }
}

/// `Gateway.servers[].tls.httpsRedirect` -> hosts that no VirtualService has redirect too
///
/// They are the server's hosts as written, with the namespace if they have one.
fn redirect(view: &ProxyView<'_>, server: &GatewayServer, hosts: &mut IndexMap<String, HostRoutes>) {
    for host in server.spec.hosts.iter().filter(|_| server.is_https_redirect()) {
        let host = host.to_lowercase();
        let entry = hosts.entry(host).or_insert_with_key(|host| host_without_routes(view, server, host));
        entry.require_tls = true;
    }
}

fn host_without_routes(view: &ProxyView<'_>, server: &GatewayServer, host: &str) -> HostRoutes {
    HostRoutes {
        name: join_host_port(host, server.port.number),
        domains: vec![host.to_owned()],
        routes: Vec::new(),
        require_tls: false,
        include_request_attempt_count: proxy_headers::include_request_attempt_count(&view.outbound),
        session: None,
    }
}
