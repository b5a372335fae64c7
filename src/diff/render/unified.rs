//! Resources line by line, as `diff -u` prints files.

use similar::TextDiff;

use super::super::distance;
use super::super::{Report, ResourceDifference};
use super::style::{ADDED, REMOVED, TITLE, styled};
use super::{edits, group_title, names, place};
use crate::config_dump::Json;
use crate::visible::visible_lines;

/// Lines around a change.
const CONTEXT: usize = 3;

/// Prints the resources that differ, in canonical form; a title for each group of proxies.
pub fn unified(report: &Report) -> String {
    let mut out = String::new();
    for edit in edits::lines(report) {
        out.push_str(&styled(TITLE, &format!("# edit: {edit}")));
        out.push('\n');
    }
    for group in &report.groups {
        out.push_str(&styled(TITLE, &format!("# {}: {}", group_title(group), names(&group.proxies))));
        out.push('\n');
        for change in &group.changes {
            let place = place(change.kind, &change.name);
            for line in resource(&place, &change.change).lines() {
                out.push_str(&match line.chars().next() {
                    Some('+') => styled(ADDED, line),
                    Some('-') => styled(REMOVED, line),
                    _ => line.to_owned(),
                });
                out.push('\n');
            }
        }
    }
    out
}

/// Prints one resource, without colours.
pub(super) fn resource(place: &str, change: &ResourceDifference) -> String {
    let none = (String::new(), "/dev/null".to_owned());
    let side = |value: &Json, side: &str| (text(value), format!("{side}/{place}"));
    let (before, after) = match change {
        ResourceDifference::Added(value) => (none, side(value, "b")),
        ResourceDifference::Removed(value) => (side(value, "a"), none),
        ResourceDifference::Changed { before, after, .. } => (side(before, "a"), side(after, "b")),
    };
    if !distance::is_within(&before.0, &after.0) {
        return whole(&before, &after);
    }
    let diff = TextDiff::from_lines(&before.0, &after.0);
    diff.unified_diff().context_radius(CONTEXT).header(&before.1, &after.1).to_string()
}

/// Prints two versions of a resource one after the other: they have too little in common to look for it.
fn whole(before: &(String, String), after: &(String, String)) -> String {
    let lines = |text: &str, sign: &str| text.lines().fold(String::new(), |out, line| out + sign + line + "\n");
    let counts = (before.0.lines().count(), after.0.lines().count());
    format!(
        "--- {}\n+++ {}\n@@ -1,{} +1,{} @@\n{}{}",
        before.1,
        after.1,
        counts.0,
        counts.1,
        lines(&before.0, "-"),
        lines(&after.0, "+")
    )
}

fn text(value: &Json) -> String {
    let mut text = visible_lines(&serde_json::to_string_pretty(value).unwrap_or_default()).into_owned();
    text.push('\n');
    text
}
