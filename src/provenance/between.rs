//! What differs between the proxies of two meshes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use crate::config_dump::ConfigDump;
use crate::diagnostic::Diagnostics;
use crate::diff::{Dump, Presence, ProxyName, Report, ResourceChange, Scope, compare};
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

/// What was found of a proxy.
type Found = (ProxyName, (Presence, Vec<ResourceChange>));

/// Translates both sides and adds what differs to the report; returns what each translation had to say.
pub fn between(before: Side<'_>, after: Side<'_>, scope: Scope, report: &mut Report) -> (Diagnostics, Diagnostics) {
    let (dumps, of_before) = translate(before);
    let found: Mutex<Vec<Found>> = Mutex::new(Vec::new());
    let of_after = translate_all(after.mesh, after.proxies, |proxy, dump| {
        let name = proxy.full_name();
        let after = Dump::of(&dump);
        let one = match dumps.get(&name) {
            Some(before) => (Presence::Both, compare(&Dump::of(before), &after, scope)),
            None => (Presence::Added(after.count()), Vec::new()),
        };
        if let Ok(mut found) = found.lock() {
            found.push((ProxyName::new(&name, after.node.as_ref()), one));
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    let names: BTreeSet<String> = after.proxies.iter().map(|proxy| proxy.full_name()).collect();
    for (name, dump) in dumps.iter().filter(|(name, _)| !names.contains(*name)) {
        let before = Dump::of(dump);
        found.push((ProxyName::new(name, before.node.as_ref()), (Presence::Removed(before.count()), Vec::new())));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    for (proxy, (presence, changes)) in found {
        report.add(proxy, presence, changes);
    }
    (of_before, of_after)
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
