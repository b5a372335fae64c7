//! Manifests that change nothing for any proxy: they are left out, and all proxies translated again.
//!
//! ```text
//! suspects: no proxy shows a sign of them ──all at once, then halves──┐
//! others: small meshes only, their lists' items too ──one by one──────┴─▶ trial ──▶ finding
//! ```
//!
//! What the input cannot know is neither: policies of workloads that are not in it, Gateways of routers that are not, and
//! whatever may be for the proxies of charts, of templates and of documents that could not be read.

mod others;
mod suspects;
mod trial;

use super::translated::Translated;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::source::FieldPath;
use trial::Part;

/// How often all proxies are translated for the sake of suspects.
const TRANSLATIONS: usize = 24;

/// The same in a mesh of more than [`MANY`] proxies.
const TRANSLATIONS_OF_MANY: usize = 3;

/// Proxies that take a while.
const MANY: usize = 500;

/// How many proxies are translated for the sake of objects and items that nothing speaks against.
const PROXIES: usize = 2_000;

/// What may have no effect.
struct Candidate<'c> {
    item: &'c Item<'c>,
    part: Part,
    /// The field that is to blame.
    point: String,
    /// Why it has none.
    why: &'static str,
    help: Option<&'static str>,
}

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    if translated.proxies.is_empty() {
        return;
    }
    // Ambient mode has rules that say why.
    let told = super::ambient::told(translated, context);
    let is_told = |item: &Item<'_>| {
        translated.is_told(item)
            || told.contains(&(item.kind().to_owned(), item.full_name()))
            || context.unfinished(item).is_some()
            || context.knowledge.proxies(scope(translated, item)).is_some()
    };
    let mut suspects = suspects::find(translated, context);
    suspects.retain(|one| !is_told(one.item));
    let most = if translated.proxies.len() > MANY { TRANSLATIONS_OF_MANY } else { TRANSLATIONS };
    let parts: Vec<Part> = suspects.iter().map(|one| one.part.clone()).collect();
    let found = trial::without_effect(translated, &parts, &mut { most });
    out.extend(suspects.iter().filter(|one| found.contains(&&one.part)).map(|one| finding(translated, one)));

    if translated.proxies.len() > PROXIES {
        return;
    }
    let is_suspect = |item: &Item<'_>| suspects.iter().any(|one| std::ptr::eq(one.item, item));
    let mut others = others::find(translated, context);
    if others.len() * translated.proxies.len() > PROXIES {
        return;
    }
    others.retain(|one| !is_told(one.item) && !is_suspect(one.item) && !translated.is_mentioned(context, one.item));
    let parts: Vec<Part> = others.iter().map(|one| one.part.clone()).collect();
    let found = trial::each_without_effect(translated, &parts);
    let whole = |part: &Part| Part { object: part.object, item: FieldPath::default() };
    // Of an object without effect, its items are no news.
    let is_news = |part: &Part| found.contains(&part) && (part.item.0.is_empty() || !found.contains(&&whole(part)));
    out.extend(others.iter().filter(|one| is_news(&one.part)).map(|one| finding(translated, one)));
}

/// Returns the only namespace whose proxies an object is for; nothing if any may be.
fn scope<'i>(translated: &Translated<'_>, item: &'i Item<'_>) -> Option<&'i str> {
    const OF_WORKLOADS: &[&str] = &[
        "AuthorizationPolicy",
        "EnvoyFilter",
        "PeerAuthentication",
        "RequestAuthentication",
        "Sidecar",
        "Telemetry",
        "TrafficExtension",
        "WasmPlugin",
    ];
    let is_of_all = item.namespace == translated.mesh.config.root_namespace;
    (OF_WORKLOADS.contains(&item.kind()) && !is_of_all).then_some(&*item.namespace)
}

fn finding<'c>(translated: &Translated<'_>, candidate: &Candidate<'c>) -> Finding<'c> {
    let proxies = match translated.proxies.len() {
        1 => "the proxy of these files".to_owned(),
        number => format!("any of the {number} proxies of these files"),
    };
    let what = match candidate.part.item.to_string() {
        item if item.is_empty() => String::new(),
        item => format!("`{item}` "),
    };
    let message = format!("{what}has no effect on {proxies}: {}", candidate.why);
    let mut finding = Finding::new(&rules::MESHC0110, candidate.item, message).point(&candidate.point);
    finding.help = candidate.help.map(str::to_owned);
    finding
}
