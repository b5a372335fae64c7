//! Limits of a listener that istiod's switches set.

use crate::envoy::Duration;
use crate::installation::Features;
use crate::translate::duration::duration;

/// Switch `MAX_CONNECTIONS_PER_SOCKET_EVENT_LOOP` -> `Listener.max_connections_to_accept_per_socket_event`
///
/// What is not positive is no limit. istiod: `listener_builder.go` `maxConnectionsToAcceptPerSocketEvent`
pub(super) fn max_connections_per_socket_event(features: &Features) -> Option<u32> {
    let limit = features.max_connections_per_socket_event;
    // Go cuts off what 32 bits do not hold.
    (limit > 0).then(|| u32::try_from(limit & i64::from(u32::MAX)).unwrap_or_default())
}

/// Switch `PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT` -> `FilterChain.transport_socket_connect_timeout`
///
/// Against clients that never finish the handshake. istiod: `listener.go` `gatewayTransportSocketConnectTimeout`
pub(super) fn transport_socket_connect_timeout(features: &Features) -> Option<Duration> {
    let timeout = features.gateway_transport_socket_connect_timeout;
    (!timeout.is_zero()).then(|| duration(timeout))
}
