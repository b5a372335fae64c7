//! Two dumps -> the resources that differ.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::fields::{self, FieldChange};
use super::{Dump, Kind, canonical, endpoints};
use crate::config_dump::Json;

/// A resource that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceChange {
    /// Of which kind.
    pub kind: Kind,
    /// By which name.
    pub name: String,
    /// Whether only a running proxy can have it: bootstrap, static resources, certificates.
    pub is_apart: bool,
    /// How.
    pub change: ResourceDifference,
}

/// How a resource differs; messages are in canonical form.
#[derive(Debug, Clone, PartialEq)]
pub enum ResourceDifference {
    /// It is in the second only.
    Added(Json),
    /// It is in the first only.
    Removed(Json),
    /// Some fields are not the same.
    Changed {
        /// In the first.
        before: Json,
        /// In the second.
        after: Json,
        /// At least one.
        fields: Vec<FieldChange>,
    },
}

/// What of a dump is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope {
    /// Also what is set apart.
    pub all: bool,
}

/// Kinds that a dump may leave out, so that their absence says nothing.
const OPTIONAL: [Kind; 2] = [Kind::Endpoint, Kind::Secret];

/// Compares two dumps, by kind and name.
pub fn compare(before: &Dump<'_>, after: &Dump<'_>, scope: Scope) -> Vec<ResourceChange> {
    let keys: BTreeSet<_> = before.resources.keys().chain(after.resources.keys()).collect();
    let keys = keys
        .into_iter()
        .filter(|(kind, is_apart, _)| (scope.all || !is_apart) && !missing_kinds(before, after).contains(kind));
    let keys: Vec<&(Kind, bool, Cow<'_, str>)> = keys.collect();
    let changes = keys.into_par_iter().filter_map(|key| {
        let (kind, is_apart, name) = key;
        let change = difference(*kind, before.resources.get(key), after.resources.get(key))?;
        Some(ResourceChange { kind: *kind, name: name.to_string(), is_apart: *is_apart, change })
    });
    changes.collect()
}

/// Returns the kinds that cannot be compared, as one of the dumps was taken without them.
pub fn missing_kinds(before: &Dump<'_>, after: &Dump<'_>) -> Vec<Kind> {
    let is_missing = |kind: &Kind| !before.sections.contains(kind) || !after.sections.contains(kind);
    OPTIONAL.into_iter().filter(is_missing).collect()
}

fn difference(kind: Kind, before: Option<&Cow<'_, str>>, after: Option<&Cow<'_, str>>) -> Option<ResourceDifference> {
    match (before, after) {
        (Some(a), Some(b)) if a == b => None,
        (Some(a), Some(b)) => {
            let (mut before, mut after) = (canonical::resource(kind, a), canonical::resource(kind, b));
            if kind == Kind::Endpoint {
                endpoints::level(&mut before, &mut after);
            }
            let fields = fields::compare(kind.message(), &before, &after);
            (!fields.is_empty()).then_some(ResourceDifference::Changed { before, after, fields })
        }
        (Some(a), None) => Some(ResourceDifference::Removed(canonical::resource(kind, a))),
        (None, Some(b)) => Some(ResourceDifference::Added(canonical::resource(kind, b))),
        (None, None) => None,
    }
}
