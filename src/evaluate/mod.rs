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
pub use proxy::{Body, Proxy, ResourceKind};
pub use request::{Certificate, Direction, Request, Speaks, Tls, Token, Tunnel, Version};
pub use resource::{of_json, of_message};
pub use route::{Given, Runtime, pick};

/// A condition on headers, `envoy.config.route.v3.HeaderMatcher`.
#[derive(Debug, Clone)]
pub struct HeaderCondition(matcher::HeaderMatcher);

impl HeaderCondition {
    /// Reads one from JSON with the names of the proto.
    pub fn new(message: &serde_json::Value) -> Self {
        Self(matcher::HeaderMatcher::new(message::Message(message)))
    }

    /// Says whether headers meet it.
    pub fn holds(&self, headers: &[(String, String)]) -> bool {
        let mut map = http::Headers::default();
        for (name, value) in headers {
            map.append(http::headers::known_as(name), value.clone());
        }
        self.0.matches(&map)
    }
}

/// What is taken as given about clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clusters {
    /// They have the endpoints that the configuration says.
    AsConfigured,
    /// Each has an endpoint that answers: the question is what the proxy does.
    Answering,
    /// Each name is that of a cluster that answers: the question is which one a route names.
    Named,
}

/// Says what a proxy does with a request.
pub fn evaluate<'p>(proxy: &'p Proxy, request: &Request, clusters: Clusters) -> Answer<'p> {
    connection::evaluate(proxy, request, clusters)
}

/// Says what a route configuration of a proxy does with a request, whatever listeners and filters do: headers are what the request
/// says, and clusters need not exist. The answer has no listener and no filters.
pub fn evaluate_routes<'p>(proxy: &'p Proxy, route_config: &'p str, request: &Request, given: &Given) -> Answer<'p> {
    stream::evaluate_routes(proxy, route_config, request, given)
}
