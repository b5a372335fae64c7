//! All proxies, translated, and what is to be known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use indexmap::{IndexMap, IndexSet};

use super::cause::Cause;
use super::facts::{Discovery, Facts, Shadow};
use super::rejected::{self, Rejected, RejectedKey};
use crate::diagnostic::Diagnostics;
use crate::lint::context::Item;
use crate::lint::finding::Finding;
use crate::lint::{Rule, rules};
use crate::mesh::Mesh;
use crate::pipeline;
use crate::proxy::{self, Proxy};
use crate::translate::Resource;

/// The translation of a mesh, as rules see it.
pub(crate) struct Translated<'m> {
    /// The mesh.
    pub(crate) mesh: &'m Mesh,
    /// What there was to say before: of what was read, and of what it was completed with.
    pub(super) before: &'m Diagnostics,
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
    /// By the address of the facts, and which of their destinations are missing.
    holders: BTreeMap<(usize, Vec<usize>), Holders>,
    /// Routes that are never reached, each with a proxy.
    pub(super) shadows: BTreeMap<Shadow, String>,
    /// Route configurations in which there is nothing, by proxy and name.
    pub(super) empty_routes: BTreeSet<(String, String)>,
    /// Clusters with the DestinationRule that they are by.
    pub(super) upstreams: BTreeSet<(Cause, String)>,
    /// What Envoy refuses, each once for all proxies that have it.
    pub(super) rejected: BTreeMap<RejectedKey, Rejected>,
}

/// Proxies, by full name.
pub(super) type Proxies = BTreeSet<Arc<str>>;

/// Which proxies have a resource, and lack the same of its destinations: these, by place.
#[derive(Debug, Default)]
struct Holders {
    facts: Arc<Facts>,
    proxies: Proxies,
}

/// On which proxies a destination leads somewhere: of each sort, some that all have another resource that names it.
#[derive(Debug, Default)]
pub(super) struct Reach {
    pub(super) present: Vec<Arc<Proxies>>,
    pub(super) missing: Vec<Arc<Proxies>>,
}

/// What is known of resources by their address: the resource itself is kept, so that no other gets its place.
type Seen = IndexMap<usize, (Arc<Resource>, Arc<Facts>)>;

/// A resource of a proxy, and what is to be known of it.
pub(super) struct Served<'t> {
    pub(super) resource: &'t Arc<Resource>,
    pub(super) facts: Arc<Facts>,
}

impl<'m> Translated<'m> {
    /// Translates all proxies.
    pub(crate) fn new(mesh: &'m Mesh, before: &'m Diagnostics) -> Self {
        let proxies = proxy::proxies(mesh);
        let (seen, known) = (Mutex::<Seen>::default(), Mutex::<Known>::default());
        let all: Vec<&Proxy> = proxies.iter().collect();
        let diagnostics = pipeline::translate_all(mesh, &all, |proxy, dump| {
            let translation = dump.translation;
            let clusters: IndexSet<&str> = translation.clusters.iter().map(|cluster| cluster.name()).collect();
            let lists = [
                (Discovery::Cluster, &translation.clusters),
                (Discovery::Listener, &translation.listeners),
                (Discovery::Route, &translation.routes),
                (Discovery::Endpoint, &translation.endpoints),
            ];
            let served = lists.map(|(discovery, list)| (discovery, look(discovery, list, &seen)));
            let name: Arc<str> = proxy.full_name().into();
            let Ok(mut known) = known.lock() else { return };
            for (discovery, (served, fresh)) in &served {
                known.causes.extend(fresh.iter().flat_map(|facts| facts.causes.iter().cloned()));
                for one in served.iter().filter(|one| one.facts.depend_on_the_proxy()) {
                    known.add(&one.facts, one.resource.name(), &clusters, &name);
                    rejected::of_resource(&mut known, *discovery, one, &clusters, &name);
                }
                rejected::of_list(&mut known, *discovery, served, &name);
            }
        });
        let known = known.into_inner().unwrap_or_default();
        Self { mesh, before, proxies, diagnostics, known, said: BTreeSet::new() }
    }

    /// Notes what the rules of istioctl have found.
    pub(crate) fn note<'f>(&mut self, found: impl Iterator<Item = &'f Finding<'f>>) {
        self.said.extend(found.filter_map(|finding| {
            let item = finding.item?;
            Some((finding.rule.code, item.kind().to_owned(), item.full_name()))
        }));
    }

    /// Returns whether anything has been found in an object that explains why it has no effect.
    pub(super) fn is_told(&self, item: &Item<'_>) -> bool {
        let (kind, name) = (item.kind().to_owned(), item.full_name());
        self.said.iter().any(|(code, of, full)| *code != rules::IST0133.code && *of == kind && *full == name)
    }

    /// Returns whether one of these rules has been found in an object.
    pub(super) fn is_said(&self, rules: &[&Rule], item: &Item<'_>) -> bool {
        let (kind, name) = (item.kind().to_owned(), item.full_name());
        rules.iter().any(|rule| self.said.contains(&(rule.code, kind.clone(), name.clone())))
    }
}

/// Looks at each resource of a list, unless another proxy has it too and it is known; returns also what is fresh.
fn look<'t>(discovery: Discovery, list: &'t [Arc<Resource>], seen: &Mutex<Seen>) -> (Vec<Served<'t>>, Vec<Arc<Facts>>) {
    let mut fresh = Vec::new();
    let mut one = |resource: &'t Arc<Resource>| {
        let is_shared = Arc::strong_count(resource) > 1;
        let known = || Some(seen.lock().ok()?.get(&address(resource))?.1.clone());
        if let Some(facts) = is_shared.then(known).flatten() {
            return Served { resource, facts };
        }
        let facts = Arc::new(Facts::of(discovery, resource));
        if is_shared && let Ok(mut seen) = seen.lock() {
            seen.insert(address(resource), (resource.clone(), facts.clone()));
        }
        fresh.push(facts.clone());
        Served { resource, facts }
    };
    // Each thread begins elsewhere, so that those with the same list do not do the same at the same time.
    let threads = rayon::current_num_threads();
    let start = rayon::current_thread_index().map_or(0, |thread| list.len() * thread / threads);
    let (first, second) = list.split_at(start);
    let later: Vec<Served<'t>> = second.iter().map(&mut one).collect();
    let mut served: Vec<Served<'t>> = first.iter().map(one).collect();
    served.extend(later);
    (served, fresh)
}

fn address(resource: &Arc<Resource>) -> usize {
    Arc::as_ptr(resource).addr()
}

impl Known {
    fn add(&mut self, facts: &Arc<Facts>, resource: &str, clusters: &IndexSet<&str>, proxy: &Arc<str>) {
        if let Some(cause) = &facts.upstream {
            self.upstreams.insert((cause.clone(), resource.to_owned()));
        }
        if facts.is_empty_route {
            self.empty_routes.insert((proxy.to_string(), resource.to_owned()));
        }
        if !facts.destinations.is_empty() {
            let named = facts.destinations.iter().enumerate();
            let missing = named.filter(|(_, (_, cluster))| !clusters.contains(cluster.as_str()));
            let key = (Arc::as_ptr(facts).addr(), missing.map(|(index, _)| index).collect());
            let holders =
                self.holders.entry(key).or_insert_with(|| Holders { facts: facts.clone(), ..Holders::default() });
            holders.proxies.insert(proxy.clone());
        }
        for shadow in &facts.shadows {
            let example = self.shadows.entry(shadow.clone()).or_default();
            if example.is_empty() || **proxy < **example {
                *example = proxy.to_string();
            }
        }
    }

    /// Returns the destinations that VirtualServices name, with the proxies that have the cluster and those that have not.
    pub(super) fn destinations(&self) -> BTreeMap<&(Cause, String), Reach> {
        let mut out: BTreeMap<_, Reach> = BTreeMap::new();
        for ((_, missing), Holders { facts, proxies }) in &self.holders {
            let proxies = Arc::new(proxies.clone());
            for (index, destination) in facts.destinations.iter().enumerate() {
                let reach = out.entry(destination).or_default();
                let is_missing = missing.binary_search(&index).is_ok();
                if is_missing { &mut reach.missing } else { &mut reach.present }.push(proxies.clone());
            }
        }
        out
    }
}
