//! Services whose requests gateways send through a waypoint.

use crate::mesh::endpoint::Endpoint;
use crate::mesh::service::{Service, UNSPECIFIED_IP};
use crate::proxy::{OutboundView, ProxyKind};

/// The port of a waypoint's Service that takes HBONE.
const HBONE_PORT: u32 = 15008;

/// Label `istio.io/ingress-use-waypoint`, `ENABLE_INGRESS_WAYPOINT_ROUTING` -> the endpoints of the service's waypoint, in place of the
/// service's own. None of a waypoint that is not ready.
///
/// Only what has an address has a place at a waypoint.
///
/// istiod: `endpoint_builder.go` `findServiceWaypoint`
pub(super) fn find<'m>(view: &OutboundView<'m>, service: &Service) -> Option<Vec<&'m Endpoint>> {
    let features = &view.mesh.installation.features;
    if !features.ingress_waypoint_routing || view.client.kind != ProxyKind::Router || !has_address(service) {
        return None;
    }
    let ambient = &view.mesh.ambient;
    let known = ambient.service(&service.namespace, &service.hostname).filter(|known| known.ingress_use_waypoint)?;
    let hostname = ambient.waypoint_hostname(known)?;
    let endpoints = view.service(hostname).and_then(|waypoint| {
        let port = waypoint.port(HBONE_PORT)?;
        let endpoints = view.mesh.service_endpoints(waypoint).iter();
        Some(endpoints.filter(|endpoint| endpoint.service_port_name == port.name).collect())
    });
    Some(endpoints.unwrap_or_default())
}

/// istiod: `service.go` `HasAddressOrAssigned`
fn has_address(service: &Service) -> bool {
    !service.cluster_vips.is_empty()
        || service.default_address != UNSPECIFIED_IP
        || !service.auto_allocated_ipv4.is_empty()
        || !service.auto_allocated_ipv6.is_empty()
}
