//! `virtualOutbound`: the listener to which all outbound connections are redirected.

use super::catch_all;
use crate::envoy::{FilterChain, Listener, TrafficDirection};
use crate::options::features;
use crate::proxy::InterceptionMode;
use crate::translate::listener::address::{address, wildcard};
use crate::translate::listener::{ListenerClass, ListenerView};

/// Builds the listener that passes connections on to the one for their destination, or takes them itself if there is none;
/// nothing if connections are not redirected.
///
/// istiod: `listener_builder.go` `buildVirtualOutboundListener`
pub(in crate::translate::listener) fn virtual_outbound(view: &ListenerView<'_>) -> Option<Listener> {
    let (client, config) = (view.outbound.client, &view.outbound.mesh.config);
    if client.interception_mode == InterceptionMode::None {
        return None;
    }
    let catch_all = FilterChain {
        filters: catch_all::filters(view),
        name: "virtualOutbound-catchall-tcp".to_owned(),
        ..FilterChain::default()
    };
    Some(Listener {
        name: "virtualOutbound".to_owned(),
        address: Some(address(wildcard(client.ip_mode), u32::try_from(config.proxy_listen_port).unwrap_or_default())),
        filter_chains: vec![catch_all::black_hole(view), catch_all],
        use_original_dst: Some(true),
        transparent: (client.interception_mode == InterceptionMode::Tproxy).then_some(true),
        traffic_direction: TrafficDirection::Outbound,
        access_log: view.telemetry.of(ListenerClass::SidecarOutbound).access_logs.listener.clone(),
        max_connections_to_accept_per_socket_event: Some(features::MAX_CONNECTIONS_TO_ACCEPT_PER_SOCKET_EVENT),
        ..Listener::default()
    })
}
