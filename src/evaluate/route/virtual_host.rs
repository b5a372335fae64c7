//! `envoy.config.route.v3.VirtualHost` and `Route`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Context;
use super::action::Action;
use super::header_mutation::HeaderMutation;
use super::matching::{Miss, RouteMatch};
use crate::evaluate::http::Headers;
use crate::evaluate::http::path::without_query;
use crate::evaluate::matcher::HeaderMatcher;
use crate::evaluate::message::Message;

/// A virtual host.
#[derive(Debug)]
pub(in crate::evaluate) struct VirtualHost {
    /// Its name.
    pub(in crate::evaluate) name: String,
    /// Its domains, as written.
    pub(in crate::evaluate) domains: Vec<String>,
    /// Its routes, in order.
    pub(in crate::evaluate) routes: Vec<Route>,
    /// What it does to headers of requests.
    pub(in crate::evaluate) request_headers: HeaderMutation,
    /// What it does to headers of responses.
    pub(in crate::evaluate) response_headers: HeaderMutation,
    /// `typed_per_filter_config`
    pub(in crate::evaluate) per_filter: BTreeMap<String, Value>,
    virtual_clusters: Vec<VirtualCluster>,
    require_tls: RequireTls,
    /// It has a `matcher` in the place of routes, which is not evaluated.
    pub(in crate::evaluate) has_matcher: bool,
}

/// A name for some of the requests in statistics.
#[derive(Debug)]
struct VirtualCluster {
    name: String,
    headers: Vec<HeaderMatcher>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequireTls {
    None,
    ExternalOnly,
    All,
}

/// A route.
#[derive(Debug)]
pub(in crate::evaluate) struct Route {
    /// Its name.
    pub(in crate::evaluate) name: String,
    /// Which requests it is for.
    pub(in crate::evaluate) matching: RouteMatch,
    /// What becomes of them.
    pub(in crate::evaluate) action: Action,
    /// What it does to headers of requests.
    pub(in crate::evaluate) request_headers: HeaderMutation,
    /// What it does to headers of responses.
    pub(in crate::evaluate) response_headers: HeaderMutation,
    /// `typed_per_filter_config`
    pub(in crate::evaluate) per_filter: BTreeMap<String, Value>,
    /// The whole message, for what is only told.
    pub(in crate::evaluate) body: Value,
}

impl VirtualHost {
    /// Reads a virtual host.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        Self {
            name: message.text("name").unwrap_or_default().to_owned(),
            domains: message.texts("domains").map(str::to_owned).collect(),
            routes: message.list("routes").map(Route::new).collect(),
            request_headers: HeaderMutation::of_request(message),
            response_headers: HeaderMutation::of_response(message),
            per_filter: per_filter(message),
            virtual_clusters: message.list("virtual_clusters").map(VirtualCluster::new).collect(),
            require_tls: match message.text("require_tls") {
                Some("ALL") => RequireTls::All,
                Some("EXTERNAL_ONLY") => RequireTls::ExternalOnly,
                _ => RequireTls::None,
            },
            has_matcher: message.get("matcher").is_some(),
        }
    }

    /// Names the virtual cluster of a request; none where there are no such names. Envoy: `CommonVirtualHostImpl::virtualClusterFromEntries`.
    pub(in crate::evaluate) fn virtual_cluster(&self, headers: &Headers) -> Option<&str> {
        let is_of = |one: &&VirtualCluster| one.headers.iter().all(|matcher| matcher.matches(headers));
        let found = self.virtual_clusters.iter().find(is_of).map(|one| one.name.as_str());
        found.or_else(|| (!self.virtual_clusters.is_empty()).then_some("other"))
    }

    /// Says whether the client must come back with TLS. Envoy: `VirtualHostImpl::getRouteFromEntries`.
    pub(in crate::evaluate) fn wants_tls(&self, headers: &Headers) -> bool {
        let is_tls = headers.get("x-forwarded-proto") == Some("https");
        match self.require_tls {
            RequireTls::None => false,
            RequireTls::ExternalOnly => !is_tls && headers.get("x-envoy-internal") != Some("true"),
            RequireTls::All => !is_tls,
        }
    }

    /// Finds the first route that is for a request, and notes why those before it are not.
    ///
    /// `path` is what routes look at, with its query.
    pub(in crate::evaluate) fn route(
        &self,
        headers: &Headers,
        path: &str,
        context: Context<'_>,
        missed: &mut Vec<Miss>,
    ) -> Option<usize> {
        missed.clear();
        let path = without_query(path);
        for (index, route) in self.routes.iter().enumerate() {
            match route.matching.matches(headers, path, context) {
                None => return Some(index),
                Some(miss) => missed.push(miss),
            }
        }
        None
    }
}

impl VirtualCluster {
    fn new(message: Message<'_>) -> Self {
        Self {
            name: message.text("name").unwrap_or_default().to_owned(),
            headers: message.list("headers").map(HeaderMatcher::new).collect(),
        }
    }
}

impl Route {
    fn new(message: Message<'_>) -> Self {
        Self {
            name: message.text("name").unwrap_or_default().to_owned(),
            action: Action::new(message),
            matching: message.get("match").map_or_else(RouteMatch::none, RouteMatch::new),
            request_headers: HeaderMutation::of_request(message),
            response_headers: HeaderMutation::of_response(message),
            per_filter: per_filter(message),
            body: message.0.clone(),
        }
    }
}

/// Reads `typed_per_filter_config`.
pub(super) fn per_filter(message: Message<'_>) -> BTreeMap<String, Value> {
    message.entries("typed_per_filter_config").map(|(name, config)| (name.to_owned(), config.0.clone())).collect()
}
