//! `envoy.config.route.v3.RedirectAction`. Envoy: `Http::Utility::newUri`.

use regex::bytes::Regex;

use super::matching::RouteMatch;
use crate::evaluate::http::Headers;
use crate::evaluate::http::path::without_query;
use crate::evaluate::message::Message;
use crate::evaluate::regex::{compile, replace_all};

/// Where a client is sent.
#[derive(Debug, Default)]
pub(in crate::evaluate) struct Redirect {
    scheme: Option<String>,
    host: Option<String>,
    port: Option<u32>,
    path: PathRedirect,
    strip_query: bool,
    /// The status.
    pub(in crate::evaluate) status: u16,
}

#[derive(Debug, Default)]
enum PathRedirect {
    #[default]
    None,
    Path(String),
    Prefix(String),
    Regex(Regex, String),
}

impl Redirect {
    /// Reads a redirect.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        let scheme = message.text("scheme_redirect").map(str::to_owned);
        let path = if let Some(path) = message.text("path_redirect") {
            PathRedirect::Path(path.to_owned())
        } else if let Some(prefix) = message.text("prefix_rewrite") {
            PathRedirect::Prefix(prefix.to_owned())
        } else {
            let regex = message.get("regex_rewrite").and_then(|rewrite| {
                let regex = compile(rewrite.get("pattern")?.text("regex")?)?;
                Some((regex, rewrite.text("substitution").unwrap_or_default().to_owned()))
            });
            regex.map_or(PathRedirect::None, |(regex, substitution)| PathRedirect::Regex(regex, substitution))
        };
        Self {
            scheme: scheme.or_else(|| message.is("https_redirect").then(|| "https".to_owned())),
            host: message.text("host_redirect").map(str::to_owned),
            port: message.unsigned("port_redirect").filter(|port| *port != 0),
            path,
            strip_query: message.is("strip_query"),
            status: match message.text("response_code") {
                Some("FOUND") => 302,
                Some("SEE_OTHER") => 303,
                Some("TEMPORARY_REDIRECT") => 307,
                Some("PERMANENT_REDIRECT") => 308,
                _ => 301,
            },
        }
    }

    /// Returns the URL that the client is sent to.
    pub(in crate::evaluate) fn location(&self, headers: &Headers, matching: &RouteMatch) -> String {
        let scheme = self.scheme.as_deref().or_else(|| headers.get(":scheme")).unwrap_or("http");
        let host = match &self.host {
            Some(host) => host.clone(),
            None => self.host_of_request(headers, scheme).to_owned(),
        };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{host}{port}{}", self.path(headers.path(), matching))
    }

    /// Rewrites the path of the request itself, where the new one is made of it. Envoy: `finalizePathHeaderForRedirect`.
    pub(in crate::evaluate) fn rewrite(&self, headers: &mut Headers, matching: &RouteMatch, keeps: bool) {
        if let PathRedirect::Prefix(_) | PathRedirect::Regex(..) = &self.path {
            let query = headers.path()[without_query(headers.path()).len()..].to_owned();
            let path = self.path(without_query(headers.path()), matching);
            if !path.is_empty() {
                headers.change_path(path + &query, keeps);
            }
        }
    }

    /// Returns the host of the request, without a port that the new URL does not need.
    fn host_of_request<'h>(&self, headers: &'h Headers, scheme: &str) -> &'h str {
        let host = headers.authority();
        let colon = if host.starts_with('[') { host.rfind("]:").map(|at| at + 1) } else { host.rfind(':') };
        let Some(colon) = colon else { return host };
        let before = headers.get("x-forwarded-proto").unwrap_or_default();
        let is_default = matches!((before, &host[colon..]), ("https", ":443") | ("http", ":80"));
        if self.port.is_some() || (scheme != before && is_default) { &host[..colon] } else { host }
    }

    fn path(&self, path: &str, matching: &RouteMatch) -> String {
        let query = &path[without_query(path).len()..];
        let kept = if self.strip_query { "" } else { query };
        match &self.path {
            PathRedirect::None => format!("{}{kept}", without_query(path)),
            // A query in the new path is the whole query.
            PathRedirect::Path(new) if new.contains('?') => new.clone(),
            PathRedirect::Path(new) => format!("{new}{kept}"),
            PathRedirect::Prefix(prefix) => {
                let matched = matching.matched(path);
                format!("{prefix}{}{kept}", &without_query(path)[matched.len()..])
            }
            PathRedirect::Regex(regex, substitution) => {
                format!("{}{kept}", replace_all(regex, without_query(path), substitution))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ports_that_go_with_the_scheme_are_left_out() {
        let mut headers = Headers::default();
        headers.set(":authority", "a:80");
        headers.set(":path", "/x?y");
        headers.set(":scheme", "http");
        headers.set("x-forwarded-proto", "http");
        for (redirect, expected) in [
            (json!({ "https_redirect": true }), "https://a/x?y"),
            (json!({ "path_redirect": "/z" }), "http://a:80/z?y"),
            (json!({ "path_redirect": "/z?q", "strip_query": true }), "http://a:80/z?q"),
            (json!({ "host_redirect": "b", "port_redirect": 8443, "strip_query": true }), "http://b:8443/x"),
            (json!({ "port_redirect": 81 }), "http://a:81/x?y"),
        ] {
            let location = Redirect::new(Message(&redirect)).location(&headers, &RouteMatch::none());
            assert_eq!(location, expected, "{redirect}");
        }
    }
}
