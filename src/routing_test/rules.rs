//! The rules of VirtualServices and of the Gateway API's routes, marked so that the way of a request tells which rules had it.
//!
//! istiod calls a route after its rule and its condition, and one of a delegate after both rules. In a copy of the mesh each name ends
//! with a mark, and so the name of a route that a request takes says which rules had it. A rule for TLS or TCP has no name; there the
//! subset of each destination begins with the mark, and so does the cluster that a connection is sent to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::explain::Report;
use crate::ingest::Manifests;
use crate::model::istio::{HttpRoute, RouteDestination, TcpRoute, TlsRoute, VirtualService};
use crate::model::{Config, ObjectMeta};
use crate::source::{FieldPath, ResourceRef};

/// Characters for private use begin and end a mark; no name has them.
const BEGIN: char = '\u{f8f0}';
const END: char = '\u{f8f1}';

/// A rule of a VirtualService or of a route of the Gateway API, or one of its conditions.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    /// The object: `VirtualService namespace/name`.
    pub object: String,
    /// Where it is: `spec.http[1]`, or `spec.http[1].match[0]`.
    pub path: FieldPath,
    /// The file, and line and column; none where it is generated.
    pub place: Option<(String, usize, usize)>,
    /// The rule, of a VirtualService and for HTTP.
    pub http: HttpRoute,
    /// The same as written.
    pub written: Value,
    /// Whether it is one of the conditions of a rule, and not the rule itself.
    pub is_condition: bool,
    /// Whether requests can take it by itself: a condition, or a rule without any.
    pub is_route: bool,
    /// Of a rule for TLS or TCP, the hosts that it is for; short names with the namespace.
    pub hosts: Vec<String>,
}

impl Rule {
    /// `http[1].match[0]`
    pub fn short(&self) -> String {
        let path = self.path.to_string();
        path.strip_prefix("spec.").unwrap_or(&path).to_owned()
    }

    /// `VirtualService namespace/name http[1].match[0]`
    pub fn name(&self) -> String {
        format!("{} {}", self.object, self.short())
    }
}

/// All rules; a mark is an index into them.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The rules.
    pub list: Vec<Rule>,
    /// Marks of rules for TLS and TCP: by their object, the list that they are in, their place in it, and that of a condition.
    connections: BTreeMap<(ResourceRef, List, usize, Option<usize>), usize>,
}

/// A list of rules for connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Tls,
    Tcp,
}

/// An object with rules.
struct Object<'m> {
    manifests: &'m Manifests,
    /// `VirtualService namespace/name`
    name: String,
    source: ResourceRef,
}

impl<'m> Object<'m> {
    fn new<T>(manifests: &'m Manifests, kind: &str, config: &Config<T>) -> Self {
        let name = format!("{kind} {}/{}", config.meta.namespace, config.meta.name);
        Self { manifests, name, source: config.source }
    }
}

impl Rules {
    /// Puts marks to all names of the manifests. Rules for TLS and TCP are only listed; see [`Self::mark_connections`].
    pub fn mark(manifests: &mut Manifests) -> Self {
        let mut rules = Self::default();
        let all = &manifests.resources;
        let (services, http, grpc) = (all.virtual_services.clone(), all.http_routes.clone(), all.grpc_routes.clone());
        let (tls, tcp) = (all.tls_routes.clone(), all.tcp_routes.clone());
        let marked = services.iter().map(|config| rules.virtual_service(config, manifests)).collect();
        manifests.resources.virtual_services = marked;
        let marked = http.iter().map(|config| {
            let mut copy = (**config).clone();
            let object = Object::new(manifests, "HTTPRoute", config);
            copy.spec.rules = rules
                .of_gateway_api(&object, &config.meta, &copy.spec.rules, |rule| (&mut rule.name, &mut rule.matches));
            Arc::new(copy)
        });
        manifests.resources.http_routes = marked.collect();
        let marked = grpc.iter().map(|config| {
            let mut copy = (**config).clone();
            let object = Object::new(manifests, "GRPCRoute", config);
            copy.spec.rules = rules
                .of_gateway_api(&object, &config.meta, &copy.spec.rules, |rule| (&mut rule.name, &mut rule.matches));
            Arc::new(copy)
        });
        manifests.resources.grpc_routes = marked.collect();
        for config in &tls {
            let object = Object::new(manifests, "TLSRoute", config);
            rules.connections(&object, &config.spec.hostnames, List::Tls, config.spec.rules.iter().map(|_| 0));
        }
        for config in &tcp {
            let object = Object::new(manifests, "TCPRoute", config);
            rules.connections(&object, &[], List::Tcp, config.spec.rules.iter().map(|_| 0));
        }
        rules
    }

    fn virtual_service(
        &mut self,
        config: &Arc<Config<VirtualService>>,
        manifests: &Manifests,
    ) -> Arc<Config<VirtualService>> {
        let mut copy = Config { meta: config.meta.clone(), spec: config.spec.clone(), source: config.source };
        let object = Object::new(manifests, "VirtualService", config);
        let written = manifests.object(config.source).unwrap_or_default();
        for (index, http) in copy.spec.http.iter_mut().enumerate() {
            let rule = Rule {
                http: http.clone(),
                written: written.pointer(&format!("/spec/http/{index}")).cloned().unwrap_or_default(),
                is_route: http.r#match.is_empty(),
                ..Rule::default()
            };
            let path = format!("spec.http[{index}]");
            http.name = self.add(&object, &http.name, rule.clone(), &path);
            for (number, condition) in http.r#match.iter_mut().enumerate() {
                let rule = Rule { is_condition: true, is_route: true, ..rule.clone() };
                condition.name = self.add(&object, &condition.name, rule, &format!("{path}.match[{number}]"));
            }
        }
        let full = |host: &String| {
            if host.contains(['.', '*']) { host.clone() } else { format!("{host}.{}", config.meta.namespace) }
        };
        let hosts: Vec<String> = config.spec.hosts.iter().map(full).collect();
        self.connections(&object, &hosts, List::Tls, config.spec.tls.iter().map(|rule| rule.r#match.len()));
        self.connections(&object, &hosts, List::Tcp, config.spec.tcp.iter().map(|rule| rule.r#match.len()));
        Arc::new(copy)
    }

    /// Marks the rules of a route of the Gateway API, with a rule for each condition: istiod makes routes of the same in the same order,
    /// and gives a name to rules that have none. `parts` are a rule's name and its conditions.
    fn of_gateway_api<R: Clone, M>(
        &mut self,
        object: &Object<'_>,
        meta: &ObjectMeta,
        rules: &[R],
        parts: impl for<'r> Fn(&'r mut R) -> (&'r mut Option<String>, &'r mut Vec<M>),
    ) -> Vec<R> {
        let mut out = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            let (mut rule, path) = (rule.clone(), format!("spec.rules[{index}]"));
            let (name, conditions) = parts(&mut rule);
            let conditions = std::mem::take(conditions);
            let own = name.take().unwrap_or_else(|| format!("{}.{}.{index}", meta.namespace, meta.name));
            let of_rule = Rule { is_route: conditions.is_empty(), ..Rule::default() };
            let own = self.add(object, &own, of_rule, &path);
            *name = Some(own.clone());
            if conditions.is_empty() {
                out.push(rule);
                continue;
            }
            for (number, condition) in conditions.into_iter().enumerate() {
                let of_condition = Rule { is_condition: true, is_route: true, ..Rule::default() };
                let mut copy = rule.clone();
                let (name, conditions) = parts(&mut copy);
                *name = Some(self.add(object, &own, of_condition, &format!("{path}.matches[{number}]")));
                conditions.push(condition);
                out.push(copy);
            }
        }
        out
    }

    /// Lists rules for connections; each has so many conditions.
    fn connections(
        &mut self,
        object: &Object<'_>,
        hosts: &[String],
        list: List,
        conditions: impl Iterator<Item = usize>,
    ) {
        let path = match (list, object.name.starts_with("VirtualService ")) {
            (List::Tls, true) => "spec.tls",
            (List::Tcp, true) => "spec.tcp",
            (_, false) => "spec.rules",
        };
        for (index, count) in conditions.enumerate() {
            let path = format!("{path}[{index}]");
            let rule = Rule { is_route: count == 0, hosts: hosts.to_vec(), ..Rule::default() };
            self.connections.insert((object.source, list, index, None), self.list.len());
            self.add(object, "", rule.clone(), &path);
            for number in 0..count {
                self.connections.insert((object.source, list, index, Some(number)), self.list.len());
                let rule = Rule { is_condition: true, is_route: true, ..rule.clone() };
                self.add(object, "", rule, &format!("{path}.match[{number}]"));
            }
        }
    }

    /// Returns the marks of what connections can take, in order.
    pub fn of_connections(&self) -> Vec<usize> {
        let mut marks: Vec<usize> = self.connections.values().copied().collect();
        marks.retain(|mark| self.list.get(*mark).is_some_and(|rule| rule.is_route));
        marks.sort_unstable();
        marks
    }

    /// Puts marks to the rules for TLS and TCP of a VirtualService, be it one that istiod makes of a TLSRoute or TCPRoute. Each
    /// condition gets a rule of its own, which is the same: the first that holds counts.
    pub fn mark_connections(&self, config: &mut Config<VirtualService>) {
        let source = config.source;
        let of_rule = |list: List, index: usize, number: Option<usize>| -> String {
            let of = |number| self.connections.get(&(source, list, index, number));
            let marks = of(None).into_iter().chain(number.and_then(|number| of(Some(number))));
            marks.flat_map(|mark| [BEGIN.to_string(), mark.to_string(), END.to_string()]).collect()
        };
        let marked = |route: &[RouteDestination], marks: &str| {
            let mut route = route.to_vec();
            for destination in route.iter_mut().filter_map(|one| one.destination.as_mut()) {
                destination.subset.insert_str(0, marks);
            }
            route
        };
        let mut tls = Vec::new();
        for (index, rule) in config.spec.tls.iter().enumerate() {
            for (number, condition) in one_each(&rule.r#match) {
                let route = marked(&rule.route, &of_rule(List::Tls, index, number));
                tls.push(TlsRoute { r#match: condition.cloned().into_iter().collect(), route });
            }
        }
        let mut tcp = Vec::new();
        for (index, rule) in config.spec.tcp.iter().enumerate() {
            for (number, condition) in one_each(&rule.r#match) {
                let route = marked(&rule.route, &of_rule(List::Tcp, index, number));
                tcp.push(TcpRoute { r#match: condition.cloned().into_iter().collect(), route });
            }
        }
        (config.spec.tls, config.spec.tcp) = (tls, tcp);
    }

    /// Moves the marks of the clusters that a listener sends connections to into the names of its filter chains: clusters are called
    /// as ever.
    pub fn unmark_clusters(listener: &mut Value) {
        let Some(fields) = listener.as_object_mut() else { return };
        for (key, value) in fields {
            match (key.as_str(), value) {
                ("filter_chains", Value::Array(chains)) => chains.iter_mut().for_each(unmark_chain),
                ("default_filter_chain", chain) => unmark_chain(chain),
                _ => {}
            }
        }
    }

    /// Adds a rule, and returns its name with the mark.
    fn add(&mut self, object: &Object<'_>, name: &str, rule: Rule, path: &str) -> String {
        let mark = self.list.len();
        let (path, manifests) = (FieldPath::parse(path), object.manifests);
        let place = manifests.locate(object.source, &path).map(|span| {
            let position = manifests.sources.position(span);
            (manifests.sources.path(span.source).to_owned(), position.line, position.column)
        });
        self.list.push(Rule { object: object.name.clone(), path, place, ..rule });
        format!("{name}{BEGIN}{mark}{END}")
    }

    /// Returns the marks in a name.
    pub fn in_name<'n>(&'n self, name: &'n str) -> impl Iterator<Item = usize> + use<'n> {
        let marks = name.split(BEGIN).skip(1).filter_map(|part| part.split_once(END)?.0.parse().ok());
        marks.filter(|mark| *mark < self.list.len())
    }

    /// Returns the marks of all rules that the proxies on the way of a request took.
    pub fn in_report(&self, report: &Report) -> Vec<usize> {
        let routes = report.hops.iter().filter_map(|hop| Some(hop.route.as_ref()?.name.as_str()));
        let chains = report.hops.iter().filter_map(|hop| Some(hop.filter_chain.as_ref()?.name.as_str()));
        routes.chain(chains).flat_map(|name| self.in_name(name)).collect()
    }

    /// Takes the marks away from the names of a report.
    pub fn unmark(report: &mut Report) {
        for hop in &mut report.hops {
            let missed = hop.missed.iter_mut().map(|missed| &mut missed.name);
            for name in hop.route.iter_mut().map(|route| &mut route.name).chain(missed) {
                if name.contains(BEGIN) {
                    *name = unmarked(name);
                }
            }
        }
    }
}

/// Each condition with its place; none stands for all connections.
fn one_each<T>(conditions: &[T]) -> Vec<(Option<usize>, Option<&T>)> {
    if conditions.is_empty() {
        return vec![(None, None)];
    }
    conditions.iter().enumerate().map(|(number, condition)| (Some(number), Some(condition))).collect()
}

fn unmark_chain(chain: &mut Value) {
    let mut marks = Vec::new();
    for filter in chain.get_mut("filters").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(config) = filter.get_mut("typed_config") else { continue };
        if config.get("@type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with(".TcpProxy")) {
            unmark_texts(config, &mut marks);
        }
    }
    if let (Some(fields), false) = (chain.as_object_mut(), marks.is_empty()) {
        let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
        let name = format!("{name}{}", marks.concat());
        fields.insert("name".to_owned(), Value::String(name));
    }
}

/// Takes the marks out of all texts, and returns each once.
fn unmark_texts(value: &mut Value, marks: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            while let Some((before, rest)) = text.split_once(BEGIN)
                && let Some((mark, after)) = rest.split_once(END)
            {
                let mark = format!("{BEGIN}{mark}{END}");
                if !marks.contains(&mark) {
                    marks.push(mark);
                }
                *text = format!("{before}{after}");
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| unmark_texts(value, marks)),
        Value::Object(fields) => fields.values_mut().for_each(|value| unmark_texts(value, marks)),
        _ => {}
    }
}

/// Returns a name without marks, and without the signs that only join marks.
fn unmarked(name: &str) -> String {
    let mut out = String::new();
    for part in name.split(BEGIN) {
        let text = part.split_once(END).map_or(part, |(_, rest)| rest);
        out.push_str(text);
    }
    out.trim_matches(['.', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_marks() {
        assert_eq!(unmarked("a\u{f8f0}0\u{f8f1}.b\u{f8f0}1\u{f8f1}"), "a.b");
        assert_eq!(unmarked("a\u{f8f0}0\u{f8f1}.\u{f8f0}1\u{f8f1}"), "a");
        assert_eq!(unmarked("\u{f8f0}0\u{f8f1}.\u{f8f0}1\u{f8f1}"), "");
        assert_eq!(unmarked("plain"), "plain");
    }
}
