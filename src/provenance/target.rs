//! Which field is asked for: `clusters[outbound|9080||reviews...].outlier_detection.interval`, or a JSON pointer into the dump.

use std::fmt;

use crate::config_dump::{ConfigDump, Json, Query};
use crate::diff::{self, Kind, Located};
use crate::provenance::World;

/// What is asked for, of one proxy.
#[derive(Debug, Clone)]
pub struct Target {
    /// `<pod>.<namespace>`
    pub proxy: String,
    /// A path as `meshc diff` prints it, in which `*` stands for anything, or a JSON pointer.
    pub field: String,
}

/// A field of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The resource's kind.
    pub kind: Kind,
    /// The resource's name.
    pub name: String,
    /// The path inside of the resource; empty for the resource itself.
    pub path: String,
    /// The value.
    pub value: Json,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetError {
    /// There is no such proxy.
    NoProxy(String),
    /// The proxy has no such field; there may be one that is close.
    NoField {
        /// What was asked for.
        field: String,
        /// A resource or field that is there.
        near: Option<String>,
    },
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProxy(proxy) => write!(f, "no proxy is called {proxy}"),
            Self::NoField { field, near: None } => write!(f, "the proxy has no field {field}"),
            Self::NoField { field, near: Some(near) } => {
                write!(f, "the proxy has no field {field}; did you mean {near}?")
            }
        }
    }
}

impl std::error::Error for TargetError {}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.kind, &self.name, &self.path))
    }
}

/// Writes a field as `meshc diff` does.
fn shown(kind: Kind, name: &str, path: &str) -> String {
    let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
    format!("{}[{name}]{dot}{path}", kind.plural())
}

/// Returns the fields that a target names, with their values.
pub fn values(world: &World, target: &Target) -> Result<Vec<Field>, TargetError> {
    let dump = world.variant(None, &[]).translate(&target.proxy);
    fields(&dump.ok_or_else(|| TargetError::NoProxy(target.proxy.clone()))?, &target.field)
}

/// Finds the fields that are meant.
pub(super) fn fields(dump: &ConfigDump, field: &str) -> Result<Vec<Field>, TargetError> {
    let found = if field.starts_with('/') {
        by_pointer(dump, field).into_iter().collect()
    } else if field.contains('*') && !names_a_resource(dump, field) {
        by_pattern(dump, field)
    } else {
        by_path(dump, field).into_iter().collect()
    };
    if found.is_empty() {
        Err(TargetError::NoField { field: field.to_owned(), near: near(dump, field) })
    } else {
        Ok(found)
    }
}

/// Returns each resource with its kind, name and text.
fn resources(dump: &ConfigDump) -> Vec<(Kind, &str, &str)> {
    let known = dump
        .resources()
        .into_iter()
        .filter_map(|printed| Some((Kind::of_list(printed.list)?, printed.name, printed.text)));
    known.collect()
}

/// Splits `clusters[name].path` where the name is that of a resource: a name may have brackets and dots itself.
fn split<'f>(field: &'f str, kind: Kind, name: &str) -> Option<&'f str> {
    let rest = field.strip_prefix(kind.plural()).or_else(|| field.strip_prefix(kind.name()))?;
    let rest = rest.strip_prefix('[')?.strip_prefix(name)?.strip_prefix(']')?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then(|| rest.strip_prefix('.').unwrap_or(rest))
}

/// Says whether the field is one of a resource with a star in its own name.
fn names_a_resource(dump: &ConfigDump, field: &str) -> bool {
    by_path(dump, field).is_some()
}

fn by_path(dump: &ConfigDump, field: &str) -> Option<Field> {
    let named = resources(dump)
        .into_iter()
        .filter_map(|(kind, name, text)| Some((kind, name, text, split(field, kind, name)?)));
    let (kind, name, text, path) = named.max_by_key(|(_, name, ..)| name.len())?;
    let resource = diff::resource(kind, text);
    let located = diff::locate(kind, &resource);
    let found = located.iter().find(|located| located.path == path)?;
    Some(Field { kind, name: name.to_owned(), path: path.to_owned(), value: found.value.clone() })
}

fn by_pattern(dump: &ConfigDump, pattern: &str) -> Vec<Field> {
    let mut out = Vec::new();
    for (kind, name, text) in resources(dump) {
        let resource = diff::resource(kind, text);
        for Located { path, value, .. } in diff::locate(kind, &resource) {
            if matches(pattern, &shown(kind, name, &path)) {
                out.push(Field { kind, name: name.to_owned(), path, value: value.clone() });
            }
        }
    }
    // What is inside of a match is part of it.
    let all: Vec<String> = out.iter().map(Field::to_string).collect();
    let is_inside = |inner: &str| {
        all.iter().any(|outer| {
            outer.len() < inner.len()
                && inner.starts_with(outer.as_str())
                && inner[outer.len()..].starts_with(['.', '['])
        })
    };
    out.retain(|field| !is_inside(&field.to_string()));
    out
}

/// Says whether a text matches a pattern in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Follows a JSON pointer through the dump as it is printed.
fn by_pointer(dump: &ConfigDump, pointer: &str) -> Option<Field> {
    let steps: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let whole = dump.part(&Query::all()).ok()?;
    let [configs, section, list, index, inside @ ..] = steps.as_slice() else { return None };
    let (section, index): (usize, usize) = (section.parse().ok()?, index.parse().ok()?);
    let entry = item(item(whole.get(configs)?, section)?.get(list)?, index)?;
    let kind = Kind::of_list(list)?;
    // `cluster`, or `active_state/listener`.
    let depth = if kind == Kind::Listener { 2 } else { 1 };
    let body = inside.get(..depth.min(inside.len()))?.iter().try_fold(entry, |value, step| value.get(step))?;
    let name_field = if kind == Kind::Endpoint { "cluster_name" } else { "name" };
    let name = body.get(name_field).or_else(|| entry.get("name")).and_then(Json::as_str)?.to_owned();
    let text = dump.resource(list, &name)?.text.to_owned();
    let raw: Json = serde_json::from_str(&text).ok()?;
    let wanted = inside.get(depth..).unwrap_or_default();
    let located = diff::locate(kind, &raw);
    let path = located.iter().find(|located| located.pointer == wanted)?.path.clone();
    let canonical = diff::resource(kind, &text);
    let value = diff::locate(kind, &canonical).into_iter().find(|located| located.path == path)?.value.clone();
    Some(Field { kind, name, path, value })
}

fn item(list: &Json, index: usize) -> Option<&Json> {
    match list {
        Json::Array(items) => items.get(index),
        _ => None,
    }
}

/// Returns what of the dump begins most like the field.
fn near(dump: &ConfigDump, field: &str) -> Option<String> {
    let common = |other: &str| field.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let resources = resources(dump);
    let (kind, name, text) = resources.iter().max_by_key(|(kind, name, _)| common(&shown(*kind, name, "")))?;
    if split(field, *kind, name).is_none() {
        return Some(shown(*kind, name, ""));
    }
    let resource = diff::resource(*kind, text);
    let located = diff::locate(*kind, &resource);
    let paths = located.iter().map(|located| shown(*kind, name, &located.path));
    paths.max_by_key(|path| (common(path), std::cmp::Reverse(path.len())))
}
