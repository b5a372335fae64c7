//! Rivals of which the oldest counts, where the files do not say how old they are.

use super::translated::Translated;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;

/// Rules about rivals.
const RIVALS: &[&crate::lint::Rule] =
    &[&rules::IST0109, &rules::IST0110, &rules::IST0111, &rules::IST0145, &rules::IST0159, &rules::IST0160];

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let rivals = context.items().iter().filter(|item| translated.is_said(RIVALS, item));
    for item in rivals.filter(|item| lacks_time(item)) {
        out.push(finding(item, "of these rivals, the oldest counts"));
    }
    for policy in peer_authentications(context) {
        out.push(finding(
            policy,
            "of several PeerAuthentications of one namespace without a selector, the oldest counts",
        ));
    }
}

fn lacks_time(item: &Item<'_>) -> bool {
    item.object().meta.creation_timestamp.is_none()
}

fn finding<'c>(item: &'c Item<'_>, what: &str) -> Finding<'c> {
    let message = format!("{what}, and the files do not say how old they are: meshc goes by their names");
    Finding::new(&rules::MESHC0111, item, message).point("metadata")
}

fn peer_authentications<'c>(context: &'c LintContext<'_>) -> Vec<&'c Item<'c>> {
    let whole = |item: &&'c Item<'c>| {
        let selector = item.node().get("spec").and_then(|spec| spec.get("selector")?.get("matchLabels"));
        selector.is_none_or(|labels| labels.entries().next().is_none())
    };
    let all: Vec<&'c Item<'c>> = context.of("security.istio.io", "PeerAuthentication").filter(whole).collect();
    let rivals = |item: &&&'c Item<'c>| all.iter().filter(|other| other.namespace == item.namespace).count() > 1;
    all.iter().filter(rivals).filter(|item| lacks_time(item)).copied().collect()
}
