//! `TLSRoute`: where TLS connections go, by server name.

use serde::Deserialize;

use super::{BackendRef, ParentReference};

/// Where TLS connections go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsRoute {
    /// What it attaches to.
    pub parent_refs: Vec<ParentReference>,
    /// Server names, perhaps with a wildcard in front; empty means all.
    pub hostnames: Vec<String>,
    /// Where connections go.
    pub rules: Vec<TlsRouteRule>,
}

/// Where TLS connections go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsRouteRule {
    /// Where, by weight.
    pub backend_refs: Vec<BackendRef>,
}
