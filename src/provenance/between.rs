//! What differs between the proxies of two meshes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::config_dump::ConfigDump;
use crate::diagnostic::Diagnostics;
use crate::diff::{Dump, NodeName, Presence, ProxyName, Report, ResourceChange, Scope, Shared};
use crate::mesh::Mesh;
use crate::pipeline::translate_all;
use crate::proxy::Proxy;

/// One side: a mesh, and the proxies of it that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Side<'m> {
    /// The mesh.
    pub mesh: &'m Mesh,
    /// The proxies.
    pub proxies: &'m [&'m Proxy],
}

/// What was found of a proxy. Changes that are the same for several proxies are one and the same.
type Found = (ProxyName, (Presence, Vec<Arc<ResourceChange>>));

/// Translates both sides and adds what differs to the report; returns what each translation had to say.
pub fn between(before: Side<'_>, after: Side<'_>, scope: Scope, report: &mut Report) -> (Diagnostics, Diagnostics) {
    let (dumps, of_before) = translate(before);
    let found: Mutex<Vec<Found>> = Mutex::new(Vec::new());
    let shared = Shared::default();
    let of_after = translate_all(after.mesh, after.proxies, |proxy, dump| {
        let name = proxy.full_name();
        let one = match dumps.get(&name) {
            Some(before) => (Presence::Both, shared.compare(before, &dump, scope)),
            None => (Presence::Added(Dump::of(&dump).count()), Vec::new()),
        };
        if let Ok(mut found) = found.lock() {
            found.push((ProxyName::new(&name, NodeName::of(&dump.node).as_ref()), one));
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    let names: BTreeSet<String> = after.proxies.iter().map(|proxy| proxy.full_name()).collect();
    for (name, dump) in dumps.iter().filter(|(name, _)| !names.contains(*name)) {
        let removed = (Presence::Removed(Dump::of(dump).count()), Vec::new());
        found.push((ProxyName::new(name, NodeName::of(&dump.node).as_ref()), removed));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    for (proxies, presence, changes) in alike(found) {
        report.add_alike(proxies, presence, changes.into_iter().map(|change| change.as_ref().clone()).collect());
    }
    (of_before, of_after)
}

/// Puts proxies together that have one and the same changes.
fn alike(found: Vec<Found>) -> Vec<(Vec<ProxyName>, Presence, Vec<Arc<ResourceChange>>)> {
    let mut out: Vec<(Vec<ProxyName>, Presence, Vec<Arc<ResourceChange>>)> = Vec::new();
    let mut places: BTreeMap<(String, Vec<usize>), Vec<usize>> = BTreeMap::new();
    for (proxy, (presence, changes)) in found {
        let key = (proxy.kind.clone(), changes.iter().map(|change| Arc::as_ptr(change) as usize).collect());
        let places = places.entry(key).or_default();
        if let Some(at) = places.iter().find(|at| out[**at].1 == presence) {
            out[*at].0.push(proxy);
        } else {
            places.push(out.len());
            out.push((vec![proxy], presence, changes));
        }
    }
    out
}

/// Translates proxies, by name.
fn translate(side: Side<'_>) -> (BTreeMap<String, ConfigDump>, Diagnostics) {
    let dumps = Mutex::new(BTreeMap::new());
    let diagnostics = translate_all(side.mesh, side.proxies, |proxy, dump| {
        if let Ok(mut dumps) = dumps.lock() {
            dumps.insert(proxy.full_name(), dump);
        }
    });
    (dumps.into_inner().unwrap_or_default(), diagnostics)
}
