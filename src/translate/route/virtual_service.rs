//! The HTTP routes of a VirtualService, for sidecars and gateways.
//!
//! istiod: `route.go` `BuildHTTPRoutesForVirtualService`

use crate::envoy::Route;
use crate::mesh::labels;
use crate::model::Config;
use crate::model::istio::{Destination, HttpMatchRequest, VirtualService};
use crate::proxy::{OutboundView, ProxyKind};
use crate::translate::destination::{self, DestinationService};
use crate::translate::route::{http_route, matching};
use crate::translate::waypoint_destination;

/// Where the routes are used. istiod: `RouteOptions` and the arguments beside it.
#[derive(Clone, Copy)]
pub(crate) struct HttpRouteOptions<'a> {
    /// The proxy.
    pub(crate) view: &'a OutboundView<'a>,
    /// The port of the listener, or of the Gateway server as written.
    pub(crate) listener_port: u32,
    /// The gateway that `match.gateways` is compared with: [`MESH_GATEWAY`](crate::mesh::virtual_service::MESH_GATEWAY) or
    /// `namespace/name`.
    pub(crate) gateway: &'a str,
    /// Whether the listener terminates TLS.
    pub(crate) is_tls: bool,
    /// Finds the service of a destination host, as seen from where the routes are used.
    pub(crate) service: &'a dyn Fn(&str) -> Option<DestinationService<'a>>,
}

impl HttpRouteOptions<'_> {
    /// The cluster of a destination, as the listener sees it.
    pub(super) fn cluster(&self, destination: &Destination) -> String {
        match &self.view.scope.waypoint {
            Some(waypoint) => waypoint_destination::cluster(self.view, waypoint, destination, self.listener_port),
            None => destination::cluster(destination, (self.service)(&destination.host), self.listener_port),
        }
    }
}

/// `VirtualService.http` -> `VirtualHost.routes`: one route for each match that may apply here, up to the first that takes every
/// request. None means that the VirtualService has nothing to say here.
///
/// istiod: `route.go` `BuildHTTPRoutesForVirtualService`
pub(crate) fn http_routes(options: &HttpRouteOptions<'_>, config: &Config<VirtualService>) -> Vec<Route> {
    let mut routes = Vec::new();
    for http in &config.spec.http {
        if http.r#match.is_empty() {
            routes.push(http_route::http_route(options, config, http, None));
            break;
        }
        for request in http.r#match.iter().filter(|r| applies(options, r)) {
            let route = http_route::http_route(options, config, http, Some(request));
            let catch_all = matching::is_catch_all(&route);
            routes.push(route);
            if catch_all {
                return routes;
            }
        }
    }
    routes
}

/// `match.port`, `gateways`, `sourceLabels`, `sourceNamespace`: says whether requests of this proxy can match at all. Where gateways
/// are named, they alone decide; else the source does. A waypoint knows no labels of clients, and no route that asks for them,
/// gateways or not.
///
/// istiod: `route.go` `TranslateRoute`, `sourceMatchHTTP`; `listener_waypoint.go` `waypointInboundRoute`
fn applies(options: &HttpRouteOptions<'_>, request: &HttpMatchRequest) -> bool {
    let client = options.view.client;
    let port = request.port == 0 || request.port == options.listener_port;
    let told_apart = client.kind != ProxyKind::Waypoint || request.source_labels.is_empty();
    let source = || {
        labels::subset(&request.source_labels, &client.labels)
            && (request.source_namespace.is_empty() || request.source_namespace == client.namespace)
    };
    let gateways = &request.gateways;
    port && told_apart && if gateways.is_empty() { source() } else { gateways.iter().any(|g| g == options.gateway) }
}

/// Moves the routes that take every request to the end, so that those of other VirtualServices come to their turn.
///
/// istiod: `route.go` `SortVHostRoutes`
pub(crate) fn catch_all_last(routes: Vec<Route>) -> Vec<Route> {
    let (catch_all, mut sorted): (Vec<_>, Vec<_>) = routes.into_iter().partition(matching::is_catch_all);
    sorted.extend(catch_all);
    sorted
}
