//! The protocols of a cluster: `source/extensions/upstreams/http/config.cc`.

use serde_json::Value;

use crate::rejection::finding::Findings;
use crate::rejection::json::{has, list, message_name};

/// Returns the cluster's HTTP options.
pub(super) fn http_options(cluster: &Value) -> Option<&Value> {
    cluster.get("typed_extension_protocol_options")?.get("envoy.extensions.upstreams.http.v3.HttpProtocolOptions")
}

/// `ClusterInfoImpl`: a protocol that is agreed on by ALPN needs a transport that has it.
pub(super) fn alpn<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    if !http_options(cluster).is_some_and(|options| has(options, "auto_config")) {
        return;
    }
    let message = "ALPN configured for cluster which has a non-ALPN transport socket";
    let matches = list(cluster, "transport_socket_matches");
    let default = cluster.get("transport_socket");
    let with_default = matches.is_empty().then_some(default);
    let sockets =
        matches.iter().map(|entry| entry.get("transport_socket")).chain(with_default).chain(default.map(Some));
    if sockets.into_iter().any(|socket| !has_alpn(socket)) {
        found.reject_field("typed_extension_protocol_options", message);
    }
}

fn has_alpn(socket: Option<&Value>) -> bool {
    let config = socket.and_then(|socket| socket.get("typed_config")).unwrap_or(&Value::Null);
    match message_name(config) {
        "" | "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer" => false,
        // One that wraps another has what that one has.
        _ => config.get("transport_socket").is_none_or(|inner| has_alpn(Some(inner))),
    }
}

/// `HealthCheckerFactory::create`: gRPC needs HTTP/2.
pub(super) fn grpc_health_check<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    let options = http_options(cluster);
    let is_http2 = has(cluster, "http2_protocol_options") && options.is_none()
        || options.is_some_and(|options| {
            let explicit = options.get("explicit_http_config").unwrap_or(&Value::Null);
            let downstream = options.get("use_downstream_protocol_config").unwrap_or(&Value::Null);
            has(explicit, "http2_protocol_options")
                || has(downstream, "http2_protocol_options")
                || has(options, "auto_config")
        });
    found.each(cluster, "health_checks", |check, found| {
        if has(check, "grpc_health_check") && !is_http2 {
            found.reject("cluster must support HTTP/2 for gRPC healthchecking");
        }
    });
}
