//! The first file of cases for a mesh: one for each route, with what comes of it today.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::case::{Case, Expect};
use super::check::{Parts, check};
use super::sample::sample;
use crate::explain::{Hop, Report};
use crate::proxy::{Proxy, ProxyKind};

/// A route of a proxy, and a request that should take it.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The proxy; `outside` asks it where it is a gateway.
    pub proxy: String,
    /// Where the request comes from.
    pub from: String,
    /// The route configuration.
    pub route_config: String,
    /// The virtual host.
    pub virtual_host: String,
    /// The place of the route in it.
    pub index: usize,
    /// The method.
    pub method: String,
    /// URLs, of which one leads there: a gateway may serve a port under several numbers.
    pub urls: Vec<String>,
    /// Headers.
    pub headers: BTreeMap<String, String>,
}

impl Candidate {
    /// Says whether the first proxy on the way takes this route. Where a virtual host sends all clients to HTTPS, the first route
    /// stands for that.
    pub fn is_taken(&self, report: &Report) -> bool {
        self.hop(report).is_some_and(|hop| match &hop.route {
            Some(route) => route.index == self.index,
            None => self.index == 0 && self.wants_tls(report),
        })
    }

    /// Says whether the virtual host of this route sends all clients to HTTPS.
    pub fn wants_tls(&self, report: &Report) -> bool {
        report.outcome.kind == "redirect" && self.hop(report).is_some_and(|hop| hop.route.is_none())
    }

    /// The first proxy on the way, if it is in this virtual host that it looks for a route.
    fn hop<'r>(&self, report: &'r Report) -> Option<&'r Hop> {
        report.hops.first().filter(|hop| {
            hop.proxy == self.proxy
                && hop.route_config.as_ref() == Some(&self.route_config)
                && hop.host_match.as_ref().is_some_and(|found| found.virtual_host == self.virtual_host)
        })
    }

    /// Returns what the case is called.
    pub fn name(&self) -> String {
        format!("{} route {} of {}", self.virtual_host, self.index, self.route_config)
    }
}

/// Lists the routes of a proxy, each once and with what tells it from those of other proxies; `routes` are its route configurations.
pub fn candidates(proxy: &Proxy, routes: &[Value]) -> Vec<(String, Candidate)> {
    let is_gateway = match proxy.client.kind {
        ProxyKind::Router => true,
        ProxyKind::Sidecar => false,
        ProxyKind::Waypoint => return Vec::new(),
    };
    let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
    for config in routes {
        let name = text(config, "name");
        for host in list(config, "virtual_hosts") {
            let virtual_host = text(host, "name");
            if matches!(virtual_host, "allow_any" | "block_all") || virtual_host.starts_with("blackhole:") {
                continue;
            }
            let origins =
                if is_gateway { gateway_origins(proxy, name, host) } else { sidecar_origins(name, virtual_host, host) };
            for (index, route) in list(host, "routes").iter().enumerate() {
                let of_gateway = if is_gateway { name } else { "" };
                let key = format!("{of_gateway} {virtual_host} {index} {}", route["match"]);
                if origins.is_empty() || !seen.insert(key.clone()) {
                    continue;
                }
                if let Some((method, path, headers)) = request(&route["match"]) {
                    let candidate = Candidate {
                        proxy: proxy.full_name(),
                        from: if is_gateway { "outside".to_owned() } else { proxy.full_name() },
                        route_config: name.to_owned(),
                        virtual_host: virtual_host.to_owned(),
                        index,
                        method,
                        urls: origins.iter().map(|origin| format!("{origin}{path}")).collect(),
                        headers,
                    };
                    out.push((key, candidate));
                }
            }
        }
    }
    out
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A domain without wildcard and port: the longest, which is the most telling.
fn domain(host: &Value) -> Option<String> {
    let domains = list(host, "domains").iter().filter_map(Value::as_str);
    // A name with the dot at its end is the same name.
    let domains: Vec<&str> = domains.filter(|domain| !domain.contains(".:") && !domain.ends_with('.')).collect();
    let plain = domains.iter().filter(|domain| !domain.contains(['*', ':'])).max_by_key(|domain| domain.len());
    let with_port = || {
        let named = domains.iter().filter(|domain| !domain.contains('*') && !domain.starts_with('['));
        named.filter_map(|domain| domain.split_once(':')).map(|(name, _)| name).max_by_key(|name| name.len())
    };
    let wildcard = || domains.iter().filter(|domain| domain.contains('*')).find_map(|domain| host_of(domain));
    plain.map(|domain| (*domain).to_owned()).or_else(|| with_port().map(str::to_owned)).or_else(wildcard)
}

/// `http.8080`, `https.443.https.gateway.namespace`: the ports of the gateway's Services that lead there.
fn gateway_origins(proxy: &Proxy, route_config: &str, host: &Value) -> Vec<String> {
    let mut parts = route_config.split('.');
    let (scheme, port) = (parts.next().unwrap_or_default(), parts.next().and_then(|port| port.parse::<u32>().ok()));
    let (Some(domain), Some(port)) = (domain(host), port) else { return Vec::new() };
    let scheme = if scheme == "https" { "https" } else { "http" };
    ports_of(proxy, port).into_iter().map(|port| origin(scheme, &domain, port)).collect()
}

/// The ports of a gateway's Services that lead to a port of its own.
pub(super) fn ports_of(proxy: &Proxy, port: u32) -> Vec<u32> {
    let leads = proxy.service_targets.iter().filter(|target| target.target_port == port);
    let ports: BTreeSet<u32> = leads.map(|target| target.port.number).collect();
    ports.into_iter().collect()
}

/// Returns a host of a domain that may have a wildcard in front.
pub(super) fn host_of(domain: &str) -> Option<String> {
    match domain.strip_prefix("*.") {
        Some(suffix) => Some(format!("any.{suffix}")),
        None if domain == "*" => Some("any.example".to_owned()),
        None => Some(domain.to_owned()).filter(|domain| !domain.contains('*')),
    }
}

/// `reviews.shop.svc.cluster.local:9080` of the route configuration `9080`.
fn sidecar_origins(route_config: &str, virtual_host: &str, host: &Value) -> Vec<String> {
    let of_name = |name: &str| name.rsplit(':').next().and_then(|port| port.parse::<u32>().ok());
    let port = of_name(virtual_host).or_else(|| of_name(route_config));
    // A route configuration for one host may have the domain `*`; its name has the host.
    let has_any = list(host, "domains").iter().any(|domain| domain == "*");
    let named = virtual_host.rsplit_once(':').map(|(name, _)| name.to_owned());
    let domain = if has_any { named.or_else(|| domain(host)) } else { domain(host) };
    match (domain, port) {
        (Some(domain), Some(port)) => vec![origin("http", &domain, port)],
        _ => Vec::new(),
    }
}

fn origin(scheme: &str, domain: &str, port: u32) -> String {
    match (scheme, port) {
        ("http", 80) | ("https", 443) => format!("{scheme}://{domain}"),
        _ => format!("{scheme}://{domain}:{port}"),
    }
}

/// Makes a request of a `RouteMatch`: method, path with query, headers. None for conditions that no request meets by itself.
fn request(matching: &Value) -> Option<(String, String, BTreeMap<String, String>)> {
    if matching.get("dynamic_metadata").is_some() || matching.get("connect_matcher").is_some() {
        return None;
    }
    let plain = ["prefix", "path", "path_separated_prefix"].iter().find_map(|key| matching.get(*key)?.as_str());
    let of_regex = || sample(matching.pointer("/safe_regex/regex")?.as_str()?);
    let of_template = || {
        let template = matching.pointer("/path_match_policy/typed_config/path_template")?.as_str()?;
        let parts = template.split('/').map(|part| if part.contains(['*', '{']) { "any" } else { part });
        Some(parts.collect::<Vec<_>>().join("/"))
    };
    let mut path = plain.map(str::to_owned).or_else(of_regex).or_else(of_template)?;
    if !path.starts_with('/') || path.chars().any(|c| c.is_whitespace() || c.is_control() || c == '#') {
        return None;
    }
    let (mut method, mut headers) = ("GET".to_owned(), BTreeMap::new());
    if matching.get("grpc").is_some() {
        "POST".clone_into(&mut method);
        headers.insert("content-type".to_owned(), "application/grpc".to_owned());
    }
    for condition in list(matching, "headers") {
        if condition.get("invert_match").and_then(Value::as_bool) == Some(true)
            || condition.get("present_match").and_then(Value::as_bool) == Some(false)
        {
            continue;
        }
        let value = condition.get("string_match").map_or_else(|| Some("1".to_owned()), matched)?;
        match text(condition, "name") {
            ":method" => method = value,
            ":authority" => drop(headers.insert("host".to_owned(), value)),
            name if name.starts_with(':') => {}
            name => drop(headers.insert(name.to_owned(), value)),
        }
    }
    let mut sign = if path.contains('?') { '&' } else { '?' };
    for condition in list(matching, "query_parameters") {
        let value = condition.get("string_match").map_or_else(|| Some("1".to_owned()), matched)?;
        let _ = write!(path, "{sign}{}={value}", text(condition, "name"));
        sign = '&';
    }
    Some((method, path, headers))
}

/// A text that a `StringMatcher` matches.
fn matched(matcher: &Value) -> Option<String> {
    let plain = ["exact", "prefix", "suffix", "contains"].iter().find_map(|key| matcher.get(*key)?.as_str());
    plain.map(str::to_owned).or_else(|| sample(matcher.pointer("/safe_regex/regex")?.as_str()?))
}

/// Returns what came of a request, as an expectation that it meets.
pub fn expectation(report: &Report) -> Expect {
    let outcome = &report.outcome;
    let mut expect = Expect { status: outcome.status, redirect: outcome.location.clone(), ..Expect::default() };
    if outcome.status.is_none() || matches!(outcome.kind, "no_endpoint" | "no_route" | "black_hole" | "passthrough") {
        expect.kind = Some(outcome.kind.to_owned());
    }
    if outcome.kind == "denied" {
        expect.denied = Some(true);
    }
    let routing = report.hops.iter().rfind(|hop| hop.direction != "inbound");
    let clusters: Vec<Parts<'_>> = routing.map(|hop| hop.clusters.iter().map(Parts::new).collect()).unwrap_or_default();
    match clusters.as_slice() {
        [] => {}
        [one] if one.host.is_empty() => expect.cluster = Some(one.name.to_owned()),
        [one] => {
            expect.host = Some(one.host.to_owned());
            expect.port = one.port.parse().ok();
            expect.subset = Some(one.subset.to_owned()).filter(|subset| !subset.is_empty());
        }
        several => {
            let mut shares: BTreeMap<String, f64> = BTreeMap::new();
            for one in several {
                let key = if one.subset.is_empty() { one.host } else { one.subset };
                *shares.entry(key.to_owned()).or_default() += one.share;
            }
            let percent = |share: f64| super::case::Share::Percent(format!("{}%", (share * 10_000.0).round() / 100.0));
            expect.share = Some(shares.into_iter().map(|(key, share)| (key, percent(share))).collect());
            // Shares of a subset and of a host may be of the same requests.
            if !check(report, &expect, &Expect::default()).is_empty() {
                expect.share = None;
                expect.cluster = several.first().map(|one| one.name.to_owned());
            }
        }
    }
    expect
}

/// Returns a case as an item of `cases`.
pub fn entry(case: &Case, expect: &Expect) -> String {
    let quoted = |text: &str| Value::String(text.to_owned()).to_string();
    let mut out = format!("- name: {}\n", quoted(&case.name));
    let _ = writeln!(out, "  from: {}", quoted(&case.from));
    let _ = writeln!(out, "  request: {}", quoted(&format!("{} {}", case.method, case.url)));
    if !case.headers.is_empty() {
        let pairs: Vec<String> =
            case.headers.iter().map(|(name, value)| format!("{}: {}", quoted(name), quoted(value))).collect();
        let _ = writeln!(out, "  headers: {{{}}}", pairs.join(", "));
    }
    out.push_str("  expect:\n");
    let mut field = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(out, "    {name}: {value}");
        }
    };
    field("status", expect.status.map(|status| status.to_string()));
    field("kind", expect.kind.clone());
    field("denied", expect.denied.map(|denied| denied.to_string()));
    field("redirect", expect.redirect.as_deref().map(quoted));
    field("cluster", expect.cluster.as_deref().map(quoted));
    field("host", expect.host.as_deref().map(quoted));
    field("port", expect.port.map(|port| port.to_string()));
    field("subset", expect.subset.as_deref().map(quoted));
    let shares = expect.share.as_ref().map(|shares| {
        let pair = |(key, share): (&String, &super::case::Share)| {
            format!("{}: {}%", quoted(key), (share.part().unwrap_or_default() * 10_000.0).round() / 100.0)
        };
        format!("{{{}}}", shares.iter().map(pair).collect::<Vec<_>>().join(", "))
    });
    field("share", shares);
    out
}

/// Returns the whole file; `missing` are routes that no request was found for.
pub fn file(entries: &[String], missing: &[String]) -> String {
    let mut out = String::from("# One case for each route, with what comes of it today. Run it with `meshc test`.\n");
    for name in missing {
        let name = name.replace('\n', " ");
        let _ = writeln!(out, "# No case for {name}: of the requests made from its conditions, none takes it.");
    }
    if entries.is_empty() {
        out.push_str("cases: []\n");
        return out;
    }
    out.push_str("cases:\n");
    out.extend(entries.iter().map(String::as_str));
    out
}
