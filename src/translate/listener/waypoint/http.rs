//! Chains of a waypoint for requests.

use super::CLASS;
use crate::envoy::{
    Filter, HeaderMutation, HeaderMutationAction, HeaderValue, HeaderValueOption, HeaderValueOptionHeaderAppendAction,
    HttpConnectionManager, HttpConnectionManagerForwardClientCertDetails, HttpConnectionManagerRouteSpecifier,
    HttpFilter, HttpHeaderMutation, Mutations, RouteConfiguration,
};
use crate::installation::Behaviour;
use crate::mesh::hostname;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Service};
use crate::proxy::{ProxyView, WaypointScope};
use crate::translate::listener::http_connection_manager::{self, HcmOptions};
use crate::translate::listener::{ListenerView, filter, http1, proxy_headers};
use crate::translate::{name, route, stat_name};

/// The annotation of waypoints that tell services who their client is.
const CLIENT_IDENTITY: &str = "ambient.istio.io/xfcc-include-client-identity";

/// The filters that lead to a port of a service.
///
/// istiod: `listener_waypoint.go` `buildWaypointInboundHTTPFilters`
pub(super) fn to_service(
    view: &ListenerView<'_>,
    proxy: &ProxyView<'_>,
    waypoint: &WaypointScope,
    service: &Service,
    port: &Port,
) -> Vec<Filter> {
    let routes = route::waypoint(&view.outbound, waypoint, service, port);
    let looked_up = hostname::is_wildcard(&service.hostname).then_some(service.hostname.as_str());
    vec![connection_manager(view, includes_client_identity(proxy), routes, port.protocol, port.number, looked_up)]
}

/// The filters that lead to any port of a workload.
pub(super) fn to_workloads(view: &ListenerView<'_>, proxy: &ProxyView<'_>) -> Vec<Filter> {
    let routes = route::waypoint_to_workloads(&view.outbound, name::ENCAP);
    vec![connection_manager(view, includes_client_identity(proxy), routes, Protocol::Tcp, 0, None)]
}

fn connection_manager(
    view: &ListenerView<'_>,
    client_identity: bool,
    routes: RouteConfiguration,
    protocol: Protocol,
    port: u32,
    dynamic_forward_proxy: Option<&str>,
) -> Filter {
    let options = HcmOptions {
        class: CLASS,
        stat_prefix: stat_name::delimited(&format!("inbound_0.0.0.0_{port}")),
        route_specifier: HttpConnectionManagerRouteSpecifier::RouteConfig(routes),
        protocol,
        // Extensions that ask for a port get none of a waypoint.
        port: 0,
        use_remote_address: false,
        quic: false,
        metadata_exchange: false,
        headers: proxy_headers::proxy_headers(&view.outbound.client.proxy_config, CLASS),
        http_protocol_options: http1::accept_http_10(view),
        http2: protocol.is_http2(),
        dynamic_forward_proxy,
    };
    let manager = http_connection_manager::build(view, options);
    http_connection_manager::filter(HttpConnectionManager {
        http_filters: client_identity.then(client_identity_filter).into_iter().chain(manager.http_filters).collect(),
        // What the filter has written would be taken off again otherwise.
        forward_client_cert_details: if client_identity {
            HttpConnectionManagerForwardClientCertDetails::AlwaysForwardOnly
        } else {
            HttpConnectionManagerForwardClientCertDetails::default()
        },
        ..manager
    })
}

/// istiod: `listener_waypoint.go` `xfccIncludeClientIdentityEnabled`
fn includes_client_identity(proxy: &ProxyView<'_>) -> bool {
    if !proxy.outbound.mesh.does(Behaviour::TellsClientIdentityAtWaypoints) {
        return false;
    }
    let annotations = proxy.proxy.metadata.get("ANNOTATIONS");
    let value = annotations.and_then(|annotations| annotations.get(CLIENT_IDENTITY));
    value.and_then(serde_json::Value::as_str).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Writes who the client of the tunnel is, as a sidecar would. istiod: `filters.go` `WaypointXFCCClientIdentityFilter`
fn client_identity_filter() -> HttpFilter {
    let value = "By=%FILTER_STATE(io.istio.local_principal:PLAIN)%;URI=%FILTER_STATE(io.istio.peer_principal:PLAIN)%";
    let header = HeaderValueOption {
        header: Some(HeaderValue {
            key: "x-forwarded-client-cert".to_owned(),
            value: value.to_owned(),
            ..HeaderValue::default()
        }),
        append_action: HeaderValueOptionHeaderAppendAction::OverwriteIfExistsOrAdd,
        ..HeaderValueOption::default()
    };
    let mutations = Mutations {
        request_mutations: vec![HeaderMutation { action: Some(HeaderMutationAction::Append(header)) }],
        ..Mutations::default()
    };
    let config = HttpHeaderMutation { mutations: Some(mutations), ..HttpHeaderMutation::default() };
    filter::http("istio.waypoint.xfcc_client_identity", config)
}
