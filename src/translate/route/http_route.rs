//! One HTTP route of a VirtualService under one of its matches.
//!
//! istiod: `route.go` `TranslateRoute`

use std::collections::BTreeMap;

use crate::envoy::{Any, Route, RouteActionClusterSpecifier, RouteActionOneof, RouteMatch};
use crate::mesh::virtual_service::route_semantics;
use crate::model::Config;
use crate::model::istio::{HttpMatchRequest, HttpRoute, VirtualService};
use crate::translate::metadata;
use crate::translate::route::headers::HeaderOperations;
use crate::translate::route::virtual_service::HttpRouteOptions;
use crate::translate::route::{
    cors, decorator, destinations, direct_response, fault, headers, matching, persistent_session, redirect,
    route_action,
};

/// `VirtualService.http[]` with one of its matches, or none -> `Route`
///
/// istiod: `route.go` `TranslateRoute`
pub(super) fn http_route(
    options: &HttpRouteOptions<'_>,
    config: &Config<VirtualService>,
    http: &HttpRoute,
    request: Option<&HttpMatchRequest>,
) -> Route {
    let r#match = matching::route_match(request, route_semantics(config));
    let route_headers = headers::header_operations(http.headers.as_ref());
    let (action, destination_headers) = action(options, config, http, &r#match, route_headers.authority.as_deref());
    let headers = route_headers.and(destination_headers);
    Route {
        name: route_name(http, request),
        decorator: Some(decorator::decorator(
            &r#match,
            cluster(action.as_ref()),
            &config.meta.name,
            options.listener_port,
        )),
        r#match: Some(r#match),
        action,
        metadata: metadata::istio([("config", metadata::virtual_service(config))]),
        request_headers_to_add: headers.request_headers_to_add,
        request_headers_to_remove: headers.request_headers_to_remove,
        response_headers_to_add: headers.response_headers_to_add,
        response_headers_to_remove: headers.response_headers_to_remove,
        typed_per_filter_config: typed_per_filter_config(options, http),
        stat_prefix: request.map(|r| r.stat_prefix.clone()).unwrap_or_default(),
        ..Route::default()
    }
}

/// `http[].redirect`, else `directResponse`, else `route` -> `Route.redirect`, `direct_response`, `route`; with the headers of the
/// only destination.
fn action(
    options: &HttpRouteOptions<'_>,
    config: &Config<VirtualService>,
    http: &HttpRoute,
    r#match: &RouteMatch,
    authority: Option<&str>,
) -> (Option<RouteActionOneof>, HeaderOperations) {
    let semantics = route_semantics(config);
    if let Some(to) = &http.redirect {
        let action = redirect::redirect(options.view.mesh, to, options.listener_port, options.is_tls, semantics);
        (action.map(RouteActionOneof::Redirect), HeaderOperations::default())
    } else if let Some(response) = &http.direct_response {
        let action = direct_response::direct_response(response);
        (Some(RouteActionOneof::DirectResponse(action)), HeaderOperations::default())
    } else {
        let destinations = destinations::destinations(options, &http.route);
        let action = route_action::route_action(options, http, &destinations, r#match, semantics, authority);
        (Some(RouteActionOneof::Route(action)), destinations.headers)
    }
}

/// `http[].name`, `match[].name` -> `Route.name`
fn route_name(http: &HttpRoute, request: Option<&HttpMatchRequest>) -> String {
    match request.map(|r| r.name.as_str()) {
        None | Some("") => http.name.clone(),
        Some(request) => format!("{}.{request}", http.name),
    }
}

/// `http[].fault`, `corsPolicy` -> `Route.typed_per_filter_config`
fn typed_per_filter_config(options: &HttpRouteOptions<'_>, http: &HttpRoute) -> BTreeMap<String, Any> {
    let fault = http.fault.as_ref().map(|f| ("envoy.filters.http.fault", Any::from(fault::fault(f))));
    let cors = http.cors_policy.as_ref().map(|c| ("envoy.filters.http.cors", Any::from(cors::cors_policy(c))));
    let own = fault.into_iter().chain(cors).map(|(filter, config)| (filter.to_owned(), config));
    own.chain(session(options, http)).collect()
}

/// The session of the route's destinations. Of several it is the last one's, until two in a row have one.
fn session(options: &HttpRouteOptions<'_>, http: &HttpRoute) -> Option<(String, Any)> {
    if http.redirect.is_some() || http.direct_response.is_some() {
        return None;
    }
    let only = http.route.len() == 1;
    let mut found = None;
    for destination in http.route.iter().filter(|route| only || route.weight != 0) {
        let host = destination.destination.as_ref().map_or("", |destination| destination.host.as_str());
        let labels = (options.service)(host).and_then(|service| service.labels);
        let session = labels.and_then(|labels| persistent_session::per_route(options.view.mesh.features(), labels));
        if session.is_some() && found.is_some() {
            break;
        }
        found = session;
    }
    found
}

/// The only cluster that a route leads to.
fn cluster(action: Option<&RouteActionOneof>) -> Option<&str> {
    match action {
        Some(RouteActionOneof::Route(action)) => match &action.cluster_specifier {
            Some(RouteActionClusterSpecifier::Cluster(cluster)) => Some(cluster),
            _ => None,
        },
        _ => None,
    }
}
