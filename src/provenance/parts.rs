//! A proxy's configuration in the parts that take a request one after the other: listener, filter chain, virtual host, cluster,
//! endpoints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::{Map, Value};

use crate::config_dump::ConfigDump;
use crate::diff::Kind;

/// The kinds of parts, in the order in which they take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// A listener without its filter chains.
    Listener,
    /// A filter chain of a listener, with its filters, without its routes.
    FilterChain,
    /// A virtual host, of a route configuration that is served or that a filter chain holds.
    VirtualHost,
    /// A cluster without its endpoints.
    Cluster,
    /// The endpoints of a cluster, served or held by the cluster.
    Endpoints,
}

/// Which part it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    /// What kind of part.
    pub section: Section,
    /// The resource that holds it: a listener, a route configuration, a cluster.
    pub resource: String,
    /// Its name there; empty for a listener, a cluster and endpoints.
    pub name: String,
}

/// What a part says.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// Its JSON, in which fields have one order.
    pub text: String,
    /// What it takes or holds, in few words: domains, filters, addresses.
    pub facts: Vec<String>,
    /// The parts that a request may go to from here, but for those of route configurations that are served.
    next: Vec<Part>,
    /// Names of route configurations that are served.
    routes: Vec<String>,
    /// Domains of a virtual host, without ports.
    domains: Vec<String>,
}

/// All parts of one proxy.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    all: BTreeMap<Part, Arc<Content>>,
    /// Virtual hosts by route configuration.
    hosts: BTreeMap<String, Vec<Part>>,
}

/// The parts of one resource.
type Pieces = Vec<(Part, Arc<Content>)>;

/// Parts of resources that are known by their text, so that they are not read again.
#[derive(Debug, Default)]
pub struct Known(BTreeMap<Kind, BTreeMap<String, Pieces>>);

impl Section {
    /// Returns the kind of the resource that holds parts of this kind.
    pub fn kind(self) -> Kind {
        match self {
            Self::Listener | Self::FilterChain => Kind::Listener,
            Self::VirtualHost => Kind::Route,
            Self::Cluster => Kind::Cluster,
            Self::Endpoints => Kind::Endpoint,
        }
    }
}

impl Part {
    fn new(section: Section, resource: &str, name: &str) -> Self {
        Self { section, resource: resource.to_owned(), name: name.to_owned() }
    }
}

impl Known {
    /// Remembers the parts of a dump's resources.
    pub fn learn(&mut self, dump: &ConfigDump) {
        for printed in dump.resources() {
            let Some(kind) = Kind::of_list(printed.list) else { continue };
            let of_kind = self.0.entry(kind).or_default();
            if !of_kind.contains_key(printed.text) {
                of_kind.insert(printed.text.to_owned(), pieces(kind, printed.name, printed.text));
            }
        }
    }
}

/// Takes a resource apart.
fn pieces(kind: Kind, name: &str, text: &str) -> Pieces {
    let Some(body) = parse(text) else { return Vec::new() };
    let mut out = Taken::default();
    match kind {
        Kind::Listener => out.listener(name, body),
        Kind::Route => {
            out.route(name, body);
        }
        Kind::Cluster => out.cluster(name, body),
        Kind::Endpoint => out.endpoints(name, &body),
        _ => {}
    }
    out.0.into_iter().map(|(part, content)| (part, Arc::new(content))).collect()
}

/// A resource, as far as it is taken apart.
#[derive(Default)]
struct Taken(BTreeMap<Part, Content>);

impl Taken {
    fn listener(&mut self, name: &str, mut body: Value) {
        let mut chains: Vec<Value> = Vec::new();
        if let Some(fields) = body.as_object_mut() {
            if let Some(Value::Array(listed)) = fields.remove("filter_chains") {
                chains.extend(listed);
            }
            chains.extend(fields.remove("default_filter_chain"));
        }
        let mut next = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for chain in chains {
            let mut title = chain_title(&chain);
            let count = seen.entry(title.clone()).or_default();
            *count += 1;
            if *count > 1 {
                title = format!("{title} #{count}");
            }
            let part = Part::new(Section::FilterChain, name, &title);
            self.filter_chain(part.clone(), chain);
            next.push(part);
        }
        let facts = address(&body).into_iter().collect();
        let content = Content { text: body.to_string(), next, facts, ..Content::default() };
        self.0.insert(Part::new(Section::Listener, name, ""), content);
    }

    fn filter_chain(&mut self, part: Part, mut chain: Value) {
        let mut content = Content::default();
        let filters = chain.get_mut("filters").and_then(Value::as_array_mut);
        for filter in filters.into_iter().flatten() {
            let name = filter.get("name").and_then(Value::as_str).unwrap_or_default();
            content.facts.push(short_filter(name).to_owned());
            let Some(config) = filter.get_mut("typed_config").and_then(Value::as_object_mut) else { continue };
            let http = config.get("http_filters").and_then(Value::as_array).into_iter().flatten();
            let names = http.filter_map(|filter| filter.get("name").and_then(Value::as_str));
            content.facts.extend(names.map(|name| format!("- {}", short_filter(name))));
            if let Some(served) = config.get("rds").and_then(|rds| rds.get("route_config_name")).and_then(Value::as_str)
            {
                content.routes.push(served.to_owned());
            }
            if let Some(held) = config.remove("route_config") {
                let name = held.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
                let holder = format!("{} {}", part.resource, part.name);
                content.next.extend(self.route(&format!("{name} ({})", holder.trim()), held));
            }
            content.next.extend(clusters(config).into_iter().map(|name| Part::new(Section::Cluster, &name, "")));
        }
        content.text = chain.to_string();
        self.0.insert(part, content);
    }

    /// Takes a route configuration apart and returns its virtual hosts.
    fn route(&mut self, resource: &str, mut body: Value) -> Vec<Part> {
        let hosts = body.as_object_mut().and_then(|fields| fields.remove("virtual_hosts"));
        let around = body.to_string();
        let mut out = Vec::new();
        for host in hosts.as_ref().and_then(Value::as_array).into_iter().flatten() {
            let name = host.get("name").and_then(Value::as_str).unwrap_or_default();
            let texts = host.get("domains").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            let domains: Vec<String> = texts.map(str::to_owned).collect();
            let routes = host.get("routes").and_then(Value::as_array).into_iter().flatten();
            let mut next: Vec<String> = Vec::new();
            let mut facts: Vec<String> = domains.first().cloned().into_iter().collect();
            for route in routes {
                facts.push(route_title(route));
                for action in ["route", "redirect"] {
                    let found = route.get(action).and_then(Value::as_object).map(clusters).unwrap_or_default();
                    next.extend(found.into_iter().filter(|name| !next.contains(name)).collect::<Vec<_>>());
                }
            }
            let part = Part::new(Section::VirtualHost, resource, name);
            let content = Content {
                text: format!("{around} {host}"),
                next: next.iter().map(|name| Part::new(Section::Cluster, name, "")).collect(),
                facts,
                routes: Vec::new(),
                domains: domains.iter().map(|domain| without_port(domain).to_owned()).collect(),
            };
            self.0.insert(part.clone(), content);
            out.push(part);
        }
        out
    }

    fn cluster(&mut self, name: &str, mut body: Value) {
        let held = body.as_object_mut().and_then(|fields| fields.remove("load_assignment"));
        let service =
            body.get("eds_cluster_config").and_then(|config| config.get("service_name")).and_then(Value::as_str);
        let endpoints = Part::new(Section::Endpoints, service.unwrap_or(name), "");
        let facts = ["type", "lb_policy"].iter().filter_map(|field| body.get(*field).and_then(Value::as_str));
        let facts = facts.map(str::to_owned).collect();
        let content = Content { text: body.to_string(), next: vec![endpoints], facts, ..Content::default() };
        if let Some(held) = held {
            self.endpoints(name, &held);
        }
        self.0.insert(Part::new(Section::Cluster, name, ""), content);
    }

    fn endpoints(&mut self, name: &str, body: &Value) {
        let groups = body.get("endpoints").and_then(Value::as_array).into_iter().flatten();
        let all = groups.flat_map(|group| group.get("lb_endpoints").and_then(Value::as_array).into_iter().flatten());
        let facts = all.filter_map(|one| address(one.get("endpoint")?)).collect();
        let content = Content { text: body.to_string(), facts, ..Content::default() };
        self.0.insert(Part::new(Section::Endpoints, name, ""), content);
    }
}

impl Parts {
    /// Takes a dump apart.
    pub fn of(dump: &ConfigDump) -> Self {
        Self::with(dump, &Known::default())
    }

    /// Returns the parts of a dump that are others in another dump, or gone.
    pub fn changed(before: &ConfigDump, now: &ConfigDump) -> BTreeSet<Part> {
        let mut out = BTreeSet::new();
        for (list, name, after) in now.changed_since(before) {
            let Some((kind, was)) = Kind::of_list(list).zip(before.resource(list, name)) else { continue };
            if after.as_ref().is_some_and(|after| after.text == was.text) {
                continue;
            }
            let after: BTreeMap<Part, Arc<Content>> =
                after.map(|after| pieces(kind, name, after.text)).unwrap_or_default().into_iter().collect();
            let differs =
                |(part, content): &(Part, Arc<Content>)| after.get(part).is_none_or(|after| after.text != content.text);
            out.extend(pieces(kind, name, was.text).into_iter().filter(differs).map(|(part, _)| part));
        }
        out
    }

    /// Takes a dump apart of which most is known.
    pub fn with(dump: &ConfigDump, known: &Known) -> Self {
        Self::some(dump, known, |_| true)
    }

    /// Takes only those resources apart that have to do with requests to the proxy's own workload.
    pub fn inbound(dump: &ConfigDump) -> Self {
        Self::some(dump, &Known::default(), |text| text.contains("\"inbound|"))
    }

    fn some(dump: &ConfigDump, known: &Known, is_wanted: impl Fn(&str) -> bool) -> Self {
        let mut out = Self::default();
        for printed in dump.resources().into_iter().filter(|printed| is_wanted(printed.text)) {
            let Some(kind) = Kind::of_list(printed.list) else { continue };
            match known.0.get(&kind).and_then(|of_kind| of_kind.get(printed.text)) {
                Some(pieces) => out.all.extend(pieces.iter().cloned()),
                None => out.all.extend(pieces(kind, printed.name, printed.text)),
            }
        }
        for part in out.all.keys().filter(|part| part.section == Section::VirtualHost) {
            out.hosts.entry(part.resource.clone()).or_default().push(part.clone());
        }
        out
    }

    /// Returns all parts with what they say.
    pub fn iter(&self) -> impl Iterator<Item = (&Part, &Content)> {
        self.all.iter().map(|(part, content)| (part, content.as_ref()))
    }

    /// Returns what a part says.
    pub fn content(&self, part: &Part) -> Option<&Content> {
        self.all.get(part).map(Arc::as_ref)
    }

    /// Returns the parts that a request may go to from a part.
    pub fn next(&self, part: &Part) -> Vec<&Part> {
        let Some(content) = self.all.get(part) else { return Vec::new() };
        let direct = content.next.iter().filter_map(|next| self.all.get_key_value(next).map(|(part, _)| part));
        direct.chain(content.routes.iter().filter_map(|name| self.hosts.get(name)).flatten()).collect()
    }

    /// Returns the parts that may take a request to a host, up to its endpoints; `inbound` are the ports at which the proxy serves
    /// it itself.
    pub fn of_host(&self, host: &str, inbound: &BTreeSet<u32>) -> BTreeSet<Part> {
        let is_own = |name: &str| is_inbound(name, inbound) || cluster_host(name) == Some(host);
        self.leading(is_own, Some(host))
    }

    /// Returns the parts that take requests to the workload of the proxy at these of its ports.
    pub fn of_ports(&self, ports: &BTreeSet<u32>) -> BTreeSet<Part> {
        self.leading(|name| is_inbound(name, ports), None)
    }

    fn leading(&self, is_own: impl Fn(&str) -> bool, host: Option<&str>) -> BTreeSet<Part> {
        let mut wanted: BTreeSet<&Part> = BTreeSet::new();
        let of = |section: Section| self.all.iter().filter(move |(part, _)| part.section == section);
        let own: BTreeSet<&Part> =
            of(Section::Cluster).map(|(part, _)| part).filter(|part| is_own(&part.resource)).collect();
        for (part, content) in of(Section::VirtualHost) {
            let is_named = host.is_some_and(|host| content.domains.iter().any(|domain| covers(domain, host)));
            let leads: Vec<&Part> = self.next(part).into_iter().filter(|next| is_named || own.contains(next)).collect();
            if is_named || !leads.is_empty() {
                wanted.insert(part);
                wanted.extend(leads);
            }
        }
        for (part, _) in of(Section::FilterChain) {
            let next = self.next(part);
            let is_on_the_way = next.iter().any(|next| next.section == Section::VirtualHost && wanted.contains(next));
            let direct: Vec<&Part> = next.into_iter().filter(|next| own.contains(next)).collect();
            if is_on_the_way || !direct.is_empty() {
                wanted.extend(direct);
                wanted.insert(part);
            }
        }
        let listeners = of(Section::Listener).map(|(part, _)| part);
        // What no listener leads to takes no request.
        let mut open: Vec<&Part> =
            listeners.filter(|part| self.next(part).iter().any(|next| wanted.contains(next))).collect();
        let mut out: BTreeSet<&Part> = BTreeSet::new();
        while let Some(part) = open.pop() {
            if out.insert(part) {
                let follows = |next: &&Part| wanted.contains(next) || next.section == Section::Endpoints;
                open.extend(self.next(part).into_iter().filter(follows));
            }
        }
        out.into_iter().cloned().collect()
    }

    /// Returns the text of a part, if it is there.
    pub fn text(&self, part: &Part) -> Option<&str> {
        self.content(part).map(|content| content.text.as_str())
    }
}

/// Reads JSON as deep as the input may be.
fn parse(text: &str) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    Value::deserialize(&mut deserializer).ok()
}

/// Returns the clusters that an action names: one, several by weight, and mirrors.
fn clusters(action: &Map<String, Value>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    out.extend(action.get("cluster").and_then(Value::as_str).map(str::to_owned));
    let weighted =
        action.get("weighted_clusters").and_then(|weighted| weighted.get("clusters")).and_then(Value::as_array);
    let mirrors = action.get("request_mirror_policies").and_then(Value::as_array);
    out.extend(weighted.into_iter().flatten().filter_map(|one| Some(one.get("name")?.as_str()?.to_owned())));
    out.extend(mirrors.into_iter().flatten().filter_map(|one| Some(one.get("cluster")?.as_str()?.to_owned())));
    out
}

/// Returns the host of a cluster's name: `outbound|9080|v1|reviews.shop.svc.cluster.local`,
/// `outbound_.9080_.v1_.reviews.shop.svc.cluster.local`.
pub(crate) fn cluster_host(name: &str) -> Option<&str> {
    let host = match name.rsplit_once('|') {
        Some((_, host)) => host,
        None => name.strip_prefix("outbound_.")?.rsplit_once("_.")?.1,
    };
    (!host.is_empty()).then_some(host)
}

/// Says whether it is the cluster of one of these ports of the workload: `inbound|9080||`.
fn is_inbound(name: &str, ports: &BTreeSet<u32>) -> bool {
    let port = name.strip_prefix("inbound|").and_then(|rest| rest.split('|').next()).and_then(|port| port.parse().ok());
    port.is_some_and(|port| ports.contains(&port))
}

/// Says whether a domain of a virtual host takes requests to a host; `*` says nothing of it.
fn covers(domain: &str, host: &str) -> bool {
    domain == host || (domain.len() > 2 && domain.strip_prefix('*').is_some_and(|end| host.ends_with(end)))
}

fn without_port(domain: &str) -> &str {
    match domain.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => domain,
    }
}

/// Returns the address of a listener or an endpoint.
fn address(of: &Value) -> Option<String> {
    let address = of.get("address")?;
    let socket = address.get("socket_address");
    match socket {
        Some(socket) => {
            let port = socket.get("port_value").and_then(Value::as_u64).unwrap_or_default();
            Some(format!("{}:{port}", socket.get("address").and_then(Value::as_str).unwrap_or_default()))
        }
        None => Some(match address.get("pipe") {
            Some(pipe) => format!("unix:{}", pipe.get("path").and_then(Value::as_str).unwrap_or_default()),
            None => "internal".to_owned(),
        }),
    }
}

/// Returns the name of a filter without its namespace: `envoy.filters.http.router` -> `router`.
fn short_filter(name: &str) -> &str {
    let known = ["envoy.filters.network.", "envoy.filters.http.", "envoy.filters.listener.", "envoy."];
    known.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// Returns the name of a filter chain, or what it takes.
fn chain_title(chain: &Value) -> String {
    if let Some(name) = chain.get("name").and_then(Value::as_str).filter(|name| !name.is_empty()) {
        return name.to_owned();
    }
    let Some(fields) = chain.get("filter_chain_match").and_then(Value::as_object) else { return "any".to_owned() };
    let words = fields.iter().map(|(field, value)| {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Object(range) if range.contains_key("address_prefix") => {
                let length = range.get("prefix_len").map(Value::to_string).unwrap_or_default();
                format!("{}/{length}", range.get("address_prefix").and_then(Value::as_str).unwrap_or_default())
            }
            other => other.to_string(),
        };
        let value = match value {
            Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
            other => text(other),
        };
        format!("{field} {value}")
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Returns what a route takes and where it leads, in few words.
fn route_title(route: &Value) -> String {
    let matching = route.get("match");
    let path = ["prefix", "path", "path_separated_prefix"].iter().find_map(|field| {
        let value = matching?.get(*field)?.as_str()?;
        Some(if *field == "path" { value.to_owned() } else { format!("{value}*") })
    });
    let regex = || Some(format!("~ {}", matching?.get("safe_regex")?.get("regex")?.as_str()?));
    let path = path.or_else(regex).unwrap_or_else(|| "*".to_owned());
    let headers = matching.and_then(|m| m.get("headers")).and_then(Value::as_array).map_or(0, Vec::len);
    let headers = match headers {
        0 => String::new(),
        1 => " +1 header".to_owned(),
        count => format!(" +{count} headers"),
    };
    let action = ["route", "redirect", "direct_response", "non_forwarding_action"];
    let action = action.iter().find(|action| route.get(**action).is_some());
    let action = match action {
        Some(&"route") | None => String::new(),
        Some(action) => format!(" {action}"),
    };
    format!("{path}{headers}{action}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_clusters_hold_hosts() {
        assert_eq!(cluster_host("outbound|80|v1|a.b.svc.cluster.local"), Some("a.b.svc.cluster.local"));
        assert_eq!(cluster_host("outbound_.80_.v1_.a.b.svc.cluster.local"), Some("a.b.svc.cluster.local"));
        assert_eq!(cluster_host("inbound|80||"), None);
        assert_eq!(cluster_host("BlackHoleCluster"), None);
    }

    #[test]
    fn domains_cover_hosts() {
        assert!(covers("*.example.com", "a.example.com"));
        assert!(covers(without_port("a.example.com:80"), "a.example.com"));
        assert!(!covers("*", "a.example.com"));
        assert!(!covers("*.example.com", "a.example.org"));
        assert_eq!(without_port("[::1]:80"), "[::1]");
    }
}
