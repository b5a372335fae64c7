//! What Envoy would refuse of what istiod serves.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::cause::Cause;
use super::facts::Discovery;
use super::translated::{Clusters, Known, Served, Translated};
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::rejection::{self, Extent, Rejection};
use crate::source::{FieldPath, Node, NodeKind, Step};
use crate::translate::Resource;

/// A resource that Envoy refuses, with a proxy that has it.
#[derive(Debug, Clone)]
pub(super) struct Rejected {
    discovery: Discovery,
    /// The first proxy by name.
    proxy: Arc<str>,
    resource: Arc<Resource>,
    /// Why.
    rejection: Rejection,
}

/// What tells one from another: the discovery service, the resource's name, the field and the message.
pub(super) type RejectedKey = (Discovery, String, String, String);

/// Notes what Envoy refuses of a resource of a proxy, which has these clusters.
pub(super) fn of_resource(
    known: &mut Known,
    discovery: Discovery,
    served: &Served<'_>,
    clusters: &Clusters<'_>,
    proxy: &Arc<str>,
) {
    let Served { resource, facts } = served;
    for rejection in &facts.checked.rejections {
        note(known, discovery, resource, proxy, rejection.clone());
    }
    for reference in facts.checked.references.iter().filter(|reference| !clusters.contains(&reference.cluster)) {
        let (path, message) = (reference.path.clone(), reference.message.clone());
        note(known, discovery, resource, proxy, Rejection { path, message, extent: Extent::Resource });
    }
}

/// Notes what Envoy refuses of resources only because a proxy has others.
pub(super) fn of_list(known: &mut Known, discovery: Discovery, served: &[Served<'_>], proxy: &Arc<str>) {
    let mut clashes = rejection::duplicate_names(served.iter().map(|one| one.resource.name()));
    if discovery == Discovery::Listener {
        let listeners = served.iter().map(|one| (one.resource.name(), one.facts.addresses.as_slice()));
        clashes.extend(rejection::duplicate_addresses(listeners));
    }
    for (index, rejection) in clashes {
        let Some(one) = served.get(index) else { continue };
        note(known, discovery, one.resource, proxy, rejection);
    }
}

fn note(known: &mut Known, discovery: Discovery, resource: &Arc<Resource>, proxy: &Arc<str>, rejection: Rejection) {
    let key = (discovery, resource.name().to_owned(), rejection.path.clone(), rejection.message.clone());
    let rejected = || Rejected { discovery, resource: resource.clone(), proxy: proxy.clone(), rejection };
    let first = known.rejected.entry(key).or_insert_with(rejected);
    if *proxy < first.proxy {
        first.proxy = proxy.clone();
        first.resource = resource.clone();
    }
}

/// What is one mistake: a message for a field of a manifest or, without one, for the resources of a name.
type Mistake<'r> = (Option<(String, String)>, Discovery, &'r str, &'r str);

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    // Where a manifest has one mistake, several fields and proxies may have it.
    let mut all: IndexMap<Mistake<'_>, (Finding<'c>, usize)> = IndexMap::new();
    let rejected: Vec<&Rejected> = translated.known.rejected.values().collect();
    let clues = clues(&rejected);
    let written = Written::new(context, &clues);
    for (rejected, clues) in rejected.into_iter().zip(&clues) {
        let Rejected { discovery, resource, proxy, rejection } = rejected;
        let name = resource.name();
        let (what, what_all) = match discovery {
            Discovery::Cluster => ("the cluster", "clusters"),
            Discovery::Listener => ("the listener", "listeners"),
            Discovery::Route => ("the route configuration", "route configurations"),
            Discovery::Endpoint => ("the endpoints of", "assignments of endpoints"),
        };
        let colon = if rejection.path.is_empty() { "" } else { ": " };
        let message = format!("Envoy rejects {what} {name} of {proxy}: {}{colon}{}", rejection.path, rejection.message);
        let place = written.place(clues);
        let cause = place.as_ref().map(|(item, path)| (item.resource(), path.to_string()));
        let key = (cause, *discovery, if place.is_some() { "" } else { name }, rejection.message.as_str());
        if let Some((_, others)) = all.get_mut(&key) {
            *others += 1;
            continue;
        }
        let finding = match place {
            Some((item, path)) => {
                let mut finding = Finding::new(&rules::MESHC0114, item, message).point_path(path);
                finding.related.extend(written.host(item, clues));
                finding
            }
            None => Finding::nowhere(&rules::MESHC0114, format!("Proxy {proxy}"), message),
        };
        let finding = finding.help(match rejection.extent {
            Extent::Resource => format!("the proxy keeps the previous one, and accepts its other {what_all}"),
            Extent::Response => {
                format!("the proxy keeps its previous configuration: it rejects all {what_all} of the response")
            }
        });
        all.insert(key, (finding, 0));
    }
    out.extend(all.into_values().map(|(mut finding, others)| {
        if others > 0 {
            let places = if others == 1 { "place" } else { "places" };
            finding.message = format!("{} (and the same in {others} more {places})", finding.message);
        }
        finding
    }));
}

/// What tells which manifest has caused a rejection.
struct Clues {
    /// The metadata that istiod writes.
    cause: Option<Cause>,
    /// The value that is refused.
    value: Option<String>,
    /// The host of a cluster.
    host: Option<String>,
}

/// Reads the clues of each.
fn clues(all: &[&Rejected]) -> Vec<Clues> {
    // A resource has its rejections one after the other, perhaps thousands.
    let mut printed: Option<(&Arc<Resource>, Value)> = None;
    let mut clues = Vec::with_capacity(all.len());
    for rejected in all {
        let Rejected { discovery, resource, rejection, .. } = *rejected;
        let (_, json) = match printed.take() {
            Some(last) if Arc::ptr_eq(last.0, resource) => printed.insert(last),
            _ => printed.insert((resource, resource.body().to_value())),
        };
        let way = way(json, &rejection.path);
        // What is no scalar may have a name, as filters do.
        let scalar = |value: &&Value| scalar_text(value).or_else(|| scalar_text(value.get("name")?));
        let host = resource.name().rsplit(['|', '_']).next().map(|host| host.trim_start_matches('.').to_owned());
        clues.push(Clues {
            cause: way.iter().rev().find_map(|value| Cause::of(value)),
            value: way.last().and_then(scalar).filter(|text| text.len() > 2),
            host: host.filter(|_| matches!(discovery, Discovery::Cluster | Discovery::Endpoint)),
        });
    }
    clues
}

/// Where the values that clues name are written: manifests are walked once, however much is rejected.
struct Written<'c, 'a, 'v> {
    context: &'c LintContext<'a>,
    /// By the value: the objects that hold it in their `spec`, in their order, each with its first node.
    holders: BTreeMap<&'v str, Vec<(&'c Item<'c>, u32)>>,
}

impl<'c, 'a: 'c, 'v> Written<'c, 'a, 'v> {
    fn new(context: &'c LintContext<'a>, clues: &'v [Clues]) -> Self {
        let wanted = clues.iter().flat_map(|clues| clues.value.iter().chain(&clues.host));
        let mut written = Self { context, holders: wanted.map(|value| (value.as_str(), Vec::new())).collect() };
        if !written.holders.is_empty() {
            for item in context.items() {
                written.walk(item, item.node().get("spec"));
            }
        }
        written
    }

    fn walk(&mut self, item: &'c Item<'c>, node: Option<Node<'c>>) {
        let Some(node) = node else { return };
        match node.kind() {
            NodeKind::Seq(items) => items.into_iter().for_each(|one| self.walk(item, Some(one))),
            NodeKind::Map(entries) => entries.into_iter().for_each(|(_, entry)| self.walk(item, Some(entry))),
            NodeKind::String(text) => self.note(item, node, text),
            NodeKind::Int(number) => self.note(item, node, &number.to_string()),
            _ => {}
        }
    }

    fn note(&mut self, item: &'c Item<'c>, node: Node<'c>, value: &str) {
        if let Some(holders) = self.holders.get_mut(value)
            && holders.last().is_none_or(|(last, _)| !std::ptr::eq(*last, item))
        {
            holders.push((item, node.index()));
        }
    }

    /// Finds the first object of these that holds a value, and where.
    fn first(&self, value: &str, is_one: impl Fn(&Item<'_>) -> bool) -> Option<(&'c Item<'c>, FieldPath)> {
        let (item, index) = self.holders.get(value)?.iter().find(|(item, _)| is_one(item))?;
        Some((*item, item.node().path_to(*index)))
    }

    /// Finds the ServiceEntry that a cluster is for which an EnvoyFilter has changed or made again.
    fn host(&self, patch: &Item<'_>, clues: &Clues) -> Option<(&'c Item<'c>, FieldPath, String)> {
        let host = clues.host.as_deref().filter(|_| patch.kind() == "EnvoyFilter")?;
        let (item, path) = self.first(host, |item| item.is_written() && item.kind() == "ServiceEntry")?;
        Some((item, path, "the host is defined here".to_owned()))
    }

    /// Finds the manifest and the field.
    fn place(&self, clues: &Clues) -> Option<(&'c Item<'c>, FieldPath)> {
        let cause = clues.cause.as_ref();
        let named = cause.and_then(|cause| self.context.find(cause.manifest_kind(), &cause.namespace, &cause.name));
        if let Some(item) = named {
            let value = clues.value.as_deref();
            let path = value.and_then(|value| Some(self.first(value, |one| std::ptr::eq(one, item))?.1));
            return Some((item, path.unwrap_or_else(|| FieldPath::parse("spec"))));
        }
        let of_istio = |item: &Item<'_>| item.is_written() && item.group().ends_with(".istio.io");
        if let Some(value) = &clues.value {
            // A patch may put anything anywhere, so it is the first to be asked.
            let patch = self.first(value, |item| item.kind() == "EnvoyFilter");
            if let Some((item, path)) = patch.or_else(|| self.first(value, of_istio)) {
                return self.context.find(item.kind(), &item.namespace, item.name()).map(|item| (item, path));
            }
        }
        let (item, path) =
            self.first(clues.host.as_deref()?, |item| of_istio(item) && item.kind() == "ServiceEntry")?;
        self.context.find(item.kind(), &item.namespace, item.name()).map(|item| (item, path))
    }
}

/// The values on the way to a field, the resource first.
fn way<'v>(json: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut values = vec![json];
    for step in FieldPath::parse(path).0 {
        let next = match step {
            Step::Key(key) => values.last().and_then(|value| value.get(&key)),
            Step::Index(index) => values.last().and_then(|value| value.get(index)),
        };
        match next {
            Some(next) => values.push(next),
            None => break,
        }
    }
    values
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
