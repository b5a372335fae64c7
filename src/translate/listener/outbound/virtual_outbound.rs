//! `virtualOutbound`: the listener to which all outbound connections are redirected.

use super::catch_all;
use crate::envoy::{FilterChain, FilterChainMatch, HttpConnectionManagerRouteSpecifier, Listener, TrafficDirection};
use crate::mesh::protocol::Protocol;
use crate::proxy::{InterceptionMode, IpMode};
use crate::translate::listener::address::{additional_addresses, address, wildcard, wildcards};
use crate::translate::listener::chain_match::plaintext_http_alpn;
use crate::translate::listener::http_connection_manager::{self, HcmOptions};
use crate::translate::listener::limits::max_connections_per_socket_event;
use crate::translate::listener::proxy_headers::proxy_headers;
use crate::translate::listener::{ListenerClass, ListenerView, http1, listener_filters};
use crate::translate::{route, stat_name};

/// Builds the listener that passes connections on to the one for their destination, or takes them itself if there is none;
/// nothing if connections are not redirected.
///
/// istiod: `listener_builder.go` `buildVirtualOutboundListener`
pub(in crate::translate::listener) fn virtual_outbound(view: &ListenerView<'_>) -> Option<Listener> {
    let (client, config) = (view.outbound.client, &view.outbound.mesh.config);
    if client.interception_mode == InterceptionMode::None {
        return None;
    }
    let port = u32::try_from(config.proxy_listen_port).unwrap_or_default();
    let dynamic = view.outbound.scope.allows_any_dynamic_dns();
    let chains = std::iter::once(catch_all::black_hole(view)).chain(dynamic.then(|| any_host(view)));
    let catch_all = FilterChain {
        filters: catch_all::filters(view),
        name: "virtualOutbound-catchall-tcp".to_owned(),
        ..FilterChain::default()
    };
    Some(Listener {
        name: "virtualOutbound".to_owned(),
        address: Some(address(wildcard(client.ip_mode), port)),
        filter_chains: chains.chain([catch_all]).collect(),
        listener_filters: dynamic.then(listener_filters::http_inspector).into_iter().collect(),
        use_original_dst: Some(true),
        transparent: (client.interception_mode == InterceptionMode::Tproxy).then_some(true),
        traffic_direction: TrafficDirection::Outbound,
        access_log: view.telemetry.of(ListenerClass::SidecarOutbound).access_logs.listener.clone(),
        max_connections_to_accept_per_socket_event: max_connections_per_socket_event(view.outbound.mesh.features()),
        additional_addresses: additional_addresses(&further_binds(view), port),
        ..Listener::default()
    })
}

/// `MeshConfig.outboundTrafficPolicy.mode: ALLOW_ANY_DYNAMIC_DNS` -> the chain for HTTP in the clear
///
/// istiod: `listener_builder.go` `buildAllowAnyDynamicDNSHTTPFilterChain`
fn any_host(view: &ListenerView<'_>) -> FilterChain {
    let features = view.outbound.mesh.features();
    let options = HcmOptions {
        class: ListenerClass::SidecarOutbound,
        stat_prefix: stat_name::delimited("outbound_virtualOutbound_allow_any_dynamic_dns"),
        route_specifier: HttpConnectionManagerRouteSpecifier::RouteConfig(route::any_host(&view.outbound)),
        protocol: Protocol::Http,
        port: 0,
        use_remote_address: features.sidecar_use_remote_address,
        quic: false,
        metadata_exchange: true,
        headers: proxy_headers(&view.outbound.client.proxy_config, ListenerClass::SidecarOutbound),
        http_protocol_options: http1::accept_http_10(view),
        http2: false,
        dynamic_forward_proxy: None,
    };
    FilterChain {
        filter_chain_match: Some(FilterChainMatch {
            application_protocols: plaintext_http_alpn(features).iter().map(ToString::to_string).collect(),
            ..FilterChainMatch::default()
        }),
        filters: vec![http_connection_manager::filter(http_connection_manager::build(view, options))],
        name: "virtualOutbound-catchall-tcp-http".to_owned(),
        ..FilterChain::default()
    }
}

/// Switches `ISTIO_DUAL_STACK`, `ISTIO_ENABLE_IPV4_OUTBOUND_LISTENER_FOR_IPV6_CLUSTERS` -> the addresses besides the first
fn further_binds(view: &ListenerView<'_>) -> Vec<String> {
    let features = view.outbound.mesh.features();
    let texts = |addresses: &[&str]| addresses.iter().map(|&address| address.to_owned()).collect();
    match view.outbound.client.ip_mode {
        IpMode::Dual if features.dual_stack => texts(&wildcards(IpMode::Dual)[1..]),
        IpMode::Ipv6 if features.additional_ipv4_outbound_listener => texts(wildcards(IpMode::Ipv4)),
        IpMode::Ipv4 | IpMode::Ipv6 | IpMode::Dual => Vec::new(),
    }
}
