//! The action of a route that leads to clusters.
//!
//! istiod: `route.go` `applyHTTPRouteDestination`

use crate::envoy::{RouteAction, RouteActionClusterNotFoundResponseCode, RouteActionHostRewriteSpecifier, RouteMatch};
use crate::mesh::virtual_service::RouteSemantics;
use crate::model::Duration;
use crate::model::istio::HttpRoute;
use crate::translate::duration::duration;
use crate::translate::route::destinations::Destinations;
use crate::translate::route::virtual_service::HttpRouteOptions;
use crate::translate::route::{mirror, proxy_headers, retry, rewrite};

/// `VirtualService.http[]` -> `Route.route`
///
/// The request's host is what the rewrite says, else the headers of the route, else those of its only destination.
///
/// istiod: `route.go` `applyHTTPRouteDestination`
pub(super) fn route_action(
    options: &HttpRouteOptions<'_>,
    http: &HttpRoute,
    destinations: &Destinations,
    r#match: &RouteMatch,
    semantics: RouteSemantics,
    headers_authority: Option<&str>,
) -> RouteAction {
    let rewritten_authority = http.rewrite.as_ref().map(|r| r.authority.as_str()).filter(|a| !a.is_empty());
    let authority = rewritten_authority.or(headers_authority).or(destinations.headers.authority.as_deref());
    let path = rewrite::path_rewrite(http.rewrite.as_ref(), r#match.path_specifier.as_ref(), semantics);
    let default_retries = options.view.mesh.config.default_http_retry_policy.as_ref();
    let timeout = Some(duration(http.timeout.unwrap_or(Duration::ZERO)));
    RouteAction {
        cluster_specifier: destinations.cluster_specifier.clone(),
        cluster_not_found_response_code: cluster_not_found_response_code(semantics),
        prefix_rewrite: path.prefix_rewrite,
        regex_rewrite: path.regex_rewrite,
        host_rewrite_specifier: authority.map(|a| RouteActionHostRewriteSpecifier::HostRewriteLiteral(a.to_owned())),
        append_x_forwarded_host: http.rewrite.is_some() && proxy_headers::append_x_forwarded_host(options.view),
        // Without the second, the timeout that gRPC clients ask for would not count.
        timeout,
        max_grpc_timeout: timeout,
        retry_policy: retry::retry_policy(http.retries.as_ref().or(default_retries), destinations.consistent_hash),
        request_mirror_policies: mirror::request_mirror_policies(options.view.mesh.features(), http, |d| {
            options.cluster(d)
        }),
        hash_policy: destinations.hash_policy.clone(),
        ..RouteAction::default()
    }
}

/// A route of the Gateway API answers 500 for a backend that does not exist; others 503.
fn cluster_not_found_response_code(semantics: RouteSemantics) -> RouteActionClusterNotFoundResponseCode {
    match semantics {
        RouteSemantics::Gateway => RouteActionClusterNotFoundResponseCode::InternalServerError,
        RouteSemantics::VirtualService | RouteSemantics::Ingress => RouteActionClusterNotFoundResponseCode::default(),
    }
}
