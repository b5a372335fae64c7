//! The internal listeners that open tunnels, or hand on what comes in one.

use super::{internal, peer_metadata};
use crate::envoy::{
    AccessLog, Filter, FilterChain, HeaderValue, HeaderValueOption, HeaderValueOptionHeaderAppendAction, Listener,
    TcpProxy, TcpProxyClusterSpecifier, TcpProxyTunnelingConfig,
};
use crate::mesh::Mesh;
use crate::translate::listener::{ListenerClass, listener_filters, network_filters};
use crate::translate::name;
use crate::translate::telemetry::Telemetry;

/// Opens a tunnel to where the connection was to go.
///
/// istiod: `listener_waypoint.go` `buildConnectOriginateListener`
pub(in crate::translate::listener) fn listener(mesh: &Mesh, telemetry: &Telemetry, class: ListenerClass) -> Listener {
    let logs = &telemetry.of(class).access_logs;
    let with_baggage = mesh.installation.features.ambient_baggage;
    let tunneling = TcpProxyTunnelingConfig {
        hostname: "%DOWNSTREAM_LOCAL_ADDRESS%".to_owned(),
        propagate_response_headers: with_baggage,
        headers_to_add: with_baggage.then(baggage).into_iter().collect(),
        ..TcpProxyTunnelingConfig::default()
    };
    let proxy = tunnel(name::CONNECT_ORIGINATE, tunneling, logs.tunnel_origination.clone());
    let before = with_baggage.then(peer_metadata::of_tunnel).into_iter().collect();
    Listener {
        listener_filters: vec![listener_filters::original_dst()],
        access_log: logs.listener.clone(),
        ..forwarder(name::CONNECT_ORIGINATE, before, proxy)
    }
}

/// Hands on a tunnel that another proxy has opened.
///
/// istiod: `listener_waypoint.go` `buildForwardInnerConnectListener`
pub(in crate::translate::listener) fn forward_inner_connect(telemetry: &Telemetry, class: ListenerClass) -> Listener {
    let logs = &telemetry.of(class).access_logs;
    let proxy = TcpProxy {
        tunneling_config: None,
        ..tunnel(name::FORWARD_INNER_CONNECT, TcpProxyTunnelingConfig::default(), logs.tunnel_forwarding.clone())
    };
    Listener {
        listener_filters: vec![listener_filters::original_dst()],
        access_log: logs.listener.clone(),
        ..forwarder(name::FORWARD_INNER_CONNECT, Vec::new(), proxy)
    }
}

pub(super) fn tunnel(cluster: &str, tunneling_config: TcpProxyTunnelingConfig, access_log: Vec<AccessLog>) -> TcpProxy {
    TcpProxy {
        stat_prefix: cluster.to_owned(),
        cluster_specifier: Some(TcpProxyClusterSpecifier::Cluster(cluster.to_owned())),
        tunneling_config: Some(tunneling_config),
        access_log,
        ..TcpProxy::default()
    }
}

pub(super) fn forwarder(name: &str, mut filters: Vec<Filter>, proxy: TcpProxy) -> Listener {
    filters.push(network_filters::tcp_proxy(proxy));
    Listener {
        name: name.to_owned(),
        use_original_dst: Some(false),
        listener_specifier: Some(internal()),
        filter_chains: vec![FilterChain { filters, ..FilterChain::default() }],
        ..Listener::default()
    }
}

/// The header by which a proxy tells the other end of a tunnel who it is.
pub(super) fn baggage() -> HeaderValueOption {
    overwritten("baggage", &format!("%FILTER_STATE({}:PLAIN)%", peer_metadata::BAGGAGE))
}

/// A header of a tunnel, in place of one of its name.
pub(super) fn overwritten(key: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue { key: key.to_owned(), value: value.to_owned(), ..HeaderValue::default() }),
        append_action: HeaderValueOptionHeaderAppendAction::OverwriteIfExistsOrAdd,
        ..HeaderValueOption::default()
    }
}
