//! Listeners of waypoints and east-west gateways.
//!
//! ```text
//! connect_terminate ─▶ main_internal ─┬─ inbound-vip|P|http|H   a chain for each port of each service   (http)
//!                                     ├─ inbound-vip|P|tcp|H                                            (tcp)
//!                                     └─ direct-http, -tcp      workloads by their own address
//!                        matcher: by address and port, or by host ─▶ chain
//! connect_originate, inner_ and outer_connect_originate         the next tunnel
//! ```
//!
//! istiod: `core/listener_waypoint.go` `buildWaypointInbound`

mod http;
mod inspector;
mod main_internal;
mod matcher;
mod tcp;

use super::hbone::{connect_originate, connect_terminate, double_hbone};
use super::{ListenerClass, ListenerView, gateway};
use crate::diagnostic::Diagnostics;
use crate::envoy::Listener;
use crate::proxy::{ProxyView, WaypointScope};

/// Everything that comes to a waypoint comes in.
const CLASS: ListenerClass = ListenerClass::SidecarInbound;

/// Builds all listeners of a waypoint.
pub(super) fn listeners(view: &ProxyView<'_>, diagnostics: &mut Diagnostics) -> Vec<Listener> {
    let Some(waypoint) = &view.outbound.scope.waypoint else { return Vec::new() };
    let listener_view = ListenerView::new(view, diagnostics);
    let mesh = view.outbound.mesh;
    let mut listeners = vec![
        connect_terminate::listener(&listener_view, view),
        main_internal::listener(&listener_view, view, waypoint, diagnostics),
    ];
    if is_east_west(view, waypoint) {
        listeners.push(connect_originate::forward_inner_connect(&listener_view.telemetry, CLASS));
        listeners.extend(gateway::east_west(view, diagnostics));
    } else {
        listeners.push(connect_originate::listener(mesh, &listener_view.telemetry, CLASS));
    }
    listeners.extend(double_hbone::listeners(&view.outbound, &listener_view.telemetry));
    listeners
}

/// Says whether a waypoint is the entrance of a network, as far as networks matter.
fn is_east_west(view: &ProxyView<'_>, waypoint: &WaypointScope) -> bool {
    waypoint.east_west && view.outbound.mesh.installation.features.ambient_multi_network
}
