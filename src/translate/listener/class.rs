//! Which side of which proxy a listener serves.

use crate::proxy::ProxyKind;

/// The side of a proxy that a listener serves. istiod: `pilot/pkg/networking/networking.go` `ListenerClass`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListenerClass {
    /// A sidecar's listeners for requests to its workload, and all of a waypoint.
    SidecarInbound,
    /// A sidecar's listeners for requests of its workload.
    SidecarOutbound,
    /// All listeners of a router.
    Gateway,
}

impl ListenerClass {
    /// Returns the class of listeners for requests that leave a proxy. istiod: `model.OutboundListenerClass`
    pub(crate) fn outbound(kind: ProxyKind) -> Self {
        match kind {
            ProxyKind::Sidecar | ProxyKind::Waypoint => Self::SidecarOutbound,
            ProxyKind::Router => Self::Gateway,
        }
    }
}
