//! What one proxy does with a request.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::cluster::{Discovery, UpstreamTls};
use super::http::Headers;
use super::route::{Miss, VirtualHost};

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// An endpoint gets the request.
    #[default]
    Forwarded,
    /// The proxy answers.
    DirectResponse,
    /// The client is sent elsewhere.
    Redirect,
    /// A policy or a token refuses it.
    Denied,
    /// No route is for it, or it names a cluster that there is none of.
    NoRoute,
    /// Nothing listens there.
    NoListener,
    /// No filter chain is for the connection.
    NoFilterChain,
    /// The cluster has no endpoint that takes requests.
    NoEndpoint,
    /// It goes where the client meant it to go, unrouted.
    Passthrough,
    /// It goes to a cluster that never has an endpoint.
    BlackHole,
    /// The connection is closed.
    Reset,
}

impl Kind {
    /// Its name in the output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::DirectResponse => "direct_response",
            Self::Redirect => "redirect",
            Self::Denied => "denied",
            Self::NoRoute => "no_route",
            Self::NoListener => "no_listener",
            Self::NoFilterChain => "no_filter_chain",
            Self::NoEndpoint => "no_endpoint",
            Self::Passthrough => "passthrough",
            Self::BlackHole => "black_hole",
            Self::Reset => "reset",
        }
    }

    /// Says whether the request is answered or goes on, and is not refused or lost.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Forwarded | Self::DirectResponse | Self::Redirect | Self::Passthrough)
    }
}

/// How it ends, as Envoy's access log has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What kind of end it is.
    pub kind: Kind,
    /// `%RESPONSE_CODE%`; none for a connection without HTTP.
    pub status: Option<u16>,
    /// `%RESPONSE_FLAGS%`
    pub flags: String,
    /// `%RESPONSE_CODE_DETAILS%`
    pub details: String,
    /// The header `location`.
    pub location: Option<String>,
}

/// What a filter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It lets the request pass.
    Allow,
    /// It refuses it.
    Deny,
    /// It has nothing to say.
    Continue,
    /// It answers it.
    Answers,
    /// What it says is not known.
    Unknown,
}

impl Verdict {
    /// Its name in the output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Continue => "continue",
            Self::Answers => "answers",
            Self::Unknown => "unknown",
        }
    }
}

/// A filter, with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterAnswer<'p> {
    /// The filter's name.
    pub name: &'p str,
    /// What it says.
    pub verdict: Verdict,
    /// Why; may be empty.
    pub why: Cow<'p, str>,
}

/// The filter chain of a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain<'p> {
    /// Its place; the default one comes after the others.
    pub index: usize,
    /// Its name.
    pub name: &'p str,
    /// Its `filter_chain_match`.
    pub matching: &'p Value,
    /// Whether it ends TLS.
    pub ends_tls: bool,
}

/// A filter chain that was not chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostChain<'p> {
    /// Its place.
    pub index: usize,
    /// Its name.
    pub name: &'p str,
    /// Why.
    pub why: String,
}

/// What is known of a connection before a filter chain is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// `tls` or `raw_buffer`.
    pub transport_protocol: String,
    /// The server name of the handshake.
    pub server_name: String,
    /// What the client offers, or what was seen.
    pub application_protocols: Vec<String>,
    /// Whether a filter looked for TLS.
    pub looked_for_tls: bool,
    /// Whether a filter looked for HTTP.
    pub looked_for_http: bool,
}

/// The virtual host of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host<'p> {
    /// Its name.
    pub virtual_host: &'p str,
    /// The domain that the request's host is.
    pub domain: &'p str,
    /// How: `exact`, `suffix`, `prefix`, `any`.
    pub by: &'static str,
}

/// The route of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteFound<'p> {
    /// Its place in the virtual host.
    pub index: usize,
    /// Its name.
    pub name: &'p str,
    /// All of it.
    pub body: &'p Value,
    /// What requests it is for.
    pub summary: String,
}

/// What leaves the proxy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upstream {
    /// Path and query.
    pub path: String,
    /// The host.
    pub authority: String,
    /// Headers that have this value now.
    pub set: BTreeMap<String, String>,
    /// Headers that have this value besides what they had.
    pub append: BTreeMap<String, String>,
    /// Headers that are gone.
    pub remove: Vec<String>,
}

/// A cluster that may get the request.
#[derive(Debug, Clone)]
pub struct ClusterAnswer<'p> {
    /// Its name.
    pub name: Cow<'p, str>,
    /// The share of requests that it gets, from 0 to 1.
    pub share: f64,
    /// How its endpoints are found; none when there is no such cluster.
    pub discovery: Option<Discovery>,
    /// All of it.
    pub body: Option<&'p Value>,
    /// Its TLS, where it is the same for all endpoints.
    pub tls: Option<&'p UpstreamTls>,
    /// Its endpoints.
    pub endpoints: Vec<EndpointAnswer<'p>>,
    /// So few endpoints are healthy that health is not looked at.
    pub is_panic: bool,
}

/// An endpoint that may get the request.
#[derive(Debug, Clone)]
pub struct EndpointAnswer<'p> {
    /// `10.0.0.1:9080`
    pub address: &'p str,
    /// Which others come first.
    pub priority: u32,
    /// `region/zone/subzone`
    pub locality: &'p str,
    /// Its weight.
    pub weight: u32,
    /// `HEALTHY`, `UNHEALTHY`, `DRAINING`; empty when nothing is known.
    pub health: &'p str,
    /// The share of the cluster's requests that it gets, from 0 to 1.
    pub share: f64,
    /// The TLS that is spoken with it.
    pub tls: Option<&'p UpstreamTls>,
    /// `metadata.filter_metadata`
    pub metadata: Option<&'p Value>,
}

/// What one proxy does with a request.
#[derive(Debug, Clone, Default)]
pub struct Answer<'p> {
    /// How it ends.
    pub outcome: Outcome,
    /// The listener that took the connection.
    pub listener: Option<&'p str>,
    /// The listener that handed the connection on.
    pub handed_on_by: Option<&'p str>,
    /// What was found out about the connection.
    pub findings: Findings,
    /// The filter chain.
    pub filter_chain: Option<Chain<'p>>,
    /// The others.
    pub lost_chains: Vec<LostChain<'p>>,
    /// Network filters in order.
    pub network_filters: Vec<FilterAnswer<'p>>,
    /// HTTP filters in order, up to the one that answers.
    pub filters: Vec<FilterAnswer<'p>>,
    /// The route configuration.
    pub route_config: Option<&'p str>,
    /// The virtual host.
    pub host: Option<Host<'p>>,
    /// The route.
    pub route: Option<RouteFound<'p>>,
    /// The virtual cluster of the request, by which statistics name it.
    pub virtual_cluster: Option<&'p str>,
    /// Headers that the route and what is around it give the response.
    pub response_headers: Vec<(String, String)>,
    /// What leaves the proxy.
    pub upstream: Option<Upstream>,
    /// The clusters that may get the request.
    pub clusters: Vec<ClusterAnswer<'p>>,
    /// What is left open.
    pub notes: Vec<String>,
    pub(super) virtual_host: Option<&'p VirtualHost>,
    pub(super) misses: Vec<Miss>,
    pub(super) headers: Headers,
    /// The request after its route has changed it.
    pub(super) headers_upstream: Option<Headers>,
    /// The number that chooses one of weighted clusters, where one is given.
    pub random: Option<u64>,
}

impl Answer<'_> {
    /// Says of each route before the chosen one why it is not for the request.
    pub fn missed(&self) -> impl Iterator<Item = (usize, String)> {
        let routes = self.virtual_host.map(|host| host.routes.as_slice()).unwrap_or_default();
        let missed = self.misses.iter().zip(routes).enumerate();
        missed.map(|(index, (miss, route))| (index, route.matching.missed(*miss, &self.headers)))
    }

    /// Returns the name of a route of the virtual host.
    pub fn route_name(&self, index: usize) -> &str {
        self.virtual_host.and_then(|host| host.routes.get(index)).map(|route| route.name.as_str()).unwrap_or_default()
    }

    /// Returns the headers that leave the proxy, without those of the first line.
    pub fn upstream_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.headers_upstream.iter().flat_map(Headers::iter);
        headers.filter(|(name, _)| !name.starts_with(':'))
    }

    /// Returns all headers of the request after its route has changed them; without a route, as the filters left them.
    pub fn routed_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers_upstream.as_ref().unwrap_or(&self.headers).iter()
    }
}
