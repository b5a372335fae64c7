//! `Destination`, as a waypoint sees it.

use crate::model::istio::Destination;
use crate::proxy::{OutboundView, WaypointScope};
use crate::translate::name;

/// `Destination` -> the name of a cluster: that of the waypoint's own service, else an outbound one
///
/// Without a port, the only port of the service counts, else that of the listener. The protocol is that of the service's port, `http`
/// where nobody knows.
///
/// istiod: `listener_waypoint.go` `getWaypointDestinationCluster`, `portToSubset`
pub(crate) fn cluster(
    view: &OutboundView<'_>,
    waypoint: &WaypointScope,
    destination: &Destination,
    listener_port: u32,
) -> String {
    let Destination { host, subset, port } = destination;
    if host.is_empty() {
        // A route of the Gateway API with an invalid backend.
        return "UnknownService".to_owned();
    }
    let service = view.service(host);
    let only = service.and_then(|service| match service.ports.as_slice() {
        [only] => Some(only.number),
        _ => None,
    });
    let port = port.as_ref().map(|port| port.number).or(only).unwrap_or(listener_port);
    if let Some(service) = service.filter(|service| !waypoint.owns(&service.hostname)) {
        let _ = service;
        return name::outbound_cluster(port, subset, host);
    }
    let declared = service.and_then(|service| service.port(port));
    let is_tcp = declared.is_some_and(|port| !port.protocol.is_http() && !port.protocol.is_unsupported());
    let protocol = if is_tcp { "tcp" } else { "http" };
    let protocol = if subset.is_empty() { protocol.to_owned() } else { format!("{protocol}/{subset}") };
    name::inbound_vip_cluster(port, &protocol, host)
}
