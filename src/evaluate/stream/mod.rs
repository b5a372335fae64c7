//! From a request to its route and its clusters, through the HTTP filters. Envoy: `conn_manager_impl.cc`.

mod router;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::evaluate::Clusters;
use crate::evaluate::answer::{Answer, FilterAnswer, Host, Kind, Outcome, RouteFound, Verdict};
use crate::evaluate::http::connection_manager::{ConnectionManager, Routes, StripsPort};
use crate::evaluate::http::path::Normalized;
use crate::evaluate::http::sanitize::{Connection, Trust};
use crate::evaluate::http::{Headers, host, local_reply};
use crate::evaluate::http_filter::{self, Cors, Fault, HttpFilter, HttpHeaderMutation, HttpRbac, PerRoute};
use crate::evaluate::listener::Inspected;
use crate::evaluate::proxy::Proxy;
use crate::evaluate::rbac::{self, Facts, Rbac};
use crate::evaluate::request::{Request, Speaks, Version};
use crate::evaluate::route::{self, Action, Context, Given, HostMatch, Miss, RouteConfig, Runtime, VirtualHost};

/// Runs a request through a connection manager.
pub(super) fn evaluate<'p>(
    proxy: &'p Proxy,
    request: &Request,
    clusters: Clusters,
    inspected: &Inspected,
    manager: &'p ConnectionManager,
    answer: &mut Answer<'p>,
) {
    let mut headers = headers_of(request);
    let route_config = match &manager.routes {
        Routes::Discovered(name) => proxy.route_config(name),
        Routes::Inline(config) => Some(&**config),
        Routes::Scoped => None,
    };
    answer.route_config = match &manager.routes {
        Routes::Discovered(name) => Some(name),
        Routes::Inline(config) => Some(&config.name),
        Routes::Scoped => None,
    };
    if route_config.is_none() {
        answer.notes.push(match &manager.routes {
            Routes::Discovered(name) => format!("the route configuration {name} is not there"),
            _ => "routes are in scopes, which are not evaluated".to_owned(),
        });
    }
    // Where the filter chain does not end TLS, the connection manager meets bytes of TLS.
    let ends_tls = answer.filter_chain.as_ref().is_some_and(|chain| chain.ends_tls);
    let is_http = request.speaks == Speaks::Http && (request.tls.is_none() || ends_tls);
    if let Some(outcome) = refused(request, is_http, manager, &mut headers) {
        answer.outcome = outcome;
        return;
    }
    let internal_only = route_config.map(|config| config.internal_only_headers.clone()).unwrap_or_default();
    let trust = Trust { internal_only_headers: internal_only, ..manager.trust.clone() };
    let connection =
        Connection { peer: request.source, local_port: request.destination.port(), is_tls: request.tls.is_some() };
    let client = trust.apply(&mut headers, connection);

    let mut stream = Stream {
        proxy,
        request,
        clusters,
        inspected,
        route_config,
        client,
        headers,
        metadata: Map::new(),
        runtime: None,
        keeps_original: true,
        picked: None,
        found: Found::Nothing,
        flags: Vec::new(),
        misses: Vec::new(),
    };
    stream.find_route();
    stream.run(manager, answer);
    stream.tell(answer);
}

/// Sends a request to the routes of a configuration, with the headers that it has.
pub(super) fn evaluate_routes<'p>(proxy: &'p Proxy, name: &'p str, request: &Request, given: &Given) -> Answer<'p> {
    let inspected = Inspected::default();
    let mut answer = Answer { route_config: Some(name), ..Answer::default() };
    let mut stream = Stream {
        proxy,
        request,
        clusters: Clusters::Named,
        inspected: &inspected,
        route_config: proxy.route_config(name),
        client: request.source,
        headers: headers_of(request),
        metadata: given.metadata.clone(),
        runtime: Some(&given.runtime),
        keeps_original: true,
        picked: None,
        found: Found::Nothing,
        flags: Vec::new(),
        misses: Vec::new(),
    };
    let scheme = stream.headers.get("x-forwarded-proto").unwrap_or("http").to_owned();
    stream.headers.set(":scheme", scheme);
    stream.find_route();
    answer.outcome = stream.route(&mut answer);
    stream.tell(&mut answer);
    answer
}

/// Puts a request into a header map.
fn headers_of(request: &Request) -> Headers {
    let mut headers = Headers::default();
    let (authority, path) = absolute(&request.path).unwrap_or((&request.authority, &request.path));
    headers.append(":authority", authority);
    headers.append(":path", path);
    headers.append(":method", request.method.clone());
    for (name, value) in &request.headers {
        let name = host_or(name);
        if name == ":authority" {
            headers.set(name, value.clone());
        } else {
            headers.append(name, value.trim_matches([' ', '\t']));
        }
    }
    headers
}

fn host_or(name: &str) -> String {
    crate::evaluate::http::headers::known_as(name)
}

/// Splits a URL in the place of a path.
fn absolute(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("http://").or_else(|| path.strip_prefix("https://"))?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let path = &rest[end..];
    Some((&rest[..end], if path.is_empty() { "/" } else { path }))
}

/// Says why the connection manager answers a request before any filter sees it, and normalizes its host and path.
fn refused(request: &Request, is_http: bool, manager: &ConnectionManager, headers: &mut Headers) -> Option<Outcome> {
    let reply = |status: u16, details: &str| Outcome {
        kind: Kind::DirectResponse,
        status: Some(status),
        flags: "-".to_owned(),
        details: details.to_owned(),
        location: None,
    };
    if !is_http {
        let reset = reply(400, "http1.codec_error");
        return Some(Outcome { kind: Kind::Reset, flags: "DPE".to_owned(), ..reset });
    }
    if request.version == Version::Http10 && !manager.accepts_http_10 {
        return Some(reply(426, "low_version"));
    }
    if headers.authority().is_empty() {
        match &manager.default_host {
            Some(host) if request.version == Version::Http10 => headers.set(":authority", host.clone()),
            _ => return Some(reply(400, "missing_host_header")),
        }
    }
    if !host::is_valid(headers.authority()) {
        return Some(reply(400, "http.invalid_authority"));
    }
    let is_connect = headers.method() == "CONNECT";
    if !is_connect && !headers.path().starts_with('/') {
        return Some(reply(404, "absolute_path_rejected"));
    }
    if !is_connect {
        match manager.normalization.apply(headers.path()) {
            Normalized::Path(path) => headers.set(":path", path),
            Normalized::Rejected => return Some(reply(400, "path_normalization_failed")),
            Normalized::Redirect(path) => {
                return Some(Outcome {
                    kind: Kind::Redirect,
                    location: Some(path),
                    ..reply(307, "path_normalization_failed")
                });
            }
        }
    }
    if manager.strips_trailing_dot {
        let host = host::strip_trailing_dot(headers.authority());
        headers.set(":authority", host);
    }
    let only = match manager.strips_port {
        StripsPort::None => None,
        StripsPort::Matching => Some(Some(request.destination.port())),
        StripsPort::Any => Some(None),
    };
    if let Some(only) = only {
        let host = host::strip_port(headers.authority(), only).to_owned();
        headers.set(":authority", host);
    }
    let is_upgrade = headers.get("connection").is_some_and(|value| value.to_ascii_lowercase().contains("upgrade"));
    match headers.get("upgrade").map(str::to_ascii_lowercase) {
        Some(upgrade) if is_upgrade && !manager.upgrades.contains(&upgrade) => Some(reply(403, "upgrade_failed")),
        _ if is_connect && !manager.upgrades.iter().any(|upgrade| upgrade == "connect") => {
            Some(reply(403, "upgrade_failed"))
        }
        _ => None,
    }
}

/// What the route configuration says to a request.
#[derive(Debug, Clone, Copy)]
enum Found<'p> {
    /// No virtual host.
    Nothing,
    /// No route of this virtual host.
    Host(HostFound<'p>),
    /// The client must come back with TLS.
    WantsTls(HostFound<'p>),
    /// This route.
    Route(HostFound<'p>, usize),
}

/// A virtual host, the domain that is the host's, and how.
type HostFound<'p> = (&'p VirtualHost, &'p str, HostMatch);

/// A request on its way.
struct Stream<'p, 'r> {
    proxy: &'p Proxy,
    request: &'r Request,
    clusters: Clusters,
    inspected: &'r Inspected,
    route_config: Option<&'p RouteConfig>,
    client: IpAddr,
    headers: Headers,
    metadata: Map<String, Value>,
    runtime: Option<&'r Runtime>,
    /// Whether headers tell host and path as they were before a route rewrote them.
    keeps_original: bool,
    /// The cluster whose changes of headers count.
    picked: Option<usize>,
    found: Found<'p>,
    flags: Vec<&'static str>,
    misses: Vec<Miss>,
}

impl<'p> Stream<'p, '_> {
    fn find_route(&mut self) {
        self.misses.clear();
        self.found = Found::Nothing;
        let Some(config) = self.route_config else { return };
        let Some(host) = config.virtual_host(self.headers.authority()) else { return };
        if host.0.wants_tls(&self.headers) {
            self.found = Found::WantsTls(host);
            return;
        }
        let certificate = self.request.tls.as_ref().and_then(|tls| tls.certificate.as_ref());
        let context =
            Context { metadata: &self.metadata, has_certificate: certificate.is_some(), runtime: self.runtime };
        let path = config.path_for_matching(self.headers.path());
        self.found = match host.0.route(&self.headers, path, context, &mut self.misses) {
            Some(route) => Found::Route(host, route),
            None => Found::Host(host),
        };
    }

    /// Says what route, virtual host and route configuration have for filters, the most specific first.
    fn per_filter(&self) -> Vec<&'p BTreeMap<String, Value>> {
        let mut out = Vec::new();
        match self.found {
            Found::Nothing | Found::Host(..) => return out,
            Found::Route((host, ..), index) => out.extend([&host.routes[index].per_filter, &host.per_filter]),
            Found::WantsTls((host, ..)) => out.push(&host.per_filter),
        }
        out.extend(self.route_config.map(|config| &config.per_filter));
        out
    }

    fn action(&self) -> Option<&'p Action> {
        match self.found {
            Found::Route((host, ..), index) => Some(&host.routes[index].action),
            _ => None,
        }
    }

    /// The cluster of the route, where it is only one.
    fn only_cluster(&self) -> Option<&'p str> {
        match self.action()? {
            Action::Route(action) => match &action.clusters {
                route::Clusters::Weighted(list) => match list.as_slice() {
                    [one] => Some(&one.name),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    fn reply(&self, kind: Kind, status: u16, flag: Option<&'static str>, details: impl Into<String>) -> Outcome {
        Outcome {
            kind,
            status: Some(local_reply::status(&self.headers, status)),
            flags: self.flags(flag),
            details: details.into(),
            location: None,
        }
    }

    fn flags(&self, more: Option<&'static str>) -> String {
        let all: Vec<&str> = self.flags.iter().copied().chain(more).collect();
        if all.is_empty() { "-".to_owned() } else { all.join(",") }
    }

    /// Asks the filters, and then the router.
    fn run(&mut self, manager: &'p ConnectionManager, answer: &mut Answer<'p>) {
        for filter in &manager.filters {
            let per_route = PerRoute::of(&filter.name, &self.per_filter());
            let is_off = matches!(per_route, PerRoute::Disabled)
                || (filter.is_disabled && matches!(per_route, PerRoute::Absent));
            let (verdict, why, outcome) = if is_off {
                (Verdict::Continue, Cow::Borrowed("off"), None)
            } else {
                self.ask(filter, per_route, answer)
            };
            answer.filters.push(FilterAnswer { name: &filter.name, verdict, why });
            if let Some(outcome) = outcome {
                answer.outcome = outcome;
                return;
            }
            if matches!(filter.kind, http_filter::Kind::Router { .. }) {
                return;
            }
        }
        answer.notes.push("the connection manager has no router".to_owned());
    }

    /// Asks one filter: its verdict, why, and how the request ends if it ends here.
    fn ask(
        &mut self,
        filter: &'p HttpFilter,
        per_route: PerRoute<'p>,
        answer: &mut Answer<'p>,
    ) -> (Verdict, Cow<'p, str>, Option<Outcome>) {
        match &filter.kind {
            http_filter::Kind::Other => (Verdict::Continue, Cow::Borrowed(""), None),
            http_filter::Kind::Unknown(why) => (Verdict::Unknown, Cow::Borrowed(why.as_str()), None),
            http_filter::Kind::RateLimit(why) => (Verdict::Continue, Cow::Borrowed(why.as_str()), None),
            http_filter::Kind::Router { suppresses_envoy_headers } => {
                self.keeps_original = !suppresses_envoy_headers;
                answer.outcome = self.route(answer);
                (Verdict::Continue, Cow::Borrowed(""), None)
            }
            http_filter::Kind::Cors => self.cors(per_route),
            http_filter::Kind::Fault(fault) => self.fault(fault, per_route),
            http_filter::Kind::Jwt(jwt) => {
                let said = jwt.ask(&mut self.headers, self.request.token.as_ref(), &mut self.metadata);
                if said.clears_route {
                    self.find_route();
                }
                let verdict = match (&said.refusal, said.is_unverified) {
                    (Some(_), _) => Verdict::Deny,
                    (None, true) => Verdict::Unknown,
                    (None, false) => Verdict::Allow,
                };
                let outcome = said.refusal.map(|(status, details)| self.reply(Kind::Denied, status, None, details));
                (verdict, Cow::Owned(said.why), outcome)
            }
            http_filter::Kind::Rbac(rbac) => match per_route.config() {
                Some(config) => match config.get("rbac") {
                    Some(own) => self.rbac(&HttpRbac::new(own)),
                    None => (Verdict::Continue, Cow::Borrowed("off"), None),
                },
                None => self.rbac(rbac),
            },
            http_filter::Kind::ExtAuthz(ext) => {
                if per_route.config().is_some_and(|config| config.is("disabled")) {
                    return (Verdict::Continue, Cow::Borrowed("off"), None);
                }
                if !ext.is_enabled(&self.metadata) {
                    return (Verdict::Continue, Cow::Borrowed("no policy asks for it"), None);
                }
                let failure = if ext.allows_failure { "; without its answer the request goes on" } else { "" };
                (Verdict::Unknown, Cow::Owned(format!("asks {}{failure}", ext.cluster)), None)
            }
            http_filter::Kind::HeaderMutation(mutation) => {
                mutation.apply(&mut self.headers);
                if let Some(config) = per_route.config() {
                    HttpHeaderMutation::new(config).apply(&mut self.headers);
                }
                (Verdict::Continue, Cow::Borrowed(""), None)
            }
        }
    }

    fn cors(&self, per_route: PerRoute<'p>) -> (Verdict, Cow<'p, str>, Option<Outcome>) {
        let Some(config) = per_route.config() else {
            return (Verdict::Continue, Cow::Borrowed("the route has no policy"), None);
        };
        let (answers, why) = Cors::new(config).answers(&self.headers);
        let outcome = answers.then(|| Outcome {
            kind: Kind::DirectResponse,
            status: Some(200),
            flags: self.flags(None),
            details: "cors_response".to_owned(),
            location: None,
        });
        (if answers { Verdict::Answers } else { Verdict::Continue }, Cow::Borrowed(why), outcome)
    }

    fn fault(&mut self, fault: &Fault, per_route: PerRoute<'p>) -> (Verdict, Cow<'p, str>, Option<Outcome>) {
        let of_route = per_route.config().map(Fault::new);
        let happens = of_route.as_ref().unwrap_or(fault).happens(&self.headers, self.only_cluster());
        let Some(happens) = happens else { return (Verdict::Continue, Cow::Borrowed(""), None) };
        if happens.is_delayed {
            self.flags.push("DI");
        }
        let outcome =
            happens.status.map(|status| self.reply(Kind::DirectResponse, status, Some("FI"), "fault_filter_abort"));
        let verdict = if outcome.is_some() { Verdict::Answers } else { Verdict::Continue };
        (verdict, Cow::Owned(happens.why), outcome)
    }

    fn rbac(&mut self, rbac: &HttpRbac) -> (Verdict, Cow<'p, str>, Option<Outcome>) {
        let facts = Facts {
            headers: &self.headers,
            local: self.request.destination,
            peer: self.request.source,
            client: self.client,
            server_name: &self.inspected.server_name,
            is_tls: self.request.tls.is_some(),
            certificate: self.request.certificate(),
            metadata: &self.metadata,
        };
        let (verdict, why, policy) = ask(rbac.rules.as_ref(), rbac.shadow.as_ref(), &facts);
        let noted = rbac.shadow.as_ref().map(|shadow| {
            let decision = shadow.decide(&facts);
            (decision.is_allowed, decision.policy.map(str::to_owned))
        });
        if let Some((is_allowed, policy)) = noted {
            let key = |name: &str| format!("{}{name}", rbac.shadow_prefix);
            let result = if is_allowed { "allowed" } else { "denied" };
            let filter = "envoy.filters.http.rbac";
            if let Some(policy) = policy {
                http_filter::note(
                    &mut self.metadata,
                    filter,
                    &key("shadow_effective_policy_id"),
                    Value::String(policy),
                );
            }
            http_filter::note(
                &mut self.metadata,
                filter,
                &key("shadow_engine_result"),
                Value::String(result.to_owned()),
            );
        }
        let outcome =
            (verdict == Verdict::Deny).then(|| self.reply(Kind::Denied, 403, None, rbac::details(policy.as_deref())));
        (verdict, Cow::Owned(why), outcome)
    }

    /// Puts what was found into the answer.
    fn tell(self, answer: &mut Answer<'p>) {
        let (found, route) = match self.found {
            Found::Nothing => (None, None),
            Found::Host(host) | Found::WantsTls(host) => (Some(host), None),
            Found::Route(host, index) => (Some(host), Some(index)),
        };
        answer.host = found.map(|(host, domain, by)| Host { virtual_host: &host.name, domain, by: by.as_str() });
        let host = found.map(|(host, ..)| host);
        answer.route = host.zip(route).map(|(host, index)| {
            let route = &host.routes[index];
            RouteFound { index, name: &route.name, body: &route.body, summary: route.matching.summary() }
        });
        // router_check_tool looks for it when the route has rewritten the request.
        let rewritten = answer.headers_upstream.as_ref().filter(|_| self.runtime.is_some());
        answer.virtual_cluster = host.and_then(|host| host.virtual_cluster(rewritten.unwrap_or(&self.headers)));
        answer.response_headers =
            host.zip(route).map(|(host, index)| self.response_headers(host, index)).unwrap_or_default();
        if host.is_some_and(|host| host.has_matcher) {
            answer.notes.push("the virtual host chooses routes by a matcher, which is not evaluated".to_owned());
        }
        answer.virtual_host = host;
        answer.misses = self.misses;
        answer.headers = self.headers;
    }
}

/// Asks policies: the verdict, why, and the policy that decides.
pub(super) fn ask(rules: Option<&Rbac>, shadow: Option<&Rbac>, facts: &Facts<'_>) -> (Verdict, String, Option<String>) {
    let mut why = Vec::new();
    let mut verdict = Verdict::Continue;
    let mut policy = None;
    if let Some(rules) = rules {
        let decision = rules.decide(facts);
        verdict = if decision.is_allowed { Verdict::Allow } else { Verdict::Deny };
        policy = decision.policy.map(str::to_owned);
        why.push(match (decision.policy, rules.is_allow()) {
            (Some(policy), _) => format!("{policy} matches"),
            (None, _) => format!("none of {} matches", rules.summary()),
        });
        if let Some(unknown) = rules.unknown() {
            why.push(format!("{unknown} asks for what is not known here"));
            if decision.policy.is_none() {
                verdict = if decision.is_allowed { Verdict::Unknown } else { Verdict::Deny };
            }
        }
    }
    if let Some(shadow) = shadow {
        let decision = shadow.decide(facts);
        let text = match decision.policy {
            Some(policy) => format!("{policy} matches"),
            None => format!("none of {} matches", shadow.summary()),
        };
        why.push(format!("dry run: {text}"));
    }
    (verdict, why.join("; "), policy)
}
