//! What becomes of a request: `envoy.config.route.v3.RouteAction`, `RedirectAction`, `DirectResponseAction`.

use std::borrow::Cow;

use regex::bytes::Regex;

use super::header_mutation::HeaderMutation;
use super::matching::RouteMatch;
use super::redirect::Redirect;
use crate::evaluate::http::Headers;
use crate::evaluate::http::path::without_query;
use crate::evaluate::message::Message;
use crate::evaluate::regex::{compile, replace_all};

/// What becomes of a request.
#[derive(Debug)]
pub(in crate::evaluate) enum Action {
    /// It goes to a cluster.
    Route(Box<RouteAction>),
    /// The client is sent elsewhere.
    Redirect(Box<Redirect>),
    /// The proxy answers with this status.
    DirectResponse(u16),
    /// The proxy does nothing but run its filters.
    NonForwarding,
    /// What is not known here.
    Unknown,
}

/// A route to clusters.
#[derive(Debug)]
pub(in crate::evaluate) struct RouteAction {
    /// The clusters.
    pub(in crate::evaluate) clusters: Clusters,
    /// The status when there is no such cluster.
    pub(in crate::evaluate) cluster_not_found: u16,
    host: HostRewrite,
    append_x_forwarded_host: bool,
    path: PathRewrite,
    /// The header that says which of weighted clusters gets the request.
    random_header: Option<String>,
}

/// Where a request goes.
#[derive(Debug)]
pub(in crate::evaluate) enum Clusters {
    /// To one of these, by weight.
    Weighted(Vec<WeightedCluster>),
    /// To the cluster that this header names.
    Header(String),
    /// An extension decides.
    Unknown,
}

/// One of several clusters.
#[derive(Debug)]
pub(in crate::evaluate) struct WeightedCluster {
    /// Its name; empty when a header has it.
    pub(in crate::evaluate) name: String,
    /// The header that names it.
    pub(in crate::evaluate) header: Option<String>,
    /// Its weight.
    pub(in crate::evaluate) weight: u32,
    /// What is done to headers of requests.
    pub(in crate::evaluate) request_headers: HeaderMutation,
    /// What is done to headers of responses.
    pub(in crate::evaluate) response_headers: HeaderMutation,
    host: Option<String>,
}

#[derive(Debug)]
enum HostRewrite {
    None,
    Literal(String),
    Header(String),
    PathRegex(Regex, String),
    /// The name of the upstream host, which only a DNS cluster has.
    Auto,
}

#[derive(Debug)]
enum PathRewrite {
    None,
    Prefix(String),
    Regex(Regex, String),
    Template(String),
}

impl Action {
    /// Reads the action of a route.
    pub(in crate::evaluate) fn new(route: Message<'_>) -> Self {
        if let Some(action) = route.get("route") {
            return Self::Route(Box::new(RouteAction::new(action)));
        }
        if let Some(action) = route.get("redirect") {
            return Self::Redirect(Box::new(Redirect::new(action)));
        }
        if let Some(action) = route.get("direct_response") {
            let status = action.unsigned("status").and_then(|status| u16::try_from(status).ok());
            return Self::DirectResponse(status.unwrap_or_default());
        }
        if route.get("non_forwarding_action").is_some() { Self::NonForwarding } else { Self::Unknown }
    }
}

impl RouteAction {
    fn new(message: Message<'_>) -> Self {
        let clusters = if let Some(weighted) = message.get("weighted_clusters") {
            Clusters::Weighted(weighted.list("clusters").map(WeightedCluster::new).collect())
        } else if let Some(name) = message.text("cluster") {
            Clusters::Weighted(vec![WeightedCluster::only(name)])
        } else if let Some(header) = message.text("cluster_header") {
            Clusters::Header(header.to_ascii_lowercase())
        } else {
            Clusters::Unknown
        };
        let host = if let Some(literal) = message.text("host_rewrite_literal") {
            HostRewrite::Literal(literal.to_owned())
        } else if let Some(header) = message.text("host_rewrite_header") {
            HostRewrite::Header(header.to_ascii_lowercase())
        } else if let Some((regex, substitution)) = message.get("host_rewrite_path_regex").and_then(rewrite) {
            HostRewrite::PathRegex(regex, substitution)
        } else if message.is("auto_host_rewrite") {
            HostRewrite::Auto
        } else {
            HostRewrite::None
        };
        let path = if let Some(prefix) = message.text("prefix_rewrite") {
            PathRewrite::Prefix(prefix.to_owned())
        } else if let Some((regex, substitution)) = message.get("regex_rewrite").and_then(rewrite) {
            PathRewrite::Regex(regex, substitution)
        } else {
            let policy = message.get("path_rewrite_policy").and_then(|policy| policy.any("typed_config"));
            let template = policy.and_then(|(_, config)| config.text("path_template_rewrite"));
            template.map_or(PathRewrite::None, |template| PathRewrite::Template(template.to_owned()))
        };
        Self {
            clusters,
            cluster_not_found: match message.text("cluster_not_found_response_code") {
                Some("NOT_FOUND") => 404,
                Some("INTERNAL_SERVER_ERROR") => 500,
                _ => 503,
            },
            host,
            append_x_forwarded_host: message.is("append_x_forwarded_host"),
            path,
            random_header: message
                .get("weighted_clusters")
                .and_then(|weighted| weighted.text("header_name"))
                .map(str::to_ascii_lowercase),
        }
    }

    /// Returns the number that chooses one of weighted clusters: that of the request's header, or else the one given. Envoy:
    /// `WeightedClusterSpecifierPlugin::route`.
    pub(in crate::evaluate) fn random(&self, headers: &Headers, given: u64) -> u64 {
        let of_header = self.random_header.as_deref().and_then(|name| headers.only(name)?.trim().parse().ok());
        of_header.unwrap_or(given)
    }

    /// Rewrites host and path. `upstream` is the name of the upstream host, where it has one; `keeps` says whether headers tell what was
    /// there before. Envoy: `finalizeRequestHeaders`.
    pub(in crate::evaluate) fn rewrite(
        &self,
        headers: &mut Headers,
        matching: &RouteMatch,
        cluster: &WeightedCluster,
        upstream: Option<&str>,
        keeps: bool,
    ) {
        // The cluster's comes first, so the route's wins.
        if let Some(host) = &cluster.host {
            headers.set(":authority", host.clone());
        }
        let host = match &self.host {
            HostRewrite::None => None,
            HostRewrite::Literal(host) => Some(host.clone()),
            HostRewrite::Header(name) => headers.get(name).map(str::to_owned),
            HostRewrite::PathRegex(regex, substitution) => {
                Some(replace_all(regex, without_query(headers.path()), substitution))
            }
            HostRewrite::Auto => upstream.map(str::to_owned),
        };
        if let Some(host) = host.filter(|host| !host.is_empty()) {
            let before = headers.authority().to_owned();
            if keeps && !before.is_empty() {
                headers.set("x-envoy-original-host", before.clone());
            }
            let is_last = |all: Cow<'_, str>| all.rsplit(',').next() == Some(before.as_str());
            if self.append_x_forwarded_host && !headers.joined("x-forwarded-host").is_some_and(is_last) {
                headers.append("x-forwarded-host", before);
            }
            headers.set(":authority", host);
        }
        if let Some(path) = self.new_path(headers.path(), matching).filter(|path| !path.is_empty()) {
            headers.change_path(path, keeps);
        }
    }

    fn new_path(&self, path: &str, matching: &RouteMatch) -> Option<String> {
        let just_path = without_query(path);
        let rest = &path[just_path.len()..];
        match &self.path {
            PathRewrite::None => None,
            PathRewrite::Prefix(prefix) => {
                let matched = matching.matched(path);
                Some(format!("{prefix}{}", &path[matched.len()..]))
            }
            PathRewrite::Regex(regex, substitution) => {
                Some(format!("{}{rest}", replace_all(regex, just_path, substitution)))
            }
            PathRewrite::Template(template) => {
                let new = matching.template()?.rewrite(just_path, template)?;
                Some(format!("{new}{rest}"))
            }
        }
    }
}

impl WeightedCluster {
    fn new(message: Message<'_>) -> Self {
        Self {
            name: message.text("name").unwrap_or_default().to_owned(),
            header: message.text("cluster_header").map(str::to_ascii_lowercase),
            weight: message.unsigned("weight").unwrap_or_default(),
            request_headers: HeaderMutation::of_request(message),
            response_headers: HeaderMutation::of_response(message),
            host: message.text("host_rewrite_literal").map(str::to_owned),
        }
    }

    /// The only cluster of a route.
    pub(in crate::evaluate) fn only(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            header: None,
            weight: 1,
            request_headers: HeaderMutation::default(),
            response_headers: HeaderMutation::default(),
            host: None,
        }
    }
}

/// Returns the place of the weight that a random number falls on; there must be some weight. Envoy: `pickClusterIndex`.
pub fn pick(weights: impl Iterator<Item = u64> + Clone, random: u64) -> Option<usize> {
    let random = random.checked_rem(weights.clone().sum())?;
    let ends = weights.scan(0, |end, weight| {
        *end += weight;
        Some(*end)
    });
    ends.enumerate().find(|(_, end)| random < *end).map(|(index, _)| index)
}

fn rewrite(message: Message<'_>) -> Option<(Regex, String)> {
    let regex = compile(message.get("pattern")?.text("regex")?)?;
    Some((regex, message.text("substitution").unwrap_or_default().to_owned()))
}
