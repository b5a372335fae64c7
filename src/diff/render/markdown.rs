//! A comment for a pull request.

use std::fmt::Write as _;
use std::sync::Arc;

use anstream::adapter::strip_str;
use indexmap::IndexMap;

use super::super::{Group, Kind, Presence, Report, ResourceChange, ResourceDifference};
use super::{NAMES, counted, edits, group_title, headline, names, noun, place, summary, unified};
use crate::visible::{reference, visible};

/// Characters that a comment may have: GitHub takes 65536, GitLab more.
const LIMIT: usize = 60_000;

/// Characters that the lines of one group may have before only its fields are listed.
const LINES: usize = 15_000;

/// Prints a report as Markdown: what changes for whom, and the lines to unfold.
pub fn markdown(report: &Report) -> String {
    let mut out = format!("### Envoy configuration: {}\n", headline(report));
    for note in &report.notes {
        let _ = writeln!(out, "\n> {}", code(note));
    }
    let edits = edits::lines(report);
    for (at, edit) in edits.iter().enumerate() {
        if out.len() > LIMIT / 3 {
            let _ = writeln!(out, "\n_... and {} edits more._", edits.len() - at);
            break;
        }
        let _ = writeln!(out, "{}- {}", if at == 0 { "\n" } else { "" }, escape(edit));
    }
    let mut left_out = 0;
    for group in &report.groups {
        let title = format!("\n**{}**: {}\n", escape(&group_title(group)), counted(&group.counts()));
        let details = details(group);
        if out.len() + title.len() + details.len() <= LIMIT {
            out.push_str(&title);
            out.push_str(&details);
        } else {
            left_out += 1;
            if out.len() + title.len() <= LIMIT {
                out.push_str(&title);
            }
        }
    }
    if left_out > 0 {
        let of = report.groups.len();
        let _ = writeln!(out, "\n_The lines of {left_out} of {of} groups are too long for a comment._");
    }
    out
}

fn details(group: &Group) -> String {
    let names = names(&group.proxies);
    if group.presence != Presence::Both {
        return format!("\n{}\n", code(&names));
    }
    let summary = format!("<code>{}</code>", escape(&names));
    let lines = lines(group);
    let fence = fence(&lines);
    format!("\n<details><summary>{summary}</summary>\n\n{fence}diff\n{lines}{fence}\n\n</details>\n")
}

/// Resources that change alike, with the lines that say how.
struct Alike<'g> {
    first: &'g ResourceChange,
    others: Vec<&'g ResourceChange>,
}

impl<'g> Alike<'g> {
    /// Puts together what changes alike, in the order of the first ones.
    fn of(group: &'g Group) -> Vec<Self> {
        let mut out: IndexMap<(Kind, Vec<String>), Self> = IndexMap::new();
        for (at, change) in group.changes.iter().map(Arc::as_ref).enumerate() {
            let how = match &change.change {
                ResourceDifference::Changed { fields, .. } => {
                    fields.iter().map(|field| summary::nameless(change, field)).collect()
                }
                // One line each, as they are.
                ResourceDifference::Added(_) | ResourceDifference::Removed(_) => vec![at.to_string()],
            };
            let alike = out.entry((change.kind, how)).or_insert_with(|| Self { first: change, others: Vec::new() });
            if !std::ptr::eq(alike.first, change) {
                alike.others.push(change);
            }
        }
        out.into_values().collect()
    }

    /// Returns `... and 3 clusters more, the same: a, b, c`.
    fn rest(&self) -> Option<String> {
        let count = self.others.len();
        let names: Vec<_> = self.others.iter().take(NAMES).map(|change| visible(&change.name)).collect();
        let more = if count > NAMES { ", ..." } else { "" };
        let noun = noun(self.first.kind, count);
        (count > 0).then(|| format!("... and {count} {noun} more, the same: {}{more}\n", names.join(", ")))
    }
}

/// Returns resources line by line, those that change alike once; else their fields, as many as fit.
fn lines(group: &Group) -> String {
    let mut out = String::new();
    for alike in Alike::of(group) {
        let change = alike.first;
        let place = place(change.kind, &change.name);
        match change.change {
            // All of a resource says little more than that it is there.
            ResourceDifference::Added(_) => out.extend(["+ ", &place, "\n"]),
            ResourceDifference::Removed(_) => out.extend(["- ", &place, "\n"]),
            ResourceDifference::Changed { .. } => out.push_str(&unified::resource(&place, &change.change)),
        }
        out.extend(alike.rest());
        if out.len() > LINES {
            break;
        }
    }
    if out.len() <= LINES {
        return out;
    }
    out.clear();
    let fields = summary::lines(group);
    for (at, field) in fields.iter().enumerate() {
        let field = strip_str(field).to_string();
        if out.len() + field.len() > LINES {
            let _ = writeln!(out, "... and {} lines more", fields.len() - at);
            break;
        }
        out.push_str(&field);
        out.push('\n');
    }
    out
}

/// Returns a fence that the text does not hold.
fn fence(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    fence
}

/// Returns a code span that the text cannot leave: nothing in it is a link, a mention or a picture.
fn code(text: &str) -> String {
    let text = visible(text);
    let mut fence = "`".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    let blank = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// Returns a text for HTML and Markdown alike: everything that has a meaning in one of them is a character reference.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            _ if let Some(reference) = reference(c) => out.push_str(reference),
            '@' | '#' | '*' | '_' | '`' | '[' | ']' | '!' | '|' | '\\' | '~' | '$' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}
