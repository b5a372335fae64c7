//! Which messages and fields a folder of recorded configurations uses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use crate::rust::{Plan, well_known};
use crate::schema::{Kind, Label, Schema};

/// What was found.
#[derive(Default)]
struct Seen {
    /// Fields by message.
    fields: BTreeMap<String, BTreeSet<String>>,
    /// Messages that stood in an Any.
    any: BTreeSet<String>,
    /// What the schema does not know, with the first file that has it.
    unknown: BTreeMap<String, String>,
}

/// Prints the findings, and fails when the schema or the generated structs lack something.
pub(crate) fn print(schema: &Schema, plan: &Plan<'_>, dir: &Path) -> Result<()> {
    let mut files = Vec::new();
    find(dir, &mut files)?;
    files.sort();
    let mut seen = Seen::default();
    for path in &files {
        let value: Value =
            serde_json::from_str(&std::fs::read_to_string(path)?).with_context(|| path.display().to_string())?;
        for config in value["configs"].as_array().into_iter().flatten() {
            any(schema, config, &mut seen, &path.display().to_string());
        }
    }
    let mut missing = Vec::new();
    for (name, fields) in &seen.fields {
        let in_any = if seen.any.contains(name) { "any" } else { "" };
        println!("{name} {in_any}: {}", fields.iter().map(String::as_str).collect::<Vec<_>>().join(" "));
        if !plan.messages.contains_key(name.as_str()) {
            if !plan.wanted.is_other(name) {
                missing.push(name.clone());
            }
            continue;
        }
        let known: BTreeSet<&str> = plan.fields(schema.message(name)?).map(|field| field.name.as_str()).collect();
        let lost =
            fields.iter().filter(|field| !known.contains(field.as_str()) && !plan.wanted.is_other_field(name, field));
        missing.extend(lost.map(|field| format!("{name}.{field}")));
    }
    let not_any = seen.any.iter().filter(|name| !plan.wanted.any.contains(*name) && !plan.wanted.is_other(name));
    missing.extend(not_any.map(|name| format!("Any of {name}")));
    println!("{} files", files.len());
    for (what, file) in &seen.unknown {
        println!("unknown: {what} ({file})");
    }
    for name in &missing {
        println!("not generated: {name}");
    }
    if !seen.unknown.is_empty() || !missing.is_empty() {
        bail!("{} unknown, {} not generated", seen.unknown.len(), missing.len());
    }
    Ok(())
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

fn any(schema: &Schema, value: &Value, seen: &mut Seen, file: &str) {
    if value.as_object().is_some_and(Map::is_empty) {
        return;
    }
    let name = value["@type"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or("(no @type)").to_owned();
    if well_known(&name).is_some() {
        return;
    }
    seen.any.insert(name.clone());
    if let Some(object) = value.as_object() {
        message(schema, &name, object, seen, file);
    }
}

fn message(schema: &Schema, name: &str, object: &Map<String, Value>, seen: &mut Seen, file: &str) {
    let Some(known) = schema.messages.get(name) else {
        seen.unknown.entry(name.to_owned()).or_insert_with(|| file.to_owned());
        return;
    };
    seen.fields.entry(name.to_owned()).or_default();
    for (key, value) in object.iter().filter(|(key, _)| *key != "@type") {
        let Some(field) = known.fields.iter().find(|field| field.name == *key) else {
            seen.unknown.entry(format!("{name}.{key}")).or_insert_with(|| file.to_owned());
            continue;
        };
        seen.fields.entry(name.to_owned()).or_default().insert(key.clone());
        let values: Vec<&Value> = match (field.label, value) {
            (Label::Repeated, Value::Array(values)) => values.iter().collect(),
            (Label::Map(_), Value::Object(map)) => map.values().collect(),
            (Label::Singular | Label::Optional, value) => vec![value],
            _ => {
                seen.unknown.entry(format!("{name}.{key}: {value}")).or_insert_with(|| file.to_owned());
                continue;
            }
        };
        for value in values {
            match (&field.kind, value) {
                (Kind::Message(kind), value) if kind == "google.protobuf.Any" => any(schema, value, seen, file),
                (Kind::Message(kind), _) if well_known(kind).is_some() => {}
                (Kind::Message(kind), Value::Object(object)) => message(schema, kind, object, seen, file),
                (Kind::Enum(kind), Value::String(text))
                    if schema
                        .enums
                        .get(kind)
                        .is_some_and(|known| known.values.iter().any(|(_, name)| name == text)) => {}
                (Kind::Scalar(_), Value::String(_) | Value::Number(_) | Value::Bool(_)) => {}
                _ => {
                    seen.unknown.entry(format!("{name}.{key}: {value}")).or_insert_with(|| file.to_owned());
                }
            }
        }
    }
}
