//! What differs between the proxies of two meshes.

use std::sync::{Mutex, PoisonError};

use crate::diagnostic::Diagnostics;
use crate::diff::{Dump, NodeName, Presence, ProxyName, Report, Scope, Shared};
use crate::pipeline::{Served, Side, translate_pairs};

/// Translates both sides and adds what differs to the report; returns what each translation had to say.
///
/// `step` is called after each proxy.
pub fn between(
    before: Side<'_>,
    after: Side<'_>,
    scope: Scope,
    report: &mut Report,
    step: impl Fn() + Sync,
) -> [Diagnostics; 2] {
    let (shared, report) = (Shared::default(), Mutex::new(report));
    translate_pairs(before, after, |pair| {
        let name = |(proxy, dump): &Served<'_>| ProxyName::new(&proxy.full_name(), NodeName::of(&dump.node).as_ref());
        let (name, presence, changes) = match &pair {
            [Some(before), Some(after)] => (name(after), Presence::Both, shared.compare(&before.1, &after.1, scope)),
            [Some(before), None] => (name(before), Presence::Removed(Dump::of(&before.1).count()), Vec::new()),
            [None, Some(after)] => (name(after), Presence::Added(Dump::of(&after.1).count()), Vec::new()),
            [None, None] => return,
        };
        report.lock().unwrap_or_else(PoisonError::into_inner).add(name, presence, changes);
        step();
    })
}
