//! `AMBIENT_ENABLE_BAGGAGE`: workloads tell who they are in a header of the tunnel.

use serde_json::Value;

use crate::envoy::{ClusterDiscoveryType, ClusterFilter, Metadata, Struct, TypedStruct};
use crate::mesh::Mesh;

/// Metadata of who the peer is. istiod: `util.IstioPeerMetadataKey`
pub(super) const PEER_METADATA: &str = "istio.peer_metadata";

/// -> `Cluster.filters`: what a client learns of a server at the end of a tunnel, for clusters with such endpoints.
///
/// `sends` says whether the proxy sends HBONE.
///
/// istiod: `cluster_builder.go` `maybeApplyBaggageMetadataDiscovery`
pub(super) fn filter(mesh: &Mesh, sends: bool, r#type: ClusterDiscoveryType) -> Option<ClusterFilter> {
    (sends && r#type == ClusterDiscoveryType::Eds).then(|| always(mesh)).flatten()
}

/// The same whatever the endpoints. istiod: `cluster_builder.go` `applyBaggageMetadataDiscovery`
pub(super) fn always(mesh: &Mesh) -> Option<ClusterFilter> {
    let config = TypedStruct {
        type_url: "type.googleapis.com/envoy.extensions.network_filters.peer_metadata.UpstreamConfig".to_owned(),
        value: Some(Struct::default()),
    };
    mesh.installation.features.ambient_baggage.then(|| ClusterFilter {
        name: "upstream_hbone_peer_metadata".to_owned(),
        typed_config: Some(config.into()),
        ..ClusterFilter::default()
    })
}

/// Notes that the bytes in the tunnel are not those of the server, so that it cannot tell who it is.
///
/// istiod: `cluster_builder.go` `addDisableBaggageDiscoveryMetadata`
pub(super) fn disabled(mesh: &Mesh, metadata: Option<Metadata>) -> Option<Metadata> {
    if !mesh.installation.features.ambient_baggage {
        return metadata;
    }
    let mut metadata = metadata.unwrap_or_default();
    let fields = Struct::from([("disable_baggage_discovery", Value::Bool(true))]);
    metadata.filter_metadata.insert(PEER_METADATA.to_owned(), fields);
    Some(metadata)
}
