//! Two forms of one resource -> the fields that differ, at the shallowest places.

use std::collections::{BTreeMap, BTreeSet};

use super::align::{self, Pairing};
use super::identity::{self, List};
use super::redact::is_redacted;
use crate::config_dump::Json;
use crate::envoy::schema::{self, Label, Message};

/// A field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// Where: `outlier_detection.interval`, `virtual_hosts[reviews.default.svc.cluster.local:9080].routes[0].match.prefix`.
    pub path: String,
    /// How.
    pub change: Change,
}

/// How a value differs.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is in the second only.
    Added(Json),
    /// It is in the first only.
    Removed(Json),
    /// It is another.
    Changed(Json, Json),
    /// It is the same at another place of its list, counted from 0.
    Moved(usize, usize),
}

/// Compares two values of a message, both in canonical form.
pub(super) fn compare(message: &str, before: &Json, after: &Json) -> Vec<FieldChange> {
    let mut out = Vec::new();
    typed(message, "", before, after, &mut out);
    out
}

fn push(out: &mut Vec<FieldChange>, path: &str, change: Change) {
    out.push(FieldChange { path: path.to_owned(), change });
}

/// Compares two values that have a message, or none that is known.
fn typed(message: &str, path: &str, before: &Json, after: &Json, out: &mut Vec<FieldChange>) {
    if before == after || is_redacted(before) || is_redacted(after) {
        return;
    }
    match (before, after) {
        (Json::Object(a), Json::Object(b)) => {
            let (url, other) = (before.get("@type"), after.get("@type"));
            let message = match url.and_then(Json::as_str) {
                // Messages of two types share no field but by chance.
                Some(_) if url != other => return push(out, path, Change::Changed(before.clone(), after.clone())),
                Some(url) => schema::message_of_url(url),
                None => schema::message(message),
            };
            object(message, path, a, b, out);
        }
        (Json::Array(a), Json::Array(b)) => untyped_list(path, a, b, out),
        _ => push(out, path, Change::Changed(before.clone(), after.clone())),
    }
}

fn object(
    message: Option<&Message>,
    path: &str,
    before: &[(String, Json)],
    after: &[(String, Json)],
    out: &mut Vec<FieldChange>,
) {
    let (of_before, of_after) = (by_name(before), by_name(after));
    let names = before.iter().map(|(name, _)| name);
    let new = after.iter().map(|(name, _)| name).filter(|name| !of_before.contains_key(name.as_str()));
    for name in names.chain(new) {
        let path = join(path, name, message.is_some());
        match (of_before.get(name.as_str()), of_after.get(name.as_str())) {
            (Some(a), Some(b)) => match message.and_then(|message| Some((message, message.field(name)?))) {
                Some((message, field)) => self::field(message, field, &path, a, b, out),
                None => typed("", &path, a, b, out),
            },
            (Some(a), None) => push(out, &path, Change::Removed((*a).clone())),
            (None, Some(b)) => push(out, &path, Change::Added((*b).clone())),
            (None, None) => {}
        }
    }
}

fn field(
    message: &Message,
    field: &schema::Field,
    path: &str,
    before: &Json,
    after: &Json,
    out: &mut Vec<FieldChange>,
) {
    let kind = match &field.kind {
        schema::Kind::Message(name) => name.as_str(),
        _ => "",
    };
    match (field.label, before, after) {
        (Label::Repeated, Json::Array(a), Json::Array(b)) => {
            list(identity::of(&message.name, field), kind, path, a, b, out);
        }
        (Label::Map(_), Json::Object(a), Json::Object(b)) => map(kind, path, a, b, out),
        _ => typed(kind, path, before, after, out),
    }
}

fn map(kind: &str, path: &str, before: &[(String, Json)], after: &[(String, Json)], out: &mut Vec<FieldChange>) {
    let (of_before, of_after) = (by_name(before), by_name(after));
    let keys: BTreeSet<&str> = of_before.keys().chain(of_after.keys()).copied().collect();
    for key in keys {
        both(kind, &format!("{path}[{key}]"), of_before.get(key).copied(), of_after.get(key).copied(), out);
    }
}

fn list(how: List, kind: &str, path: &str, before: &[Json], after: &[Json], out: &mut Vec<FieldChange>) {
    match how {
        List::Set(key) => keyed(key, kind, path, before, after, out),
        List::Keyed(key) => {
            keyed(key, kind, path, before, after, out);
            let names =
                |items: &[Json]| -> Vec<String> { unique(key, items).into_iter().map(|(name, _)| name).collect() };
            for (name, from, to) in align::moved(&names(before), &names(after)) {
                push(out, &format!("{path}[{name}]"), Change::Moved(from, to));
            }
        }
        List::Ordered(key) => {
            let pairings = align::align(before, after, key);
            for pairing in pairings {
                match pairing {
                    Pairing::Pair(a, b) => typed(kind, &format!("{path}[{b}]"), &before[a], &after[b], out),
                    Pairing::Moved(a, b) => push(out, &format!("{path}[{a}]"), Change::Moved(a, b)),
                    Pairing::Removed(a) => push(out, &format!("{path}[{a}]"), Change::Removed(before[a].clone())),
                    Pairing::Added(b) => push(out, &format!("{path}[{b}]"), Change::Added(after[b].clone())),
                }
            }
        }
    }
}

/// Compares the items of the same key.
fn keyed(key: identity::Key, kind: &str, path: &str, before: &[Json], after: &[Json], out: &mut Vec<FieldChange>) {
    let (a, b) = (unique(key, before), unique(key, after));
    let of_before: BTreeMap<&str, &Json> = a.iter().map(|(name, item)| (name.as_str(), *item)).collect();
    let of_after: BTreeMap<&str, &Json> = b.iter().map(|(name, item)| (name.as_str(), *item)).collect();
    let new = b.iter().filter(|(name, _)| !of_before.contains_key(name.as_str()));
    for (name, _) in a.iter().chain(new) {
        let at = format!("{path}[{name}]");
        both(kind, &at, of_before.get(name.as_str()).copied(), of_after.get(name.as_str()).copied(), out);
    }
}

fn both(kind: &str, path: &str, before: Option<&Json>, after: Option<&Json>, out: &mut Vec<FieldChange>) {
    match (before, after) {
        (Some(a), Some(b)) => typed(kind, path, a, b, out),
        (Some(a), None) => push(out, path, Change::Removed(a.clone())),
        (None, Some(b)) => push(out, path, Change::Added(b.clone())),
        (None, None) => {}
    }
}

/// Returns items with a key of their own: the second of the same key is `key#2`.
pub(super) fn unique(key: identity::Key, items: &[Json]) -> Vec<(String, &Json)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let items = items.iter().map(|item| {
        let name = match item {
            // A value is its own key.
            Json::String(text) => text.clone(),
            _ => key(item),
        };
        // A filter chain for all connections has nothing that tells it from others.
        let name = if name.is_empty() { "*".to_owned() } else { name };
        let times = seen.entry(name.clone()).or_default();
        *times += 1;
        (if *times == 1 { name } else { format!("{name}#{times}") }, item)
    });
    items.collect()
}

/// Compares lists of no known message: by name where all items have one of their own, else by order.
fn untyped_list(path: &str, before: &[Json], after: &[Json], out: &mut Vec<FieldChange>) {
    let how = if are_named(before) && are_named(after) { List::Keyed(own_name) } else { List::Ordered(None) };
    list(how, "", path, before, after, out);
}

/// Says whether all items have a name of their own.
pub(super) fn are_named(items: &[Json]) -> bool {
    let names: BTreeSet<String> = items.iter().map(own_name).collect();
    names.len() == items.len() && !names.contains("")
}

/// The name of an item of no known message.
pub(super) fn own_name(item: &Json) -> String {
    item.get("name").and_then(Json::as_str).unwrap_or_default().to_owned()
}

fn by_name(fields: &[(String, Json)]) -> BTreeMap<&str, &Json> {
    fields.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

/// Adds a field to a path; what is no proto field name stands in brackets.
pub(super) fn join(path: &str, name: &str, is_field: bool) -> String {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
    match (is_field || is_word, path) {
        (true, "") => name.to_owned(),
        (true, _) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{name}]"),
    }
}
