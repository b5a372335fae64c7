//! What becomes of all proxies when something is left out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rayon::prelude::*;

use crate::ingest::Manifests;
use crate::lint::mesh::print::{self, Print};
use crate::lint::mesh::translated::Translated;
use crate::mesh::Mesh;
use crate::pipeline;
use crate::proxy::{self, Proxy};
use crate::source::{FieldPath, ResourceRef, Step};
use crate::translate::Resource;

/// What is left out: an object, or an item of one of its lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) object: ResourceRef,
    /// The item; empty for the whole object.
    pub(super) item: FieldPath,
}

/// Digests of resources that several proxies share, by address; the resources are kept, so that no other one has it.
type Shared = RwLock<BTreeMap<usize, (Arc<Resource>, [u64; 2])>>;

/// Returns those of some parts of which no proxy shows a trace, by leaving out all of them, then halves of them.
///
/// `left` is how many more translations there are; what they do not suffice for is not found.
pub(super) fn without_effect<'p>(translated: &Translated<'_>, parts: &'p [Part], left: &mut usize) -> Vec<&'p Part> {
    if parts.is_empty() || *left == 0 {
        return Vec::new();
    }
    *left -= 1;
    if changes_nothing(translated, parts) {
        return parts.iter().collect();
    }
    if parts.len() == 1 {
        return Vec::new();
    }
    let (first, second) = parts.split_at(parts.len() / 2);
    let mut out = without_effect(translated, first, left);
    out.extend(without_effect(translated, second, left));
    out
}

/// The same, by leaving out each of them by itself.
pub(super) fn each_without_effect<'p>(translated: &Translated<'_>, parts: &'p [Part]) -> Vec<&'p Part> {
    parts.par_iter().filter(|part| changes_nothing(translated, std::slice::from_ref(part))).collect()
}

/// Says whether all proxies are served the same without some parts.
fn changes_nothing(translated: &Translated<'_>, parts: &[Part]) -> bool {
    let (manifests, settings) = translated.made_of;
    let Some(manifests) = without(manifests, parts) else { return false };
    let mesh = Mesh::new(&manifests, settings).with_jwks(translated.mesh.jwks.clone());
    print_of(&mesh) == translated.print
}

/// Returns the input without some parts, if the API server takes what is left.
fn without(manifests: &Manifests, parts: &[Part]) -> Option<Manifests> {
    let mut edited: BTreeMap<ResourceRef, Option<serde_json::Value>> = BTreeMap::new();
    // Items of lists that go must not move those that are still to go.
    let mut parts: Vec<&Part> = parts.iter().collect();
    parts.sort_by(|a, b| (b.object, &b.item).cmp(&(a.object, &a.item)));
    for part in parts {
        if part.item.0.is_empty() {
            edited.insert(part.object, None);
            continue;
        }
        let object = edited.entry(part.object).or_insert_with(|| manifests.object(part.object));
        let (Some(object), Some((Step::Index(index), list))) = (object, part.item.0.split_last()) else { continue };
        let list = list.iter().try_fold(object, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Index(index) => value.get_mut(*index),
        });
        if let Some(serde_json::Value::Array(items)) = list
            && *index < items.len()
        {
            items.remove(*index);
        }
    }
    let (manifests, accepted) = manifests.edited(None, &edited, &[]);
    accepted.then_some(manifests)
}

/// Translates all proxies.
fn print_of(mesh: &Mesh) -> Print {
    let proxies = proxy::proxies(mesh);
    let all: Vec<&Proxy> = proxies.iter().collect();
    let (sum, shared) = (Mutex::<Print>::default(), Shared::default());
    pipeline::translate_distinct(mesh, &all, |distinct| {
        let all = print::lists(&distinct.translation).into_iter().flatten();
        let print = Print::of(distinct, all.map(|resource| digest_of(resource, &shared)));
        sum.lock().unwrap_or_else(PoisonError::into_inner).add(print);
    });
    sum.into_inner().unwrap_or_default()
}

/// Returns the digest of a resource, which other proxies may have too.
fn digest_of(resource: &Arc<Resource>, shared: &Shared) -> [u64; 2] {
    if Arc::strong_count(resource) == 1 {
        return print::of_resource(resource);
    }
    let address = Arc::as_ptr(resource) as usize;
    let known = shared.read().unwrap_or_else(PoisonError::into_inner).get(&address).map(|(_, digest)| *digest);
    known.unwrap_or_else(|| {
        let digest = print::of_resource(resource);
        shared.write().unwrap_or_else(PoisonError::into_inner).insert(address, (resource.clone(), digest));
        digest
    })
}
