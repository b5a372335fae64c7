//! A line for each field, by group of proxies.

use std::sync::Arc;

use indexmap::IndexMap;

use super::super::{Change, FieldChange, Group, Kind, Presence, Report, ResourceChange, ResourceDifference};
use super::style::{ADDED, ASIDE, CHANGED, REMOVED, TITLE, styled};
use super::{NAMES, VALUE, counted, edits, group_title, headline, line, names, place, short, within};
use crate::config_dump::Json;
use crate::visible::visible;

/// Prints a report for people, with colours.
pub fn summary(report: &Report) -> String {
    let mut out = String::new();
    let edits = edits::lines(report);
    if !edits.is_empty() {
        out.push_str(&styled(TITLE, "edits"));
        out.push('\n');
        for edit in edits {
            out.extend(["  ", &edit, "\n"]);
        }
        out.push('\n');
    }
    for group in &report.groups {
        out.push_str(&styled(TITLE, &format!("{}: {}", group_title(group), names(&group.proxies))));
        out.push('\n');
        for line in lines(group) {
            out.push_str("  ");
            out.push_str(&line);
            out.push('\n');
        }
        out.push('\n');
    }
    for note in &report.notes {
        out.push_str(&styled(ASIDE, &format!("note: {}", visible(note))));
        out.push('\n');
    }
    if report.apart > 0 {
        let text = format!(
            "set apart: {} that only a running proxy has (bootstrap, static resources, certificates); --all compares them",
            if report.apart == 1 { "1 resource".to_owned() } else { format!("{} resources", report.apart) }
        );
        out.push_str(&styled(ASIDE, &text));
        out.push('\n');
    }
    out.push_str(&headline(report));
    out.push('\n');
    out
}

/// In how many resources the same happens before it is said once for all of them.
const MANY: usize = 4;

/// What stands for a resource's own name where several resources are spoken of.
const NAME: &str = "{name}";

/// Returns the lines of one group, with colours.
pub(super) fn lines(group: &Group) -> Vec<String> {
    if group.presence != Presence::Both {
        let style = if matches!(group.presence, Presence::Added(_)) { ADDED } else { REMOVED };
        return vec![styled(style, &counted(&group.counts()))];
    }
    let mut out = Vec::new();
    for kind in Kind::ALL {
        let changes: Vec<&ResourceChange> =
            group.changes.iter().map(Arc::as_ref).filter(|change| change.kind == kind).collect();
        let common = Common::of(&changes);
        for (of, said) in &common.sections {
            let names: Vec<_> = of.iter().take(NAMES).map(|at| visible(&changes[*at].name)).collect();
            let more = of.len().saturating_sub(NAMES);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            out.push(format!("{} {}: {}{more}", of.len(), kind.plural().replace('_', " "), names.join(", ")));
            out.extend(said.iter().map(|line| format!("  {line}")));
        }
        for change in changes {
            let place = place(change.kind, &change.name);
            match &change.change {
                ResourceDifference::Added(_) => out.push(styled(ADDED, &format!("+ {place}"))),
                ResourceDifference::Removed(_) => out.push(styled(REMOVED, &format!("- {place}"))),
                ResourceDifference::Changed { fields, .. } => {
                    let own = fields.iter().filter(|field| !common.says(&nameless(change, field)));
                    out.extend(own.map(|change| field(&place, change)));
                }
            }
        }
    }
    out
}

/// What happens in many resources alike.
struct Common {
    /// Places of resources, and the lines that are true for all of them.
    sections: IndexMap<Vec<usize>, Vec<String>>,
}

impl Common {
    fn of(changes: &[&ResourceChange]) -> Self {
        let mut places: IndexMap<String, Vec<usize>> = IndexMap::new();
        for (at, change) in changes.iter().enumerate() {
            if let ResourceDifference::Changed { fields, .. } = &change.change {
                for field in fields {
                    places.entry(nameless(change, field)).or_default().push(at);
                }
            }
        }
        let mut sections: IndexMap<Vec<usize>, Vec<String>> = IndexMap::new();
        for (line, mut of) in places {
            of.dedup();
            if of.len() >= MANY {
                sections.entry(of).or_default().push(line);
            }
        }
        Self { sections }
    }

    fn says(&self, line: &String) -> bool {
        self.sections.values().any(|said| said.contains(line))
    }
}

/// Returns a field's line without the name of its resource.
pub(super) fn nameless(change: &ResourceChange, of: &FieldChange) -> String {
    let line = field("", of);
    // A name that is next to nothing would be found everywhere.
    if change.name.len() < 4 { line } else { line.replace(visible(&change.name).as_ref(), NAME) }
}

fn field(place: &str, field: &FieldChange) -> String {
    let path = within(place, &field.path);
    match &field.change {
        Change::Added(value) => styled(ADDED, &format!("+ {path}{}", told(&path, value))),
        Change::Removed(value) => styled(REMOVED, &format!("- {path}{}", told(&path, value))),
        Change::Changed(before, after) => {
            let (before, after) = different_parts(before, after);
            styled(CHANGED, &format!("~ {path}: {before} -> {after}"))
        }
        Change::Moved(from, to) => styled(CHANGED, &format!("~ {path}: place {from} -> {to}")),
    }
}

/// Returns a value after its path; nothing where the path says it, as of a domain.
fn told(path: &str, value: &Json) -> String {
    match value.as_str() {
        Some(text) if path.ends_with(&format!("[{text}]")) => String::new(),
        _ => format!(": {}", short(value)),
    }
}

/// Two values so that a cut leaves the difference in sight.
fn different_parts(before: &Json, after: &Json) -> (String, String) {
    let (a, b) = (short(before), short(after));
    if a != b || before == after {
        return (a, b);
    }
    let (a, b) = (line(before), line(after));
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(VALUE / 4);
    let part = |text: &str| -> String { ['…'].into_iter().chain(text.chars().skip(from).take(VALUE)).collect() };
    (part(&a), part(&b))
}
