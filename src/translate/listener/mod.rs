//! Listeners: what a proxy does with connections that come in, and with those that its workload opens.
//!
//! ```text
//! outbound/   services by address and port, virtualOutbound, the HTTP proxy
//! inbound/    virtualInbound, Sidecar.ingress
//! gateway     servers of routers
//!
//! http_connection_manager ◀─ http_filters       what ends an HTTP chain
//! network_filters         ◀─ tcp_proxy          what ends a TCP chain
//! chain_match, tls_context, listener_filters    what chooses and opens a chain
//! ```
//!
//! Outbound code reads of the proxy what [`OutboundView`](crate::proxy::OutboundView) gives, and the policies in its
//! [`ListenerView`], and nothing else: so proxies share listeners.
//!
//! istiod: `core/listener.go` `BuildListeners`

mod address;
mod bind;
mod chain_match;
mod class;
pub(crate) mod connection_balance;
mod connection_settings;
pub(crate) mod filter;
pub(crate) mod gateway;
mod hbone;
mod http1;
pub(crate) mod http_connection_manager;
mod http_filters;
mod inbound;
mod limits;
mod listener_filters;
mod listener_protocol;
mod metadata;
mod metadata_exchange;
pub(crate) mod network_filters;
mod outbound;
mod proxy_headers;
mod reserved_port;
pub(crate) mod tcp_destination;
mod tcp_proxy;
pub(crate) mod tls_context;
mod view;
mod waypoint;

pub(crate) use class::ListenerClass;
pub(crate) use listener_protocol::{ChainKind, ListenerProtocol};
pub(crate) use outbound::SharedListeners;
pub(crate) use view::ListenerView;

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::envoy::Listener;
use crate::proxy::ProxyView;
use crate::translate::Resource;

/// The listeners of one proxy.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    /// Those that other proxies have too. They name no routes and no secrets.
    pub(crate) shared: Vec<Arc<Resource>>,
    /// The other ones of services, and all of a router.
    pub(crate) outbound: Vec<Listener>,
    pub(crate) http_proxy: Option<Listener>,
    pub(crate) virtual_outbound: Option<Listener>,
    /// `virtualInbound` first.
    pub(crate) inbound: Vec<Listener>,
    /// The one that opens tunnels, which no patch is for.
    pub(crate) connect_originate: Option<Listener>,
}

/// Builds the listeners of a sidecar that no other proxy has: those of its inbound side.
pub(crate) fn sidecar_inbound(view: &ProxyView<'_>, diagnostics: &mut Diagnostics) -> Listeners {
    if view.outbound.mesh.config.proxy_listen_port <= 0 {
        return Listeners::default();
    }
    let listener_view = ListenerView::new(view, diagnostics);
    Listeners { inbound: inbound::listeners(&listener_view, view, diagnostics), ..Listeners::default() }
}

/// Builds all listeners of a sidecar; none if the mesh's outbound port is 0.
///
/// istiod: `listener.go` `buildSidecarListeners`, `listener_builder.go` `getListeners`
pub(crate) fn sidecar(view: &ProxyView<'_>, shared: &SharedListeners, diagnostics: &mut Diagnostics) -> Listeners {
    let listener_view = ListenerView::new(view, diagnostics);
    let connect_originate = connect_originate(&listener_view, ListenerClass::SidecarOutbound);
    if view.outbound.mesh.config.proxy_listen_port <= 0 {
        return Listeners { connect_originate, ..Listeners::default() };
    }
    let own_address = view.proxy.ip_addresses.first().map_or("", String::as_str);
    let services = shared.listeners(&listener_view, own_address, diagnostics);
    Listeners {
        shared: services.shared,
        outbound: services.own,
        http_proxy: outbound::http_proxy(&listener_view),
        virtual_outbound: outbound::virtual_outbound(&listener_view),
        inbound: inbound::listeners(&listener_view, view, diagnostics),
        connect_originate,
    }
}

/// Builds all listeners of a router.
///
/// istiod: `gateway.go` `buildGatewayListeners`, `listener.go` `BuildListeners`
pub(crate) fn router(view: &ProxyView<'_>, diagnostics: &mut Diagnostics) -> Listeners {
    let mut outbound = gateway::build(view, diagnostics);
    if !view.outbound.mesh.installation.features.hbone_send {
        return Listeners { outbound, ..Listeners::default() };
    }
    let listener_view = ListenerView::for_service(view, None, &mut Diagnostics::default());
    if !outbound.is_empty() {
        outbound.extend(hbone::double_hbone::listeners(&view.outbound, &listener_view.telemetry));
    }
    let connect_originate = connect_originate(&listener_view, ListenerClass::Gateway);
    Listeners { outbound, connect_originate, ..Listeners::default() }
}

/// The listener that opens tunnels to workloads. A proxy that sends no HBONE has it all the same.
fn connect_originate(view: &ListenerView<'_>, class: ListenerClass) -> Option<Listener> {
    let mesh = view.outbound.mesh;
    let listener = || hbone::connect_originate::listener(mesh, &view.telemetry, class);
    mesh.installation.features.hbone_send.then(listener)
}

/// Builds all listeners of a waypoint.
///
/// istiod: `listener.go` `buildWaypointListeners`
pub(crate) fn waypoint(view: &ProxyView<'_>, diagnostics: &mut Diagnostics) -> Listeners {
    Listeners { inbound: waypoint::listeners(view, diagnostics), ..Listeners::default() }
}
