//! Two dumps -> the resources that differ.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::fields::{self, FieldChange};
use super::{Dump, Kind, canonical, dump, endpoints};
use crate::config_dump::{Compared, ConfigDump, Differing, Json, PairId};

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

impl ResourceChange {
    /// Says whether another one tells the same: a resource of the same name comes or goes, or the same fields of it change, whatever else
    /// it has.
    pub fn is_like(&self, other: &Self) -> bool {
        use ResourceDifference::{Added, Changed, Removed};
        std::ptr::eq(self, other)
            || (self.kind, self.is_apart, &self.name) == (other.kind, other.is_apart, &other.name)
                && match (&self.change, &other.change) {
                    (Added(_), Added(_)) | (Removed(_), Removed(_)) => true,
                    (Changed { fields: a, .. }, Changed { fields: b, .. }) => a == b,
                    _ => false,
                }
    }
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
pub fn compare(before: &Dump<'_>, after: &Dump<'_>, scope: Scope) -> Vec<Arc<ResourceChange>> {
    let keys: BTreeSet<_> = before.resources.keys().chain(after.resources.keys()).collect();
    let keys = keys
        .into_iter()
        .filter(|(kind, is_apart, _)| (scope.all || !is_apart) && !missing_kinds(before, after).contains(kind));
    let keys: Vec<&(Kind, bool, Cow<'_, str>)> = keys.collect();
    let changes = keys.into_par_iter().filter_map(|key| {
        let (kind, is_apart, name) = key;
        let (a, b) = (before.resources.get(key), after.resources.get(key));
        let change = difference(*kind, a.map(Cow::as_ref), b.map(Cow::as_ref))?;
        Some(Arc::new(ResourceChange { kind: *kind, name: name.to_string(), is_apart: *is_apart, change }))
    });
    changes.collect()
}

/// Comparisons of what proxies are served that share most of it: a resource that several have is compared once.
#[derive(Debug, Default)]
pub struct Shared {
    compared: Compared,
    changes: Mutex<BTreeMap<PairId, Option<Arc<ResourceChange>>>>,
}

impl Shared {
    /// Compares two dumps as [`compare`] does; changes that are one and the same for several proxies are one [`Arc`].
    pub fn compare(&self, before: &ConfigDump, after: &ConfigDump, scope: Scope) -> Vec<Arc<ResourceChange>> {
        let differing = self.compared.differing(before, after).into_iter();
        let mut out: Vec<Arc<ResourceChange>> = differing.filter_map(|one| self.change(&one)).collect();
        if scope.all {
            let nodes = (dump::bootstrap(before), dump::bootstrap(after));
            let change = difference(Kind::Bootstrap, nodes.0.as_deref(), nodes.1.as_deref());
            let change = change.map(|change| ResourceChange {
                kind: Kind::Bootstrap,
                name: String::new(),
                is_apart: true,
                change,
            });
            out.extend(change.map(Arc::new));
        }
        out.sort_by(|a, b| (a.kind, a.is_apart, &a.name).cmp(&(b.kind, b.is_apart, &b.name)));
        debug_assert!(
            compare(&Dump::of(before), &Dump::of(after), scope) == out,
            "what is shared is compared once, with the same result"
        );
        out
    }

    fn change(&self, differing: &Differing<'_>) -> Option<Arc<ResourceChange>> {
        let changes = || self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = differing.id.and_then(|id| changes().get(&id).cloned()) {
            return known;
        }
        let kind = Kind::of_list(differing.list())?;
        let (before, after) = (differing.before(), differing.now());
        let name = before.or(after)?.name.to_owned();
        let change = difference(kind, before.map(|printed| printed.text), after.map(|printed| printed.text));
        let change = change.map(|change| Arc::new(ResourceChange { kind, name, is_apart: false, change }));
        // Another proxy may have been faster; then its change is the one that all have.
        let Some(id) = differing.id else { return change };
        changes().entry(id).or_insert(change).clone()
    }
}

/// Returns the kinds that cannot be compared, as one of the dumps was taken without them.
pub fn missing_kinds(before: &Dump<'_>, after: &Dump<'_>) -> Vec<Kind> {
    let is_missing = |kind: &Kind| !before.sections.contains(kind) || !after.sections.contains(kind);
    OPTIONAL.into_iter().filter(is_missing).collect()
}

fn difference(kind: Kind, before: Option<&str>, after: Option<&str>) -> Option<ResourceDifference> {
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
