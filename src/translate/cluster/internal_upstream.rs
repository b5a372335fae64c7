//! Transport sockets towards listeners of the proxy itself: they hand on what the end of the tunnel has to know.
//!
//! istiod: `pilot/pkg/networking/util/internal_upstream.go`

use crate::envoy::{
    Any, InternalUpstreamTransport, InternalUpstreamTransportMetadataValueSource, MetadataKind, MetadataKindCluster,
    MetadataKindHost, MetadataKindKind, RawBuffer, TransportSocket, TransportSocketConfigType,
};
use crate::mesh::Mesh;
use crate::translate::cluster::baggage;
use crate::translate::metadata;

/// Where the end of a tunnel is written.
const ORIGINAL_DST: &str = "envoy.filters.listener.original_dst";

/// A transport socket.
pub(super) fn socket(name: &str, config: impl Into<Any>) -> TransportSocket {
    TransportSocket { name: name.to_owned(), config_type: Some(TransportSocketConfigType::TypedConfig(config.into())) }
}

/// Plain text.
pub(super) fn raw_buffer() -> TransportSocket {
    socket("raw_buffer", RawBuffer::default())
}

/// Hands on nothing. istiod: `DefaultInternalUpstreamTransportSocket`
pub(super) fn bare(name: &str, inner: TransportSocket) -> TransportSocket {
    transport(name, Vec::new(), inner)
}

/// For a waypoint's own services. istiod: `WaypointInternalUpstreamTransportSocket`
pub(super) fn of_waypoint(mesh: &Mesh, inner: TransportSocket) -> TransportSocket {
    let passed = [host(ORIGINAL_DST), host(metadata::ISTIO)].into_iter().chain(peer_metadata(mesh));
    transport("internal_upstream", passed.collect(), inner)
}

/// For all others. istiod: `FullMetadataPassthroughInternalUpstreamTransportSocket`
pub(super) fn full(mesh: &Mesh, inner: TransportSocket) -> TransportSocket {
    let passed = [host(ORIGINAL_DST), cluster(metadata::ISTIO), host(metadata::ISTIO)];
    let passed = passed.into_iter().chain(peer_metadata(mesh));
    transport("envoy.transport_sockets.internal_upstream", passed.collect(), inner)
}

fn transport(
    name: &str,
    passthrough_metadata: Vec<InternalUpstreamTransportMetadataValueSource>,
    inner: TransportSocket,
) -> TransportSocket {
    socket(name, InternalUpstreamTransport { passthrough_metadata, transport_socket: Some(inner) })
}

/// `AMBIENT_ENABLE_BAGGAGE`: who the peer is.
fn peer_metadata(mesh: &Mesh) -> impl Iterator<Item = InternalUpstreamTransportMetadataValueSource> {
    let peer = || [cluster(baggage::PEER_METADATA), host(baggage::PEER_METADATA)];
    mesh.installation.features.ambient_baggage.then(peer).into_iter().flatten()
}

fn host(name: &str) -> InternalUpstreamTransportMetadataValueSource {
    source(MetadataKindKind::Host(MetadataKindHost::default()), name)
}

fn cluster(name: &str) -> InternalUpstreamTransportMetadataValueSource {
    source(MetadataKindKind::Cluster(MetadataKindCluster::default()), name)
}

fn source(kind: MetadataKindKind, name: &str) -> InternalUpstreamTransportMetadataValueSource {
    InternalUpstreamTransportMetadataValueSource {
        kind: Some(MetadataKind { kind: Some(kind) }),
        name: name.to_owned(),
    }
}
