//! `HTTPRoute`: where requests go.

use serde::Deserialize;

use super::{BackendRef, HttpRouteFilter, ParentReference};

/// Where requests go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRoute {
    /// What it attaches to.
    pub parent_refs: Vec<ParentReference>,
    /// Hosts, perhaps with a wildcard in front; empty means all.
    pub hostnames: Vec<String>,
    /// What happens to which requests.
    pub rules: Vec<HttpRouteRule>,
}

/// What happens to which requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteRule {
    /// The rule's name.
    pub name: Option<String>,
    /// Conditions of which one must hold; none means all requests.
    pub matches: Vec<HttpRouteMatch>,
    /// What is done to the requests.
    pub filters: Vec<HttpRouteFilter>,
    /// Where they go, by weight.
    pub backend_refs: Vec<HttpBackendRef>,
    /// How long they may take.
    pub timeouts: Option<HttpRouteTimeouts>,
    /// When they are tried again.
    pub retry: Option<HttpRouteRetry>,
    /// Keeps the requests of one client together. istiod ignores it.
    pub session_persistence: Option<serde_json::Value>,
}

/// A condition on requests: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteMatch {
    /// The path.
    pub path: HttpPathMatch,
    /// Headers.
    pub headers: Vec<HttpValueMatch>,
    /// Parameters of the query.
    pub query_params: Vec<HttpValueMatch>,
    /// The method.
    pub method: Option<String>,
}

/// A condition on the path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpPathMatch {
    /// `Exact`, `PathPrefix` or `RegularExpression`.
    pub r#type: String,
    /// The path, the prefix or the pattern.
    pub value: String,
}

/// A condition on a header or on a parameter of the query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpValueMatch {
    /// `Exact` or `RegularExpression`.
    pub r#type: String,
    /// Whose value it is.
    pub name: String,
    /// The value or the pattern.
    pub value: String,
}

/// Where requests go, their share, and what is done to those.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpBackendRef {
    /// Where.
    #[serde(flatten)]
    pub backend: BackendRef,
    /// What is done to these requests.
    pub filters: Vec<HttpRouteFilter>,
}

/// How long requests may take, as Go writes durations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteTimeouts {
    /// The whole request, retries included; `0s` means for ever.
    pub request: Option<String>,
    /// One attempt.
    pub backend_request: Option<String>,
}

/// When requests are tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteRetry {
    /// Statuses that count as failure, besides failed connections.
    pub codes: Vec<u32>,
    /// How often at most; left out means twice.
    pub attempts: Option<i32>,
    /// Least time between attempts.
    pub backoff: Option<String>,
}
