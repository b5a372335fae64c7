//! The listener of tunnels that come in.

use super::{HBONE_PORT, filter_state, peer_metadata};
use crate::envoy::{
    DownstreamTlsContext, Duration, FilterChain, Http2ProtocolOptions, HttpConnectionManager,
    HttpConnectionManagerRouteSpecifier, HttpConnectionManagerSetCurrentClientCertDetails,
    HttpConnectionManagerUpgradeConfig, HttpFilter, KeepaliveSettings, Listener, Router, TransportSocket,
    TransportSocketConfigType,
};
use crate::proxy::ProxyView;
use crate::translate::listener::address::{additional_addresses, address, wildcards};
use crate::translate::listener::{
    ListenerClass, ListenerView, connection_balance, filter, http_connection_manager, proxy_headers,
};
use crate::translate::security::{authorization, hbone};
use crate::translate::{name, route};

const CLASS: ListenerClass = ListenerClass::SidecarInbound;

/// Builds the listener: every tunnel goes to `main_internal`.
///
/// istiod: `listener_waypoint.go` `buildConnectTerminateListener`
pub(in crate::translate::listener) fn listener(view: &ListenerView<'_>, proxy: &ProxyView<'_>) -> Listener {
    let addresses = wildcards(view.outbound.client.ip_mode);
    let further: Vec<String> = addresses.iter().skip(1).map(|&address| address.to_owned()).collect();
    let context = DownstreamTlsContext {
        common_tls_context: Some(hbone::common_tls_context(view.outbound.mesh, proxy.proxy, Vec::new())),
        require_client_certificate: Some(true),
        ..DownstreamTlsContext::default()
    };
    Listener {
        name: name::CONNECT_TERMINATE.to_owned(),
        address: addresses.first().map(|first| address(first, HBONE_PORT)),
        additional_addresses: additional_addresses(&further, HBONE_PORT),
        filter_chains: vec![FilterChain {
            name: "default".to_owned(),
            transport_socket: Some(TransportSocket {
                name: "tls".to_owned(),
                config_type: Some(TransportSocketConfigType::TypedConfig(context.into())),
            }),
            filters: vec![http_connection_manager::filter(connection_manager(view, proxy))],
            ..FilterChain::default()
        }],
        // Tunnels are few and long: each thread gets its share of them.
        connection_balance_config: Some(connection_balance::exact()),
        access_log: view.telemetry.of(CLASS).access_logs.listener.clone(),
        ..Listener::default()
    }
}

/// istiod: `listener_waypoint.go` `buildHCMConnectTerminateChain`
fn connection_manager(view: &ListenerView<'_>, proxy: &ProxyView<'_>) -> HttpConnectionManager {
    let proxy_config = &view.outbound.client.proxy_config;
    let headers = proxy_headers::proxy_headers(proxy_config, CLASS);
    HttpConnectionManager {
        stat_prefix: name::CONNECT_TERMINATE.to_owned(),
        route_specifier: Some(HttpConnectionManagerRouteSpecifier::RouteConfig(route::connect_terminate())),
        http_filters: http_filters(view, proxy, headers.suppress_envoy_headers),
        forward_client_cert_details: proxy_headers::forward_client_cert_details(proxy_config),
        set_current_client_cert_details: Some(HttpConnectionManagerSetCurrentClientCertDetails {
            subject: Some(true),
            uri: true,
            dns: true,
            ..HttpConnectionManagerSetCurrentClientCertDetails::default()
        }),
        server_name: headers.server_name,
        server_header_transformation: headers.server_header_transformation,
        generate_request_id: headers.generate_request_id,
        use_remote_address: Some(false),
        access_log: view.telemetry.of(CLASS).access_logs.tunnel_termination.clone(),
        stream_idle_timeout: Some(Duration::seconds(0)),
        upgrade_configs: vec![HttpConnectionManagerUpgradeConfig {
            upgrade_type: "CONNECT".to_owned(),
            ..HttpConnectionManagerUpgradeConfig::default()
        }],
        http2_protocol_options: Some(Http2ProtocolOptions {
            allow_connect: true,
            // All streams of a connection are on one thread.
            max_concurrent_streams: Some(100),
            connection_keepalive: Some(KeepaliveSettings {
                interval: Some(Duration::seconds(10)),
                timeout: Some(Duration::seconds(20)),
                ..KeepaliveSettings::default()
            }),
            ..Http2ProtocolOptions::default()
        }),
        ..HttpConnectionManager::default()
    }
}

fn http_filters(view: &ListenerView<'_>, proxy: &ProxyView<'_>, suppress_envoy_headers: bool) -> Vec<HttpFilter> {
    let features = &view.outbound.mesh.installation.features;
    let version = view.outbound.client.istio_version;
    let east_west = view.outbound.scope.waypoint.as_ref().is_some_and(|waypoint| waypoint.east_west);
    let mut filters = authorization::tunnel_filters(proxy);
    filters.push(peer_metadata::downstream(features.ambient_baggage));
    filters.push(filter_state::connect_authority(version));
    if features.ambient_multi_network && east_west {
        filters.push(filter_state::request_source(version));
    }
    filters.push(filter::http("envoy.filters.http.router", Router { suppress_envoy_headers, ..Router::default() }));
    filters
}
