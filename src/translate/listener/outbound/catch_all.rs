//! Where connections go that are for no service.

use crate::envoy::{Filter, FilterChain, FilterChainMatch, TcpProxy, TcpProxyClusterSpecifier};
use crate::model::istio::OutboundTrafficPolicyMode;
use crate::translate::listener::{ListenerClass, ListenerView, network_filters, tcp_proxy};
use crate::translate::{destination, name};

/// `Sidecar.outboundTrafficPolicy`, else the mesh's -> filters
///
/// istiod: `listener_builder.go` `buildOutboundCatchAllNetworkFiltersOnly`
pub(super) fn filters(view: &ListenerView<'_>) -> Vec<Filter> {
    let cluster = cluster(view);
    let mut filters = network_filters::stats(view, ListenerClass::SidecarOutbound);
    let proxy = tcp_proxy::to_cluster(view, ListenerClass::SidecarOutbound, &cluster, &cluster);
    filters.push(network_filters::tcp_proxy(proxy));
    filters
}

/// Away, to where they were to go or to the egress proxy, or nowhere.
fn cluster(view: &ListenerView<'_>) -> String {
    match &view.outbound.scope.outbound_traffic_policy {
        Some(policy) if policy.mode == OutboundTrafficPolicyMode::AllowAny => match &policy.egress_proxy {
            Some(proxy) => destination::cluster(proxy, None, 0),
            None => name::PASSTHROUGH_CLUSTER.to_owned(),
        },
        // What names no host goes where the client meant.
        Some(policy) if policy.mode == OutboundTrafficPolicyMode::AllowAnyDynamicDns => {
            name::PASSTHROUGH_CLUSTER.to_owned()
        }
        Some(_) | None => name::BLACK_HOLE_CLUSTER.to_owned(),
    }
}

/// Drops connections to the port on which redirected connections arrive: they were not redirected, and would come again.
///
/// istiod: `listener_builder.go` `blackholeFilterChain`
pub(super) fn black_hole(view: &ListenerView<'_>) -> FilterChain {
    let mut filters = network_filters::stats(view, ListenerClass::SidecarOutbound);
    filters.push(network_filters::tcp_proxy(TcpProxy {
        stat_prefix: name::BLACK_HOLE_CLUSTER.to_owned(),
        cluster_specifier: Some(TcpProxyClusterSpecifier::Cluster(name::BLACK_HOLE_CLUSTER.to_owned())),
        ..TcpProxy::default()
    }));
    FilterChain {
        filter_chain_match: Some(FilterChainMatch {
            destination_port: u32::try_from(view.outbound.mesh.config.proxy_listen_port).ok(),
            ..FilterChainMatch::default()
        }),
        filters,
        name: "virtualOutbound-blackhole".to_owned(),
        ..FilterChain::default()
    }
}
