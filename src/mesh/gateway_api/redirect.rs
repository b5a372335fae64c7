//! Filters of HTTPRoutes alone: redirects, rewrites, CORS.

use crate::model::Duration;
use crate::model::gateway_api::{HttpCorsFilter, HttpPathModifier, HttpRequestRedirectFilter, HttpUrlRewriteFilter};
use crate::model::istio::{
    CorsPolicy, CorsPolicyUnmatchedPreflights, HttpRedirect, HttpRedirectPort, HttpRedirectRedirectPortSelection,
    HttpRewrite, RegexRewrite, StringMatch, StringMatchType,
};

/// Any origin that is well formed: a scheme, a host, perhaps a port.
const ANY_ORIGIN: &str = r"^[a-zA-Z][a-zA-Z0-9+.-]*://[^/\s?#]+$";

/// `requestRedirect` -> `HTTPRoute.redirect`
///
/// Without a port the request's stays, unless the scheme changes.
///
/// istiod: `conversion.go` `createRedirectFilter`
pub(super) fn redirect(filter: &HttpRequestRedirectFilter) -> HttpRedirect {
    let HttpRequestRedirectFilter { scheme, hostname, path, port, status_code } = filter;
    let derived = match scheme {
        Some(_) => HttpRedirectRedirectPortSelection::FromProtocolDefault,
        None => HttpRedirectRedirectPortSelection::FromRequestPort,
    };
    HttpRedirect {
        uri: path.as_ref().map(redirect_path).unwrap_or_default(),
        prefix_rewrite: String::new(),
        authority: hostname.clone().unwrap_or_default(),
        scheme: scheme.clone().unwrap_or_default(),
        redirect_code: status_code.unwrap_or_default(),
        redirect_port: Some(match port {
            Some(port) => HttpRedirectPort::Port(*port),
            None => HttpRedirectPort::DerivePort(derived),
        }),
    }
}

fn redirect_path(path: &HttpPathModifier) -> String {
    let HttpPathModifier { r#type, replace_full_path, replace_prefix_match } = path;
    match r#type.as_str() {
        "ReplaceFullPath" => replace_full_path.clone().unwrap_or_default(),
        "ReplacePrefixMatch" => format!("%PREFIX()%{}", replace_prefix_match.as_deref().unwrap_or_default()),
        _ => String::new(),
    }
}

/// `urlRewrite` -> `HTTPRoute.rewrite`; none if it changes nothing
///
/// istiod: `conversion.go` `createRewriteFilter`
pub(super) fn rewrite(filter: &HttpUrlRewriteFilter) -> Option<HttpRewrite> {
    let HttpUrlRewriteFilter { hostname, path } = filter;
    let mut rewrite = HttpRewrite { authority: hostname.clone().unwrap_or_default(), ..HttpRewrite::default() };
    if let Some(HttpPathModifier { r#type, replace_full_path, replace_prefix_match }) = path {
        match r#type.as_str() {
            "ReplacePrefixMatch" => {
                let prefix = replace_prefix_match.as_deref().unwrap_or_default();
                let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
                // `/` takes the prefix away.
                rewrite.uri = if prefix.is_empty() { "/".to_owned() } else { prefix.to_owned() };
            }
            "ReplaceFullPath" => {
                let rewrite_to = replace_full_path.clone().unwrap_or_default();
                rewrite.uri_regex_rewrite = Some(RegexRewrite { r#match: "/.*".to_owned(), rewrite: rewrite_to });
            }
            _ => {}
        }
    }
    (rewrite != HttpRewrite::default()).then_some(rewrite)
}

/// `cors` -> `HTTPRoute.corsPolicy`
///
/// istiod: `conversion.go` `createCorsFilter`
pub(super) fn cors(filter: &HttpCorsFilter) -> CorsPolicy {
    let HttpCorsFilter { allow_origins, allow_credentials, allow_methods, allow_headers, expose_headers, max_age } =
        filter;
    let origins = allow_origins.iter().filter(|origin| !origin.is_empty()).map(|origin| origin_match(origin));
    CorsPolicy {
        allow_origin: Vec::new(),
        allow_origins: origins.map(|r#match| StringMatch { match_type: Some(r#match) }).collect(),
        allow_methods: allow_methods.clone(),
        allow_headers: allow_headers.clone(),
        expose_headers: expose_headers.clone(),
        max_age: (*max_age > 0).then(|| Duration::seconds(i64::from(*max_age))),
        allow_credentials: allow_credentials.filter(|allowed| *allowed),
        unmatched_preflights: CorsPolicyUnmatchedPreflights::Ignore,
    }
}

fn origin_match(origin: &str) -> StringMatchType {
    match origin.strip_suffix('*') {
        Some("") => StringMatchType::Regex(ANY_ORIGIN.to_owned()),
        Some(prefix) if !prefix.contains('*') => StringMatchType::Prefix(prefix.to_owned()),
        _ if origin.contains('*') => StringMatchType::Regex(format!("^{}$", quote(origin).replace("\\*", ".*"))),
        _ => StringMatchType::Exact(origin.to_owned()),
    }
}

/// Go: `regexp.QuoteMeta`
fn quote(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
