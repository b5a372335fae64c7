//! `envoy.filters.http.cors`: answers preflight requests. Envoy: `cors_filter.cc`.

use crate::evaluate::http::Headers;
use crate::evaluate::matcher::StringMatcher;
use crate::evaluate::message::Message;
use crate::evaluate::percent;

/// A policy of a route.
#[derive(Debug)]
pub(in crate::evaluate) struct Cors {
    origins: Vec<StringMatcher>,
    is_enabled: bool,
    forwards_not_matching: bool,
}

/// Says whether a request asks what other requests may do.
pub(super) fn is_preflight(headers: &Headers) -> bool {
    let is_set = |name: &str| headers.get(name).is_some_and(|value| !value.is_empty());
    headers.method() == "OPTIONS" && is_set("origin") && is_set("access-control-request-method")
}

impl Cors {
    /// Reads a policy.
    pub(in crate::evaluate) fn new(config: Message<'_>) -> Self {
        let fraction = config.get("filter_enabled").and_then(|enabled| enabled.get("default_value"));
        Self {
            origins: config.list("allow_origin_string_match").map(StringMatcher::new).collect(),
            is_enabled: fraction.is_none_or(|fraction| percent::of_fraction(fraction) > 0.0),
            forwards_not_matching: config.flag("forward_not_matching_preflights") != Some(false),
        }
    }

    /// Says whether the filter answers a request itself, and why.
    pub(in crate::evaluate) fn answers(&self, headers: &Headers) -> (bool, &'static str) {
        let origin = headers.get("origin").unwrap_or_default();
        if !self.is_enabled {
            return (false, "off");
        }
        if origin.is_empty() {
            return (false, "the request has no origin");
        }
        let is_allowed = self.origins.iter().any(|matcher| matcher.matches(origin));
        match (is_preflight(headers), is_allowed) {
            (false, true) => (false, "the origin is allowed"),
            (false, false) => {
                (false, "the origin is not allowed: the response lacks the headers that a browser asks for")
            }
            (true, true) => (true, "answers the preflight request: the origin is allowed"),
            (true, false) if self.forwards_not_matching => {
                (false, "the origin is not allowed, and preflight requests of such go on")
            }
            (true, false) => (true, "answers the preflight request: the origin is not allowed"),
        }
    }
}
