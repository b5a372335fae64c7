//! Who is at the other end of a tunnel: ztunnel sends no metadata, so that the proxy asks for it, or reads it of the baggage.
//!
//! istiod: `pilot/pkg/xds/filters/filters.go`

use serde_json::{Value, json};

use crate::envoy::{Filter, HttpFilter, Struct, TypedStruct};
use crate::translate::listener::filter;

/// Where the baggage of a tunnel is kept.
pub(super) const BAGGAGE: &str = "io.istio.baggage";

/// Finds the client of a tunnel. istiod: `filters.go` `GenerateWaypointDownstreamMetadataFilter`
pub(super) fn downstream(baggage: bool) -> HttpFilter {
    let value = if baggage {
        json!({
            "downstream_discovery": [{ "workload_discovery": {} }, { "baggage": {} }],
            "downstream_propagation": [{ "baggage": {} }],
            "shared_with_upstream": true,
        })
    } else {
        json!({ "downstream_discovery": [{ "workload_discovery": {} }], "shared_with_upstream": true })
    };
    http("waypoint_downstream_peer_metadata", value)
}

/// Finds the server of a request. istiod: `filters.go` `GenerateWaypointUpstreamMetadataFilter`
pub(in crate::translate::listener) fn upstream(baggage: bool) -> HttpFilter {
    let value = if baggage {
        let noted = json!({ "upstream_filter_state": { "peer_metadata_key": "upstream_peer" } });
        json!({ "upstream_discovery": [{ "workload_discovery": {} }, noted] })
    } else {
        json!({ "upstream_discovery": [{ "workload_discovery": {} }] })
    };
    http("waypoint_upstream_peer_metadata", value)
}

/// Notes what the other end of a tunnel answers of itself. istiod: `filters.go` `WaypointListenerBaggagePeerMetadata`
pub(super) fn of_tunnel() -> Filter {
    let url = "type.googleapis.com/envoy.extensions.network_filters.peer_metadata.Config";
    filter::network("upstream_hbone_peer_metadata", typed_struct(url, json!({ "baggage_key": BAGGAGE })))
}

fn http(name: &str, value: Value) -> HttpFilter {
    filter::http(name, typed_struct("type.googleapis.com/io.istio.http.peer_metadata.Config", value))
}

fn typed_struct(type_url: &str, value: Value) -> TypedStruct {
    let fields = match value {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    };
    TypedStruct { type_url: type_url.to_owned(), value: Some(Struct(fields)) }
}
