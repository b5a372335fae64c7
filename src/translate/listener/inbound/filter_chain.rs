//! The filter chains of one port.

use super::chain_condition::{ChainCondition, conditions, sidecar_tls};
use super::inbound_port::InboundPort;
use super::mutual_tls_mode;
use super::sidecar_ingress::after_tls_termination;
use crate::envoy::{
    DownstreamTlsContext, Filter, FilterChain, HttpConnectionManager, HttpConnectionManagerRouteSpecifier,
};
use crate::mesh::peer_authentication::MutualTlsMode;
use crate::proxy::ProxyView;
use crate::translate::listener::http_connection_manager::{self, HcmOptions};
use crate::translate::listener::network_filters::{self, TcpChain};
use crate::translate::listener::tls_context::{self, Termination};
use crate::translate::listener::{
    ChainKind, ListenerClass, ListenerProtocol, ListenerView, http1, metadata, proxy_headers, tcp_proxy,
};
use crate::translate::route;
use crate::translate::security::authorization::ChainPolicies;
use crate::translate::stat_name::{self, StatService};

const CLASS: ListenerClass = ListenerClass::SidecarInbound;

/// Builds the chains of a port: for mutual TLS and for plain text, for HTTP and for TCP, as mode and protocol ask.
///
/// TLS that the Sidecar terminates counts only where the mesh has no TLS.
///
/// istiod: `listener_inbound.go` `buildInboundListeners`, `inboundChainForOpts`
pub(super) fn filter_chains(view: &ListenerView<'_>, proxy: &ProxyView<'_>, port: &InboundPort) -> Vec<FilterChain> {
    let mode = mutual_tls_mode(proxy, port.target_port);
    let mesh = view.outbound.mesh;
    if let Some(settings) = port.tls.as_ref().filter(|_| mode == MutualTlsMode::Disable) {
        let terminated = InboundPort { protocol: after_tls_termination(port.protocol), ..port.clone() };
        let context = tls_context::server(mesh, proxy.proxy, settings, Termination::Http);
        let condition = sidecar_tls(terminated.protocol.into());
        return vec![filter_chain(view, &terminated, &condition, Some(context))];
    }
    let chain = |condition: &ChainCondition| {
        let condition = &condition.with(mesh.features());
        let context = condition.terminates_tls.then(|| tls_context::mutual_tls(mesh, proxy.proxy, condition.kind));
        filter_chain(view, port, condition, context)
    };
    conditions(mode, ListenerProtocol::from(port.protocol)).iter().map(chain).collect()
}

/// Builds the chains of a port that has no TLS of its own: a tunnel is around it.
pub(super) fn without_tls(view: &ListenerView<'_>, port: &InboundPort) -> Vec<FilterChain> {
    let features = view.outbound.mesh.features();
    let conditions = conditions(MutualTlsMode::Disable, ListenerProtocol::from(port.protocol));
    conditions.iter().map(|condition| filter_chain(view, port, &condition.with(features), None)).collect()
}

fn filter_chain(
    view: &ListenerView<'_>,
    port: &InboundPort,
    condition: &ChainCondition,
    tls: Option<DownstreamTlsContext>,
) -> FilterChain {
    FilterChain {
        filter_chain_match: Some(port.filter_chain_match(condition)),
        filters: match condition.kind {
            ChainKind::Http => http_filters(view, port),
            ChainKind::Tcp => tcp_filters(view, port),
        },
        metadata: port.sidecar.as_ref().map(|sidecar| metadata::config("sidecar", sidecar)),
        transport_socket: tls.map(tls_context::transport_socket),
        name: port.chain_name(condition.kind),
        ..FilterChain::default()
    }
}

/// istiod: `listener_inbound.go` `buildInboundNetworkFiltersForHTTP`, `buildSidecarInboundHTTPOpts`
fn http_filters(view: &ListenerView<'_>, port: &InboundPort) -> Vec<Filter> {
    let proxy_config = &view.outbound.client.proxy_config;
    let route_config = route::inbound(&port.cluster, &port.hostname, port.service_port, port.protocol);
    let options = HcmOptions {
        class: CLASS,
        stat_prefix: port.stat_prefix(),
        route_specifier: HttpConnectionManagerRouteSpecifier::RouteConfig(route_config),
        protocol: port.protocol,
        port: port.target_port,
        use_remote_address: false,
        quic: false,
        metadata_exchange: !port.hbone,
        headers: proxy_headers::proxy_headers(proxy_config, CLASS),
        http_protocol_options: http1::accept_http_10(view),
        http2: port.protocol.is_http2(),
        dynamic_forward_proxy: None,
    };
    let manager = HttpConnectionManager {
        forward_client_cert_details: proxy_headers::forward_client_cert_details(proxy_config),
        set_current_client_cert_details: Some(proxy_headers::set_current_client_cert_details(proxy_config)),
        ..http_connection_manager::build(view, options)
    };
    let mut filters: Vec<Filter> = if port.hbone {
        view.extensions.network_of_all_phases(CLASS, port.target_port)
    } else {
        network_filters::before_http(view, CLASS, port.target_port)
    };
    filters.push(http_connection_manager::filter(manager));
    filters
}

/// istiod: `listener_inbound.go` `buildInboundNetworkFilters`
fn tcp_filters(view: &ListenerView<'_>, port: &InboundPort) -> Vec<Filter> {
    let pattern = &view.outbound.mesh.config.inbound_cluster_stat_name;
    let kubernetes = port.kubernetes_service.as_ref();
    let service = StatService {
        hostname: &port.hostname,
        kubernetes: kubernetes.map(|(name, namespace)| (name.as_str(), namespace.as_str())),
    };
    let stat_prefix = if pattern.is_empty() {
        port.cluster.clone()
    } else {
        stat_name::inbound_chain(pattern, service, "", port.service_port, &port.service_port_name)
    };
    let chain = TcpChain {
        class: CLASS,
        port: port.service_port,
        protocol: port.protocol,
        metadata_exchange: true,
        policies: ChainPolicies::of(CLASS),
        dynamic_forward_proxy: None,
    };
    network_filters::tcp(view, chain, tcp_proxy::to_cluster(view, CLASS, &stat_prefix, &port.cluster))
}
