//! Ports of the workload that neither a service nor the Sidecar speaks of.

use super::inbound_port::InboundPort;
use crate::envoy::{Filter, FilterChain, FilterChainMatch, TcpProxy, TcpProxyClusterSpecifier};
use crate::mesh::protocol::Protocol;
use crate::proxy::ProxyView;
use crate::translate::listener::bind::Bind;
use crate::translate::listener::{ListenerClass, ListenerView, metadata_exchange, network_filters};
use crate::translate::name;

/// All such ports as one, then those of them for which a PeerAuthentication has a mode of its own.
///
/// istiod: `listener_inbound.go` `buildInboundPassthroughChains`
pub(super) fn ports(proxy: &ProxyView<'_>) -> Vec<InboundPort> {
    let policy = proxy.peer_authentication();
    let single = policy.port_level.keys().copied().filter(|port| !is_known(proxy, *port));
    std::iter::once(0).chain(single).map(port).collect()
}

/// istiod: `pilot/pkg/networking/plugin/authn/authentication.go` `needPerPortPassthroughFilterChain`
fn is_known(proxy: &ProxyView<'_>, port: u32) -> bool {
    let sidecar = proxy.outbound.scope.sidecar.as_ref().filter(|sidecar| !sidecar.spec.ingress.is_empty());
    match sidecar {
        Some(sidecar) => {
            let numbers = sidecar.spec.ingress.iter().filter_map(|listener| listener.port.as_ref());
            numbers.into_iter().any(|named| named.number == port)
        }
        None => proxy.proxy.service_targets.iter().any(|target| target.target_port == port),
    }
}

pub(super) fn port(target_port: u32) -> InboundPort {
    InboundPort {
        cluster: name::INBOUND_PASSTHROUGH_CLUSTER.to_owned(),
        service_port: 0,
        service_port_name: "virtualInbound".to_owned(),
        protocol: Protocol::Unsupported,
        target_port,
        bind: Bind::default(),
        tls: None,
        passthrough: true,
        hbone: false,
        hostname: String::new(),
        kubernetes_service: None,
        sidecar: None,
    }
}

/// Drops connections to the port on which redirected connections arrive: they were not redirected, and would come again.
///
/// istiod: `listener_inbound.go` `buildInboundBlackhole`
pub(super) fn black_hole(view: &ListenerView<'_>) -> FilterChain {
    let mut filters: Vec<_> = metadata_exchange::network(view.outbound.mesh.features()).into_iter().collect();
    filters.extend(network_filters::stats(view, ListenerClass::SidecarInbound));
    filters.push(black_hole_proxy());
    FilterChain {
        filter_chain_match: Some(FilterChainMatch {
            destination_port: u32::try_from(view.outbound.mesh.config.proxy_inbound_listen_port).ok(),
            ..FilterChainMatch::default()
        }),
        filters,
        name: "virtualInbound-blackhole".to_owned(),
        ..FilterChain::default()
    }
}

/// Sends connections nowhere.
pub(in crate::translate::listener) fn black_hole_proxy() -> Filter {
    network_filters::tcp_proxy(TcpProxy {
        stat_prefix: name::BLACK_HOLE_CLUSTER.to_owned(),
        cluster_specifier: Some(TcpProxyClusterSpecifier::Cluster(name::BLACK_HOLE_CLUSTER.to_owned())),
        ..TcpProxy::default()
    })
}
