//! What one proxy does with one request: Envoy's rules, on Envoy's configuration.
//!
//! ```text
//! Request ──listener──▶ filter chain ──network filters──▶ connection manager ──HTTP filters──▶ route ──▶ clusters ──▶ endpoints
//! ```
//!
//! The layer knows Envoy's configuration and a request, and nothing of Istio, of manifests or of other proxies. It works on resources as
//! JSON: those that a translation makes print as such, and a dump holds them as such. It is pure: a chance counts as its greater part,
//! and what only the running proxy or a service could tell is said to be unknown.

mod answer;
mod cidr;
mod cluster;
mod connection;
mod http;
mod http_filter;
mod listener;
mod matcher;
mod message;
mod network;
mod percent;
mod proxy;
mod rbac;
mod regex;
mod request;
mod resource;
mod route;
mod stream;

pub use answer::{
    Answer, Chain, ClusterAnswer, EndpointAnswer, FilterAnswer, Findings, Host, Kind, LostChain, Outcome, RouteFound,
    Upstream, Verdict,
};
pub use cluster::{Discovery, TlsMode, UpstreamTls};
pub use proxy::{Proxy, ResourceKind};
pub use request::{Certificate, Direction, Request, Speaks, Tls, Token, Version};
pub use resource::{of_json, of_message};

/// What is taken as given about clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clusters {
    /// They have the endpoints that the configuration says.
    AsConfigured,
    /// Each has an endpoint that answers: the question is what the proxy does.
    Answering,
}

/// Says what a proxy does with a request.
pub fn evaluate<'p>(proxy: &'p Proxy, request: &Request, clusters: Clusters) -> Answer<'p> {
    connection::evaluate(proxy, request, clusters)
}
