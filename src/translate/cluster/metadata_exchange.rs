//! The filter by which a client learns which workload serves it.

use serde_json::Value;

use crate::envoy::{ClusterFilter, Struct, TypedStruct};

/// -> `Cluster.filters`
///
/// istiod: `cluster_builder.go` `applyMetadataExchange`, `pilot/pkg/xds/filters/filters.go` `TCPClusterMx`
pub(super) fn filter() -> ClusterFilter {
    let value: [(&str, Value); 2] = [("protocol", "istio-peer-exchange".into()), ("enable_discovery", true.into())];
    let config = TypedStruct {
        type_url: "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange".to_owned(),
        value: Some(Struct::from(value)),
    };
    ClusterFilter {
        name: "istio.metadata_exchange".to_owned(),
        typed_config: Some(config.into()),
        ..ClusterFilter::default()
    }
}
