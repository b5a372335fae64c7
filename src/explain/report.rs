//! What becomes of a request, as others read it: the JSON of `meshc explain`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::evaluate;

/// The version of the form.
pub const VERSION: u32 = 1;

/// What becomes of a request.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`VERSION`]
    pub version: u32,
    /// The request as understood.
    pub request: Value,
    /// How it ends.
    pub outcome: Outcome,
    /// The proxies that it meets, in order.
    pub hops: Vec<Hop>,
}

/// How a request ends, as Envoy's access log has it.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// `forwarded`, `direct_response`, `redirect`, `denied`, `no_route`, `no_listener`, `no_filter_chain`, `no_endpoint`,
    /// `passthrough`, `black_hole` or `reset`.
    pub kind: &'static str,
    /// The status; none for a connection without HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Response flags, `-` without any.
    pub flags: String,
    /// Response code details.
    pub details: String,
    /// Where a redirect leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The hop that decides.
    pub hop: usize,
}

impl Outcome {
    /// Takes what one proxy says.
    pub(super) fn new(outcome: &evaluate::Outcome, hop: usize) -> Self {
        let evaluate::Outcome { kind, status, flags, details, location } = outcome;
        Self {
            kind: kind.as_str(),
            status: *status,
            flags: flags.clone(),
            details: details.clone(),
            location: location.clone(),
            hop,
        }
    }
}

/// What one proxy does with the request.
#[derive(Debug, Clone, Serialize)]
pub struct Hop {
    /// `<pod>.<namespace>`
    pub proxy: String,
    /// `outbound`, `inbound` or `gateway`.
    pub direction: &'static str,
    /// The listener that takes the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<String>,
    /// The listener that hands the connection on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_on_by: Option<String>,
    /// The filter chain of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_chain: Option<Chain>,
    /// The other filter chains.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost_filter_chains: Vec<Missed>,
    /// Network filters, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network_filters: Vec<Filter>,
    /// HTTP filters, in order, up to the one that answers.
    pub filters: Vec<Filter>,
    /// The route configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_config: Option<String>,
    /// The virtual host whose domain the host is, also when none of its routes is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_match: Option<HostMatch>,
    /// The virtual host of the route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_host: Option<String>,
    /// The route.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteTaken>,
    /// The virtual cluster, by which statistics name the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_cluster: Option<String>,
    /// The routes before it that are not for the request.
    pub missed: Vec<Missed>,
    /// What leaves the proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
    /// The clusters that may get the request.
    pub clusters: Vec<Cluster>,
    /// Where it is written.
    pub places: Vec<Place>,
    /// What is left open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Headers that the response gets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_headers: Vec<(String, String)>,
    /// The headers of the request after its route has changed them, with those of the first line.
    #[serde(skip)]
    pub routed: Vec<(String, String)>,
    /// The number that chooses one of weighted clusters, where one is given.
    #[serde(skip)]
    pub random: Option<u64>,
    /// All of the route.
    #[serde(skip)]
    pub route_body: Value,
    /// What the route does besides, in words.
    #[serde(skip)]
    pub effects: Vec<String>,
    /// What was found out about the connection, in words.
    #[serde(skip)]
    pub findings: String,
}

/// A filter chain.
#[derive(Debug, Clone, Serialize)]
pub struct Chain {
    /// Its place in the listener; the default one comes after the others.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Its `filter_chain_match`.
    #[serde(rename = "match")]
    pub matching: Value,
}

/// What was not taken, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Missed {
    /// Its place.
    pub index: usize,
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The first condition that does not hold.
    pub why: String,
}

/// What a filter says.
#[derive(Debug, Clone, Serialize)]
pub struct Filter {
    /// Its name.
    pub name: String,
    /// `allow`, `deny`, `continue`, `answers` or `unknown`.
    pub verdict: &'static str,
    /// Why.
    pub why: String,
}

/// Which domain the host is.
#[derive(Debug, Clone, Serialize)]
pub struct HostMatch {
    /// The virtual host.
    pub virtual_host: String,
    /// The domain.
    pub domain: String,
    /// `exact`, `suffix`, `prefix` or `any`.
    pub by: &'static str,
}

/// A route.
#[derive(Debug, Clone, Serialize)]
pub struct RouteTaken {
    /// Its place in the virtual host.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Which requests it is for.
    #[serde(rename = "match")]
    pub matching: String,
}

/// What leaves a proxy.
#[derive(Debug, Clone, Serialize)]
pub struct Upstream {
    /// Path and query as a server takes them that reads several slashes at the beginning as one.
    pub path: String,
    /// Path and query as they are sent, in the first line of HTTP/1.1 or as `:path` of HTTP/2.
    pub request_target: String,
    /// The host.
    pub authority: String,
    /// What the configuration does to headers.
    pub headers: Changes,
}

/// What the configuration does to headers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Changes {
    /// Headers that have this value now.
    pub set: BTreeMap<String, String>,
    /// Headers that have this value besides what they had.
    pub append: BTreeMap<String, String>,
    /// Headers that are gone.
    pub remove: Vec<String>,
}

/// A cluster.
#[derive(Debug, Clone, Serialize)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// The share of requests that it gets.
    pub share: f64,
    /// `istio_mutual`, `mutual`, `simple`, `hbone` or `none`: the TLS to most of its endpoints.
    pub tls: &'static str,
    /// The server name of the handshake.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sni: String,
    /// What the server's certificate must be for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sans: Vec<String>,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
    /// How it balances, and what limits it, in words.
    #[serde(skip)]
    pub policies: Vec<String>,
    /// So few endpoints are healthy that health is not looked at.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub panic: bool,
}

/// An endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct Endpoint {
    /// `10.0.0.1:9080`; `envoy://connect_originate/10.0.0.1:9080` for one that a tunnel leads to.
    pub address: String,
    /// Which others come first.
    pub priority: u32,
    /// The share of the cluster's requests that it gets.
    pub share: f64,
    /// Its workload, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// `region/zone/subzone`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub locality: String,
    /// `UNHEALTHY`, `DRAINING`; nothing when it is healthy.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub health: String,
    /// The TLS that is spoken with it.
    pub tls: &'static str,
}

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// `VirtualService shop/reviews`
    pub object: String,
    /// The file; empty when no file has the object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Line, from one.
    #[serde(skip_serializing_if = "is_zero")]
    pub line: usize,
    /// Column, from one.
    #[serde(skip_serializing_if = "is_zero")]
    pub column: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
