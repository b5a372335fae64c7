//! `Listener`, from its chains.

use super::inbound_port::InboundPort;
use super::inspector;
use crate::envoy::{AdditionalAddress, FilterChain, Listener, ListenerFilter, TrafficDirection};
use crate::go;
use crate::proxy::{InterceptionMode, ProxyView};
use crate::translate::duration::duration;
use crate::translate::listener::address::{additional_addresses, address, wildcard, wildcards};
use crate::translate::listener::limits::max_connections_per_socket_event;
use crate::translate::listener::{ListenerClass, ListenerView, connection_balance, listener_filters};

/// The listener to which all inbound connections are redirected. istiod: `listener_inbound.go` `inboundVirtualListener`
pub(super) fn virtual_inbound(view: &ListenerView<'_>, proxy: &ProxyView<'_>, chains: Vec<FilterChain>) -> Listener {
    let (client, config) = (view.outbound.client, &view.outbound.mesh.config);
    let transparent = client.interception_mode == InterceptionMode::Tproxy;
    let port = u32::try_from(config.proxy_inbound_listen_port).unwrap_or_default();
    Listener {
        name: "virtualInbound".to_owned(),
        address: Some(address(wildcard(client.ip_mode), port)),
        additional_addresses: further_addresses(view, wildcards(client.ip_mode), port),
        transparent: transparent.then_some(true),
        listener_filters: std::iter::once(listener_filters::original_dst())
            .chain(transparent.then(listener_filters::original_src))
            .chain(inspector::inspectors(&chains))
            .collect(),
        ..listener(view, proxy, chains)
    }
}

/// A listener that is bound to a port of the Sidecar's. istiod: `listener_inbound.go` `inboundCustomListener`
pub(super) fn bound(
    view: &ListenerView<'_>,
    proxy: &ProxyView<'_>,
    port: &InboundPort,
    chains: Vec<FilterChain>,
) -> Listener {
    let inspectors: Vec<ListenerFilter> = inspector::inspectors(&chains);
    Listener {
        name: port.bind.listener_name(port.target_port),
        address: Some(port.bind.address(port.target_port)),
        additional_addresses: further_addresses(view, &port.bind.addresses, port.target_port),
        listener_filters: inspectors,
        ..listener(view, proxy, chains)
    }
}

/// Switch `ISTIO_DUAL_STACK` -> the addresses besides the first
fn further_addresses(view: &ListenerView<'_>, addresses: &[impl AsRef<str>], port: u32) -> Vec<AdditionalAddress> {
    if !view.outbound.mesh.features().dual_stack {
        return Vec::new();
    }
    let further: Vec<String> = addresses.iter().skip(1).map(|address| address.as_ref().to_owned()).collect();
    additional_addresses(&further, port)
}

/// istiod: `listener_inbound.go` `buildInboundListener`
fn listener(view: &ListenerView<'_>, proxy: &ProxyView<'_>, filter_chains: Vec<FilterChain>) -> Listener {
    let exact_balance = go::parse_bool(proxy.proxy.metadata_text("INBOUND_LISTENER_EXACT_BALANCE")) == Some(true);
    Listener {
        filter_chains,
        listener_filters_timeout: view.outbound.mesh.config.protocol_detection_timeout.map(duration),
        traffic_direction: TrafficDirection::Inbound,
        continue_on_listener_filters_timeout: true,
        connection_balance_config: exact_balance.then(connection_balance::exact),
        access_log: view.telemetry.of(ListenerClass::SidecarInbound).access_logs.listener.clone(),
        max_connections_to_accept_per_socket_event: max_connections_per_socket_event(view.outbound.mesh.features()),
        ..Listener::default()
    }
}
