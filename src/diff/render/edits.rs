//! The edits behind the changes, a line for each.

use super::super::{Cause, EditLine, Report};
use super::noun;

/// Characters of a value that a line shows.
const VALUE: usize = 60;

/// Returns `DestinationRule bookstore/reviews spec.trafficPolicy...: 5 -> 9 (routing.yaml:34:29): 4 clusters on 9 proxies` for each
/// edit, and a line for all that change nothing.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut out: Vec<String> = report.causes.iter().map(cause).collect();
    out.extend(report.without_effect.iter().map(|edit| format!("{}: changes nothing", self::edit(edit))));
    out
}

fn cause(cause: &Cause) -> String {
    let edits: Vec<String> = cause.edits.iter().map(edit).collect();
    let counted: Vec<String> = cause
        .resources
        .iter()
        .filter(|(_, names)| names.iter().any(|name| !name.is_empty()))
        .map(|(kind, names)| format!("{} {}", names.len(), noun(*kind, names.len())))
        .collect();
    let proxies = if cause.proxies == 1 { "1 proxy".to_owned() } else { format!("{} proxies", cause.proxies) };
    let what = if counted.is_empty() { proxies } else { format!("{} on {proxies}", counted.join(", ")) };
    format!("{}: {what}", edits.join(" together with "))
}

/// Returns one edit with its place.
pub(super) fn edit(edit: &EditLine) -> String {
    let EditLine { object, path, before, after, file, line, column } = edit;
    let field = if path.is_empty() { object.clone() } else { format!("{object} {path}") };
    let how = match (before, after) {
        (Some(before), Some(after)) => format!(": {} -> {}", short(before), short(after)),
        (None, Some(after)) if after.is_empty() => " added".to_owned(),
        (None, Some(after)) => format!(" added: {}", short(after)),
        (Some(before), None) if before.is_empty() => " removed".to_owned(),
        (Some(before), None) => format!(" removed: {}", short(before)),
        (None, None) => String::new(),
    };
    if file.is_empty() { format!("{field}{how}") } else { format!("{field}{how} ({file}:{line}:{column})") }
}

fn short(text: &str) -> String {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if text.chars().count() <= VALUE { text.to_owned() } else { text.chars().take(VALUE - 1).chain(['…']).collect() }
}
