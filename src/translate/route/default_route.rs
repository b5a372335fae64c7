//! The route to a service that no VirtualService speaks for.
//!
//! istiod: `route.go` `BuildDefaultHTTPOutboundRoute`, `buildSidecarVirtualHostForService`

use crate::envoy::{Duration, Route, RouteAction, RouteActionClusterSpecifier, RouteActionOneof};
use crate::proxy::OutboundView;
use crate::translate::name;
use crate::translate::route::domains::join_host_port;
use crate::translate::route::{decorator, hash_policy, matching, retry};

/// A port of a service -> `Route`
///
/// Unlike for a VirtualService, a consistent hash leaves the retry policy alone.
///
/// istiod: `route.go` `buildSidecarVirtualHostForService`
pub(super) fn outbound(view: &OutboundView<'_>, hostname: &str, port: u32) -> Route {
    let no_timeout = Some(Duration::seconds(0));
    let hash = hash_policy::for_service(view, hostname, port);
    let action = RouteAction {
        timeout: no_timeout,
        max_grpc_timeout: no_timeout,
        retry_policy: retry::retry_policy(view.mesh.config.default_http_retry_policy.as_ref(), false),
        hash_policy: hash.and_then(hash_policy::hash_policy).into_iter().collect(),
        ..to_cluster(name::outbound_cluster(port, "", hostname))
    };
    default_route(&join_host_port(hostname, port), action)
}

/// A route named `default` for every request. istiod: `route.go` `buildDefaultHTTPRoute`.
pub(super) fn default_route(host_and_port: &str, action: RouteAction) -> Route {
    Route {
        name: "default".to_owned(),
        r#match: Some(matching::everything()),
        action: Some(RouteActionOneof::Route(action)),
        decorator: Some(decorator::default_decorator(host_and_port)),
        ..Route::default()
    }
}

/// An action with nothing but its cluster.
pub(super) fn to_cluster(cluster: String) -> RouteAction {
    RouteAction { cluster_specifier: Some(RouteActionClusterSpecifier::Cluster(cluster)), ..RouteAction::default() }
}
