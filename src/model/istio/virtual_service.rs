//! `VirtualService` (`networking.istio.io`): how requests and connections to hosts are routed.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::{proto_enum, proto_message};
use crate::model::{Bytes, Duration};

/// Rules that route requests and connections to hosts.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct VirtualService {
    /// Hosts it is for: names, names with a wildcard in front, or addresses. Short names belong to its
    /// namespace.
    pub hosts: Vec<String>,
    /// Gateways that it is bound to, as `namespace/name` or `name`; `mesh` stands for all sidecars. Empty
    /// means `mesh` only.
    pub gateways: Vec<String>,
    /// Rules for HTTP, of which the first that matches counts.
    pub http: Vec<HttpRoute>,
    /// Rules for TLS that is passed through, by server name; the first that matches counts.
    pub tls: Vec<TlsRoute>,
    /// Rules for other TCP; the first that matches counts.
    pub tcp: Vec<TcpRoute>,
    /// Namespaces that see it: names, `.` for its own, `*` for all. Empty means the mesh's default.
    pub export_to: Vec<String>,
}

/// A service, or a subset of it, that traffic goes to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Destination {
    /// The service's host. A short name belongs to the namespace of the rule.
    pub host: String,
    /// A subset of the host's DestinationRule; empty means all endpoints.
    pub subset: String,
    /// The service's port; may be left out if it has one only.
    pub port: Option<PortSelector>,
}

/// A rule for HTTP: what matches, and what happens to it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpRoute {
    /// The rule's name, which the names of the routes begin with.
    pub name: String,
    /// Conditions of which one must hold; none means all requests.
    pub r#match: Vec<HttpMatchRequest>,
    /// Where requests go, by weight.
    pub route: Vec<HttpRouteDestination>,
    /// Answers with a redirect. Excludes `route` and `direct_response`.
    pub redirect: Option<HttpRedirect>,
    /// Answers with a fixed response. Excludes `route` and `redirect`.
    pub direct_response: Option<HttpDirectResponse>,
    /// Leaves the rest of the rule to another VirtualService. Excludes `route` and `redirect`.
    pub delegate: Option<Delegate>,
    /// Changes path and authority on the way to the destination.
    pub rewrite: Option<HttpRewrite>,
    /// Time for the whole request, retries included; zero or left out means none.
    pub timeout: Option<Duration>,
    /// When and how often a failed request is tried again; left out means the mesh's default.
    pub retries: Option<HttpRetry>,
    /// Failures and delays to inject.
    pub fault: Option<HttpFaultInjection>,
    /// Where copies of the requests go, without the answer counting.
    pub mirror: Option<Destination>,
    /// Several places where copies go, each for a share of the requests.
    pub mirrors: Vec<HttpMirrorPolicy>,
    /// Share of the requests that `mirror` gets, in percent. Deprecated: `mirror_percentage`. The CRD has
    /// both spellings.
    #[serde(alias = "mirror_percent")]
    pub mirror_percent: Option<u32>,
    /// Share of the requests that `mirror` gets; left out means all.
    pub mirror_percentage: Option<Percent>,
    /// Which other sites' pages may make the requests.
    pub cors_policy: Option<CorsPolicy>,
    /// Headers to set, add and remove.
    pub headers: Option<Headers>,
}

/// A VirtualService without hosts that holds rules of another one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Delegate {
    /// Its name.
    pub name: String,
    /// Its namespace; empty means that of the delegating one.
    pub namespace: String,
}

/// Changes to headers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Headers {
    /// Changes on the way to the destination.
    pub request: Option<HeadersHeaderOperations>,
    /// Changes on the way back.
    pub response: Option<HeadersHeaderOperations>,
}

/// What to do with headers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HeadersHeaderOperations {
    /// Headers that get this value in place of any other.
    pub set: BTreeMap<String, String>,
    /// Headers that get this value besides any other.
    pub add: BTreeMap<String, String>,
    /// Headers that are taken away.
    pub remove: Vec<String>,
}

/// A rule for TLS that is passed through.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TlsRoute {
    /// Conditions of which one must hold.
    pub r#match: Vec<TlsMatchAttributes>,
    /// Where connections go, by weight.
    pub route: Vec<RouteDestination>,
}

/// A rule for TCP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TcpRoute {
    /// Conditions of which one must hold; none means all connections.
    pub r#match: Vec<L4MatchAttributes>,
    /// Where connections go, by weight.
    pub route: Vec<RouteDestination>,
}

/// A condition on requests: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpMatchRequest {
    /// The condition's name, which the route's name ends with.
    pub name: String,
    /// The path with its query, in its own case unless `ignore_uri_case`.
    pub uri: Option<StringMatch>,
    /// The scheme: `http` or `https`.
    pub scheme: Option<StringMatch>,
    /// The method: `GET` and so on.
    pub method: Option<StringMatch>,
    /// The authority: `Host` or `:authority`.
    pub authority: Option<StringMatch>,
    /// Headers by name in lower case. A match without an alternative is for presence.
    pub headers: BTreeMap<String, StringMatch>,
    /// The port that the request was made to; zero means any.
    pub port: u32,
    /// Labels of the workloads whose requests count; no condition for gateways.
    pub source_labels: BTreeMap<String, String>,
    /// Gateways through which requests count, in place of the VirtualService's.
    pub gateways: Vec<String>,
    /// Parameters of the query by name. A match without an alternative is for presence.
    pub query_params: BTreeMap<String, StringMatch>,
    /// Whether case does not count in an exact or prefix match of `uri`.
    pub ignore_uri_case: bool,
    /// Headers that must not match.
    pub without_headers: BTreeMap<String, StringMatch>,
    /// Namespace of the workloads whose requests count.
    pub source_namespace: String,
    /// Prefix of the route's own statistics.
    pub stat_prefix: String,
}

/// A destination of requests and its share of them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpRouteDestination {
    /// Where they go.
    pub destination: Option<Destination>,
    /// Share, of the sum of all; a single destination gets everything even at zero.
    pub weight: i32,
    /// Changes to headers for this destination only.
    pub headers: Option<Headers>,
}

/// A destination of connections and its share of them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RouteDestination {
    /// Where they go.
    pub destination: Option<Destination>,
    /// Share, of the sum of all; a single destination gets everything even at zero.
    pub weight: i32,
}

/// A condition on connections: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct L4MatchAttributes {
    /// Addresses that the connection was made to, as CIDR.
    pub destination_subnets: Vec<String>,
    /// The port that the connection was made to; zero means any.
    pub port: u32,
    /// Addresses that the connection comes from, as CIDR. istiod ignores it.
    pub source_subnet: String,
    /// Labels of the workloads whose connections count; no condition for gateways.
    pub source_labels: BTreeMap<String, String>,
    /// Gateways through which connections count, in place of the VirtualService's.
    pub gateways: Vec<String>,
    /// Namespace of the workloads whose connections count.
    pub source_namespace: String,
}

/// A condition on TLS connections: all that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TlsMatchAttributes {
    /// Server names that the client may ask for, within the VirtualService's hosts.
    pub sni_hosts: Vec<String>,
    /// Addresses that the connection was made to, as CIDR.
    pub destination_subnets: Vec<String>,
    /// The port that the connection was made to; zero means any.
    pub port: u32,
    /// Labels of the workloads whose connections count; no condition for gateways.
    pub source_labels: BTreeMap<String, String>,
    /// Gateways through which connections count, in place of the VirtualService's.
    pub gateways: Vec<String>,
    /// Namespace of the workloads whose connections count.
    pub source_namespace: String,
}

proto_message! {
    /// A redirect to another URL. What is left empty stays as in the request.
    pub struct HttpRedirect {
        /// The new path, in place of the whole old one; `%PREFIX()%` keeps what follows the matched prefix.
        pub uri: String,
        /// What takes the place of the matched prefix, in place of `uri`.
        pub prefix_rewrite: String,
        /// The new authority.
        pub authority: String,
        /// The new scheme.
        pub scheme: String,
        /// The status: 301, 302, 303, 307 or 308; zero means 301.
        pub redirect_code: u32,
        oneof {
            /// The new port.
            redirect_port: HttpRedirectPort {
                /// This one.
                port => Port(u32),
                /// One that follows from something else.
                derive_port => DerivePort(HttpRedirectRedirectPortSelection),
            }
        }
    }
}

proto_enum! {
    /// What the port of a redirect follows from.
    pub enum HttpRedirectRedirectPortSelection {
        /// 80 for HTTP, 443 for HTTPS.
        FromProtocolDefault = 0 => "FROM_PROTOCOL_DEFAULT",
        /// The request's port.
        FromRequestPort = 1 => "FROM_REQUEST_PORT",
    }
}

/// A fixed response.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpDirectResponse {
    /// The status.
    pub status: u32,
    /// The content; left out means none.
    pub body: Option<HttpBody>,
}

proto_message! {
    /// Content of a response.
    pub struct HttpBody {
        oneof {
            /// The content as text or as bytes.
            specifier: HttpBodySpecifier {
                /// Text.
                string => String(String),
                /// Bytes.
                bytes => Bytes(Bytes),
            }
        }
    }
}

/// Changes to a request's URL on the way to its destination.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpRewrite {
    /// Takes the place of the matched prefix, or of the whole path.
    pub uri: String,
    /// Takes the place of the authority.
    pub authority: String,
    /// Rewrites the path by a pattern.
    pub uri_regex_rewrite: Option<RegexRewrite>,
}

/// A replacement by pattern.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RegexRewrite {
    /// The pattern, in RE2's syntax.
    pub r#match: String,
    /// What takes its place; `\1` is the first group.
    pub rewrite: String,
}

proto_message! {
    /// A condition on a string.
    pub struct StringMatch {
        oneof {
            /// How the string must match; none is for presence where that makes sense.
            match_type: StringMatchType {
                /// Is this.
                exact => Exact(String),
                /// Begins with this.
                prefix => Prefix(String),
                /// Matches this pattern as a whole, in RE2's syntax.
                regex => Regex(String),
            }
        }
    }
}

/// When and how often a failed request is tried again.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpRetry {
    /// How often at most, after the first time; zero means never.
    pub attempts: i32,
    /// Time for each attempt, the first included; left out means the rule's timeout.
    pub per_try_timeout: Option<Duration>,
    /// Which failures count: Envoy's conditions and status codes, with commas.
    pub retry_on: String,
    /// Whether other localities may be tried.
    pub retry_remote_localities: Option<bool>,
    /// Whether endpoints that failed are avoided; left out means yes.
    pub retry_ignore_previous_hosts: Option<bool>,
    /// Least time between attempts; left out means 25 milliseconds.
    pub backoff: Option<Duration>,
}

/// Which other sites' pages may make requests, and what they may see.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CorsPolicy {
    /// Origins, exactly. Deprecated: `allow_origins`.
    pub allow_origin: Vec<String>,
    /// Origins that may make requests.
    pub allow_origins: Vec<StringMatch>,
    /// Methods that they may use.
    pub allow_methods: Vec<String>,
    /// Request headers that they may set.
    pub allow_headers: Vec<String>,
    /// Response headers that they may read.
    pub expose_headers: Vec<String>,
    /// How long the answer to a preflight may be kept.
    pub max_age: Option<Duration>,
    /// Whether cookies and the like may go along.
    pub allow_credentials: Option<bool>,
    /// What happens to preflights of other origins.
    pub unmatched_preflights: CorsPolicyUnmatchedPreflights,
}

proto_enum! {
    /// What happens to preflights whose origin is not allowed.
    pub enum CorsPolicyUnmatchedPreflights {
        /// As `Forward`.
        Unspecified = 0 => "UNSPECIFIED",
        /// They go on to the destination.
        Forward = 1 => "FORWARD",
        /// They are answered without any allowance.
        Ignore = 2 => "IGNORE",
    }
}

/// Failures to inject on the client's side.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpFaultInjection {
    /// Delays requests.
    pub delay: Option<HttpFaultInjectionDelay>,
    /// Fails requests.
    pub abort: Option<HttpFaultInjectionAbort>,
}

proto_message! {
    /// Delays a share of the requests.
    pub struct HttpFaultInjectionDelay {
        /// The share in percent; zero means none. Deprecated: `percentage`.
        pub percent: i32,
        /// The share; left out means `percent`.
        pub percentage: Option<Percent>,
        oneof {
            /// The kind of delay.
            http_delay_type: HttpFaultInjectionDelayHttpDelayType {
                /// Always the same; at least a millisecond.
                fixed_delay => FixedDelay(Duration),
                /// Spread around this mean. istiod ignores it.
                exponential_delay => ExponentialDelay(Duration),
            }
        }
    }
}

proto_message! {
    /// Fails a share of the requests.
    pub struct HttpFaultInjectionAbort {
        /// The share; left out means none.
        pub percentage: Option<Percent>,
        oneof {
            /// How a request fails.
            error_type: HttpFaultInjectionAbortErrorType {
                /// With this HTTP status.
                http_status => HttpStatus(i32),
                /// With this gRPC status, by name.
                grpc_status => GrpcStatus(String),
                /// With this HTTP/2 error. istiod ignores it.
                http2_error => Http2Error(String),
            }
        }
    }
}

/// Where copies of requests go.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpMirrorPolicy {
    /// Where they go.
    pub destination: Option<Destination>,
    /// The share of requests that is copied; left out means all.
    pub percentage: Option<Percent>,
}

/// A port by number.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PortSelector {
    /// The number.
    pub number: u32,
}

/// A share in percent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Percent {
    /// From 0 to 100.
    pub value: f64,
}
