//! Filters: what a route does to requests besides sending them on.

use serde::Deserialize;

use super::BackendObjectReference;

/// A filter of an HTTPRoute or a GRPCRoute; the settings are those of its type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteFilter {
    /// `RequestHeaderModifier`, `RequestRedirect` and so on.
    pub r#type: String,
    /// Changes headers on the way to the backend.
    pub request_header_modifier: Option<HttpHeaderFilter>,
    /// Changes headers on the way back.
    pub response_header_modifier: Option<HttpHeaderFilter>,
    /// Sends copies somewhere.
    pub request_mirror: Option<HttpRequestMirrorFilter>,
    /// Answers with a redirect.
    pub request_redirect: Option<HttpRequestRedirectFilter>,
    /// Changes path and authority.
    pub url_rewrite: Option<HttpUrlRewriteFilter>,
    /// Lets other sites' pages make requests.
    pub cors: Option<HttpCorsFilter>,
}

/// Changes to headers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpHeaderFilter {
    /// Headers that get this value in place of any other.
    pub set: Vec<HttpHeader>,
    /// Headers that get this value besides any other.
    pub add: Vec<HttpHeader>,
    /// Headers that are taken away.
    pub remove: Vec<String>,
}

/// A header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpHeader {
    /// Its name; case does not count.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Where copies of requests go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRequestMirrorFilter {
    /// Where.
    pub backend_ref: BackendObjectReference,
    /// The share of requests, in percent; left out means all.
    pub percent: Option<i32>,
    /// The share of requests.
    pub fraction: Option<Fraction>,
}

/// A share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fraction {
    /// So many.
    pub numerator: i32,
    /// Of so many.
    pub denominator: i32,
}

/// A redirect. What is left out stays as in the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRequestRedirectFilter {
    /// `http` or `https`.
    pub scheme: Option<String>,
    /// The new host.
    pub hostname: Option<String>,
    /// The new path.
    pub path: Option<HttpPathModifier>,
    /// The new port.
    pub port: Option<u32>,
    /// The status.
    pub status_code: Option<u32>,
}

/// A change of the path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpPathModifier {
    /// `ReplaceFullPath` or `ReplacePrefixMatch`.
    pub r#type: String,
    /// Takes the place of the whole path.
    pub replace_full_path: Option<String>,
    /// Takes the place of the matched prefix.
    pub replace_prefix_match: Option<String>,
}

/// A change of path and authority.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpUrlRewriteFilter {
    /// The new authority.
    pub hostname: Option<String>,
    /// The new path.
    pub path: Option<HttpPathModifier>,
}

/// Which other sites' pages may make requests, and what they may see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpCorsFilter {
    /// Origins, with wildcards.
    pub allow_origins: Vec<String>,
    /// Whether cookies and the like may go along.
    pub allow_credentials: Option<bool>,
    /// Methods that they may use.
    pub allow_methods: Vec<String>,
    /// Request headers that they may set.
    pub allow_headers: Vec<String>,
    /// Response headers that they may read.
    pub expose_headers: Vec<String>,
    /// How long the answer to a preflight may be kept, in seconds.
    pub max_age: i32,
}
