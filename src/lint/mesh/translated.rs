//! All proxies, translated, and what is to be known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::cause::Cause;
use super::facts::{Discovery, Facts, Shadow, TranslatedResource};
use super::rejected::{self, Rejected, RejectedKey};
use crate::diagnostic::Diagnostics;
use crate::lint::Rule;
use crate::lint::context::Item;
use crate::lint::finding::Finding;
use crate::lint::registry::{RESOURCE_CHECKS, ResourceFinding};
use crate::mesh::Mesh;
use crate::pipeline;
use crate::proxy::{self, Proxy};
use crate::translate::Resource;

/// The translation of a mesh, as rules see it.
pub(crate) struct Translated<'m> {
    /// The mesh.
    pub(crate) mesh: &'m Mesh,
    /// Its proxies.
    pub(crate) proxies: Vec<Proxy>,
    /// What the translator has to say.
    pub(super) diagnostics: Diagnostics,
    /// What is known of the resources.
    pub(super) known: Known,
    /// What was found by codes and objects before.
    said: BTreeSet<(&'static str, String, String)>,
}

/// What is known of all resources.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The manifests that have a part in some proxy's configuration.
    pub(super) causes: BTreeSet<Cause>,
    /// Destinations, with the proxies that have the cluster and those that have not.
    pub(super) destinations: BTreeMap<(Cause, String), Reach>,
    /// Routes that are never reached, each with a proxy.
    pub(super) shadows: BTreeMap<Shadow, String>,
    /// What checks of single resources have found.
    pub(super) found: Vec<Found>,
    /// What Envoy refuses, each once for all proxies that have it.
    pub(super) rejected: BTreeMap<RejectedKey, Rejected>,
}

/// What the check of a resource has found, and where.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    /// The check.
    pub(super) check: &'static str,
    /// A proxy that has the resource.
    pub(super) proxy: String,
    /// The name of the resource.
    pub(super) resource: String,
    /// What it is.
    pub(super) finding: ResourceFinding,
}

/// On which proxies, by full name, a destination leads somewhere.
#[derive(Debug, Default)]
pub(super) struct Reach {
    pub(super) present: BTreeSet<Arc<str>>,
    pub(super) missing: BTreeSet<Arc<str>>,
}

/// What is known of resources by their address: the resource itself is kept, so that no other gets its place.
type Seen = BTreeMap<usize, (Arc<Resource>, Arc<Facts>)>;

impl<'m> Translated<'m> {
    /// Translates all proxies.
    pub(crate) fn new(mesh: &'m Mesh) -> Self {
        let proxies = proxy::proxies(mesh);
        let state: Mutex<(Seen, Known)> = Mutex::default();
        let all: Vec<&Proxy> = proxies.iter().collect();
        let diagnostics = pipeline::translate_all(mesh, &all, |proxy, dump| {
            let translation = dump.translation;
            let clusters: BTreeSet<&str> = translation.clusters.iter().map(|cluster| cluster.name()).collect();
            let lists = [
                (Discovery::Cluster, &translation.clusters),
                (Discovery::Listener, &translation.listeners),
                (Discovery::Route, &translation.routes),
            ];
            let name: Arc<str> = proxy.full_name().into();
            let Ok(mut state) = state.lock() else { return };
            let (seen, known) = &mut *state;
            for (discovery, list) in lists {
                let mut served = Vec::with_capacity(list.len());
                for resource in list {
                    let facts = facts(proxy, discovery, resource, seen, known);
                    known.add(&facts, &clusters, &name);
                    rejected::of_resource(known, discovery, resource.name(), &facts, &clusters, proxy);
                    served.push((resource.name(), facts));
                }
                rejected::of_list(known, discovery, &served, proxy);
            }
        });
        let (_, mut known) = state.into_inner().unwrap_or_default();
        let key = |found: &Found| {
            (found.check, found.finding.cause.clone(), found.finding.message.clone(), found.resource.clone())
        };
        known.found.sort_by_cached_key(key);
        known.found.dedup();
        Self { mesh, proxies, diagnostics, known, said: BTreeSet::new() }
    }

    /// Notes what the rules of istioctl have found.
    pub(crate) fn note<'f>(&mut self, found: impl Iterator<Item = &'f Finding<'f>>) {
        self.said.extend(found.filter_map(|finding| {
            let item = finding.item?;
            Some((finding.rule.code, item.kind().to_owned(), item.full_name()))
        }));
    }

    /// Returns whether one of these rules has been found in an object.
    pub(super) fn is_said(&self, rules: &[&Rule], item: &Item<'_>) -> bool {
        let (kind, name) = (item.kind().to_owned(), item.full_name());
        rules.iter().any(|rule| self.said.contains(&(rule.code, kind.clone(), name.clone())))
    }
}

fn facts(
    proxy: &Proxy,
    discovery: Discovery,
    resource: &Arc<Resource>,
    seen: &mut Seen,
    known: &mut Known,
) -> Arc<Facts> {
    let address = Arc::as_ptr(resource).addr();
    if let Some((_, facts)) = seen.get(&address) {
        return facts.clone();
    }
    let json = serde_json::to_value(resource.as_ref()).unwrap_or_default();
    let translated = TranslatedResource { proxy, discovery, resource, json: &json };
    let facts = Arc::new(Facts::of(&translated));
    for check in RESOURCE_CHECKS {
        known.found.extend((check.run)(&translated).into_iter().map(|finding| Found {
            check: check.name,
            proxy: translated.proxy.full_name(),
            resource: translated.resource.name().to_owned(),
            finding,
        }));
    }
    seen.insert(address, (resource.clone(), facts.clone()));
    facts
}

impl Known {
    fn add(&mut self, facts: &Facts, clusters: &BTreeSet<&str>, proxy: &Arc<str>) {
        for cause in &facts.causes {
            if !self.causes.contains(cause) {
                self.causes.insert(cause.clone());
            }
        }
        for (cause, cluster) in &facts.destinations {
            let reach = self.destinations.entry((cause.clone(), cluster.clone())).or_default();
            let has_it = clusters.contains(cluster.as_str());
            let proxies = if has_it { &mut reach.present } else { &mut reach.missing };
            proxies.insert(proxy.clone());
        }
        for shadow in &facts.shadows {
            let example = self.shadows.entry(shadow.clone()).or_default();
            if example.is_empty() || **proxy < **example {
                *example = proxy.to_string();
            }
        }
    }
}
