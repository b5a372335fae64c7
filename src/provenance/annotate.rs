//! All fields of the resources of some proxies at once, each with the values and objects that make it.
//!
//! [`mod@super::why`] answers for one field, in the whole input; here every value of an input is tried once, and what
//! becomes of all resources is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock};

use rayon::prelude::*;

use super::alternative::alternatives;
use super::effect::{Effect, Outcome};
use super::leaf::{self, Leaf};
use super::place::Place;
use super::why::{FAR, distance};
use super::world::{Edit, World};
use crate::config_dump::{ConfigDump, Json};
use crate::diff::{self, Kind};
use crate::mesh::Mesh;
use crate::pipeline::translate_all;
use crate::proxy::{self, Proxy};
use crate::source::ResourceRef;

/// What is asked.
#[derive(Debug)]
pub struct Question<'w> {
    /// The input, or what of it suffices for what is asked about.
    pub world: &'w World,
    /// The objects that are left out, each alone.
    pub objects: &'w [ResourceRef],
    /// The objects among them whose values are tried one by one.
    pub tried: &'w BTreeSet<ResourceRef>,
    /// The proxies whose resources are looked at.
    pub proxies: &'w [String],
}

/// A resource: the proxy's place in the question's list, its kind, its name.
pub type Resource = (usize, Kind, String);

/// The answer for all fields.
#[derive(Debug, Default)]
pub struct Annotations {
    /// Values and objects that make a field.
    pub places: Vec<Place>,
    /// By resource and field what makes it, nearest first; at most [`REASONS`].
    pub fields: BTreeMap<Resource, BTreeMap<String, Vec<Reason>>>,
}

/// What makes a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Whether the field is there because of it, but does not say what it says.
    pub is_condition: bool,
    /// Which of the places.
    pub place: usize,
}

/// Places that are told of a field.
pub const REASONS: usize = 4;

/// The proxies without any edit.
struct Before {
    dumps: BTreeMap<usize, ConfigDump>,
    canonical: BTreeMap<Resource, OnceLock<Json>>,
}

/// An edit that shows something: the value if it is one, its place, and what becomes of which resource.
struct Tried {
    leaf: Option<Leaf>,
    place: Place,
    outcomes: Vec<(Resource, Outcome)>,
}

/// Answers.
pub fn annotate(question: &Question<'_>) -> Annotations {
    let dumps = question.dumps(&question.world.variant(None, &[]).mesh);
    let resources = dumps.iter().flat_map(|(proxy, dump)| {
        let named = dump.resources().into_iter();
        named.filter_map(|printed| Some((*proxy, Kind::of_list(printed.list)?, printed.name.to_owned())))
    });
    let canonical = resources.map(|resource| (resource, OnceLock::new())).collect();
    let before = Before { dumps, canonical };
    let tried: Vec<Tried> =
        question.objects.par_iter().flat_map_iter(|object| question.object(*object, &before)).collect();
    let mut of_resource: BTreeMap<&Resource, Vec<(usize, &Outcome)>> = BTreeMap::new();
    for (at, one) in tried.iter().enumerate() {
        for (resource, outcome) in &one.outcomes {
            of_resource.entry(resource).or_default().push((at, outcome));
        }
    }
    let fields = of_resource.into_par_iter().filter_map(|(resource, outcomes)| {
        let canonical = before.canonical(resource)?;
        let mut of_field = BTreeMap::new();
        for located in diff::locate(resource.1, canonical).into_iter().filter(diff::Located::is_leaf) {
            let mut ranked: Vec<(bool, u8, usize)> = Vec::new();
            for (at, outcome) in &outcomes {
                let effect = outcome.of(&located.path);
                if effect == Effect::Same {
                    continue;
                }
                let leaf = tried[*at].leaf.as_ref();
                let far = leaf.map_or(FAR + 1, |leaf| distance(&located.path, located.value, leaf));
                ranked.push((effect == Effect::Gone, far, *at));
            }
            ranked.sort_unstable();
            let reason =
                |(is_gone, far, place): (bool, u8, usize)| Reason { is_condition: is_gone && far >= FAR, place };
            let reasons: Vec<Reason> = ranked.into_iter().take(REASONS).map(reason).collect();
            if !reasons.is_empty() {
                of_field.insert(located.path.clone(), reasons);
            }
        }
        Some((resource.clone(), of_field))
    });
    let fields = fields.collect();
    Annotations { places: tried.into_iter().map(|one| one.place).collect(), fields }
}

impl Before {
    fn canonical(&self, resource: &Resource) -> Option<&Json> {
        let (proxy, kind, name) = resource;
        let printed = self.dumps.get(proxy)?.resource(kind.list()?, name)?;
        Some(self.canonical.get(resource)?.get_or_init(|| diff::resource(*kind, printed.text)))
    }
}

impl Question<'_> {
    /// Translates the proxies.
    fn dumps(&self, mesh: &Mesh) -> BTreeMap<usize, ConfigDump> {
        let proxies = proxy::proxies_named(mesh, &self.proxies.iter().cloned().collect());
        let place = |proxy: &Proxy| self.proxies.iter().position(|name| *name == proxy.full_name());
        let chosen: Vec<&Proxy> = proxies.iter().collect();
        let out = Mutex::new(BTreeMap::new());
        translate_all(mesh, &chosen, |proxy, dump| {
            if let (Some(at), Ok(mut out)) = (place(proxy), out.lock()) {
                out.insert(at, dump);
            }
        });
        out.into_inner().unwrap_or_default()
    }

    /// Returns what an edit changes; nothing if the object would not be accepted so. A proxy that is gone says nothing of any of
    /// its fields.
    fn observe(&self, edit: &Edit, before: &Before) -> Option<Vec<(Resource, Outcome)>> {
        let variant = self.world.variant(None, std::slice::from_ref(edit));
        if !variant.accepted {
            return None;
        }
        let mut out = Vec::new();
        for (proxy, now) in self.dumps(&variant.mesh) {
            let Some(was) = before.dumps.get(&proxy) else { continue };
            for (list, name, after) in now.changed_since(was) {
                let Some(kind) = Kind::of_list(list) else { continue };
                let resource = (proxy, kind, name.to_owned());
                let Some(after) = after else {
                    out.push((resource, Outcome::Gone));
                    continue;
                };
                let Some(canonical) = before.canonical(&resource) else { continue };
                let changes = diff::changes(kind, &diff::resource(kind, after.text), canonical);
                if !changes.is_empty() {
                    out.push((resource, Outcome::Changed(changes)));
                }
            }
        }
        Some(out)
    }

    /// Leaves an object out, and tries its values if that shows anything.
    fn object(&self, object: ResourceRef, before: &Before) -> Vec<Tried> {
        let manifests = &self.world.manifests;
        let removed = self.observe(&Edit::without_object(object), before).unwrap_or_default();
        let mut out = Vec::new();
        let has_effect = !removed.is_empty();
        if has_effect {
            out.push(Tried { leaf: None, place: leaf::object_place(manifests, object), outcomes: removed });
        }
        // A workload that is itself one of the proxies shows nothing when it is left out.
        let may_be_proxy = manifests.document(object).is_some_and(|document| !document.group.ends_with("istio.io"));
        if self.tried.contains(&object) && (has_effect || may_be_proxy) {
            out.extend(leaf::leaves(manifests, object).into_iter().filter_map(|leaf| self.value(leaf, before)));
        }
        out
    }

    fn value(&self, leaf: Leaf, before: &Before) -> Option<Tried> {
        let edit = |value| Edit { object: leaf.object, path: leaf.path.clone(), inner: leaf.inner.clone(), value };
        let mut shown_nothing = 0;
        let others = alternatives(&leaf.value).into_iter().map(Some).chain([None]);
        for other in others {
            // Two values that show nothing: a third one hardly would, but to leave it out may.
            if shown_nothing == 2 && other.is_some() {
                continue;
            }
            match self.observe(&edit(other), before) {
                Some(outcomes) if !outcomes.is_empty() => {
                    let place = leaf.place(&self.world.manifests);
                    return Some(Tried { leaf: Some(leaf), place, outcomes });
                }
                Some(_) => shown_nothing += 1,
                None => {}
            }
        }
        None
    }
}
