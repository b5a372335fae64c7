//! Files of Envoy's `router_check_tool`: what the route that has a request must be.
//!
//! Envoy: `test/tools/router_check/validation.proto`, and `router.cc`, which compares.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::case::{Case, Difference, Expected};
use crate::evaluate::{Given, HeaderCondition, Runtime, pick};
use crate::explain::{Hop, Report};
use crate::model::Duration;

/// What the route must be. What is not given may be anything; an empty text stands for none.
#[derive(Debug, Clone, Default)]
pub struct RouteExpect {
    validate: Validate,
    /// Which of weighted clusters is chosen.
    random_value: u64,
    /// Headers of the response, before the route changes them.
    response: Vec<(String, String)>,
    /// Whether the request is an internal one.
    pub is_internal: bool,
    /// What else is known of it.
    pub given: Given,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tests: Vec<Test>,
    /// What Envoy's runtime holds while it reads the routes.
    #[serde(default)]
    runtime: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    #[serde(rename = "test_name", default)]
    name: String,
    input: Input,
    validate: Validate,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(alias = ":authority", default)]
    authority: String,
    #[serde(alias = ":path", default)]
    path: String,
    #[serde(alias = ":method", default)]
    method: String,
    #[serde(default)]
    random_value: u64,
    #[serde(default)]
    ssl: bool,
    #[serde(default)]
    internal: bool,
    #[serde(alias = "additional_headers", default)]
    additional_request_headers: Vec<Header>,
    #[serde(default)]
    additional_response_headers: Vec<Header>,
    #[serde(default)]
    runtime: String,
    #[serde(default)]
    dynamic_metadata: Vec<Noted>,
}

/// What a filter has noted. Envoy: `envoy.extensions.filters.http.set_metadata.v3.Metadata`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    metadata_namespace: String,
    #[serde(default)]
    value: Map<String, Value>,
    #[serde(default)]
    allow_overwrite: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    #[serde(alias = "field")]
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Validate {
    cluster_name: Option<String>,
    virtual_cluster_name: Option<String>,
    virtual_host_name: Option<String>,
    host_rewrite: Option<String>,
    path_rewrite: Option<String>,
    path_redirect: Option<String>,
    code_redirect: Option<u16>,
    timeout: Option<Value>,
    #[serde(alias = "header_fields", default)]
    request_header_fields: Vec<Header>,
    #[serde(default)]
    custom_header_fields: Vec<Header>,
    #[serde(default)]
    response_header_fields: Vec<Header>,
    #[serde(default)]
    request_header_matches: Vec<Value>,
    #[serde(default)]
    response_header_matches: Vec<Value>,
    #[serde(default)]
    route_metadata: Vec<RouteMetadata>,
}

/// A value that the route's metadata must have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteMetadata {
    namespace: String,
    key: String,
    #[serde(default)]
    value: Value,
}

/// Reads one document: an object with `tests`, or the older list of tests. The error says what is wrong with it.
pub(super) fn read(document: &Value) -> Result<Vec<Case>, String> {
    let tests: Vec<Test> = if document.is_array() {
        serde_json::from_value(document.clone()).map_err(|error| error.to_string())?
    } else {
        let file: File = serde_json::from_value(document.clone()).map_err(|error| error.to_string())?;
        // The size of RE2's programs is limited; ours have none.
        if let Some(key) = file.runtime.keys().find(|key| !key.starts_with("re2.max_program_size.")) {
            return Err(format!("meshc does not read the runtime key {key}"));
        }
        file.tests
    };
    tests.into_iter().enumerate().map(|(index, test)| test.case(index)).collect()
}

impl Test {
    fn case(self, index: usize) -> Result<Case, String> {
        let Input {
            authority,
            path,
            method,
            random_value,
            ssl,
            internal,
            additional_request_headers,
            additional_response_headers,
            runtime,
            dynamic_metadata,
        } = self.input;
        let name = if self.name.is_empty() { format!("test {}", index + 1) } else { self.name };
        if authority.is_empty() || !path.starts_with('/') {
            return Err(format!("{name}: input needs an authority, and a path that starts with /"));
        }
        let mut metadata = Map::new();
        for Noted { metadata_namespace, value, allow_overwrite } in dynamic_metadata {
            match metadata.get_mut(&metadata_namespace) {
                None => drop(metadata.insert(metadata_namespace, Value::Object(value))),
                Some(known) if allow_overwrite => update(known, Value::Object(value)),
                Some(_) => {}
            }
        }
        let given = Given { metadata, runtime: Runtime { key: runtime, random: random_value } };
        let scheme = if ssl { "https" } else { "http" };
        let pairs = |list: Vec<Header>| list.into_iter().map(|header| (header.key, header.value));
        Ok(Case {
            name,
            method: if method.is_empty() { "GET".to_owned() } else { method },
            url: format!("{scheme}://{authority}{path}"),
            headers: pairs(additional_request_headers).collect(),
            expected: Expected::Route(Box::new(RouteExpect {
                validate: self.validate,
                random_value,
                response: pairs(additional_response_headers).collect(),
                is_internal: internal,
                given,
            })),
            ..Case::default()
        })
    }
}

/// Lays a value over another one. Envoy: `StructUtil::update`
fn update(known: &mut Value, with: Value) {
    match (known, with) {
        (Value::Object(known), Value::Object(with)) => {
            for (key, value) in with {
                update(known.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(known), Value::Array(with)) => known.extend(with),
        (known, with) => *known = with,
    }
}

/// Compares the route of the first proxy on the way with what it must be.
pub fn check(report: &Report, expect: &RouteExpect) -> Vec<Difference> {
    let Validate {
        cluster_name,
        virtual_cluster_name,
        virtual_host_name,
        host_rewrite,
        path_rewrite,
        path_redirect,
        code_redirect,
        timeout,
        request_header_fields,
        custom_header_fields,
        response_header_fields,
        request_header_matches,
        response_header_matches,
        route_metadata,
    } = &expect.validate;
    let hop = report.hops.first();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let routed = hop.map(|hop| hop.routed.as_slice()).unwrap_or_default();
    // What the proxy answers by itself has neither cluster nor rewrite.
    let forwards = hop.filter(|hop| forwards(hop));
    let rewritten = |name: &str| forwards.map(|_| value_of(routed, name)).unwrap_or_default();
    let wanted_code = code_redirect.map(|code| code.to_string());
    let wanted_timeout = timeout.as_ref().map(|timeout| match (duration(timeout), timeout) {
        (Some(duration), _) => duration.to_string(),
        (None, Value::String(text)) => text.clone(),
        (None, other) => other.to_string(),
    });
    let found = [
        ("cluster_name", cluster_name, forwards.map(|hop| cluster(hop, expect.random_value)).unwrap_or_default()),
        ("virtual_cluster_name", virtual_cluster_name, text(forwards.and_then(|hop| hop.virtual_cluster.as_deref()))),
        ("virtual_host_name", virtual_host_name, text(forwards.and_then(|hop| hop.virtual_host.as_deref()))),
        ("host_rewrite", host_rewrite, rewritten(":authority")),
        ("path_rewrite", path_rewrite, rewritten(":path")),
        ("path_redirect", path_redirect, redirect(report)),
        ("code_redirect", &wanted_code, code(report)),
        ("timeout", &wanted_timeout, forwards.map(self::timeout).unwrap_or_default()),
    ];
    let mut out = Vec::new();
    for (field, wanted, found) in found {
        if let Some(wanted) = wanted.as_ref().filter(|wanted| **wanted != found) {
            out.push(Difference::new(field, wanted, found));
        }
    }
    for RouteMetadata { namespace, key, value } in route_metadata {
        let metadata =
            hop.and_then(|hop| hop.route_body.get("metadata")?.get("filter_metadata")?.get(namespace)?.get(key));
        if metadata != Some(value) {
            let found = metadata.map_or_else(String::new, Value::to_string);
            out.push(Difference::new("route_metadata", format!("{namespace}.{key}: {value}"), found));
        }
    }
    let mut response = expect.response.clone();
    // A header may be there several times.
    let of_route = hop.map(|hop| hop.response_headers.as_slice()).unwrap_or_default();
    response.retain(|(known, _)| !of_route.iter().any(|(name, _)| name == known));
    response.extend(of_route.iter().cloned());
    if let Some(status) = report.outcome.status {
        response.push((":status".to_owned(), status.to_string()));
    }
    for (list, headers, field) in [
        (request_header_fields, routed, "request_header_fields"),
        (custom_header_fields, routed, "custom_header_fields"),
        (response_header_fields, response.as_slice(), "response_header_fields"),
    ] {
        for Header { key, value } in list {
            let found = value_of(headers, key);
            if found != *value {
                out.push(Difference::new(field, format!("{key}: {value}"), format!("{key}: {found}")));
            }
        }
    }
    for (list, headers, field) in [
        (request_header_matches, routed, "request_header_matches"),
        (response_header_matches, response.as_slice(), "response_header_matches"),
    ] {
        for matcher in list {
            if !HeaderCondition::new(matcher).holds(headers) {
                let name = matcher.get("name").and_then(Value::as_str).unwrap_or_default();
                out.push(Difference::new(field, matcher.to_string(), format!("{name}: {}", value_of(headers, name))));
            }
        }
    }
    out
}

/// Says whether a route sends requests on, or would if its cluster were there. Envoy: `Route::routeEntry`.
fn forwards(hop: &Hop) -> bool {
    let answers = |kind: &str| hop.route_body.get(kind).is_some();
    hop.route.is_some() && !answers("redirect") && !answers("direct_response")
}

/// Says whether the proxy sends clients elsewhere or answers them. Envoy: `Route::directResponseEntry`.
fn answers(report: &Report) -> bool {
    let is_answer = |hop: &Hop| hop.host_match.is_some() && !forwards(hop);
    report.hops.first().is_some_and(is_answer) && report.outcome.kind != "no_route"
}

/// Where a redirect leads; a direct response counts as one to the request itself. Envoy: `DirectResponseEntry::newUri`.
fn redirect(report: &Report) -> String {
    match &report.outcome.location {
        Some(location) => location.clone(),
        None if answers(report) => {
            let part = |name: &str| report.request.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{}://{}{}", part("scheme"), part("authority"), part("path"))
        }
        None => String::new(),
    }
}

/// The status of a redirect or a direct response; 0 where there is none. Envoy: `DirectResponseEntry::responseCode`.
fn code(report: &Report) -> String {
    report.outcome.status.filter(|_| answers(report)).unwrap_or_default().to_string()
}

fn value_of(headers: &[(String, String)], name: &str) -> String {
    let of_name = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    of_name.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(",")
}

/// The cluster that a random number chooses. Envoy: `WeightedClusterSpecifierPlugin`.
fn cluster(hop: &Hop, random: u64) -> String {
    let clusters = hop.route_body.pointer("/route/weighted_clusters/clusters").and_then(Value::as_array);
    let clusters = clusters.map(Vec::as_slice).unwrap_or_default();
    let weights = clusters.iter().map(|cluster| cluster.get("weight").and_then(Value::as_u64).unwrap_or_default());
    let place = pick(weights, hop.random.unwrap_or(random)).unwrap_or_default();
    hop.clusters.get(place).map(|cluster| cluster.name.clone()).unwrap_or_default()
}

/// The timeout as JSON has durations; Envoy's default is 15 seconds.
fn timeout(hop: &Hop) -> String {
    let timeout = hop.route_body.pointer("/route/timeout").and_then(duration);
    timeout.unwrap_or(Duration::seconds(15)).to_string()
}

/// Reads `1.5s`, or `{seconds: 1, nanos: 500000000}`.
fn duration(value: &Value) -> Option<Duration> {
    if let Value::String(text) = value {
        return Duration::parse(text);
    }
    let part = |name: &str| value.as_object()?.get(name).map_or(Some(0), Value::as_i64);
    Some(Duration { seconds: part("seconds")?, nanos: i32::try_from(part("nanos")?).ok()? })
}
