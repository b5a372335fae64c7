//! Patches of lists of filters and of virtual hosts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{ListenerOrder, ListenerOutcome, PatchSet, patch};
use crate::envoy::{Any, DynamicMessage, schema};
use crate::model::Config;
use crate::model::istio::{EnvoyFilter, EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext};
use crate::translate::Resource;

const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
const CORS: &str = "type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors";

/// The patches of one EnvoyFilter.
fn patches(config_patches: &Value) -> PatchSet {
    let spec: EnvoyFilter = serde_json::from_value(json!({ "configPatches": config_patches })).expect("is valid");
    PatchSet::new(patch::patches(&Config { spec, ..Config::default() }, 0).into_iter())
}

fn resource(message: &str, json: &Value) -> Arc<Resource> {
    let descriptor = schema::message(message).expect("is in the schema");
    Resource::shared(DynamicMessage::read(descriptor, json).expect("is valid").0)
}

fn body(resource: &Resource) -> Value {
    let mut value = serde_json::to_value(resource).expect("prints");
    value.as_object_mut().expect("an object").remove("@type");
    value
}

fn listener(name: &str, listener_filters: &[&str]) -> Arc<Resource> {
    let filters: Vec<Value> = listener_filters
        .iter()
        .map(|name| {
            let config = format!(
                "type.googleapis.com/envoy.extensions.filters.listener.{name}.v3.{}",
                match *name {
                    "tls_inspector" => "TlsInspector",
                    _ => "OriginalDst",
                }
            );
            json!({"name": name, "typed_config": {"@type": config}})
        })
        .collect();
    resource("envoy.config.listener.v3.Listener", &json!({"name": name, "listener_filters": filters}))
}

/// The names of a listener's filters after one patch.
fn listener_filters(operation: &str, listener_filter: &str) -> Vec<String> {
    let patch = json!([{"applyTo": "LISTENER_FILTER", "match": {"listener": {"listenerFilter": listener_filter}},
        "patch": {"operation": operation, "value": {"name": "new"}}}]);
    let listener = listener("l", &["original_dst", "tls_inspector"]);
    let ListenerOutcome::Kept(patched) = patches(&patch).listener(PatchContext::Gateway, &listener) else {
        panic!("it is kept")
    };
    let Any::Dynamic(message) = patched.body() else { panic!("it is dynamic") };
    message.messages("listener_filters").map(|filter| filter.text("name").to_owned()).collect()
}

#[test]
fn filters_are_added_inserted_replaced_and_removed() {
    let all = ["original_dst", "tls_inspector"];
    for (operation, name, expected) in [
        ("ADD", "", vec!["original_dst", "tls_inspector", "new"]),
        ("ADD", "original_dst", vec!["original_dst", "tls_inspector", "new"]),
        ("INSERT_FIRST", "nothing", vec!["new", "original_dst", "tls_inspector"]),
        ("INSERT_BEFORE", "", vec!["new", "original_dst", "tls_inspector"]),
        ("INSERT_BEFORE", "tls_inspector", vec!["original_dst", "new", "tls_inspector"]),
        ("INSERT_BEFORE", "nothing", all.to_vec()),
        ("INSERT_AFTER", "", vec!["original_dst", "tls_inspector", "new"]),
        ("INSERT_AFTER", "original_dst", vec!["original_dst", "new", "tls_inspector"]),
        ("REPLACE", "original_dst", vec!["new", "tls_inspector"]),
        ("REPLACE", "", all.to_vec()),
        ("REMOVE", "original_dst", vec!["tls_inspector"]),
        ("REMOVE", "", all.to_vec()),
    ] {
        assert_eq!(listener_filters(operation, name), expected, "{operation} {name}");
    }
}

#[test]
fn after_a_mismatch_the_list_stays_as_it_was_then() {
    let patch = json!([
        {"applyTo": "LISTENER", "patch": {"operation": "MERGE", "value": {"stat_prefix": "patched"}}},
        {"applyTo": "LISTENER", "patch": {"operation": "ADD", "value": {"name": "added"}}},
        {"applyTo": "LISTENER_FILTER", "match": {"listener": {"listenerFilter": "tls_inspector"}}, "patch": {"operation": "MERGE",
            "value": {"typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"}}}},
    ]);
    let patches = patches(&patch);
    let listeners = [listener("a", &["tls_inspector"]), listener("b", &["original_dst"]), listener("c", &[])];
    let names = |order| {
        let outcomes = listeners.iter().map(|l| (l.clone(), patches.listener(PatchContext::Gateway, l))).collect();
        let patched = patches.listeners(PatchContext::Gateway, order, outcomes);
        let prefix = |l: &Arc<Resource>| format!("{}{}", l.name(), body(l)["stat_prefix"].as_str().unwrap_or_default());
        patched.iter().map(prefix).collect::<Vec<_>>()
    };
    assert_eq!(names(ListenerOrder::Known), ["apatched", "bpatched", "c"]);
    assert_eq!(names(ListenerOrder::Unknown), ["a", "bpatched", "c"]);
}

#[test]
fn an_http_filter_of_another_type_leaves_the_connection_manager() {
    let manager = json!({"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "http_filters": [{"name": "cors", "typed_config": {"@type": CORS}}]});
    let listener = resource(
        "envoy.config.listener.v3.Listener",
        &json!({"name": "l", "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}),
    );
    let insert = json!({"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_FIRST", "value": {"name": "new"}}});
    let sub_filter = json!({"listener": {"filterChain": {"filter": {
        "name": "envoy.filters.network.http_connection_manager", "subFilter": {"name": "cors"}}}}});
    let merge = json!({"applyTo": "HTTP_FILTER", "match": sub_filter,
        "patch": {"operation": "MERGE", "value": {"typed_config": {"@type": ROUTER}}}});
    let context = PatchContext::SidecarOutbound;
    let ListenerOutcome::Failed(failed) = patches(&json!([insert, merge])).listener(context, &listener) else {
        panic!("it fails")
    };
    assert_eq!(body(&failed), body(&listener));
    let ListenerOutcome::Kept(kept) = patches(&json!([insert])).listener(context, &listener) else {
        panic!("it is kept")
    };
    assert_ne!(body(&kept), body(&listener));
}

#[test]
fn filter_chains_without_filters_go() {
    let listener = resource(
        "envoy.config.listener.v3.Listener",
        &json!({"name": "virtualInbound", "filter_chains": [
            {"name": "a", "filter_chain_match": {"destination_port": 80}, "filters": [{"name": "x"}]},
            {"name": "b", "filter_chain_match": {"destination_port": 81, "application_protocols": ["h2", "istio"]},
                "filters": [{"name": "x"}]}],
            "default_filter_chain": {"name": "d", "filters": [{"name": "x"}]}}),
    );
    let patched = |patch: Value| {
        let ListenerOutcome::Kept(kept) = patches(&json!([patch])).listener(PatchContext::SidecarInbound, &listener)
        else {
            panic!("it is kept")
        };
        let Any::Dynamic(message) = kept.body() else { panic!("it is dynamic") };
        let chains = message.messages("filter_chains").chain(message.message("default_filter_chain"));
        chains.map(|chain| format!("{}{}", chain.text("name"), chain.messages("filters").count())).collect::<Vec<_>>()
    };
    let remove = |condition: Value| json!({"applyTo": "FILTER_CHAIN", "match": {"listener": condition}, "patch": {"operation": "REMOVE"}});
    assert_eq!(patched(remove(json!({"portNumber": 80}))), ["b1", "d1"]);
    assert_eq!(patched(remove(json!({"filterChain": {"destinationPort": 81}}))), ["a1", "d1"]);
    assert_eq!(patched(remove(json!({"filterChain": {"applicationProtocols": "istio,h2"}}))), ["a1", "d1"]);
    assert_eq!(patched(remove(json!({"filterChain": {"applicationProtocols": "istio,h3"}}))), ["a1", "b1", "d1"]);
    assert_eq!(patched(remove(json!({"filterChain": {"name": "d"}}))), ["a1", "b1"]);
    let no_filters = json!({"applyTo": "NETWORK_FILTER", "match": {"listener": {"filterChain": {"name": "a", "filter": {"name": "x"}}}},
        "patch": {"operation": "REMOVE"}});
    assert_eq!(patched(no_filters), ["a0", "b1", "d1"]);
    let add = |value: Value| json!({"applyTo": "FILTER_CHAIN", "patch": {"operation": "ADD", "value": value}});
    assert_eq!(patched(add(json!({"name": "n", "filters": [{"name": "x"}]}))), ["a1", "b1", "n1", "d1"]);
    assert_eq!(patched(add(json!({"name": "n"}))), ["a1", "b1", "d1"]);
}

fn routes(patch: &Value) -> Vec<String> {
    let routes = resource(
        "envoy.config.route.v3.RouteConfiguration",
        &json!({"name": "80", "virtual_hosts": [
            {"name": "a:80", "domains": ["a"], "routes": [
                {"name": "1", "route": {"cluster": "x"}}, {"name": "2", "redirect": {}}, {"name": "3", "direct_response": {}}]},
            {"name": "b:80", "domains": ["b"], "routes": [{"name": "4", "non_forwarding_action": {}}]}]}),
    );
    let patched = patches(patch).route_configuration(PatchContext::SidecarOutbound, &routes, &BTreeMap::new());
    let Any::Dynamic(message) = patched.body() else { panic!("it is dynamic") };
    let hosts = message.messages("virtual_hosts");
    let text = |host: &DynamicMessage| {
        let routes: Vec<&str> = host.messages("routes").map(|route| route.text("name")).collect();
        format!("{} {}", host.text("name"), routes.join(""))
    };
    hosts.map(text).collect()
}

#[test]
fn routes_are_inserted_by_name_and_action() {
    let patch = |operation: &str, vhost: Value| {
        routes(&json!([{"applyTo": "HTTP_ROUTE", "match": {"routeConfiguration": {"portNumber": 80, "vhost": vhost}},
            "patch": {"operation": operation, "value": {"name": "n"}}}]))
    };
    let in_a = |route: Value| json!({"name": "a:80", "route": route});
    for (operation, vhost, expected) in [
        ("ADD", json!({"name": "a:80"}), ["a:80 123n", "b:80 4"]),
        ("INSERT_FIRST", json!({"domainName": "b"}), ["a:80 123", "b:80 n4"]),
        ("INSERT_FIRST", in_a(json!({"name": "3"})), ["a:80 n123", "b:80 4"]),
        ("INSERT_FIRST", in_a(json!({"name": "9"})), ["a:80 123", "b:80 4"]),
        ("INSERT_BEFORE", in_a(json!({"action": "DIRECT_RESPONSE"})), ["a:80 12n3", "b:80 4"]),
        ("INSERT_AFTER", in_a(json!({"action": "ROUTE"})), ["a:80 1n23", "b:80 4"]),
        ("INSERT_AFTER", in_a(json!({})), ["a:80 1n23", "b:80 4"]),
        ("REMOVE", json!({"route": {"action": "REDIRECT"}}), ["a:80 13", "b:80 "]),
        ("MERGE", in_a(json!({"name": "2"})), ["a:80 1n3", "b:80 4"]),
        ("REPLACE", in_a(json!({"name": "2"})), ["a:80 123", "b:80 4"]),
    ] {
        assert_eq!(patch(operation, vhost), expected, "{operation}");
    }
}

#[test]
fn a_removed_virtual_host_takes_an_added_one_of_its_name_along() {
    let remove = json!({"applyTo": "VIRTUAL_HOST", "match": {"routeConfiguration": {"vhost": {"name": "a:80"}}},
        "patch": {"operation": "REMOVE"}});
    let add = |name: &str| json!({"applyTo": "VIRTUAL_HOST", "patch": {"operation": "ADD", "value": {"name": name}}});
    assert_eq!(routes(&json!([remove, add("a:80"), add("c:80")])), ["b:80 4", "c:80 "]);
    let replace = json!({"applyTo": "VIRTUAL_HOST", "match": {"routeConfiguration": {"vhost": {"domainName": "b"}}},
        "patch": {"operation": "REPLACE", "value": {"name": "r", "routes": [{"name": "5"}]}}});
    assert_eq!(routes(&json!([replace])), ["a:80 123", "r 5"]);
}

#[test]
fn clusters_without_a_side_are_added_where_requests_leave() {
    let add = json!([{"applyTo": "CLUSTER", "patch": {"operation": "INSERT_FIRST", "value": {"name": "new"}}}]);
    let patches = patches(&add);
    assert_eq!(patches.added_clusters(PatchContext::SidecarOutbound).len(), 1);
    assert_eq!(patches.added_clusters(PatchContext::Gateway).len(), 1);
    assert_eq!(patches.added_clusters(PatchContext::SidecarInbound).len(), 0);
}

/// How many shared values the patches have reached in a listener, each.
fn reached(patches: &PatchSet, apply_to: ApplyTo, listener: &Value) -> Vec<u32> {
    let listener = resource("envoy.config.listener.v3.Listener", listener);
    patches.listener(PatchContext::SidecarOutbound, &listener);
    patches.of(apply_to).iter().map(|patch| patch.reached().0.count_ones()).collect()
}

#[test]
fn a_merge_into_the_shared_false_is_seen() {
    let merge = |value: Value| json!([{"applyTo": "LISTENER", "patch": {"operation": "MERGE", "value": value}}]);
    let of = |value: Value, listener: Value| reached(&patches(&merge(value)), ApplyTo::Listener, &listener);
    let (yes, no) = (json!({"bind_to_port": true}), json!({"bind_to_port": false}));
    assert_eq!(of(yes.clone(), no.clone()), [1]);
    assert_eq!(of(yes.clone(), json!({})), [0]);
    assert_eq!(of(no.clone(), no.clone()), [0]);
    assert_eq!(of(no, yes.clone()), [0]);
    assert_eq!(of(yes.clone(), yes), [0]);
    assert_eq!(of(json!({"use_original_dst": false}), json!({"use_original_dst": true})), [0]);
}

#[test]
fn a_merge_into_a_shared_filter_is_seen() {
    const NAME: &str = "envoy.filters.listener.tls_inspector";
    const CONFIG: &str = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
    let filter = |more: Value| {
        let mut filter = json!({"name": NAME, "typed_config": {"@type": CONFIG, "initial_read_buffer_size": 512}});
        filter.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"listener_filters": [filter]})
    };
    let patch = |operation: &str, size: u32| {
        let config = json!({"@type": CONFIG, "initial_read_buffer_size": size});
        json!({"applyTo": "LISTENER_FILTER", "match": {"listener": {"listenerFilter": NAME}},
            "patch": {"operation": operation, "value": {"name": NAME, "typed_config": config}}})
    };
    let of = |list: Value, listener: Value| reached(&patches(&list), ApplyTo::ListenerFilter, &listener);
    let plain = || filter(json!({}));
    assert_eq!(of(json!([patch("MERGE", 1024)]), plain()), [1]);
    assert_eq!(of(json!([patch("MERGE", 512)]), plain()), [0]);
    assert_eq!(of(json!([patch("MERGE", 1024)]), filter(json!({"filter_disabled": {"any_match": true}}))), [0]);
    assert_eq!(of(json!([patch("REPLACE", 1024), patch("MERGE", 1024)]), plain()), [0, 0]);
    assert_eq!(of(json!([patch("REMOVE", 1024)]), plain()), [0]);
}
