//! A report as text.

mod edits;
mod json;
mod markdown;
mod stat;
mod style;
mod summary;
mod unified;

pub use json::{groups, json};
pub use markdown::markdown;
pub use stat::stat;
pub use summary::summary;
pub use unified::unified;

use std::collections::BTreeMap;

use super::{Counts, Group, Kind, Presence, ProxyName, Report};
use crate::config_dump::Json;
use crate::visible::visible;

/// Names of proxies that are listed before the rest is counted.
const NAMES: usize = 4;

/// Characters of a value that a line shows.
const VALUE: usize = 100;

/// Returns `a, b, c and 9 more`.
fn names(proxies: &[ProxyName]) -> String {
    let shown: Vec<_> = proxies.iter().take(NAMES).map(|proxy| visible(&proxy.name)).collect();
    match proxies.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns `+1 route, -1 cluster, ~2 endpoints`.
pub(crate) fn counted(counts: &BTreeMap<Kind, Counts>) -> String {
    let mut out = Vec::new();
    for (kind, counts) in counts {
        for (sign, count) in [('+', counts.added), ('-', counts.removed), ('~', counts.changed)] {
            match count {
                0 => {}
                1 => out.push(format!("{sign}1 {}", noun(*kind, 1))),
                more => out.push(format!("{sign}{more} {}", noun(*kind, more))),
            }
        }
    }
    out.join(", ")
}

fn noun(kind: Kind, count: usize) -> String {
    if count == 1 { kind.name().replace('_', " ") } else { kind.plural().replace('_', " ") }
}

/// Returns `clusters[outbound|9080||reviews.default.svc.cluster.local]`.
fn place(kind: Kind, name: &str) -> String {
    if kind == Kind::Bootstrap { "bootstrap".to_owned() } else { format!("{}[{}]", kind.plural(), visible(name)) }
}

/// Adds a field's path to the place of its resource.
fn within(place: &str, path: &str) -> String {
    let path = visible(path);
    match path.chars().next() {
        Some(_) if place.is_empty() => path.into_owned(),
        None => place.to_owned(),
        Some('[') => format!("{place}{path}"),
        Some(_) => format!("{place}.{path}"),
    }
}

/// Returns a value on one line, cut where it is too long.
fn short(value: &Json) -> String {
    let text = line(value);
    if text.chars().count() <= VALUE { text } else { text.chars().take(VALUE - 1).chain(['…']).collect() }
}

/// Returns a value on one line.
fn line(value: &Json) -> String {
    match value {
        Json::String(text) if is_plain(text) => visible(text).into_owned(),
        other => visible(&serde_json::to_string(other).unwrap_or_default()).into_owned(),
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_control() || c == '"') && text.trim() == text
}

/// Returns what is said of a report where nothing differs.
fn sameness(report: &Report) -> String {
    match report.same {
        1 => "1 proxy, no difference".to_owned(),
        count => format!("{count} proxies, no difference"),
    }
}

/// Returns `3 of 14 proxies differ`.
fn headline(report: &Report) -> String {
    if report.is_same() {
        return sameness(report);
    }
    let differing = report.differing();
    let total = differing + report.same;
    let verb = if differing == 1 { "differs" } else { "differ" };
    format!("{differing} of {total} {} {verb}", if total == 1 { "proxy" } else { "proxies" })
}

/// Returns the title of a group, with what is true for all of its resources.
fn group_title(group: &Group) -> String {
    let title = visible(&group.title()).into_owned();
    match &group.presence {
        Presence::Both => title,
        Presence::Added(_) => format!("{title} added"),
        Presence::Removed(_) => format!("{title} removed"),
    }
}
