//! Sidecars that take HBONE: what is in a tunnel goes through the chains of its port.

use super::inbound_port::InboundPort;
use super::{filter_chain, inspector, passthrough};
use crate::diagnostic::Diagnostics;
use crate::envoy::{CidrRange, FilterChain, FilterChainMatch, Listener, ListenerFilter, TrafficDirection};
use crate::proxy::ProxyView;
use crate::translate::listener::hbone::{connect_terminate, internal};
use crate::translate::listener::{ListenerClass, ListenerView, listener_filters};
use crate::translate::{cidr, name};

/// Builds the listener of tunnels and that of what is in them; none if the sidecar takes no HBONE.
///
/// istiod: `listener_inbound.go` `buildInboundHBONEListeners`
pub(super) fn listeners(view: &ListenerView<'_>, proxy: &ProxyView<'_>) -> Vec<Listener> {
    if !proxy.listens_to_hbone() {
        return Vec::new();
    }
    // What there is to say has been said for the ordinary listeners.
    let mut said = Diagnostics::default();
    let plain = ListenerView::for_service(proxy, None, &mut said);
    let inside = ListenerView { authorization: plain.authorization.in_tunnel(proxy), ..plain };
    let own: Vec<CidrRange> = proxy.proxy.ip_addresses.iter().filter_map(|address| cidr::range(address)).collect();
    let ports = super::ports(view, proxy, &mut said).into_iter().map(|port| InboundPort { hbone: true, ..port });
    let ports = ports.chain(std::iter::once(passthrough::port(0)));
    let chains = ports.flat_map(|port| filter_chain::without_tls(&inside, &port));
    let filter_chains: Vec<FilterChain> = chains.map(|chain| to_own_address(chain, &own)).collect();
    let inspectors: Vec<ListenerFilter> = inspector::inspectors(&filter_chains);
    let main_internal = Listener {
        name: name::MAIN_INTERNAL.to_owned(),
        listener_specifier: Some(internal()),
        traffic_direction: TrafficDirection::Inbound,
        continue_on_listener_filters_timeout: true,
        listener_filters: std::iter::once(listener_filters::original_dst()).chain(inspectors).collect(),
        access_log: view.telemetry.of(ListenerClass::SidecarInbound).access_logs.listener.clone(),
        filter_chains,
        ..Listener::default()
    };
    vec![connect_terminate::listener(view, proxy), main_internal]
}

/// A tunnel leads to the addresses of the Pod only.
///
/// istiod: `listener_inbound.go` `sanitizeFilterChainForHBONE`
fn to_own_address(chain: FilterChain, own: &[CidrRange]) -> FilterChain {
    let conditions = FilterChainMatch {
        transport_protocol: String::new(),
        prefix_ranges: own.to_vec(),
        ..chain.filter_chain_match.unwrap_or_default()
    };
    FilterChain { filter_chain_match: Some(conditions), ..chain }
}
