//! Rivals of which the oldest counts, where the files do not say how old they are.

use std::collections::BTreeSet;

use super::translated::Translated;
use crate::diagnostic::Place;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;

/// Rules about rivals, which find the same of each of them.
pub(in crate::lint) const RIVALS: &[&crate::lint::Rule] = &[
    &rules::IST0109,
    &rules::IST0110,
    &rules::IST0111,
    &rules::IST0138,
    &rules::IST0145,
    &rules::IST0159,
    &rules::IST0160,
];

/// Those of them of which the oldest is the one that counts.
const OF_AGE: &[&crate::lint::Rule] =
    &[&rules::IST0109, &rules::IST0110, &rules::IST0111, &rules::IST0145, &rules::IST0159, &rules::IST0160];

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let is_rival = |item: &&Item<'_>| translated.is_said(OF_AGE, item) && translated.is_first_rival(item);
    for item in context.items().iter().filter(is_rival).filter(|item| lacks_time(item)) {
        out.push(finding(item, "the oldest of these conflicting objects is used"));
    }
    let of_policies = translated.mesh.findings.iter().filter(|one| one.code == "peer-authentication-overridden");
    let places = of_policies.flat_map(|one| {
        let items = one.labels.iter().filter_map(|label| match label.place {
            Place::Field(resource, _) => context.by_resource(resource),
            Place::Span(_) => None,
        });
        let items: Vec<&Item<'_>> = items.collect();
        let is_rival = |item: &&Item<'_>| {
            let mut others = items.iter().filter(|other| !std::ptr::eq(**other, *item));
            others.any(|other| !context.are_apart(item, other))
        };
        items.iter().copied().filter(is_rival).take(1).collect::<Vec<_>>()
    });
    let mut known = BTreeSet::new();
    for policy in places.filter(|item| lacks_time(item) && known.insert(item.full_name())) {
        out.push(finding(
            policy,
            "several PeerAuthentications without a selector in one namespace; the oldest is used",
        ));
    }
}

pub(super) fn lacks_time(item: &Item<'_>) -> bool {
    item.object().meta.creation_timestamp.is_none()
}

fn finding<'c>(item: &'c Item<'_>, what: &str) -> Finding<'c> {
    let message = format!("{what}; the files have no creationTimestamp, so meshc orders them by name");
    Finding::new(&rules::MESHC0111, item, message).point("metadata")
}
