//! `HttpConnectionManager` of a gateway.

use super::context::Context;
use crate::envoy::{
    HttpConnectionManager, HttpConnectionManagerForwardClientCertDetails,
    HttpConnectionManagerSetCurrentClientCertDetails,
};
use crate::mesh::protocol::Protocol;
use crate::model::istio::{ProxyConfig, Topology};
use crate::translate::listener::http_connection_manager::{self, HcmOptions};
use crate::translate::listener::{ListenerClass, http1, proxy_headers};

/// Clients come straight from the network: their address is the peer's, less the proxies that are known to be in front.
///
/// istiod: `core/gateway.go` `buildGatewayConnectionManager`
pub(super) fn connection_manager(
    context: &Context<'_>,
    route_name: &str,
    protocol: Protocol,
    port: u32,
    stat_prefix: String,
) -> HttpConnectionManager {
    let client = context.view.outbound.client;
    let forward = forward_client_cert_details(&client.proxy_config);
    let options = HcmOptions {
        class: ListenerClass::Gateway,
        stat_prefix,
        route_specifier: http_connection_manager::rds(route_name),
        protocol,
        port,
        use_remote_address: true,
        quic: false,
        metadata_exchange: true,
        headers: proxy_headers::proxy_headers(&client.proxy_config, ListenerClass::Gateway),
        http_protocol_options: Some(http1::accept_http_10(&context.listener_view).unwrap_or_default()),
        http2: false,
        dynamic_forward_proxy: None,
    };
    HttpConnectionManager {
        xff_num_trusted_hops: topology(&client.proxy_config).map_or(0, |t| t.num_trusted_proxies),
        forward_client_cert_details: forward,
        set_current_client_cert_details: set_current_client_cert_details(forward),
        ..http_connection_manager::build(&context.listener_view, options)
    }
}

fn topology(config: &ProxyConfig) -> Option<&Topology> {
    config.gateway_topology.as_ref()
}

/// `ProxyConfig.gatewayTopology.forwardClientCertDetails` -> `HttpConnectionManager.forward_client_cert_details`
fn forward_client_cert_details(config: &ProxyConfig) -> HttpConnectionManagerForwardClientCertDetails {
    topology(config)
        .and_then(|t| proxy_headers::envoy_forward_client_cert_details(t.forward_client_cert_details))
        .unwrap_or(HttpConnectionManagerForwardClientCertDetails::SanitizeSet)
}

/// What the gateway says of the client's certificate, where it says anything.
fn set_current_client_cert_details(
    forward: HttpConnectionManagerForwardClientCertDetails,
) -> Option<HttpConnectionManagerSetCurrentClientCertDetails> {
    use HttpConnectionManagerForwardClientCertDetails::{AppendForward, SanitizeSet};
    matches!(forward, AppendForward | SanitizeSet).then(|| HttpConnectionManagerSetCurrentClientCertDetails {
        subject: Some(true),
        cert: true,
        dns: true,
        uri: true,
        ..HttpConnectionManagerSetCurrentClientCertDetails::default()
    })
}
