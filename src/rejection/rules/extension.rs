//! Extensions that Envoy has: `Config::Utility::getFactory` finds them by the type of their configuration.
//!
//! Types of contrib (`v3alpha`) are left alone: some builds of Istio's proxy have them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::{Findings, Step};
use crate::rejection::is_istios_own;
use crate::rejection::json::{flag, has, list, message_name, text};

/// A field that holds an extension: the message without `envoy.`, the field (empty: the message itself), and the category.
pub(crate) type ExtensionField = (&'static str, &'static str, &'static str);

const FIELDS: &[ExtensionField] = &[
    ("config.accesslog.v3.AccessLogFilter", "extension_filter", "envoy.access_loggers.extension_filters"),
    ("config.cluster.v3.Cluster", "filters", "envoy.filters.upstream_network"),
    ("config.cluster.v3.Cluster", "transport_socket", "envoy.transport_sockets.upstream"),
    ("config.cluster.v3.Cluster", "typed_dns_resolver_config", "envoy.network.dns_resolver"),
    ("config.cluster.v3.Cluster.TransportSocketMatch", "transport_socket", "envoy.transport_sockets.upstream"),
    (
        "config.core.v3.Http1ProtocolOptions.HeaderKeyFormat",
        "stateful_formatter",
        "envoy.http.stateful_header_formatters",
    ),
    ("config.core.v3.SubstitutionFormatString", "formatters", "envoy.formatter"),
    ("config.listener.v3.FilterChain", "filters", "envoy.filters.network"),
    ("config.listener.v3.FilterChain", "transport_socket", "envoy.transport_sockets.downstream"),
    ("config.listener.v3.Listener", "access_log", "envoy.access_loggers"),
    ("config.listener.v3.Listener", "listener_filters", "envoy.filters.listener"),
    ("config.route.v3.InternalRedirectPolicy", "predicates", "envoy.internal_redirect_predicates"),
    ("config.route.v3.RateLimit.Action", "extension", "envoy.rate_limit_descriptors"),
    ("config.route.v3.RetryPolicy", "retry_host_predicate", "envoy.retry_host_predicates"),
    ("config.route.v3.RetryPolicy", "retry_priority", "envoy.retry_priorities"),
    ("config.route.v3.RouteAction", "path_rewrite_policy", "envoy.path.rewrite"),
    ("config.route.v3.RouteMatch", "path_match_policy", "envoy.path.match"),
    ("config.trace.v3.OpenTelemetryConfig", "resource_detectors", "envoy.tracers.opentelemetry.resource_detectors"),
    ("config.trace.v3.OpenTelemetryConfig", "sampler", "envoy.tracers.opentelemetry.samplers"),
    ("extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig", "formatters", "envoy.formatter"),
    ("extensions.filters.http.compressor.v3.Compressor", "compressor_library", "envoy.compression.compressor"),
    ("extensions.filters.http.router.v3.Router", "upstream_http_filters", "envoy.filters.http.upstream"),
    (
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "access_log",
        "envoy.access_loggers",
    ),
    (
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "http_filters",
        "envoy.filters.http",
    ),
    (
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "original_ip_detection_extensions",
        "envoy.http.original_ip_detection",
    ),
    (
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "request_id_extension",
        "envoy.request_id",
    ),
    (
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.UpgradeConfig",
        "filters",
        "envoy.filters.http",
    ),
    ("extensions.filters.network.tcp_proxy.v3.TcpProxy", "access_log", "envoy.access_loggers"),
    (
        "extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
        "transport_socket",
        "envoy.transport_sockets.upstream",
    ),
    ("extensions.upstreams.http.v3.HttpProtocolOptions", "http_filters", "envoy.filters.http.upstream"),
    ("config.trace.v3.Tracing.Http", "", "envoy.tracers"),
    ("type.matcher.v3.StringMatcher", "custom", "envoy.string_matcher"),
];

/// Fields whose extension may be left open.
const DEFAULTED: &[&str] = &["request_id_extension", "typed_dns_resolver_config"];

/// Returns the fields of a message, by its full name, that hold extensions.
pub(crate) fn fields(message: &str) -> Vec<&'static ExtensionField> {
    let Some(name) = message.strip_prefix("envoy.") else { return Vec::new() };
    FIELDS.iter().filter(|(message, ..)| *message == name).collect()
}

/// Checks a field of a message that holds an extension.
pub(crate) fn check<'a>(
    (message, field, category): &'static ExtensionField,
    value: &'a Value,
    found: &mut Findings<'a>,
) {
    match value.get(*field) {
        _ if field.is_empty() => one(value, category, found),
        Some(Value::Array(_)) => found.each(value, field, |extension, found| one(extension, category, found)),
        // Without a type, these are as by default.
        Some(extension) if DEFAULTED.contains(field) && type_of(extension).is_empty() => {}
        Some(extension) => found.within(Step::Field(field), |found| one(extension, category, found)),
        None if *field == "transport_socket" && message.ends_with(".TransportSocketMatch") => {
            found.reject_field(field, "Didn't find a registered implementation for '' with type URL: ''");
        }
        None => {}
    }
}

pub(super) const LOAD_BALANCING_POLICY: &[Rule] = &[load_balancing_policy];

/// `ClusterInfoImpl::configureLbPolicies` takes the first policy that it knows.
fn load_balancing_policy<'a>(policy: &'a Value, found: &mut Findings<'a>) {
    let types = list(policy, "policies").iter().filter_map(|entry| entry.get("typed_extension_config"));
    let known = types.into_iter().any(|extension| is_known(type_of(extension), "envoy.load_balancing_policies"));
    if !known {
        found.reject("cluster: didn't find a registered load balancer factory implementation");
    }
}

/// What a cluster says to protocols, by the name of the extension.
pub(super) fn protocol_options<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    found.field(cluster, "typed_extension_protocol_options", |options, found| {
        for (name, config) in options.as_object().into_iter().flatten() {
            let own = is_istios_own(message_name(config)) || message_name(config).contains(".v3alpha.");
            if !own && !listed("protocol options", name) {
                found.within(Step::Key(name), |found| {
                    let message =
                        "Didn't find a registered network or http filter or protocol options implementation for name";
                    found.reject(format!("{message}: '{name}'"));
                });
            }
        }
    });
}

/// A type of clusters of its own; those that Envoy always has go by their names.
pub(super) fn cluster_type<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    found.field(cluster, "cluster_type", |kind, found| {
        let name = text(kind, "name");
        let built_in = ["dns", "eds", "logical_dns", "original_dst", "static", "strict_dns"];
        let is_built_in = name.strip_prefix("envoy.cluster.").is_some_and(|name| built_in.contains(&name));
        if !is_built_in && !is_known(type_of(kind), "envoy.clusters") {
            found.reject(format!("Didn't find a registered cluster factory implementation for name: '{name}'"));
        }
    });
}

/// What a virtual host, a route or a weighted cluster says to a filter.
pub(super) fn per_filter<'a>(name: &str, config: &'a Value, found: &mut Findings<'a>) {
    let kind = message_name(config);
    if !is_known(if kind.ends_with(".TypedStruct") { type_of_struct(config) } else { kind }, "envoy.filters.http") {
        found.reject(format!("Didn't find a registered implementation for '{name}' with type URL: '{kind}'"));
    }
}

/// One extension: `typed_config` has a type of this category.
fn one<'a>(extension: &'a Value, category: &str, found: &mut Findings<'a>) {
    let kind = type_of(extension);
    if has(extension, "config_discovery") || flag(extension, "is_optional") || is_known(kind, category) {
        return;
    }
    let name = text(extension, "name");
    found.reject(format!("Didn't find a registered implementation for '{name}' with type URL: '{kind}'"));
}

/// The type of an extension's configuration, also inside of a `TypedStruct`.
fn type_of(extension: &Value) -> &str {
    let config = extension.get("typed_config").unwrap_or(&Value::Null);
    let kind = message_name(config);
    if kind.ends_with(".TypedStruct") { type_of_struct(config) } else { kind }
}

fn type_of_struct(config: &Value) -> &str {
    let url = text(config, "type_url");
    url.rsplit('/').next().unwrap_or(url)
}

pub(super) fn is_known(kind: &str, category: &str) -> bool {
    is_istios_own(kind) || kind.contains(".v3alpha.") || listed(category, kind)
}

/// Whether the list has a name in this category.
fn listed(category: &str, name: &str) -> bool {
    static EXTENSIONS: OnceLock<BTreeMap<&'static str, Vec<&'static str>>> = OnceLock::new();
    let extensions = EXTENSIONS.get_or_init(|| {
        let mut categories = BTreeMap::<_, Vec<_>>::new();
        let mut category = "";
        for line in include_str!("../extensions.txt").lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix(' ') {
                Some(name) => categories.entry(category).or_default().push(name),
                None => category = line,
            }
        }
        categories
    });
    extensions.get(category).is_some_and(|names| names.binary_search(&name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_in_the_schema() {
        for (message, field, category) in FIELDS {
            let schema = crate::envoy::schema::message(&format!("envoy.{message}"));
            let schema = schema.unwrap_or_else(|| panic!("{message}"));
            assert!(field.is_empty() || schema.field(field).is_some(), "{message}.{field}");
            assert!(include_str!("../extensions.txt").lines().any(|line| line == *category), "{category}");
        }
    }
}
