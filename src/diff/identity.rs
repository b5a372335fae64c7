//! Which items of two lists are the same item, and whether their order means something.

use super::canonical::text;
use crate::config_dump::Json;
use crate::envoy::schema::{Field, Kind};

/// What tells an item of a list from the others.
pub(super) type Key = fn(&Json) -> String;

/// How a list is compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum List {
    /// By this key; the order means nothing.
    Set(Key),
    /// By this key; the order means something.
    Keyed(Key),
    /// By its order; items with the same key are likely versions of one item.
    Ordered(Option<Key>),
}

/// Returns how Envoy takes a list.
pub(super) fn of(owner: &str, field: &Field) -> List {
    if let Some(key) = set_key(owner, field) {
        return List::Set(key);
    }
    let Kind::Message(item) = &field.kind else { return List::Ordered(None) };
    match item.as_str() {
        "envoy.config.listener.v3.Filter"
        | "envoy.config.listener.v3.ListenerFilter"
        | "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter"
        | "envoy.config.cluster.v3.Filter"
        | "envoy.config.cluster.v3.Cluster.TransportSocketMatch" => List::Keyed(name),
        "envoy.config.route.v3.Route" => List::Ordered(Some(route)),
        "envoy.config.core.v3.TypedExtensionConfig" | "envoy.config.accesslog.v3.AccessLog" => {
            List::Ordered(Some(name))
        }
        _ => List::Ordered(None),
    }
}

/// Returns the key of a list whose order means nothing to Envoy.
pub(super) fn set_key(owner: &str, field: &Field) -> Option<Key> {
    if let Kind::Message(item) = &field.kind {
        return Some(match item.as_str() {
            "envoy.config.route.v3.VirtualHost"
            | "envoy.config.route.v3.HeaderMatcher"
            | "envoy.config.route.v3.QueryParameterMatcher"
            | "envoy.config.route.v3.WeightedCluster.ClusterWeight"
            | "envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig" => name,
            "envoy.config.listener.v3.FilterChain" => filter_chain,
            "envoy.config.endpoint.v3.LocalityLbEndpoints" => locality,
            "envoy.config.endpoint.v3.LbEndpoint" => address,
            "envoy.config.cluster.v3.CircuitBreakers.Thresholds" => priority,
            "envoy.config.core.v3.HeaderValueOption" => header,
            "envoy.config.core.v3.HeaderValue" => header_value,
            "envoy.config.core.v3.CidrRange" => text,
            _ => return None,
        });
    }
    let is_set = matches!(
        (owner, field.name),
        ("envoy.config.route.v3.VirtualHost", "domains")
            | ("envoy.config.listener.v3.FilterChainMatch", "server_names" | "application_protocols" | "source_ports")
            | ("envoy.config.route.v3.RetryPolicy", "retriable_status_codes")
    );
    is_set.then_some(text as Key)
}

fn part(item: &Json, field: &str) -> String {
    match item.get(field) {
        Some(Json::String(value)) => value.clone(),
        Some(value) => text(value),
        None => String::new(),
    }
}

fn name(item: &Json) -> String {
    part(item, "name")
}

/// The name, which is often that of several, and what it matches, which is unique.
fn filter_chain(item: &Json) -> String {
    let mut parts = vec![name(item)];
    if let Some(Json::Object(fields)) = item.get("filter_chain_match") {
        parts.extend(fields.iter().map(|(field, value)| format!("{field}={}", words(value))));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

/// A value without what JSON needs around words.
fn words(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(","),
        // A CIDR range.
        Json::Object(fields) => fields.iter().map(|(_, value)| words(value)).collect::<Vec<_>>().join("/"),
        other => text(other),
    }
}

fn route(item: &Json) -> String {
    part(item, "match")
}

fn priority(item: &Json) -> String {
    item.get("priority").map_or_else(|| "DEFAULT".to_owned(), |_| part(item, "priority"))
}

fn header_value(item: &Json) -> String {
    part(item, "key")
}

fn header(item: &Json) -> String {
    item.get("header").map(header_value).unwrap_or_default()
}

/// `region/zone/sub_zone`, and the priority beyond the first.
fn locality(item: &Json) -> String {
    let locality = item.get("locality");
    let parts = ["region", "zone", "sub_zone"].map(|field| locality.map(|l| part(l, field)).unwrap_or_default());
    let place = parts.join("/").trim_end_matches('/').to_owned();
    match item.get("priority") {
        Some(priority) => format!("{place} priority {}", text(priority)).trim_start().to_owned(),
        None => place,
    }
}

/// `address:port`, else the whole address, else the name of an endpoint that is looked up.
fn address(item: &Json) -> String {
    let Some(address) = item.get("endpoint").and_then(|endpoint| endpoint.get("address")) else {
        return part(item, "endpoint_name");
    };
    match address.get("socket_address") {
        Some(socket) => {
            let port = socket.get("port_value").map_or_else(|| part(socket, "named_port"), text);
            format!("{}:{port}", part(socket, "address"))
        }
        None => address.get("pipe").map_or_else(|| text(address), |pipe| part(pipe, "path")),
    }
}
