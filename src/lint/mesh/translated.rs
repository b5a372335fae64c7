//! All proxies, translated, and what is to be known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use indexmap::IndexMap;
use rayon::prelude::*;

use super::cause::Cause;
use super::creation::RIVALS;
use super::facts::{Discovery, Facts, Shadow};
use super::print::{self, Print};
use super::rejected::{self, Rejected, RejectedKey};
use crate::diagnostic::{Diagnostics, Place};
use crate::ingest::{Manifests, MeshSettings};
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::{Rule, rules};
use crate::mesh::{Mesh, short_name};
use crate::pipeline;
use crate::proxy::{self, Proxy};
use crate::rejection::Fine;
use crate::translate::{Resource, Translation};

/// The translation of a mesh, as rules see it.
pub(crate) struct Translated<'m> {
    /// The mesh.
    pub(crate) mesh: &'m Mesh,
    /// What it is made of, completed.
    pub(super) made_of: (&'m Manifests, &'m MeshSettings),
    /// What there was to say before: of what was read, and of what it was completed with.
    pub(super) before: &'m Diagnostics,
    /// Its proxies.
    pub(crate) proxies: Vec<Proxy>,
    /// What the translator has to say.
    pub(super) diagnostics: Diagnostics,
    /// What is known of the resources.
    pub(super) known: Known,
    /// The print of all that is served.
    pub(super) print: Print,
    /// What was found by codes and objects before.
    said: BTreeSet<(&'static str, String, String)>,
    /// Objects in which anything was found that explains why they have no effect.
    told: BTreeSet<(String, String)>,
    /// Objects that rival others, each with these.
    rivals: Vec<(ObjectKey, Vec<ObjectKey>)>,
}

/// Kind and full name of an object.
type ObjectKey = (String, String);

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

/// What is known of resources, by what they hold: many proxies have the same ones.
type Seen = IndexMap<(Discovery, [u64; 2]), Arc<Facts>>;

/// What is known of resources from one run to the next, so that only what has changed is looked at again.
#[derive(Debug, Default)]
pub struct Memory {
    seen: Mutex<Seen>,
    fine: Fine,
}

impl Memory {
    /// Forgets all when there is more than a large mesh has.
    fn trim(&self) {
        const MOST: usize = 500_000;
        if let Ok(mut seen) = self.seen.lock()
            && seen.len() > MOST
        {
            seen.clear();
        }
        self.fine.trim(4 * MOST);
    }
}

/// What is known of the resources that several proxies of a run share, by their addresses; they are kept, so that no other one has these.
type Shared = RwLock<BTreeMap<usize, (Arc<Resource>, Arc<Facts>)>>;

/// The clusters of a proxy, in the order of their names.
pub(super) struct Clusters<'t> {
    own: &'t [Arc<Resource>],
    /// Those that it shares with a proxy that is looked at before.
    base: Option<&'t [Arc<Resource>]>,
}

impl Clusters<'_> {
    /// Says whether there is a cluster of this name.
    pub(super) fn contains(&self, name: &str) -> bool {
        let is_in = |list: &[Arc<Resource>]| list.binary_search_by(|one| one.name().cmp(name)).is_ok();
        is_in(self.own) || self.base.is_some_and(is_in)
    }
}

/// A resource of a proxy, and what is to be known of it.
pub(super) struct Served<'t> {
    pub(super) resource: &'t Arc<Resource>,
    pub(super) facts: Arc<Facts>,
}

impl<'m> Translated<'m> {
    /// Completes a short host of a rule by the namespace of the rule and the domain of the cluster, as istiod does.
    pub(crate) fn full_host(&self, namespace: &str, host: &str) -> String {
        short_name::fqdn(host, namespace, &self.mesh.installation.cluster_domain)
    }

    /// Finds the Service of Kubernetes that a full host is the name of, or an object of another kind with its name.
    pub(super) fn named_by_host<'c>(
        &self,
        context: &'c LintContext<'_>,
        kind: &str,
        host: &str,
    ) -> Option<&'c Item<'c>> {
        let (name, rest) = host.split_once('.')?;
        let namespace = rest.strip_suffix(&self.mesh.installation.cluster_domain)?.strip_suffix(".svc.")?;
        context.find(kind, namespace, name)
    }

    /// Translates all proxies.
    pub(crate) fn new(
        mesh: &'m Mesh,
        made_of: (&'m Manifests, &'m MeshSettings),
        before: &'m Diagnostics,
        memory: &Memory,
    ) -> Self {
        let proxies = proxy::proxies(mesh);
        let known = Mutex::<(Known, Print)>::default();
        let shared = Shared::default();
        memory.trim();
        let all: Vec<&Proxy> = proxies.iter().collect();
        let diagnostics = pipeline::translate_distinct(mesh, &all, |distinct| {
            let translation = &distinct.translation;
            let names: Vec<Arc<str>> = distinct.alike.iter().map(|proxy| proxy.full_name().into()).collect();
            let clusters =
                Clusters { own: &translation.clusters, base: distinct.base.map(|base| base.clusters.as_slice()) };
            let lists = [
                (Discovery::Cluster, &translation.clusters),
                (Discovery::Listener, &translation.listeners),
                (Discovery::Route, &translation.routes),
                (Discovery::Endpoint, &translation.endpoints),
            ];
            let served = lists.map(|(discovery, list)| (discovery, look(discovery, list, &shared, memory)));
            let print = Print::of(distinct, digests(translation, &served));
            let name: Arc<str> = distinct.proxy.full_name().into();
            let Ok(mut known) = known.lock() else { return };
            let (known, sum) = &mut *known;
            sum.add(print);
            for (discovery, served) in &served {
                known.causes.extend(served.iter().flat_map(|one| one.facts.causes.iter().cloned()));
                for one in served.iter().filter(|one| one.facts.depend_on_the_proxy()) {
                    known.add(&one.facts, one.resource.name(), &clusters, &names);
                    rejected::of_resource(known, *discovery, one, &clusters, &name);
                }
                rejected::of_list(known, *discovery, served, &name);
            }
        });
        let (known, print) = known.into_inner().unwrap_or_default();
        Self {
            mesh,
            made_of,
            before,
            proxies,
            diagnostics,
            known,
            print,
            said: BTreeSet::new(),
            told: BTreeSet::new(),
            rivals: Vec::new(),
        }
    }

    /// Notes what the rules of istioctl have found.
    pub(crate) fn note<'f>(&mut self, found: impl Iterator<Item = &'f Finding<'f>>) {
        for finding in found {
            let Some(item) = finding.item else { continue };
            let (kind, name) = (item.kind().to_owned(), item.full_name());
            if ![rules::IST0133.code, rules::IST0118.code].contains(&finding.rule.code) {
                self.told.insert((kind.clone(), name.clone()));
            }
            if RIVALS.contains(&finding.rule) {
                let others = finding.related.iter().map(|(other, ..)| (other.kind().to_owned(), other.full_name()));
                self.rivals.push(((kind.clone(), name.clone()), others.collect()));
            }
            self.said.insert((finding.rule.code, kind, name));
        }
    }

    /// Notes objects that have no effect for the sake of others, which are not applied together with them.
    pub(crate) fn explain<'f>(&mut self, found: impl Iterator<Item = &'f Finding<'f>>) {
        let items = found.filter_map(|finding| finding.item);
        self.told.extend(items.map(|item| (item.kind().to_owned(), item.full_name())));
    }

    /// Returns whether anything has been found in an object that explains why it has no effect.
    pub(super) fn is_told(&self, item: &Item<'_>) -> bool {
        self.told.contains(&(item.kind().to_owned(), item.full_name()))
    }

    /// Returns whether there is anything to say of an object, be it told or not, as what it lacks may be elsewhere.
    pub(super) fn is_mentioned(&self, context: &LintContext<'_>, item: &Item<'_>) -> bool {
        let is_its = |place: &Place| match place {
            Place::Field(resource, _) => context.by_resource(*resource).is_some_and(|known| std::ptr::eq(known, item)),
            Place::Span(_) => false,
        };
        let mut all = self.before.iter().chain(&self.mesh.findings).chain(&self.diagnostics);
        all.any(|diagnostic| diagnostic.labels.first().is_some_and(|label| is_its(&label.place)))
    }

    /// Returns whether an object is the first of some rivals.
    pub(super) fn is_first_rival(&self, item: &Item<'_>) -> bool {
        let own = (item.kind().to_owned(), item.full_name());
        let is_rival = |other: &ObjectKey| self.rivals.iter().any(|(known, _)| known == other);
        let mut sets = self.rivals.iter().filter(|(known, _)| *known == own);
        sets.any(|(_, others)| !others.iter().any(|other| *other < own && is_rival(other)))
    }

    /// Returns whether one of these rules has been found in an object.
    pub(super) fn is_said(&self, rules: &[&Rule], item: &Item<'_>) -> bool {
        let (kind, name) = (item.kind().to_owned(), item.full_name());
        rules.iter().any(|rule| self.said.contains(&(rule.code, kind.clone(), name.clone())))
    }
}

/// Looks at each resource of a list, unless an equal one is known.
fn look<'t>(discovery: Discovery, list: &'t [Arc<Resource>], shared: &Shared, memory: &Memory) -> Vec<Served<'t>> {
    let one = |resource: &'t Arc<Resource>| {
        let address = Arc::as_ptr(resource) as usize;
        let known = shared.read().unwrap_or_else(PoisonError::into_inner).get(&address).map(|(_, facts)| facts.clone());
        let facts = known.unwrap_or_else(|| {
            let facts = facts(discovery, resource, memory);
            // Others than this proxy's translation have it, too; most routes are the same in one namespace only.
            let is_shared = matches!(discovery, Discovery::Cluster | Discovery::Endpoint);
            if is_shared && Arc::strong_count(resource) > 1 {
                let mut shared = shared.write().unwrap_or_else(PoisonError::into_inner);
                shared.insert(address, (resource.clone(), facts.clone()));
            }
            facts
        });
        Served { resource, facts }
    };
    // A few are not worth other threads.
    if list.len() < 64 { list.iter().map(one).collect() } else { list.par_iter().map(one).collect() }
}

/// Looks at a resource, unless an equal one is known.
fn facts(discovery: Discovery, resource: &Resource, Memory { seen, fine }: &Memory) -> Arc<Facts> {
    let digest = print::of_resource(resource);
    let key = (discovery, digest);
    let known = seen.lock().ok().and_then(|seen| seen.get(&key).cloned());
    known.unwrap_or_else(|| {
        let facts = Arc::new(Facts { digest, ..Facts::of(discovery, &resource.body().to_value(), fine) });
        if let Ok(mut seen) = seen.lock() {
            return seen.entry(key).or_insert(facts).clone();
        }
        facts
    })
}

/// Returns the digests of all that is served, in the order of [`print::lists`].
fn digests(translation: &Translation, served: &[(Discovery, Vec<Served<'_>>); 4]) -> impl Iterator<Item = [u64; 2]> {
    let seen = served.iter().flat_map(|(_, list)| list.iter().map(|one| one.facts.digest));
    let others = print::lists(translation).into_iter().skip(served.len()).flatten();
    seen.chain(others.map(|resource| print::of_resource(resource)))
}

impl Known {
    fn add(&mut self, facts: &Arc<Facts>, resource: &str, clusters: &Clusters<'_>, proxies: &[Arc<str>]) {
        let Some(proxy) = proxies.iter().min() else { return };
        if let Some(cause) = &facts.upstream {
            self.upstreams.insert((cause.clone(), resource.to_owned()));
        }
        if facts.is_empty_route {
            self.empty_routes.insert((proxy.to_string(), resource.to_owned()));
        }
        if !facts.destinations.is_empty() {
            let named = facts.destinations.iter().enumerate();
            let missing = named.filter(|(_, (_, cluster))| !clusters.contains(cluster));
            let key = (Arc::as_ptr(facts).addr(), missing.map(|(index, _)| index).collect());
            let holders =
                self.holders.entry(key).or_insert_with(|| Holders { facts: facts.clone(), ..Holders::default() });
            holders.proxies.extend(proxies.iter().cloned());
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
