//! Objects that ask for the same thing, of which one gets it: how the others are told.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mesh::order;
use crate::mesh::virtual_service::{RouteSemantics, route_semantics};
use crate::model::istio::VirtualService;
use crate::model::{Config, ObjectMeta};

/// A part of an object, with the way to it: `spec.subsets[0].name`.
pub(crate) type Part<'a, T> = (&'a Config<T>, &'a str);

/// Returns a warning at what does not count, with the place of what counts and the reason why that one.
pub(crate) fn outranked<L, W>(
    code: &'static str,
    message: impl Into<String>,
    (loser, path): Part<'_, L>,
    (winner, winner_path): Part<'_, W>,
) -> Diagnostic {
    Diagnostic::warning(code, message).at(loser.source, path).label_at(
        winner.source,
        winner_path,
        reason(&winner.meta, &loser.meta),
    )
}

/// Returns what the order of resources says of the one that counts.
pub(crate) fn reason(winner: &ObjectMeta, loser: &ObjectMeta) -> &'static str {
    let is_first = order::by_creation(winner, loser) != Ordering::Greater;
    let same_age = winner.creation_timestamp == loser.creation_timestamp;
    let same_name = winner.name == loser.name;
    match (same_age, same_name, is_first) {
        (false, _, true) => "this one is older",
        (false, _, false) => "this one is younger",
        (true, false, true) => "this one comes first by name",
        (true, false, false) => "this one comes last by name",
        (true, true, true) => "this one comes first by namespace",
        (true, true, false) => "this one comes last by namespace",
    }
}

/// `namespace/name`, as findings name an object.
pub(crate) fn full_name(meta: &ObjectMeta) -> String {
    format!("{}/{}", meta.namespace, meta.name)
}

/// How findings name a VirtualService: one that was made from another kind has no name that its author knows.
pub(crate) fn virtual_service_name(config: &Config<VirtualService>) -> String {
    match route_semantics(config) {
        RouteSemantics::VirtualService => full_name(&config.meta),
        RouteSemantics::Ingress => "an Ingress".to_owned(),
        RouteSemantics::Gateway => "a route of the Gateway API".to_owned(),
    }
}

/// Says which objects do not count, of those that are for a whole namespace (that of the root namespace is for the mesh): in each
/// namespace the first does.
pub(crate) fn first_of_namespace<'m, T: 'm>(
    code: &'static str,
    kind: &str,
    objects: impl IntoIterator<Item = &'m Arc<Config<T>>>,
    root_namespace: &str,
) -> Diagnostics {
    let mut first: BTreeMap<&str, &Config<T>> = BTreeMap::new();
    let mut diagnostics = Diagnostics::default();
    for object in objects {
        let namespace = object.meta.namespace.as_str();
        let Some(first) = first.get(namespace) else {
            first.insert(namespace, object);
            continue;
        };
        let whole = if namespace == root_namespace { "mesh" } else { "namespace" };
        let message = format!("the {kind} is ignored: {} applies to the whole {whole} too", full_name(&first.meta));
        diagnostics.push(outranked(code, message, (&**object, "metadata.name"), (*first, "metadata.name")));
    }
    diagnostics
}
