//! Ports on which a listener cannot be.

use super::ListenerView;
use super::address::wildcard;
use crate::mesh::protocol::Protocol;

/// Says whether a listener may be bound: not to a privileged port in an unprivileged pod, and not where the proxy's own
/// listeners are.
///
/// istiod: `context.go` `CanBindToPort`
pub(super) fn can_bind(view: &ListenerView<'_>, bind_to_port: bool, bind: &str, port: u32, protocol: Protocol) -> bool {
    can_bind_beside_virtual_listeners(view, bind_to_port, bind, port, protocol)
        && !(takes_wildcard(view, bind, protocol) && is_virtual_listener(view, port))
}

/// The same for `Sidecar.ingress`, where the ports of the virtual listeners are not checked.
pub(super) fn can_bind_beside_virtual_listeners(
    view: &ListenerView<'_>,
    bind_to_port: bool,
    bind: &str,
    port: u32,
    protocol: Protocol,
) -> bool {
    let is_privileged = bind_to_port && (1..1024).contains(&port) && view.metadata_is_true("UNPRIVILEGED_POD");
    let is_taken = takes_wildcard(view, bind, protocol) && is_static_listener(view, port);
    !(is_privileged || is_taken)
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
