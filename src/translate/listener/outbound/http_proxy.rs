//! The HTTP proxy: a port for workloads that are told to use one.

use super::assemble;
use super::chain::{Chain, ChainFilters};
use crate::envoy::{Http1ProtocolOptions, Listener};
use crate::mesh::protocol::Protocol;
use crate::translate::listener::address::loopbacks;
use crate::translate::listener::bind::Bind;
use crate::translate::listener::chain_match::ChainMatch;
use crate::translate::listener::http_connection_manager::{self, HcmOptions};
use crate::translate::listener::proxy_headers::{ProxyHeaders, proxy_headers};
use crate::translate::listener::{ListenerClass, ListenerView, http1, network_filters};
use crate::translate::stat_name;

const CLASS: ListenerClass = ListenerClass::SidecarOutbound;

/// `MeshConfig.proxyHttpPort`, metadata `HTTP_PROXY_PORT` -> `Listener`; nothing if the port is 0.
///
/// istiod: `listener.go` `buildHTTPProxy`
pub(in crate::translate::listener) fn http_proxy(view: &ListenerView<'_>) -> Option<Listener> {
    let port = view.metadata("HTTP_PROXY_PORT").parse().ok();
    let port =
        port.or_else(|| u32::try_from(view.outbound.mesh.config.proxy_http_port).ok()).filter(|port| *port != 0)?;
    let bind = Bind::to(loopbacks(view.outbound.client.ip_mode), true);
    let options = HcmOptions {
        class: CLASS,
        stat_prefix: stat_name::delimited(&format!("outbound_{}", bind.listener_name(port))),
        route_specifier: http_connection_manager::rds("http_proxy"),
        protocol: Protocol::HttpProxy,
        port,
        use_remote_address: false,
        quic: false,
        metadata_exchange: true,
        headers: ProxyHeaders {
            skip_external_clusters: false,
            ..proxy_headers(&view.outbound.client.proxy_config, CLASS)
        },
        http_protocol_options: Some(Http1ProtocolOptions {
            allow_absolute_url: Some(true),
            ..http1::accept_http_10(view).unwrap_or_default()
        }),
        http2: false,
        dynamic_forward_proxy: None,
    };
    let mut filters = network_filters::before_http(view, CLASS, port);
    filters.push(http_connection_manager::filter(http_connection_manager::build(view, options)));
    let chain = Chain { matches: ChainMatch::default(), metadata: None, filters: ChainFilters::Network(filters) };
    Some(assemble::listener(view, &bind, port, &[chain]))
}
