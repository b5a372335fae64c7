//! Messages read, merged and printed.

use serde_json::{Value, json};

use super::*;
use crate::envoy::schema;

const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";
const LISTENER: &str = "envoy.config.listener.v3.Listener";
const MANAGER: &str = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTE: &str = "envoy.config.route.v3.Route";

fn read(name: &str, json: &Value) -> Result<(DynamicMessage, Vec<UnknownField>), ReadError> {
    DynamicMessage::read(schema::message(name).expect("is in the schema"), json)
}

fn message(name: &str, json: &Value) -> DynamicMessage {
    let (message, unknown) = read(name, json).expect("is valid");
    assert_eq!(unknown, []);
    message
}

/// The fields as they are printed, without `@type`.
fn printed(message: DynamicMessage) -> Value {
    let mut value = serde_json::to_value(Any::from(message)).expect("prints");
    value.as_object_mut().expect("an object").remove("@type");
    value
}

fn merged(name: &str, base: &Value, patch: &Value) -> Value {
    let mut base = message(name, base);
    base.merge(&message(name, patch)).expect("one type");
    printed(base)
}

fn error(name: &str, json: &Value) -> String {
    read(name, json).expect_err("is not valid").message
}

#[test]
fn names_and_values_are_read_in_every_spelling() {
    let written = json!({
        "name": "a", "connectTimeout": "1m0.5s", "lb_policy": 5, "type": "EDS",
        "perConnectionBufferLimitBytes": "100", "dns_refresh_rate": "0s",
        "circuitBreakers": {"thresholds": [{"priority": "HIGH", "maxConnections": 5}]},
        "ringHashLbConfig": {"minimumRingSize": 7},
        "metadata": {"filterMetadata": {"a": {"n": 1, "f": 1.5, "l": [null, true], "o": {}}}},
    });
    let expected = json!({
        "name": "a", "connect_timeout": "60.500s", "lb_policy": "MAGLEV", "type": "EDS",
        "per_connection_buffer_limit_bytes": 100, "dns_refresh_rate": "0s",
        "circuit_breakers": {"thresholds": [{"priority": "HIGH", "max_connections": 5}]},
        "ring_hash_lb_config": {"minimum_ring_size": "7"},
        "metadata": {"filter_metadata": {"a": {"n": 1, "f": 1.5, "l": [null, true], "o": {}}}},
    });
    assert_eq!(printed(message(CLUSTER, &written)), expected);
}

#[test]
fn fields_are_printed_by_number_and_zeros_are_not_there() {
    let cluster = message(
        CLUSTER,
        &json!({"lb_policy": "ROUND_ROBIN", "connect_timeout": "1s", "type": "STATIC", "name": "a", "respect_dns_ttl": false,
            "alt_stat_name": ""}),
    );
    let text = crate::envoy::json::to_string(&Any::from(cluster)).expect("prints");
    let expected = "{\n \"@type\": \"type.googleapis.com/envoy.config.cluster.v3.Cluster\",\n \"name\": \"a\",\n \
                    \"type\": \"STATIC\",\n \"connect_timeout\": \"1s\"\n}";
    assert_eq!(text, expected);
}

#[test]
fn an_enum_may_have_a_number_without_name() {
    assert_eq!(printed(message(CLUSTER, &json!({"lb_policy": 99}))), json!({"lb_policy": 99}));
}

#[test]
fn an_any_is_read_by_its_type() {
    let filter = json!({"filter_chains": [{"filters": [
        {"name": "a", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo"}},
        {"name": "b", "typedConfig": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": "x"}},
        {"name": "c", "typed_config": {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
            "type_url": "t", "value": {"k": [1]}}},
    ]}]});
    let expected: Value =
        serde_json::from_str(&filter.to_string().replace("typedConfig", "typed_config")).expect("is JSON");
    assert_eq!(printed(message(LISTENER, &filter)), expected);
}

#[test]
fn what_is_not_of_its_type_is_an_error() {
    for (json, expected) in [
        (json!({"connect_timeout": 5}), "this should be a duration such as 1.5s, and is the number 5"),
        (json!({"connect_timeout": "5"}), "this should be a duration such as 1.5s, and is the text `5`"),
        (json!({"lb_policy": "FASTEST"}), "`FASTEST` is not a valid envoy.config.cluster.v3.Cluster.LbPolicy"),
        (json!({"name": 1}), "this should be text, and is the number 1"),
        (
            json!({"per_connection_buffer_limit_bytes": -1}),
            "this should be a whole number that fits, not below zero, and is the number -1",
        ),
        (
            json!({"per_connection_buffer_limit_bytes": 1.5}),
            "this should be a whole number that fits, not below zero, and is the number 1.5",
        ),
        (json!({"respect_dns_ttl": "true"}), "this should be true or false, and is the text `true`"),
        (json!({"filters": {}}), "this should be a list, and is an object"),
        (json!({"eds_cluster_config": []}), "this should be an object, and is a list"),
        (json!({"transport_socket": {"typed_config": {}}}), "the type of the message is missing: `@type`"),
        (json!({"transport_socket": {"typed_config": {"@type": "a/b.C"}}}), "Envoy has no type `a/b.C`"),
    ] {
        assert_eq!(error(CLUSTER, &json), expected, "{json}");
    }
    let path = read(LISTENER, &json!({"filter_chains": [{}, {"filters": [{"name": []}]}]})).expect_err("a list").path;
    let field = |name: &str| PathStep::Field(name.to_owned());
    let expected = [field("filter_chains"), PathStep::Item(1), field("filters"), PathStep::Item(0), field("name")];
    assert_eq!(path, expected);
}

#[test]
fn unknown_fields_are_left_out_and_listed() {
    let (cluster, unknown) =
        read(CLUSTER, &json!({"name": "a", "eds_cluster_config": {"nothing": 1}})).expect("is valid");
    assert_eq!(printed(cluster), json!({"name": "a", "eds_cluster_config": {}}));
    let path = vec![PathStep::Field("eds_cluster_config".to_owned()), PathStep::Field("nothing".to_owned())];
    assert_eq!(unknown, [UnknownField { path, message: "envoy.config.cluster.v3.Cluster.EdsClusterConfig" }]);
}

#[test]
fn messages_merge_lists_grow_and_scalars_are_replaced() {
    let base = json!({"name": "a", "alt_stat_name": "b", "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 1}},
        "circuit_breakers": {"thresholds": [{"max_connections": 1}]}});
    let patch = json!({"alt_stat_name": "c", "upstream_connection_options": {"tcp_keepalive": {"keepalive_probes": 2}},
        "circuit_breakers": {"thresholds": [{"max_retries": 3}]}, "respect_dns_ttl": false});
    let expected = json!({"name": "a", "alt_stat_name": "c",
        "upstream_connection_options": {"tcp_keepalive": {"keepalive_probes": 2, "keepalive_time": 1}},
        "circuit_breakers": {"thresholds": [{"max_connections": 1}, {"max_retries": 3}]}});
    assert_eq!(merged(CLUSTER, &base, &patch), expected);
}

#[test]
fn durations_are_replaced_as_a_whole() {
    let merged = merged(CLUSTER, &json!({"connect_timeout": "10s"}), &json!({"connect_timeout": "0.5s"}));
    assert_eq!(merged, json!({"connect_timeout": "0.500s"}));
    let merged = self::merged(CLUSTER, &json!({"connect_timeout": "10s"}), &json!({"connect_timeout": "0s"}));
    assert_eq!(merged, json!({"connect_timeout": "0s"}));
}

#[test]
fn a_wrapper_is_a_message_whose_zero_does_not_count() {
    let base = json!({"use_remote_address": true, "normalize_path": false});
    let patch = json!({"use_remote_address": false, "normalize_path": true, "generate_request_id": false});
    let expected = json!({"use_remote_address": true, "generate_request_id": false, "normalize_path": true});
    assert_eq!(merged(MANAGER, &base, &patch), expected);
}

#[test]
fn of_a_oneof_the_last_member_stays() {
    let base = json!({"match": {"prefix": "/a"}, "route": {"cluster": "x", "timeout": "1s"}});
    let expected = json!({"match": {"path": ""}, "redirect": {"host_redirect": "h"}});
    assert_eq!(merged(ROUTE, &base, &json!({"match": {"path": ""}, "redirect": {"host_redirect": "h"}})), expected);
    let expected = json!({"match": {"prefix": "/a"}, "route": {"cluster": "y", "timeout": "1s"}});
    assert_eq!(merged(ROUTE, &base, &json!({"route": {"cluster": "y"}})), expected);
}

#[test]
fn entries_of_maps_are_replaced() {
    let base = json!({"metadata": {"filter_metadata": {"a": {"x": 1, "y": 2}, "b": {"z": 3}}}});
    let patch = json!({"metadata": {"filter_metadata": {"a": {"x": 9}}}});
    let expected = json!({"metadata": {"filter_metadata": {"a": {"x": 9}, "b": {"z": 3}}}});
    assert_eq!(merged(CLUSTER, &base, &patch), expected);
}

#[test]
fn an_any_is_replaced_but_for_an_empty_one_of_its_type() {
    let any = |fields: Value| {
        let mut any =
            json!({"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"});
        any.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
        json!({"transport_socket": {"typed_config": any}})
    };
    let base = any(json!({"sni": "a"}));
    let patch = any(json!({"allow_renegotiation": true}));
    assert_eq!(merged(CLUSTER, &base, &patch), patch);
    assert_eq!(merged(CLUSTER, &base, &any(json!({}))), base);
}

#[test]
fn anys_of_one_type_merge_inside_and_others_do_not() {
    let any = |json: Value| message("google.protobuf.Any", &json);
    let router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
    let mut own = any(json!({"@type": router, "suppress_envoy_headers": true}));
    own.merge_any(&any(json!({"@type": router, "start_child_span": true}))).expect("one type");
    assert_eq!(own, any(json!({"@type": router, "suppress_envoy_headers": true, "start_child_span": true})));
    let other = any(json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"}));
    let mismatch = own.merge_any(&other).expect_err("two types");
    assert_eq!(mismatch.found, "envoy.extensions.filters.http.cors.v3.Cors");
}

#[test]
fn a_struct_comes_back_as_it_was() {
    let typed = Any::from(crate::envoy::Cluster {
        name: "a".into(),
        alt_stat_name: "a;".into(),
        connect_timeout: Some(crate::envoy::Duration::millis(1500)),
        circuit_breakers: Some(crate::envoy::CircuitBreakers::default()),
        ..crate::envoy::Cluster::default()
    });
    let dynamic = DynamicMessage::of(&typed).expect("a known type");
    let text = |any: &Any| crate::envoy::json::to_string(any).expect("prints");
    assert_eq!(text(&Any::from(dynamic)), text(&typed));
    assert_eq!(DynamicMessage::of(&Any::Empty), None);
}
