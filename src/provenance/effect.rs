//! What becomes of a resource when values of the input are others.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::alternative::alternatives;
use super::leaf::Leaf;
use super::world::{Edit, World};
use crate::config_dump::Json;
use crate::diff::{self, Change, FieldChange, Kind};
use crate::source::ResourceRef;

/// A resource of one proxy, and what it is without any edit.
#[derive(Debug)]
pub(super) struct Probe<'w> {
    world: &'w World,
    proxy: &'w str,
    kind: Kind,
    name: &'w str,
    text: String,
    resource: Json,
}

/// What became of the resource.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// It is the same.
    Same,
    /// These fields are others; paths are those of the resource without the edit, and `Added` is what only that has.
    Changed(Vec<FieldChange>),
    /// It, or its proxy, is not there any more.
    Gone,
}

/// What became of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is the same.
    Same,
    /// It has another value.
    Changed,
    /// It, or its resource, is not there any more.
    Gone,
}

/// A leaf that matters, and what its edits do.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) leaf: Leaf,
    /// With another value.
    pub(super) changed: Option<(Edit, Outcome)>,
    /// Without the value; only tried when another value shows nothing.
    pub(super) removed: Option<(Edit, Outcome)>,
}

impl<'w> Probe<'w> {
    /// Looks at a resource as it is; nothing if there is none.
    pub(super) fn new(world: &'w World, proxy: &'w str, kind: Kind, name: &'w str) -> Option<Self> {
        let dump = world.variant(None, &[]).translate(proxy)?;
        let text = dump.resource(kind.list()?, name)?.text.to_owned();
        let resource = diff::resource(kind, &text);
        Some(Self { world, proxy, kind, name, text, resource })
    }

    /// The resource without any edit.
    pub(super) fn resource(&self) -> &Json {
        &self.resource
    }

    /// The input.
    pub(super) fn world(&self) -> &'w World {
        self.world
    }

    /// Translates with edits; nothing if an object would not be accepted as edited.
    pub(super) fn observe(&self, edits: &[Edit]) -> Option<Outcome> {
        self.observe_in(self.world, None, edits)
    }

    /// The same in a part of the input, from which objects that are not in `keep` are left out.
    pub(super) fn observe_in(
        &self,
        world: &World,
        keep: Option<&BTreeSet<ResourceRef>>,
        edits: &[Edit],
    ) -> Option<Outcome> {
        let variant = world.variant(keep, edits);
        if !variant.accepted {
            return None;
        }
        let list = self.kind.list()?;
        let Some(dump) = variant.translate(self.proxy) else { return Some(Outcome::Gone) };
        let Some(printed) = dump.resource(list, self.name) else { return Some(Outcome::Gone) };
        if printed.text == self.text {
            return Some(Outcome::Same);
        }
        let now = diff::resource(self.kind, printed.text);
        let changes = diff::changes(self.kind, &now, &self.resource);
        Some(if changes.is_empty() { Outcome::Same } else { Outcome::Changed(changes) })
    }

    /// Tries every leaf with another value, or without its value, in a part of the input.
    pub(super) fn causes(
        &self,
        part: &World,
        leaves: Vec<Leaf>,
        matters: impl Fn(&Outcome) -> bool + Sync,
    ) -> Vec<Cause> {
        let tried = leaves.into_par_iter().map(|leaf| self.cause(part, leaf, &matters));
        tried.filter(|cause| cause.changed.is_some() || cause.removed.is_some()).collect()
    }

    fn cause(&self, part: &World, leaf: Leaf, matters: &impl Fn(&Outcome) -> bool) -> Cause {
        let edit = |value| Edit { object: leaf.object, path: leaf.path.clone(), inner: leaf.inner.clone(), value };
        let mut tried = 0;
        for other in alternatives(&leaf.value) {
            let edit = edit(Some(other));
            match self.observe_in(part, None, std::slice::from_ref(&edit)) {
                Some(outcome) if matters(&outcome) => {
                    return Cause { leaf, changed: Some((edit, outcome)), removed: None };
                }
                // Two values that show nothing: a third one hardly would.
                Some(_) if tried == 1 => break,
                Some(_) => tried += 1,
                None => {}
            }
        }
        let edit = edit(None);
        let outcome = self.observe_in(part, None, std::slice::from_ref(&edit)).filter(matters);
        Cause { leaf, changed: None, removed: outcome.map(|outcome| (edit, outcome)) }
    }
}

impl Outcome {
    /// Returns what became of a field: `path` is empty for the whole resource.
    pub(super) fn of(&self, path: &str) -> Effect {
        let changes = match self {
            Self::Same => return Effect::Same,
            Self::Gone => return Effect::Gone,
            Self::Changed(changes) => changes,
        };
        let mut effect = Effect::Same;
        for FieldChange { path: place, change } in changes {
            let is_around = is_inside(path, place);
            match change {
                // The edited resource is the first side: what is added is missing there.
                Change::Added(_) if is_around => return Effect::Gone,
                Change::Changed(..) if is_around && place != path => return Effect::Gone,
                Change::Removed(_) | Change::Moved(..) if is_around => {}
                _ if is_around || is_inside(place, path) => effect = Effect::Changed,
                _ => {}
            }
        }
        effect
    }
}

/// Says whether a field is the other or inside of it.
pub(super) fn is_inside(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| outer.is_empty() || rest.is_empty() || rest.starts_with(['.', '[']))
}
