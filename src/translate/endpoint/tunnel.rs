//! Endpoints that are reached by HBONE: Envoy connects to itself, to the listener that opens the tunnel.

use crate::envoy::{self, LbEndpointHostIdentifier, Metadata, Struct};
use crate::mesh::ambient::{MANAGED_LABEL, MESH_CONTROLLER, supports_tunnel};
use crate::mesh::endpoint::Endpoint;
use crate::mesh::network::NetworkGateway;
use crate::proxy::OutboundView;
use crate::translate::endpoint::lb_endpoint::{ISTIO, TRANSPORT_SOCKET_MATCH};
use crate::translate::endpoint::{Request, RequestKind, Target};
use crate::translate::{address, name};

/// Where the end of a tunnel is written.
const ORIGINAL_DST: &str = "envoy.filters.listener.original_dst";

/// Says whether an endpoint is reached by HBONE: a waypoint, or what takes HBONE itself or by its ztunnel.
///
/// An endpoint with mutual TLS of its own keeps to that, unless HBONE is preferred or the client is its waypoint.
///
/// istiod: `endpoint_builder.go` `buildEnvoyLbEndpoint`, `supportTunnel`
pub(super) fn is_used(request: &Request<'_>, endpoint: &Endpoint, target: Target) -> bool {
    let Request { view, kind, .. } = request;
    if target == Target::Waypoint {
        return true;
    }
    let features = &view.mesh.installation.features;
    let keeps_to_mutual_tls =
        endpoint.tls_mode == ISTIO && !features.prefer_hbone_send && *kind != RequestKind::InboundVip;
    !keeps_to_mutual_tls && !view.client.disable_hbone_send && (is_waypoint(endpoint) || takes_hbone(view, endpoint))
}

/// Says whether an endpoint takes HBONE. istiod: `push_context.go` `AllInstancesSupportHBONE`
pub(super) fn takes_hbone(view: &OutboundView<'_>, endpoint: &Endpoint) -> bool {
    let ambient = &view.mesh.ambient;
    supports_tunnel(&endpoint.labels)
        || endpoint.addresses.iter().any(|address| ambient.takes_hbone(&endpoint.network, address))
}

fn is_waypoint(endpoint: &Endpoint) -> bool {
    endpoint.labels.get(MANAGED_LABEL).is_some_and(|value| value == MESH_CONTROLLER)
}

/// The endpoint at the end of a tunnel, and what the tunnel has to know. Envoy knows one address for it.
pub(super) fn endpoint(
    request: &Request<'_>,
    endpoint: &Endpoint,
    target: Target,
    metadata: Metadata,
) -> (LbEndpointHostIdentifier, Metadata) {
    let own = address::host_port(endpoint.addresses.first().map_or("", String::as_str), endpoint.port);
    let end = match target {
        Target::Workload => Struct::from([("local", own.as_str())]),
        Target::Waypoint => {
            let service = request.service;
            let vip = service.cluster_vips.first().unwrap_or(&service.default_address);
            let local = address::host_port(vip, request.port);
            Struct::from([("local", local.as_str()), ("waypoint", own.as_str())])
        }
    };
    let east_west = request.view.client.waypoint.as_ref().is_some_and(|waypoint| waypoint.east_west);
    let listener = if east_west { name::FORWARD_INNER_CONNECT } else { name::CONNECT_ORIGINATE };
    (internal(listener, &own), with_end(request, metadata, end))
}

/// The gateway of another network, through which one tunnel leads inside of another.
///
/// istiod: `ep_filters.go` `EndpointsByNetworkFilter`
pub(super) fn gateway(
    request: &Request<'_>,
    gateway: &NetworkGateway,
    mut metadata: Metadata,
) -> (LbEndpointHostIdentifier, Metadata) {
    let end = address::host_port(&gateway.address, gateway.hbone_port);
    let target = address::host_port(&request.service.hostname, request.port);
    let target = serde_json::json!({ "hbone_target_address": target });
    metadata.filter_metadata.entry("istio".to_owned()).or_default().0.insert("double_hbone".to_owned(), target);
    let metadata = with_end(request, metadata, Struct::from([("local", end.as_str())]));
    (internal(name::INNER_CONNECT_ORIGINATE, &end), metadata)
}

/// Notes where the tunnel ends; and, where Envoy chooses by endpoint, that there is one.
fn with_end(request: &Request<'_>, mut metadata: Metadata, end: Struct) -> Metadata {
    metadata.filter_metadata.insert(ORIGINAL_DST.to_owned(), end);
    if request.kind != RequestKind::InboundVip {
        let by_tunnel = Struct::from([("tunnel", "http")]);
        metadata.filter_metadata.insert(TRANSPORT_SOCKET_MATCH.to_owned(), by_tunnel);
    }
    metadata
}

fn internal(listener: &str, endpoint_id: &str) -> LbEndpointHostIdentifier {
    LbEndpointHostIdentifier::Endpoint(envoy::Endpoint {
        address: Some(address::internal(listener, endpoint_id)),
        ..envoy::Endpoint::default()
    })
}
