//! Listeners for connections to the workload.
//!
//! ```text
//! service_port     ports of the services that the workload serves
//! sidecar_ingress  or those that the Sidecar names
//! passthrough      and all others
//!   ─▶ inbound_port      one port: cluster, protocol, names
//!   ─▶ chain_condition   by mutual TLS mode and protocol: which chains
//!   ─▶ filter_chain      the chains
//!   ─▶ inspector         what must be read of connections first
//! hbone            the same once more for what comes through a tunnel
//! ```
//!
//! istiod: `core/listener_inbound.go`

mod chain_condition;
mod filter_chain;
mod hbone;
mod inbound_port;
mod inspector;
mod listener;
mod passthrough;
mod service_port;
mod sidecar_ingress;

pub(super) use inspector::on_ports;
pub(super) use passthrough::black_hole_proxy;

use crate::diagnostic::Diagnostics;
use crate::envoy::{FilterChain, Listener};
use crate::mesh::peer_authentication::MutualTlsMode;
use crate::model::istio::CaptureMode;
use crate::proxy::{InterceptionMode, ProxyView};
use crate::translate::listener::ListenerView;
use crate::translate::listener::inbound::inbound_port::InboundPort;

/// Builds `virtualInbound`, unless connections are not redirected, and the listeners that are bound to ports of their own.
///
/// istiod: `listener_inbound.go` `buildInboundListeners`
pub(super) fn listeners(
    view: &ListenerView<'_>,
    proxy: &ProxyView<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Listener> {
    let mut chains = Vec::new();
    let mut bound = Vec::new();
    for port in ports(view, proxy, diagnostics) {
        let port_chains = filter_chain::filter_chains(view, proxy, &port);
        if port.bind.to_port {
            bound.push(listener::bound(view, proxy, &port, port_chains));
        } else {
            chains.extend(port_chains);
        }
    }
    let redirected = view.outbound.client.interception_mode != InterceptionMode::None;
    let virtual_inbound = redirected.then(|| virtual_inbound(view, proxy, chains));
    virtual_inbound.into_iter().chain(bound).chain(hbone::listeners(view, proxy)).collect()
}

/// istiod: `listener_inbound.go` `inboundVirtualListener`
fn virtual_inbound(view: &ListenerView<'_>, proxy: &ProxyView<'_>, chains: Vec<FilterChain>) -> Listener {
    let mut all = vec![passthrough::black_hole(view)];
    for port in passthrough::ports(proxy) {
        all.extend(filter_chain::filter_chains(view, proxy, &port));
    }
    all.extend(chains);
    listener::virtual_inbound(view, proxy, all)
}

/// The ports that have chains of their own, by number: those that the Sidecar names replace those of services, all of them or, with
/// `PILOT_ALLOW_SIDECAR_SERVICE_INBOUND_LISTENER_MERGE`, those of the same number.
///
/// istiod: `listener_inbound.go` `buildInboundChainConfigs`
fn ports(view: &ListenerView<'_>, proxy: &ProxyView<'_>, diagnostics: &mut Diagnostics) -> Vec<InboundPort> {
    let ports = match &view.outbound.scope.sidecar {
        Some(sidecar) if !sidecar.spec.ingress.is_empty() => {
            let own = sidecar_ingress::ports(view, proxy, sidecar, diagnostics);
            let named = |port: &InboundPort| view.outbound.scope.ingress_ports().any(|named| named == port.target_port);
            let merges = view.outbound.mesh.features().sidecar_inbound_listener_merge;
            let services = if merges { service_port::ports(view, proxy, diagnostics) } else { Vec::new() };
            services.into_iter().filter(|port| !named(port)).chain(own).collect()
        }
        Some(_) | None if view.outbound.client.interception_mode == InterceptionMode::None => Vec::new(),
        Some(_) | None => service_port::ports(view, proxy, diagnostics),
    };
    inbound_port::first_by_target_port(ports)
}

/// Says whether a listener is bound to its port: as the Sidecar says, or if connections are not redirected.
///
/// istiod: `listener_inbound.go` `getBindToPort`
fn binds_to_port(view: &ListenerView<'_>, mode: CaptureMode) -> bool {
    match mode {
        CaptureMode::Default => view.outbound.client.interception_mode == InterceptionMode::None,
        CaptureMode::Iptables => false,
        CaptureMode::None => true,
    }
}

/// The mode of mutual TLS on a port of the workload. istiod: `policy_applier.go` `GetMutualTLSModeForPort`
fn mutual_tls_mode(proxy: &ProxyView<'_>, port: u32) -> MutualTlsMode {
    let policy = proxy.peer_authentication();
    policy.port_level.get(&port).copied().unwrap_or(policy.mode)
}
