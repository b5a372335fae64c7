//! Messages as they are printed.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;

/// The printed form of a value.
fn print<T: serde::Serialize>(value: &T) -> String {
    json::to_string(value).expect("a message prints")
}

#[test]
fn a_cluster_is_printed_in_number_order_with_zero_members_of_oneofs() {
    let cluster = Cluster {
        name: "InboundPassthroughCluster".into(),
        alt_stat_name: "PassthroughCluster;".into(),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(ClusterDiscoveryType::Static)),
        connect_timeout: Some(Duration::millis(1500)),
        circuit_breakers: Some(CircuitBreakers {
            thresholds: vec![CircuitBreakersThresholds { max_retries: Some(u32::MAX), ..Default::default() }],
            ..Default::default()
        }),
        typed_extension_protocol_options: BTreeMap::from([(
            "x".into(),
            UpstreamsHttpProtocolOptions::default().into(),
        )]),
        upstream_bind_config: Some(BindConfig {
            source_address: Some(SocketAddress {
                address: "127.0.0.6".into(),
                port_specifier: Some(SocketAddressPortSpecifier::PortValue(0)),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let text = r#"{
 "name": "InboundPassthroughCluster",
 "type": "STATIC",
 "connect_timeout": "1.500s",
 "circuit_breakers": {
  "thresholds": [
   {
    "max_retries": 4294967295
   }
  ]
 },
 "upstream_bind_config": {
  "source_address": {
   "address": "127.0.0.6",
   "port_value": 0
  }
 },
 "alt_stat_name": "PassthroughCluster;",
 "typed_extension_protocol_options": {
  "x": {
   "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
  }
 }
}"#;
    assert_eq!(print(&cluster), text);
}

#[test]
fn an_any_begins_with_its_type() {
    let typed = Any::from(TypedStruct {
        type_url: "type.googleapis.com/io.istio.http.peer_metadata.Config".into(),
        value: Some(Struct::from([("b", json!(8080.0)), ("a", json!({"half": 0.5, "big": 1u64 << 60}))])),
    });
    let text = r#"{
 "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
 "type_url": "type.googleapis.com/io.istio.http.peer_metadata.Config",
 "value": {
  "a": {
   "big": 1.152921504606847e+18,
   "half": 0.5
  },
  "b": 8080
 }
}"#;
    assert_eq!(print(&typed), text);
    let other = Any::Other { type_url: "type.googleapis.com/a.B".into(), value: json!({"x": 1, "y": []}) };
    assert_eq!(print(&other), "{\n \"@type\": \"type.googleapis.com/a.B\",\n \"x\": 1,\n \"y\": []\n}");
    let value = Any::StringValue("v".into());
    assert_eq!(
        print(&value),
        "{\n \"@type\": \"type.googleapis.com/google.protobuf.StringValue\",\n \"value\": \"v\"\n}"
    );
    assert_eq!(print(&Any::Empty), "{}");
}

#[test]
fn wrappers_print_zero_and_scalars_do_not() {
    let threshold = CircuitBreakersThresholds { max_retries: Some(0), track_remaining: false, ..Default::default() };
    assert_eq!(print(&threshold), "{\n \"max_retries\": 0\n}");
}

#[test]
fn integers_of_64_bits_and_bytes_are_strings() {
    let ring = ClusterRingHashLbConfig { minimum_ring_size: Some(1024), ..Default::default() };
    assert_eq!(print(&ring), "{\n \"minimum_ring_size\": \"1024\"\n}");
    let source = DataSource { specifier: Some(DataSourceSpecifier::InlineBytes("hi?".into())), ..Default::default() };
    assert_eq!(print(&source), "{\n \"inline_bytes\": \"aGk/\"\n}");
}

/// Every struct's name is in the table of all messages.
#[test]
fn messages_of_any_are_in_the_schema() {
    for any in [Any::from(Cluster::default()), StatsPluginConfig::default().into(), MySqlProxy::default().into()] {
        assert!(schema::message(any.full_name()).is_some(), "{}", any.full_name());
    }
}
