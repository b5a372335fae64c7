//! `GRPCRoute`: where calls go.

use serde::Deserialize;

use super::{HttpBackendRef, HttpRouteFilter, HttpValueMatch, ParentReference};

/// Where calls go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcRoute {
    /// What it attaches to.
    pub parent_refs: Vec<ParentReference>,
    /// Hosts, perhaps with a wildcard in front; empty means all.
    pub hostnames: Vec<String>,
    /// What happens to which calls.
    pub rules: Vec<GrpcRouteRule>,
}

/// What happens to which calls.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcRouteRule {
    /// The rule's name.
    pub name: Option<String>,
    /// Conditions of which one must hold; none means all calls.
    pub matches: Vec<GrpcRouteMatch>,
    /// What is done to the calls.
    pub filters: Vec<HttpRouteFilter>,
    /// Where they go, by weight.
    pub backend_refs: Vec<HttpBackendRef>,
    /// Keeps the calls of one client together. istiod ignores it.
    pub session_persistence: Option<serde_json::Value>,
}

/// A condition on calls: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcRouteMatch {
    /// Service and method.
    pub method: Option<GrpcMethodMatch>,
    /// Headers.
    pub headers: Vec<HttpValueMatch>,
}

/// A condition on service and method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcMethodMatch {
    /// `Exact` or `RegularExpression`.
    pub r#type: String,
    /// The service or a pattern; left out means all.
    pub service: Option<String>,
    /// The method or a pattern; left out means all.
    pub method: Option<String>,
}
