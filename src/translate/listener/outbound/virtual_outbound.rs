//! `virtualOutbound`: the listener to which all outbound connections are redirected.

use super::catch_all;
use crate::envoy::{FilterChain, Listener, TrafficDirection};
use crate::proxy::{InterceptionMode, IpMode};
use crate::translate::listener::address::{additional_addresses, address, wildcard, wildcards};
use crate::translate::listener::limits::max_connections_per_socket_event;
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
    let port = u32::try_from(config.proxy_listen_port).unwrap_or_default();
    let catch_all = FilterChain {
        filters: catch_all::filters(view),
        name: "virtualOutbound-catchall-tcp".to_owned(),
        ..FilterChain::default()
    };
    Some(Listener {
        name: "virtualOutbound".to_owned(),
        address: Some(address(wildcard(client.ip_mode), port)),
        filter_chains: vec![catch_all::black_hole(view), catch_all],
        use_original_dst: Some(true),
        transparent: (client.interception_mode == InterceptionMode::Tproxy).then_some(true),
        traffic_direction: TrafficDirection::Outbound,
        access_log: view.telemetry.of(ListenerClass::SidecarOutbound).access_logs.listener.clone(),
        max_connections_to_accept_per_socket_event: max_connections_per_socket_event(view.outbound.mesh.features()),
        additional_addresses: additional_addresses(&further_binds(view), port),
        ..Listener::default()
    })
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
