//! Cases of what Envoy refuses and takes: a part of a resource, put into a resource that is otherwise right.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A case: the part, and what meshc says of it. Nothing: it is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The part; what it is, its file says.
    pub(crate) with: Value,
    /// `path: message`.
    pub(crate) rejected: Option<String>,
}

macro_rules! files {
    ($($name:ident)*) => {
        /// The files, each with its name.
        const FILES: &[(&str, &str)] = &[$((stringify!($name), include_str!(concat!(stringify!($name), ".yaml")))),*];
    };
}

files! {
    access_log access_log_filter cluster downstream_tls endpoints expression filter_chain_matches format header
    http_connection_manager http_filter listener regex route route_action route_configuration tcp_proxy tracing upstream_tls
    uri_template virtual_host
}

/// Reads all cases: what each is, and the case.
pub(crate) fn all() -> Vec<(&'static str, Case)> {
    let read = |(name, text): &(&'static str, &str)| {
        let cases: Vec<Case> = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{name}.yaml: {error}"));
        cases.into_iter().map(|case| (*name, case)).collect::<Vec<_>>()
    };
    FILES.iter().flat_map(read).collect()
}

/// Puts a part into a resource.
pub(crate) fn resource(what: &str, with: &Value) -> Value {
    let with = &typed(with);
    match what {
        "cluster" => cluster(with),
        "upstream_tls" => {
            let tls = merged(&extension("transport_sockets.tls.v3.UpstreamTlsContext"), with);
            cluster(&json!({ "transport_socket": { "name": "tls", "typed_config": tls } }))
        }
        "endpoints" => {
            let base = json!({ "@type": url("config.endpoint.v3.ClusterLoadAssignment"), "cluster_name": "asked" });
            merged(&base, with)
        }
        "listener" => listener(with),
        "downstream_tls" => {
            let tls = merged(&extension("transport_sockets.tls.v3.DownstreamTlsContext"), with);
            let socket = json!({ "name": "tls", "typed_config": tls });
            listener(&json!({ "filter_chains": [{ "filters": [tcp_proxy(&json!({}))], "transport_socket": socket }] }))
        }
        "filter_chain_matches" => {
            let chain = |(index, condition): (usize, &Value)| json!({ "name": format!("n{index}"), "filters": [tcp_proxy(&json!({}))], "filter_chain_match": condition });
            let chains: Vec<Value> = with.as_array().into_iter().flatten().enumerate().map(chain).collect();
            listener(&json!({ "filter_chains": chains }))
        }
        "tcp_proxy" => listener(&json!({ "filter_chains": [{ "filters": [tcp_proxy(with)] }] })),
        "http_connection_manager" => http(with),
        "http_filter" => http(&json!({ "http_filters": [{ "name": "f", "typed_config": with }, router()] })),
        "tracing" => http(&json!({ "tracing": with })),
        "access_log" => http(&json!({ "access_log": [{ "name": "a", "typed_config": merged(&file_log(), with) }] })),
        "access_log_filter" => {
            http(&json!({ "access_log": [{ "name": "a", "typed_config": file_log(), "filter": with }] }))
        }
        "expression" => {
            let cel =
                merged(&extension("access_loggers.filters.cel.v3.ExpressionFilter"), &json!({ "expression": with }));
            resource("access_log_filter", &json!({ "extension_filter": { "name": "cel", "typed_config": cel } }))
        }
        "route_configuration" => {
            merged(&json!({ "@type": url("config.route.v3.RouteConfiguration"), "name": "asked" }), with)
        }
        "virtual_host" => {
            let base = json!({ "name": "v", "domains": ["*"], "routes": [route(&json!({}))] });
            resource("route_configuration", &json!({ "virtual_hosts": [merged(&base, with)] }))
        }
        "route" => resource("virtual_host", &json!({ "routes": [route(with)] })),
        "route_action" => resource("route", &json!({ "route": merged(&json!({ "cluster": "c" }), with) })),
        "header" => resource("route", &json!({ "request_headers_to_add": [with] })),
        "format" => resource("header", &json!({ "header": { "key": "x", "value": with } })),
        "regex" => resource("route", &json!({ "match": { "safe_regex": { "regex": with } } })),
        "uri_template" => {
            let config = extension("path.match.uri_template.v3.UriTemplateMatchConfig");
            let config = merged(&config, &json!({ "path_template": with }));
            resource("route", &json!({ "match": { "path_match_policy": { "name": "x", "typed_config": config } } }))
        }
        _ => panic!("no resource has a {what}"),
    }
}

fn cluster(with: &Value) -> Value {
    let base =
        json!({ "@type": url("config.cluster.v3.Cluster"), "name": "c", "connect_timeout": "1s", "type": "STATIC" });
    merged(&base, with)
}

fn listener(with: &Value) -> Value {
    let base = json!({
        "@type": url("config.listener.v3.Listener"), "name": "l", "bind_to_port": false,
        "address": { "socket_address": { "address": "127.0.0.5", "port_value": 1000 } },
        "filter_chains": [{ "filters": [tcp_proxy(&json!({}))] }],
    });
    merged(&base, with)
}

fn http(with: &Value) -> Value {
    let base = merged(
        &extension("filters.network.http_connection_manager.v3.HttpConnectionManager"),
        &json!({
            "stat_prefix": "p", "http_filters": [router()],
            "route_config": {
                "name": "r", "validate_clusters": false,
                "virtual_hosts": [{ "name": "v", "domains": ["*"], "routes": [route(&json!({}))] }],
            },
        }),
    );
    let filter =
        json!({ "name": "envoy.filters.network.http_connection_manager", "typed_config": merged(&base, with) });
    listener(&json!({ "filter_chains": [{ "filters": [filter] }] }))
}

fn route(with: &Value) -> Value {
    merged(&json!({ "match": { "prefix": "/" }, "route": { "cluster": "c" } }), with)
}

fn router() -> Value {
    json!({ "name": "envoy.filters.http.router", "typed_config": extension("filters.http.router.v3.Router") })
}

fn tcp_proxy(with: &Value) -> Value {
    let base =
        merged(&extension("filters.network.tcp_proxy.v3.TcpProxy"), &json!({ "stat_prefix": "t", "cluster": "c" }));
    json!({ "name": "envoy.filters.network.tcp_proxy", "typed_config": merged(&base, with) })
}

fn file_log() -> Value {
    merged(&extension("access_loggers.file.v3.FileAccessLog"), &json!({ "path": "/dev/stdout" }))
}

fn url(name: &str) -> String {
    format!("type.googleapis.com/envoy.{name}")
}

fn extension(name: &str) -> Value {
    json!({ "@type": url(&format!("extensions.{name}")) })
}

/// Sets the fields; null takes one out.
fn merged(base: &Value, with: &Value) -> Value {
    let mut out = base.as_object().cloned().unwrap_or_default();
    for (name, value) in with.as_object().into_iter().flatten() {
        if value.is_null() {
            out.remove(name);
        } else {
            out.insert(name.clone(), value.clone());
        }
    }
    Value::Object(out)
}

/// Completes type URLs, which the cases write as names.
fn typed(value: &Value) -> Value {
    let is_url = |name: &str, value: &Value| {
        matches!(name, "@type" | "type_url") && value.as_str().is_some_and(|text| !text.contains('/'))
    };
    match value {
        Value::Object(object) => {
            let field = |(name, value): (&String, &Value)| {
                let value = match value {
                    Value::String(text) if is_url(name, value) => json!(format!("type.googleapis.com/{text}")),
                    Value::Array(urls) if name == "type_urls" => urls
                        .iter()
                        .map(|url| json!(format!("type.googleapis.com/{}", url.as_str().unwrap_or_default())))
                        .collect(),
                    other => typed(other),
                };
                (name.clone(), value)
            };
            Value::Object(object.iter().map(field).collect::<Map<_, _>>())
        }
        Value::Array(list) => list.iter().map(typed).collect(),
        other => other.clone(),
    }
}
