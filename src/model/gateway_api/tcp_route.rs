//! `TCPRoute`: where connections go.

use serde::Deserialize;

use super::{BackendRef, ParentReference};

/// Where connections go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpRoute {
    /// What it attaches to.
    pub parent_refs: Vec<ParentReference>,
    /// Where connections go.
    pub rules: Vec<TcpRouteRule>,
}

/// Where connections go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpRouteRule {
    /// Where, by weight.
    pub backend_refs: Vec<BackendRef>,
}
