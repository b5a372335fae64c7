//! Metadata exchange: peers tell each other which workload they are.
//!
//! istiod: `pilot/pkg/xds/filters/filters.go`

use serde_json::{Value, json};

use super::ListenerClass;
use super::filter;
use crate::envoy::{Filter, HttpFilter, Struct, TypedStruct};

const NAME: &str = "istio.metadata_exchange";

/// The network filter, by the ALPN protocol `istio-peer-exchange`. Only where connections come in.
///
/// istiod: `filters.go` `TCPListenerMx`
pub(crate) fn network() -> Filter {
    let value = json!({ "protocol": "istio-peer-exchange", "enable_discovery": true });
    filter::network(NAME, typed_struct("type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange", value))
}

/// The HTTP filter, by headers. Where requests leave, `ProxyConfig.proxyHeaders.metadataExchangeHeaders` may keep the headers
/// from services outside of the mesh.
///
/// istiod: `listener_builder.go` `appendMxFilter`
pub(super) fn http(class: ListenerClass, skip_external_clusters: bool) -> HttpFilter {
    let discovery = json!([{ "istio_headers": {} }, { "workload_discovery": {} }]);
    let value = match class {
        ListenerClass::SidecarInbound => {
            json!({ "downstream_discovery": discovery, "downstream_propagation": [{ "istio_headers": {} }] })
        }
        ListenerClass::SidecarOutbound | ListenerClass::Gateway => {
            let headers = if skip_external_clusters { json!({ "skip_external_clusters": true }) } else { json!({}) };
            json!({ "upstream_discovery": discovery, "upstream_propagation": [{ "istio_headers": headers }] })
        }
    };
    filter::http(NAME, typed_struct("type.googleapis.com/io.istio.http.peer_metadata.Config", value))
}

fn typed_struct(type_url: &str, value: Value) -> TypedStruct {
    let fields = match value {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    TypedStruct { type_url: type_url.to_owned(), value: Some(Struct(fields)) }
}
