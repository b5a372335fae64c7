//! HBONE: connections in HTTP CONNECT tunnels over mutual TLS.
//!
//! ```text
//! connect_terminate   tunnels that come in  ─▶ main_internal, where what is inside is told apart
//! connect_originate   tunnels that are opened
//! double_hbone        tunnels in tunnels, to other networks
//! filter_state        what goes from one internal listener to the next
//! ```
//!
//! istiod: `core/listener_waypoint.go`

pub(super) mod connect_originate;
pub(super) mod connect_terminate;
pub(super) mod double_hbone;
pub(super) mod filter_state;
pub(super) mod peer_metadata;

use crate::envoy::{ListenerInternalListenerConfig, ListenerListenerSpecifier};

/// The port of tunnels. istiod: `model.HBoneInboundListenPort`
const HBONE_PORT: u32 = 15008;

/// A listener that only the proxy itself connects to.
pub(super) fn internal() -> ListenerListenerSpecifier {
    ListenerListenerSpecifier::InternalListener(ListenerInternalListenerConfig::default())
}
