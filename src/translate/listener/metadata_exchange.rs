//! Metadata exchange: peers tell each other which workload they are.
//!
//! istiod: `pilot/pkg/xds/filters/filters.go`

use serde_json::{Value, json};

use super::ListenerClass;
use super::filter;
use crate::envoy::{Filter, HttpFilter, Struct, TypedStruct};
use crate::installation::Features;

const NAME: &str = "istio.metadata_exchange";

/// The network filter, by the ALPN protocol `istio-peer-exchange`. Only where connections come in.
///
/// istiod: `filters.go` `TCPListenerMx`
pub(crate) fn network(features: &Features) -> Option<Filter> {
    let mut value = json!({ "protocol": "istio-peer-exchange", "enable_discovery": true });
    add_labels(features, &mut value);
    let config = typed_struct("type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange", value);
    features.metadata_exchange.then(|| filter::network(NAME, config))
}

/// The HTTP filter, by headers. Where requests leave, `ProxyConfig.proxyHeaders.metadataExchangeHeaders` may keep the headers
/// from services outside of the mesh.
///
/// istiod: `listener_builder.go` `appendMxFilter`
pub(super) fn http(features: &Features, class: ListenerClass, skip_external_clusters: bool) -> Option<HttpFilter> {
    let discovery = json!([{ "istio_headers": {} }, { "workload_discovery": {} }]);
    let mut value = match class {
        ListenerClass::SidecarInbound => {
            json!({ "downstream_discovery": discovery, "downstream_propagation": [{ "istio_headers": {} }] })
        }
        ListenerClass::SidecarOutbound | ListenerClass::Gateway => {
            let headers = if skip_external_clusters { json!({ "skip_external_clusters": true }) } else { json!({}) };
            json!({ "upstream_discovery": discovery, "upstream_propagation": [{ "istio_headers": headers }] })
        }
    };
    add_labels(features, &mut value);
    let config = typed_struct("type.googleapis.com/io.istio.http.peer_metadata.Config", value);
    features.metadata_exchange.then(|| filter::http(NAME, config))
}

/// Switch `PILOT_MX_ADDITIONAL_LABELS` -> `additional_labels`. istiod: `filters.go` `additionalLabels`
fn add_labels(features: &Features, config: &mut Value) {
    let labels = &features.mx_additional_labels.0;
    if !labels.is_empty() {
        config["additional_labels"] = json!(labels);
    }
}

fn typed_struct(type_url: &str, value: Value) -> TypedStruct {
    let fields = match value {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    TypedStruct { type_url: type_url.to_owned(), value: Some(Struct(fields)) }
}
