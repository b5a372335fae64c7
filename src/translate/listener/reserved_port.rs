//! Ports on which a listener cannot be.

use super::ListenerView;
use super::address::wildcard;
use crate::diagnostic::Diagnostic;
use crate::mesh::protocol::Protocol;

/// Why a listener may not be bound to a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The Pod is unprivileged, and the port is not.
    Privileged,
    /// The proxy's own listeners are there.
    Reserved,
}

impl Obstacle {
    /// What there is to say of a port that is left out: `port 15090 of a.example.com`.
    pub(super) fn of(self, port: &str) -> Diagnostic {
        let (code, why) = match self {
            Self::Privileged => ("listener-port-privileged", "a Pod without privileges opens ports from 1024 on only"),
            Self::Reserved => ("listener-port-reserved", "the proxy itself listens there"),
        };
        Diagnostic::warning(code, format!("{port} is left out: {why}"))
    }
}

/// Returns why a listener may not be bound, if so: not to a privileged port in an unprivileged pod, and not where the proxy's own
/// listeners are.
///
/// istiod: `context.go` `CanBindToPort`
pub(super) fn obstacle(
    view: &ListenerView<'_>,
    bind_to_port: bool,
    bind: &str,
    port: u32,
    protocol: Protocol,
) -> Option<Obstacle> {
    let is_virtual = || takes_wildcard(view, bind, protocol) && is_virtual_listener(view, port);
    obstacle_beside_virtual_listeners(view, bind_to_port, bind, port, protocol)
        .or_else(|| is_virtual().then_some(Obstacle::Reserved))
}

/// The same for `Sidecar.ingress`, where the ports of the virtual listeners are not checked.
pub(super) fn obstacle_beside_virtual_listeners(
    view: &ListenerView<'_>,
    bind_to_port: bool,
    bind: &str,
    port: u32,
    protocol: Protocol,
) -> Option<Obstacle> {
    if bind_to_port && (1..1024).contains(&port) && view.metadata_is_true("UNPRIVILEGED_POD") {
        return Some(Obstacle::Privileged);
    }
    (takes_wildcard(view, bind, protocol) && is_static_listener(view, port)).then_some(Obstacle::Reserved)
}

/// Without a bind, HTTP listeners take all addresses; others take that of their service.
fn takes_wildcard(view: &ListenerView<'_>, bind: &str, protocol: Protocol) -> bool {
    if bind.is_empty() { protocol.is_http() } else { bind == wildcard(view.outbound.client.ip_mode) }
}

/// The listeners of Envoy's bootstrap: health and statistics.
fn is_static_listener(view: &ListenerView<'_>, port: u32) -> bool {
    let is_port = |key: &str| view.metadata(key).parse().unwrap_or(0) == port;
    is_port("ENVOY_STATUS_PORT") || is_port("ENVOY_PROMETHEUS_PORT")
}

fn is_virtual_listener(view: &ListenerView<'_>, port: u32) -> bool {
    let config = &view.outbound.mesh.config;
    [config.proxy_listen_port, config.proxy_inbound_listen_port].iter().any(|&own| u32::try_from(own) == Ok(port))
}
