//! For programs. The schema is in the README, under "What differs".

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::super::{Change, Counts, EditLine, Kind, Presence, Report, ResourceDifference};
use crate::config_dump::Json;

/// The version of the schema; a change that breaks readers counts it up.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    before: &'a str,
    after: &'a str,
    same: bool,
    proxies: Proxies,
    set_apart: usize,
    groups: Vec<Group<'a>>,
    notes: &'a [String],
    edits: Vec<Cause<'a>>,
    edits_without_effect: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Cause<'a> {
    #[serde(rename = "edits")]
    of: Vec<Edit<'a>>,
    resources: BTreeMap<&'static str, &'a BTreeSet<String>>,
    proxies: usize,
}

#[derive(Serialize)]
struct Edit<'a> {
    object: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
    file: &'a str,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Proxies {
    compared: usize,
    differing: usize,
}

#[derive(Serialize)]
struct Group<'a> {
    proxies: Vec<Proxy<'a>>,
    change: &'static str,
    counts: BTreeMap<&'static str, Count>,
    resources: Vec<Resource<'a>>,
}

#[derive(Serialize)]
struct Proxy<'a> {
    name: &'a str,
    kind: &'a str,
}

#[derive(Serialize)]
struct Count {
    added: usize,
    removed: usize,
    changed: usize,
}

#[derive(Serialize)]
struct Resource<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    change: &'static str,
    set_apart: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    path: &'a str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<usize>,
}

/// Prints a report as JSON.
pub fn json(report: &Report) -> String {
    let differing = report.differing();
    let root = Root {
        version: VERSION,
        before: &report.before,
        after: &report.after,
        same: report.is_same(),
        proxies: Proxies { compared: differing + report.same, differing },
        set_apart: report.apart,
        groups: report.groups.iter().map(group).collect(),
        notes: &report.notes,
        edits: report.causes.iter().map(cause).collect(),
        edits_without_effect: report.without_effect.iter().map(edit).collect(),
    };
    let mut out = serde_json::to_string_pretty(&root).unwrap_or_default();
    out.push('\n');
    out
}

fn cause(cause: &super::super::Cause) -> Cause<'_> {
    Cause {
        of: cause.edits.iter().map(edit).collect(),
        resources: cause.resources.iter().map(|(kind, names)| (kind.name(), names)).collect(),
        proxies: cause.proxies,
    }
}

fn edit(edit: &EditLine) -> Edit<'_> {
    let EditLine { object, path, before, after, file, line, column } = edit;
    // A whole object has no value here: its place says all.
    let value = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Edit { object, path, before: value(before), after: value(after), file, line: *line, column: *column }
}

/// Returns the groups of a report as JSON, as [`json()`] prints them.
pub fn groups(report: &Report) -> serde_json::Value {
    serde_json::to_value(report.groups.iter().map(group).collect::<Vec<_>>()).unwrap_or_default()
}

fn group(group: &super::Group) -> Group<'_> {
    let change = match group.presence {
        Presence::Both => "changed",
        Presence::Added(_) => "added",
        Presence::Removed(_) => "removed",
    };
    let count =
        |(kind, Counts { added, removed, changed }): (Kind, Counts)| (kind.name(), Count { added, removed, changed });
    Group {
        proxies: group.proxies.iter().map(|proxy| Proxy { name: &proxy.name, kind: &proxy.kind }).collect(),
        change,
        counts: group.counts().into_iter().map(count).collect(),
        resources: group.changes.iter().map(|change| resource(change)).collect(),
    }
}

fn resource(change: &super::super::ResourceChange) -> Resource<'_> {
    let (how, before, after, fields) = match &change.change {
        ResourceDifference::Added(value) => ("added", None, Some(value), Vec::new()),
        ResourceDifference::Removed(value) => ("removed", Some(value), None, Vec::new()),
        ResourceDifference::Changed { fields, .. } => ("changed", None, None, fields.iter().map(field).collect()),
    };
    Resource {
        kind: change.kind.name(),
        name: &change.name,
        change: how,
        set_apart: change.is_apart,
        before,
        after,
        fields,
    }
}

fn field(field: &super::super::FieldChange) -> Field<'_> {
    let none = Field { path: &field.path, change: "", before: None, after: None, from: None, to: None };
    match &field.change {
        Change::Added(value) => Field { change: "added", after: Some(value), ..none },
        Change::Removed(value) => Field { change: "removed", before: Some(value), ..none },
        Change::Changed(before, after) => Field { change: "changed", before: Some(before), after: Some(after), ..none },
        Change::Moved(from, to) => Field { change: "moved", from: Some(*from), to: Some(*to), ..none },
    }
}
