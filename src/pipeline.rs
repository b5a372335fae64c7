//! The whole way: manifests -> mesh -> proxies -> dumps.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::config_dump::ConfigDump;
use crate::diagnostic::Diagnostics;
use crate::mesh::Mesh;
use crate::mesh::sidecar;
use crate::proxy::{self, Client, OutboundView, Proxy, ProxyKind, ProxyView, SidecarScope, WaypointIdentity};
use crate::translate::{EnvoyFilters, Outbound, Translation, node, outbound, translate, translate_inbound};

/// Proxies that share their outbound resources.
#[derive(Debug)]
struct Group<'p> {
    scope: Arc<SidecarScope>,
    client: &'p Client,
    proxies: Vec<&'p Proxy>,
}

/// Translates proxies, hands each dump to `sink`, and returns what there is to say.
///
/// Proxies with the same scope and the same client share what is computed; a group's share is dropped before the next group.
/// `sink` is called from several threads, in no order.
pub fn translate_all(mesh: &Mesh, proxies: &[&Proxy], sink: impl Fn(&Proxy, ConfigDump) + Sync) -> Diagnostics {
    translate_while(mesh, proxies, |proxy, dump| {
        sink(proxy, dump);
        true
    })
}

/// The same until `sink` says that it has had enough.
pub fn translate_while(
    mesh: &Mesh,
    proxies: &[&Proxy],
    sink: impl Fn(&Proxy, ConfigDump) -> bool + Sync,
) -> Diagnostics {
    let goes_on = AtomicBool::new(true);
    let mut all = proxy::rivals(mesh, proxies);
    let gather = |mut a: Diagnostics, b: Diagnostics| {
        a.extend(b);
        a
    };
    let envoy_filters = EnvoyFilters::new(mesh);
    let mut before = outbound::Before::default();
    for group in groups(mesh, proxies) {
        let outbound = OutboundView { mesh, scope: &group.scope, client: group.client };
        let shared = Outbound::new(&outbound, &mut before);
        all.extend(shared.diagnostics());
        let of_group = group.proxies.par_iter().map(|proxy| {
            let mut diagnostics = Diagnostics::default();
            if goes_on.load(Ordering::Relaxed)
                && !sink(proxy, dump(mesh, proxy, &group.scope, &shared, &envoy_filters, &mut diagnostics))
            {
                goes_on.store(false, Ordering::Relaxed);
            }
            diagnostics
        });
        all.extend(of_group.reduce(Diagnostics::default, gather));
    }
    all.extend(in_the_end(mesh, proxies, &envoy_filters));
    all
}

/// A mesh, and the proxies of it that are meant.
#[derive(Debug, Clone, Copy)]
pub struct Side<'m> {
    /// The mesh.
    pub mesh: &'m Mesh,
    /// The proxies.
    pub proxies: &'m [&'m Proxy],
}

/// A proxy with what it is served.
pub type Served<'p> = (&'p Proxy, ConfigDump);

/// Translates the proxies of two meshes beside each other, those of the same name together, and returns what there is to say of each
/// mesh.
///
/// `sink` takes the two, of which one may be missing; it is called from several threads, in no order. No more dumps are held than it
/// looks at. Resources that are equal are the same [`Arc`] on both sides, where proxies share them.
pub fn translate_pairs<'p>(
    before: Side<'p>,
    after: Side<'p>,
    sink: impl Fn([Option<Served<'p>>; 2]) + Sync,
) -> [Diagnostics; 2] {
    let sides = [before, after];
    let mut all = sides.map(|side| proxy::rivals(side.mesh, side.proxies));
    let envoy_filters = sides.map(|side| EnvoyFilters::new(side.mesh));
    let groups = sides.map(|side| groups(side.mesh, side.proxies));
    let mut known = outbound::Before::default();
    for (places, pairs) in pairs(&groups) {
        let shared = [0, 1].map(|at| {
            let group = &groups[at][places[at]?];
            let outbound = OutboundView { mesh: sides[at].mesh, scope: &group.scope, client: group.client };
            let shared = Outbound::new(&outbound, &mut known);
            all[at].extend(shared.diagnostics());
            Some((group, shared))
        });
        let one = |pair: [Option<&'p Proxy>; 2]| {
            let mut diagnostics = [Diagnostics::default(), Diagnostics::default()];
            let mut served = |at: usize| {
                let (proxy, (group, shared)) = (pair[at]?, shared[at].as_ref()?);
                let (mesh, filters) = (sides[at].mesh, &envoy_filters[at]);
                Some((proxy, dump(mesh, proxy, &group.scope, shared, filters, &mut diagnostics[at])))
            };
            sink([served(0), served(1)]);
            diagnostics
        };
        let gather = |[mut a, mut b]: [Diagnostics; 2], [c, d]: [Diagnostics; 2]| {
            a.extend(c);
            b.extend(d);
            [a, b]
        };
        let of_pairs = pairs.into_par_iter().map(one).reduce(Default::default, gather);
        all = gather(all, of_pairs);
    }
    for (at, side) in sides.iter().enumerate() {
        all[at].extend(in_the_end(side.mesh, side.proxies, &envoy_filters[at]));
    }
    all
}

/// A proxy on each of two sides, with the place of its group.
type Found<'p> = [Option<(usize, &'p Proxy)>; 2];

/// Proxies of two sides by the groups that they are in on each, those of the same name together.
type Pairs<'p> = BTreeMap<[Option<usize>; 2], Vec<[Option<&'p Proxy>; 2]>>;

fn pairs<'p>(groups: &[Vec<Group<'p>>; 2]) -> Pairs<'p> {
    let mut by_name: BTreeMap<(&str, &str), Found<'p>> = BTreeMap::new();
    for (at, groups) in groups.iter().enumerate() {
        for (place, group) in groups.iter().enumerate() {
            for &proxy in &group.proxies {
                by_name.entry((&proxy.namespace, &proxy.name)).or_default()[at] = Some((place, proxy));
            }
        }
    }
    let mut out = Pairs::new();
    for found in by_name.into_values() {
        let places = found.map(|found| found.map(|(place, _)| place));
        out.entry(places).or_default().push(found.map(|found| found.map(|(_, proxy)| proxy)));
    }
    out
}

/// What differs between proxies, for whoever judges what they are served.
#[derive(Debug)]
pub struct Distinct<'p> {
    /// The proxy.
    pub proxy: &'p Proxy,
    /// All proxies that have what is here, but for the inbound side of `proxy`.
    pub alike: &'p [&'p Proxy],
    /// Of a proxy of which only the inbound side is here, the translation of another one that has the same outbound side.
    pub base: Option<&'p Translation>,
    /// What is served.
    pub translation: Translation,
}

/// Translates what differs: of sidecars with the same outbound side all of the first, and of the others their inbound side.
///
/// `sink` is called from several threads, in no order.
pub fn translate_distinct(mesh: &Mesh, proxies: &[&Proxy], sink: impl Fn(&Distinct<'_>) + Sync) -> Diagnostics {
    let mut all = proxy::rivals(mesh, proxies);
    let gather = |mut a: Diagnostics, b: Diagnostics| {
        a.extend(b);
        a
    };
    let envoy_filters = EnvoyFilters::new(mesh);
    let mut before = outbound::Before::default();
    for group in groups(mesh, proxies) {
        let outbound = OutboundView { mesh, scope: &group.scope, client: group.client };
        let shared = Outbound::new(&outbound, &mut before);
        all.extend(shared.diagnostics());
        for alike in alike(mesh, &group, &envoy_filters) {
            let Some((&first, others)) = alike.split_first() else { continue };
            let mut diagnostics = Diagnostics::default();
            let translation = dump(mesh, first, &group.scope, &shared, &envoy_filters, &mut diagnostics).translation;
            let whole = Distinct { proxy: first, alike: &alike, base: None, translation };
            let of_others = || {
                let inbound = others.par_iter().map(|&proxy| {
                    let mut diagnostics = Diagnostics::default();
                    let peer_authentication = mesh.peer_authentication.for_workload(&proxy.namespace, &proxy.labels);
                    let outbound = OutboundView { mesh, scope: &group.scope, client: &proxy.client };
                    let view = ProxyView { outbound, proxy, gateway: None, peer_authentication: &peer_authentication };
                    let translation = translate_inbound(&view, &shared, &envoy_filters, &mut diagnostics);
                    sink(&Distinct { proxy, alike: &[proxy], base: Some(&whole.translation), translation });
                    diagnostics
                });
                inbound.reduce(Diagnostics::default, gather)
            };
            // The first has large resources, which would keep one thread busy.
            let ((), inbound) = rayon::join(|| sink(&whole), of_others);
            all.extend(diagnostics);
            all.extend(inbound);
        }
    }
    all.extend(in_the_end(mesh, proxies, &envoy_filters));
    all
}

/// The patches that a proxy has, as [`EnvoyFilters`] tells them apart.
type Patches = Option<Vec<(usize, usize)>>;

/// Splits a group by the patches that its proxies have; a router is like no other.
fn alike<'p>(mesh: &Mesh, group: &Group<'p>, envoy_filters: &EnvoyFilters) -> Vec<Vec<&'p Proxy>> {
    let mut out: Vec<(Patches, Vec<&'p Proxy>)> = Vec::new();
    for &proxy in &group.proxies {
        let key = envoy_filters.for_proxy(mesh, proxy).map(|patches| patches.key().to_vec());
        let is_alike = |known: &&mut (Patches, Vec<&Proxy>)| proxy.client.kind == ProxyKind::Sidecar && known.0 == key;
        match out.iter_mut().find(is_alike) {
            Some((_, proxies)) => proxies.push(proxy),
            None => out.push((key, vec![proxy])),
        }
    }
    out.into_iter().map(|(_, proxies)| proxies).collect()
}

/// Translates proxies, hands what `render` makes of each dump to `sink` in one order, and returns what there is to say.
///
/// The order is that of the groups, and in each that of the proxies. `render` is called from several threads, `sink` from this
/// one; at most a few rendered dumps wait for their turn. When `sink` fails, the rest is not translated.
pub fn translate_in_order<T: Send, E>(
    mesh: &Mesh,
    proxies: &[&Proxy],
    render: impl Fn(&Proxy, ConfigDump) -> T + Sync,
    mut sink: impl FnMut(&Proxy, T) -> Result<(), E>,
) -> (Diagnostics, Result<(), E>) {
    let mut all = proxy::rivals(mesh, proxies);
    let envoy_filters = EnvoyFilters::new(mesh);
    let mut before = outbound::Before::default();
    for group in groups(mesh, proxies) {
        let outbound = OutboundView { mesh, scope: &group.scope, client: group.client };
        let shared = Outbound::new(&outbound, &mut before);
        all.extend(shared.diagnostics());
        for some in group.proxies.chunks(2 * rayon::current_num_threads()) {
            let rendered = some.par_iter().map(|&proxy| {
                let mut diagnostics = Diagnostics::default();
                let rendered =
                    render(proxy, dump(mesh, proxy, &group.scope, &shared, &envoy_filters, &mut diagnostics));
                (proxy, rendered, diagnostics)
            });
            for (proxy, rendered, diagnostics) in rendered.collect::<Vec<_>>() {
                all.extend(diagnostics);
                if let Err(error) = sink(proxy, rendered) {
                    return (all, Err(error));
                }
            }
        }
    }
    all.extend(in_the_end(mesh, proxies, &envoy_filters));
    (all, Ok(()))
}

/// Translates one proxy.
pub fn translate_one(mesh: &Mesh, proxy: &Proxy, diagnostics: &mut Diagnostics) -> ConfigDump {
    let translator = Translator::new(mesh);
    diagnostics.extend(proxy::rivals(mesh, &[proxy]));
    let dump = translator.translate(proxy, diagnostics);
    diagnostics.extend(translator.envoy_filters.shared_values());
    dump
}

/// Translates proxies one by one, as they are asked for; what the last ones share with others is kept.
#[derive(Debug)]
pub struct Translator<'m> {
    mesh: &'m Mesh,
    envoy_filters: EnvoyFilters,
    kept: Mutex<Vec<Arc<Kept>>>,
}

/// What proxies of a group share.
#[derive(Debug)]
struct Kept {
    namespace: String,
    sidecar: Option<usize>,
    client: Client,
    scope: SidecarScope,
    outbound: Outbound,
}

impl<'m> Translator<'m> {
    /// Groups whose share is kept.
    const KEPT: usize = 8;

    /// Translates nothing yet.
    pub fn new(mesh: &'m Mesh) -> Self {
        Self { mesh, envoy_filters: EnvoyFilters::new(mesh), kept: Mutex::default() }
    }

    /// Translates a proxy.
    pub fn translate(&self, proxy: &Proxy, diagnostics: &mut Diagnostics) -> ConfigDump {
        let kept = self.kept(proxy);
        diagnostics.extend(kept.outbound.diagnostics());
        dump(self.mesh, proxy, &kept.scope, &kept.outbound, &self.envoy_filters, diagnostics)
    }

    fn kept(&self, proxy: &Proxy) -> Arc<Kept> {
        let sidecar = sidecar_of(self.mesh, proxy);
        let is_known = |kept: &Arc<Kept>| {
            (&kept.namespace, kept.sidecar, &kept.client) == (&proxy.namespace, sidecar, &proxy.client)
        };
        let all = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = {
            let mut all = all();
            all.iter().position(is_known).map(|at| all.remove(at))
        };
        // Not while the lock is held: the threads that help may ask for another proxy.
        let kept = known.unwrap_or_else(|| {
            let scope = build_scope(self.mesh, proxy, sidecar);
            let view = OutboundView { mesh: self.mesh, scope: &scope, client: &proxy.client };
            let outbound = Outbound::new(&view, &mut outbound::Before::default());
            let (namespace, client) = (proxy.namespace.clone(), proxy.client.clone());
            Arc::new(Kept { namespace, sidecar, client, scope, outbound })
        });
        let mut all = all();
        all.push(kept.clone());
        if all.len() > Self::KEPT {
            all.remove(0);
        }
        kept
    }
}

/// What there is to say of patches once proxies are translated: of those that matched nothing, if all of the mesh are.
fn in_the_end(mesh: &Mesh, translated: &[&Proxy], envoy_filters: &EnvoyFilters) -> Diagnostics {
    let mut out = envoy_filters.shared_values();
    let unmatched = envoy_filters.unmatched();
    if !unmatched.is_empty() && proxy::proxies(mesh).len() == translated.len() {
        out.extend(unmatched);
    }
    out
}

fn dump(
    mesh: &Mesh,
    proxy: &Proxy,
    scope: &SidecarScope,
    shared: &Outbound,
    envoy_filters: &EnvoyFilters,
    diagnostics: &mut Diagnostics,
) -> ConfigDump {
    let gateway = proxy.merged_gateway(mesh);
    let peer_authentication = mesh.peer_authentication.for_workload(&proxy.namespace, &proxy.labels);
    let view = ProxyView {
        outbound: OutboundView { mesh, scope, client: &proxy.client },
        proxy,
        gateway: gateway.as_ref(),
        peer_authentication: &peer_authentication,
    };
    ConfigDump { node: node::build(proxy), translation: translate(&view, shared, envoy_filters, diagnostics) }
}

/// Groups proxies by scope and client, in the order in which they are first seen.
fn groups<'p>(mesh: &Mesh, proxies: &[&'p Proxy]) -> Vec<Group<'p>> {
    type Key<'p> = (ProxyKind, &'p str, Option<&'p WaypointIdentity>, Option<usize>);
    let mut scopes: BTreeMap<Key<'_>, Arc<SidecarScope>> = BTreeMap::new();
    let mut groups: Vec<Group<'p>> = Vec::new();
    for &proxy in proxies {
        let sidecar = sidecar_of(mesh, proxy);
        let key = (proxy.client.kind, proxy.namespace.as_str(), proxy.client.waypoint.as_ref(), sidecar);
        let scope = scopes.entry(key).or_insert_with(|| Arc::new(build_scope(mesh, proxy, sidecar)));
        let known = groups.iter_mut().find(|g| Arc::ptr_eq(&g.scope, scope) && *g.client == proxy.client);
        match known {
            Some(group) => group.proxies.push(proxy),
            None => groups.push(Group { scope: scope.clone(), client: &proxy.client, proxies: vec![proxy] }),
        }
    }
    groups
}

fn build_scope(mesh: &Mesh, proxy: &Proxy, sidecar: Option<usize>) -> SidecarScope {
    match proxy.client.kind {
        ProxyKind::Router => SidecarScope::for_router(mesh, &proxy.namespace),
        ProxyKind::Waypoint => SidecarScope::for_waypoint(mesh, proxy),
        ProxyKind::Sidecar => SidecarScope::for_sidecar(mesh, sidecar.map(|i| &mesh.sidecars[i]), &proxy.namespace),
    }
}

/// Chooses the Sidecar of a proxy: in its namespace the first whose selector matches or that has none, else that of the root
/// namespace. istiod: `push_context.go` `doGetSidecarScope`.
pub(crate) fn sidecar_of(mesh: &Mesh, proxy: &Proxy) -> Option<usize> {
    if proxy.client.kind != ProxyKind::Sidecar {
        return None;
    }
    let own = mesh
        .sidecars
        .iter()
        .position(|s| s.meta.namespace == proxy.namespace && sidecar::is_for(&s.spec, &proxy.labels));
    own.or_else(|| {
        let root = &mesh.config.root_namespace;
        mesh.sidecars.iter().position(|s| s.meta.namespace == *root && s.spec.workload_selector.is_none())
    })
}
