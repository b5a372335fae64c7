//! Tunnels to other networks: one to the workload or its waypoint, inside of one to the gateway of its network.
//!
//! istiod: `core/listener.go` `buildInnerConnectOriginateListener`, `buildOuterConnectOriginateListener`

use super::connect_originate::{baggage, forwarder, overwritten, tunnel};
use super::{filter_state, peer_metadata};
use crate::envoy::{Listener, TcpProxyTunnelingConfig};
use crate::installation::Behaviour;
use crate::proxy::{OutboundView, ProxyKind};
use crate::translate::listener::{ListenerClass, listener_filters};
use crate::translate::name;
use crate::translate::telemetry::Telemetry;

const CLASS: ListenerClass = ListenerClass::SidecarInbound;

/// Says whether a proxy reaches other networks by two tunnels, one in the other.
///
/// istiod: `context.go` `ShouldCreateDoubleHBONEResources`
pub(in crate::translate::listener) fn listeners(view: &OutboundView<'_>, telemetry: &Telemetry) -> Vec<Listener> {
    if view.opens_double_tunnels() { vec![inner(view, telemetry), outer(view, telemetry)] } else { Vec::new() }
}

/// The tunnel to the workload: its host and port travel as metadata of the endpoint.
fn inner(view: &OutboundView<'_>, telemetry: &Telemetry) -> Listener {
    let with_baggage = view.mesh.installation.features.ambient_baggage;
    let logs = &telemetry.of(CLASS).access_logs;
    let tells_network = view.mesh.does(Behaviour::TellsNetworkInTunnels);
    let network = tells_network.then(|| overwritten("x-forwarded-network", &view.client.network));
    let tunneling = TcpProxyTunnelingConfig {
        hostname: filter_state::HBONE_TARGET.to_owned(),
        propagate_response_headers: with_baggage,
        headers_to_add: network.into_iter().chain(with_baggage.then(baggage)).collect(),
        ..TcpProxyTunnelingConfig::default()
    };
    let before = std::iter::once(filter_state::propagate_endpoint_metadata(view.client.istio_version))
        .chain(with_baggage.then(peer_metadata::of_tunnel))
        .collect();
    let proxy = tunnel(name::INNER_CONNECT_ORIGINATE, tunneling, logs.tunnel_origination.clone());
    Listener { access_log: logs.listener.clone(), ..forwarder(name::INNER_CONNECT_ORIGINATE, before, proxy) }
}

/// The tunnel to the gateway. What opens it tells whether policies have been applied; before [`Behaviour::TellsKindInTunnels`] it
/// is taken for a waypoint.
fn outer(view: &OutboundView<'_>, telemetry: &Telemetry) -> Listener {
    let logs = &telemetry.of(CLASS).access_logs;
    let source = match view.client.kind {
        _ if !view.mesh.does(Behaviour::TellsKindInTunnels) => "waypoint",
        ProxyKind::Router => "gateway",
        ProxyKind::Waypoint => "waypoint",
        ProxyKind::Sidecar => "sidecar",
    };
    let tunneling = TcpProxyTunnelingConfig {
        hostname: filter_state::HBONE_TARGET.to_owned(),
        headers_to_add: vec![overwritten("x-istio-source", source)],
        ..TcpProxyTunnelingConfig::default()
    };
    let proxy = tunnel(name::OUTER_CONNECT_ORIGINATE, tunneling, logs.tunnel_origination.clone());
    Listener {
        listener_filters: vec![listener_filters::original_dst()],
        access_log: logs.listener.clone(),
        ..forwarder(name::OUTER_CONNECT_ORIGINATE, Vec::new(), proxy)
    }
}
