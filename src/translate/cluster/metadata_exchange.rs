//! The filter by which a client learns which workload serves it.

use serde_json::Value;

use crate::envoy::{ClusterFilter, TypedStruct};
use crate::installation::Features;

/// Switches `PILOT_ENABLE_METADATA_EXCHANGE`, `PILOT_MX_ADDITIONAL_LABELS` -> `Cluster.filters`
///
/// istiod: `cluster_builder.go` `applyMetadataExchange`, `pilot/pkg/xds/filters/filters.go` `TCPClusterMx`
pub(super) fn filters(features: &Features) -> Vec<ClusterFilter> {
    if !features.metadata_exchange {
        return Vec::new();
    }
    let labels = &features.mx_additional_labels.0;
    let labels = (!labels.is_empty()).then(|| ("additional_labels", Value::from(labels.as_slice())));
    let value: [(&str, Value); 2] = [("protocol", "istio-peer-exchange".into()), ("enable_discovery", true.into())];
    let config = TypedStruct {
        type_url: "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange".to_owned(),
        value: Some(value.into_iter().chain(labels).collect()),
    };
    vec![ClusterFilter {
        name: "istio.metadata_exchange".to_owned(),
        typed_config: Some(config.into()),
        ..ClusterFilter::default()
    }]
}
