//! Which kinds of objects shape which part of the configuration on the way of a request.
//!
//! The input is completed first, so that objects which controllers make (EndpointSlices, Pods) are left out one by one like those
//! that somebody has written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::alternative::alternatives;
use super::leaf::{self, Leaf};
use super::parts::{Known, Part, Parts, Section};
use super::place::ObjectName;
use super::world::{Edit, World};
use crate::config_dump::ConfigDump;
use crate::mesh::Mesh;
use crate::pipeline::translate_all;
use crate::proxy::{self, Proxy, ProxyKind};
use crate::source::{ResourceRef, Step};

/// The way of a request through the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chain {
    /// From outside, through a gateway, to a workload.
    Ingress,
    /// From a workload to a service of the mesh.
    Service,
    /// From a workload to a host outside, through a gateway if there is one for it.
    Egress,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// Listeners and their filter chains.
    Listener,
    /// Virtual hosts.
    Route,
    /// Clusters.
    Cluster,
    /// Endpoints.
    Endpoint,
}

/// Which kinds shape what, along one chain.
#[derive(Debug, Clone)]
pub struct Table {
    /// The chain.
    pub chain: Chain,
    /// Hosts to which the requests go.
    pub hosts: Vec<String>,
    /// The proxies that send requests on.
    pub source: Side,
    /// The proxies that receive them.
    pub destination: Side,
}

/// One end of a chain.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// `<pod>.<namespace>`
    pub proxies: Vec<String>,
    /// What the proxies have on the way of the requests.
    pub rows: BTreeSet<Row>,
    /// The kinds that shape a row.
    pub marks: BTreeMap<Row, BTreeSet<String>>,
}

/// Kinds with a column of their own in any table, in the order of the chain.
pub const KINDS: [&str; 7] =
    ["Service", "Endpoints", "Gateway", "VirtualService", "DestinationRule", "ServiceEntry", "PeerAuthentication"];

impl Chain {
    /// All chains.
    pub const ALL: [Self; 3] = [Self::Ingress, Self::Service, Self::Egress];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Service => "service",
            Self::Egress => "egress",
        }
    }
}

impl Row {
    /// All rows.
    pub const ALL: [Self; 4] = [Self::Listener, Self::Route, Self::Cluster, Self::Endpoint];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Route => "route",
            Self::Cluster => "cluster",
            Self::Endpoint => "endpoint",
        }
    }

    fn of(part: &Part) -> Self {
        match part.section {
            Section::Listener | Section::FilterChain => Self::Listener,
            Section::VirtualHost => Self::Route,
            Section::Cluster => Self::Cluster,
            Section::Endpoints => Self::Endpoint,
        }
    }
}

impl Table {
    /// Returns the columns: those of any table that are present, then all other kinds that shape something.
    pub fn kinds(&self, present: &BTreeSet<String>) -> Vec<String> {
        let marked: BTreeSet<&String> =
            [&self.source, &self.destination].into_iter().flat_map(|side| side.marks.values().flatten()).collect();
        let known = KINDS.iter().filter(|kind| present.contains(**kind)).map(|kind| (*kind).to_owned());
        let others = marked.into_iter().filter(|kind| !KINDS.contains(&kind.as_str())).cloned();
        known.chain(others).collect()
    }
}

/// Makes the tables of chains that the mesh has, and tells the kinds of the completed input.
pub fn tables(world: &World, chains: &[Chain]) -> (Vec<Table>, BTreeSet<String>) {
    let world = world.expanded();
    let mesh = world.variant(None, &[]).mesh;
    let present = world.objects().into_iter().map(|object| kind(&world, object)).collect();
    let proxies = proxy::proxies(&mesh);
    let ways = chains.iter().filter_map(|chain| Way::new(&mesh, &proxies, *chain)).collect();
    let watch = Watch::new(&world, &mesh, &proxies, ways);
    let mut tables: Vec<Table> = watch.ways.iter().enumerate().map(|(at, way)| watch.table(at, way)).collect();
    for (kind, marks) in watch.marks() {
        for ((way, side), row) in marks {
            let side = if side == 0 { &mut tables[way].source } else { &mut tables[way].destination };
            side.marks.entry(row).or_default().insert(kind.clone());
        }
    }
    (tables, present)
}

/// Returns the column of an object: what lists endpoints has one.
fn kind(world: &World, object: ResourceRef) -> String {
    let kind = ObjectName::of(&world.manifests, object).kind;
    if kind == "EndpointSlice" { "Endpoints".to_owned() } else { kind }
}

fn hosts_of(proxy: &Proxy) -> Vec<String> {
    proxy.service_targets.iter().map(|target| target.service.hostname.clone()).collect()
}

/// The requests of one chain: to which hosts, and by which proxies.
struct Way {
    chain: Chain,
    hosts: BTreeSet<String>,
    sides: [Vec<String>; 2],
}

impl Way {
    /// Finds the hosts and proxies of a chain; nothing if no request goes that way.
    fn new(mesh: &Mesh, proxies: &[Proxy], chain: Chain) -> Option<Self> {
        let of_kind = |kind: ProxyKind| proxies.iter().filter(move |proxy| proxy.client.kind == kind);
        let served: BTreeSet<String> = of_kind(ProxyKind::Sidecar).flat_map(hosts_of).collect();
        let external = mesh.services.iter().filter(|service| service.mesh_external);
        let external = external.map(|service| service.hostname.clone());
        let mut hosts: BTreeSet<String> = if chain == Chain::Egress { external.collect() } else { served };
        if chain != Chain::Service {
            let gateways: Vec<&Proxy> = of_kind(ProxyKind::Router).collect();
            let handled = Mutex::new(BTreeSet::new());
            translate_all(mesh, &gateways, |_, dump| {
                let parts = Parts::of(&dump);
                let of_gateway = hosts.iter().filter(|host| !parts.of_host(host, &BTreeSet::new()).is_empty());
                if let Ok(mut handled) = handled.lock() {
                    handled.extend(of_gateway.cloned());
                }
            });
            let handled = handled.into_inner().unwrap_or_default();
            // Without a gateway for any of them, workloads go outside directly.
            if chain == Chain::Ingress || !handled.is_empty() {
                hosts = handled;
            }
        }
        let names = |kind: ProxyKind| of_kind(kind).map(Proxy::full_name).collect::<Vec<_>>();
        let serving =
            of_kind(ProxyKind::Sidecar).filter(|proxy| hosts_of(proxy).iter().any(|host| hosts.contains(host)));
        let serving: Vec<String> = serving.map(Proxy::full_name).collect();
        let sides = match chain {
            Chain::Ingress => [names(ProxyKind::Router), serving],
            Chain::Service => [names(ProxyKind::Sidecar), serving],
            Chain::Egress => [names(ProxyKind::Sidecar), names(ProxyKind::Router)],
        };
        (!hosts.is_empty()).then_some(Self { chain, hosts, sides })
    }

    /// Returns the parts of a proxy that are on the way of the requests.
    fn wanted(&self, side: usize, proxy: &Proxy, parts: &Parts) -> BTreeSet<Part> {
        if side == 1 && self.chain != Chain::Egress {
            let targets = proxy.service_targets.iter().filter(|target| self.hosts.contains(&target.service.hostname));
            let ports = targets.flat_map(|target| [target.port.number, target.target_port]).collect();
            return parts.of_ports(&ports);
        }
        self.hosts.iter().flat_map(|host| parts.of_host(host, &BTreeSet::new())).collect()
    }
}

/// A proxy on one side of one of the ways.
type Post = ((usize, usize), String);

/// What of one side of one of the ways.
type Mark = ((usize, usize), Row);

/// A proxy's parts, and which of them are on the way.
#[derive(Clone)]
struct Seen {
    parts: Arc<Parts>,
    wanted: BTreeSet<Part>,
}

/// What is looked at in every variant.
struct Watch<'w> {
    world: &'w World,
    ways: Vec<Way>,
    base: BTreeMap<Post, Seen>,
    known: Known,
    /// What the proxies are served without any edit, by name.
    dumps: BTreeMap<String, ConfigDump>,
}

impl<'w> Watch<'w> {
    fn new(world: &'w World, mesh: &Mesh, proxies: &[Proxy], ways: Vec<Way>) -> Self {
        let mut watch = Self { world, ways, base: BTreeMap::new(), known: Known::default(), dumps: BTreeMap::new() };
        let posts = watch.ways.iter().enumerate().flat_map(|(at, way)| {
            let of_side = |side: usize| way.sides[side].iter().map(move |name| ((at, side), name.clone()));
            [0, 1].into_iter().flat_map(of_side).collect::<Vec<_>>()
        });
        let posts: BTreeSet<Post> = posts.collect();
        let all = watch.look(mesh, |post| posts.contains(post));
        for at in 0..watch.ways.len() {
            for side in [0, 1] {
                let is_on_the_way =
                    |name: &String| all.get(&((at, side), name.clone())).is_some_and(|seen| !seen.wanted.is_empty());
                watch.ways[at].sides[side].retain(is_on_the_way);
            }
        }
        // One proxy stands for those of its namespace that have the same on the way.
        let mut seen: BTreeSet<((usize, usize), String, Vec<String>)> = BTreeSet::new();
        for ((post, name), of) in all {
            let proxy = proxies.iter().find(|proxy| proxy.full_name() == name);
            let namespace = proxy.map(|proxy| proxy.namespace.clone()).unwrap_or_default();
            let texts = of.wanted.iter().filter_map(|part| Some(of.parts.text(part)?.to_owned())).collect();
            if !of.wanted.is_empty() && seen.insert((post, namespace, texts)) {
                watch.base.insert((post, name), of);
            }
        }
        let is_seen = |proxy: &&Proxy| watch.base.keys().any(|(_, name)| *name == proxy.full_name());
        let chosen: Vec<&Proxy> = proxies.iter().filter(is_seen).collect();
        let dumps = Mutex::new(BTreeMap::new());
        translate_all(mesh, &chosen, |proxy, dump| {
            if let Ok(mut dumps) = dumps.lock() {
                dumps.insert(proxy.full_name(), dump);
            }
        });
        watch.dumps = dumps.into_inner().unwrap_or_default();
        watch.dumps.values().for_each(|dump| watch.known.learn(dump));
        watch
    }

    /// Translates the proxies that are wanted.
    fn look(&self, mesh: &Mesh, is_wanted: impl Fn(&Post) -> bool + Sync) -> BTreeMap<Post, Seen> {
        let proxies = proxy::proxies(mesh);
        let posts = |proxy: &Proxy| -> Vec<Post> {
            let all = (0..self.ways.len()).flat_map(|at| [((at, 0), proxy.full_name()), ((at, 1), proxy.full_name())]);
            all.filter(|post| is_wanted(post)).collect()
        };
        let watched: Vec<&Proxy> = proxies.iter().filter(|proxy| !posts(proxy).is_empty()).collect();
        let seen = Mutex::new(BTreeMap::new());
        translate_all(mesh, &watched, |proxy, dump| {
            let is_same = |was: &ConfigDump| dump.changed_since(was).is_empty() && was.changed_since(&dump).is_empty();
            if self.dumps.get(&proxy.full_name()).is_some_and(is_same) {
                if let Ok(mut seen) = seen.lock() {
                    let same =
                        posts(proxy).into_iter().filter_map(|post| Some((post.clone(), self.base.get(&post)?.clone())));
                    seen.extend(same);
                }
                return;
            }
            let parts = Arc::new(Parts::with(&dump, &self.known));
            for post in posts(proxy) {
                let (at, side) = post.0;
                let wanted = self.ways[at].wanted(side, proxy, &parts);
                if let Ok(mut seen) = seen.lock() {
                    seen.insert(post, Seen { parts: parts.clone(), wanted });
                }
            }
        });
        seen.into_inner().unwrap_or_default()
    }

    fn table(&self, at: usize, way: &Way) -> Table {
        let side = |side: usize| {
            let seen = self.base.iter().filter(|((of, _), _)| *of == (at, side));
            let rows = seen.flat_map(|(_, seen)| seen.wanted.iter().map(Row::of)).collect();
            Side { proxies: way.sides[side].clone(), rows, marks: BTreeMap::new() }
        };
        Table { chain: way.chain, hosts: way.hosts.iter().cloned().collect(), source: side(0), destination: side(1) }
    }

    /// Returns what edits change; nothing if an object would not be accepted as edited, or a proxy is gone, which shows nothing.
    fn changes(&self, edits: &[Edit]) -> Option<BTreeSet<Mark>> {
        let variant = self.world.variant(None, edits);
        if !variant.accepted {
            return None;
        }
        let now = self.look(&variant.mesh, |post| self.base.contains_key(post));
        let mut marks = BTreeSet::new();
        let mut is_complete = true;
        for (post, before) in &self.base {
            let Some(after) = now.get(post) else {
                is_complete = false;
                continue;
            };
            let differs = |part: &&Part| before.parts.text(part) != after.parts.text(part);
            let parts = before.wanted.iter().chain(&after.wanted).filter(differs);
            marks.extend(parts.map(|part| (post.0, Row::of(part))));
        }
        (is_complete || edits.len() == 1).then_some(marks)
    }

    /// Returns what each kind shapes: what changes without one of its objects, or with other values in one of them.
    fn marks(&self) -> BTreeMap<String, BTreeSet<Mark>> {
        let objects = self.world.objects();
        let removed = objects.par_iter().map(|object| {
            let changes = self.changes(&[Edit::without_object(*object)]);
            (kind(self.world, *object), changes.unwrap_or_default())
        });
        let removed: Vec<(String, BTreeSet<Mark>)> = removed.collect();
        let mut out: BTreeMap<String, BTreeSet<Mark>> = BTreeMap::new();
        for (kind, marks) in removed {
            out.entry(kind).or_default().extend(marks);
        }
        let all: BTreeSet<Mark> = self
            .base
            .iter()
            .flat_map(|((post, _), seen)| seen.wanted.iter().map(|part| (*post, Row::of(part))))
            .collect();
        let mut by_kind: BTreeMap<String, Vec<ResourceRef>> = BTreeMap::new();
        for object in objects.into_iter().filter(|object| self.is_configuration(*object)) {
            by_kind.entry(kind(self.world, object)).or_default().push(object);
        }
        out.par_iter_mut().for_each(|(kind, marks)| {
            // The same field of all objects together: fields of one object may hide each other's effect.
            let mut by_field: BTreeMap<String, Vec<Leaf>> = BTreeMap::new();
            for object in by_kind.get(kind).into_iter().flatten() {
                let leaves = leaf::leaves(&self.world.manifests, *object);
                for leaf in leaves.into_iter().filter(|leaf| !says_for_whom(leaf)) {
                    by_field.entry(field(&leaf)).or_default().push(leaf);
                }
            }
            for leaves in by_field.values() {
                self.edited(leaves, &all, marks);
            }
        });
        out
    }

    /// Says whether the values of an object are tried: not those of what runs, or where, or as whom, of which there are many; what
    /// these do shows when they are left out.
    fn is_configuration(&self, object: ResourceRef) -> bool {
        let group = self.world.manifests.document(object).map(|document| document.group.as_str());
        let kind = kind(self.world, object);
        matches!(kind.as_str(), "Service" | "Endpoints")
            || group.is_some_and(|group| group.ends_with("istio.io") || group == "gateway.networking.k8s.io")
    }

    /// Looks for values that change more than is known, in halves.
    fn edited(&self, leaves: &[Leaf], all: &BTreeSet<Mark>, marks: &mut BTreeSet<Mark>) {
        if leaves.is_empty() || all.is_subset(marks) {
            return;
        }
        let edit = |leaf: &Leaf, value| Edit {
            object: leaf.object,
            path: leaf.path.clone(),
            inner: leaf.inner.clone(),
            value: Some(value),
        };
        if let [leaf] = leaves {
            for other in alternatives(&leaf.value).into_iter().take(ALTERNATIVES) {
                marks.extend(self.changes(&[edit(leaf, other)]).unwrap_or_default());
            }
            return;
        }
        for round in 0..2 {
            let of_round = |leaf: &Leaf| {
                let mut others = alternatives(&leaf.value);
                let at = round.min(others.len().checked_sub(1)?);
                Some(edit(leaf, others.swap_remove(at)))
            };
            let edits: Vec<Edit> = leaves.iter().filter_map(of_round).collect();
            let shows_nothing = edits.is_empty() || self.changes(&edits).is_some_and(|found| found.is_subset(marks));
            if !shows_nothing {
                let (first, second) = leaves.split_at(leaves.len() / 2);
                self.edited(first, all, marks);
                self.edited(second, all, marks);
                return;
            }
        }
    }
}

/// Other values that are tried of one value.
const ALTERNATIVES: usize = 3;

/// Returns the field of a value, without the places in lists: `spec.ports.targetPort`.
fn field(leaf: &Leaf) -> String {
    let keys = leaf.path.0.iter().chain(&leaf.inner.0).filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

/// Says whether a value says for whom the object is: another one amounts to leaving the object out.
fn says_for_whom(leaf: &Leaf) -> bool {
    const FIELDS: [&str; 7] = ["selector", "workloadSelector", "targetRefs", "host", "hosts", "gateways", "exportTo"];
    match leaf.path.0.as_slice() {
        [Step::Key(first), Step::Key(second)] => first == "metadata" && (second == "name" || second == "namespace"),
        [Step::Key(first), Step::Key(second), ..] => first == "spec" && FIELDS.contains(&second.as_str()),
        _ => false,
    }
}
