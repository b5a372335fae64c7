//! The answer to a [`Query`] that asks for parts of messages.

use super::json::Json;
use super::query::{Query, QueryError};
use super::section::{Entry, List, Section, sections};
use super::{ConfigDump, ResourceList};
use crate::envoy::{ProtoJson, json, schema};
use crate::translate::Resource;

/// Returns `{"configs": [...]}`.
pub(super) fn select(dump: &ConfigDump, query: &Query) -> Result<Json, QueryError> {
    let configs = match &query.resource {
        Some(list) => entries(dump, query, list)?,
        None => messages(dump, query)?,
    };
    Ok(if configs.is_empty() { Json::Object(Vec::new()) } else { Json::field("configs", Json::Array(configs)) })
}

/// Returns the entries of one list, each as a message of its own.
fn entries(dump: &ConfigDump, query: &Query, wanted: &ResourceList) -> Result<Vec<Json>, QueryError> {
    let sections = sections(&dump.translation);
    let sections = sections.iter().filter(|section| query.wants_section(section.message));
    if wanted.field.ends_with("endpoint_configs") && !query.include_eds {
        return Err(QueryError::NoSuchList(wanted.field.to_owned()));
    }
    let mut out = Vec::new();
    for list in sections.flat_map(|section| &section.lists).filter(|list| list.field == wanted.field) {
        for entry in wanted_entries(list, query) {
            let entry = match &query.mask {
                None => entry,
                Some(mask) => mask
                    .trim_entry(&wanted.entry, entry)
                    .map_err(|_| QueryError::MaskDoesNotFit(mask.text().to_owned(), wanted.field))?,
            };
            out.push(typed(&wanted.entry, entry));
        }
    }
    Ok(out)
}

/// Returns the sections, cut down by the mask.
fn messages(dump: &ConfigDump, query: &Query) -> Result<Vec<Json>, QueryError> {
    let bootstrap = Json::field("bootstrap", Json::field("node", value(&dump.node)));
    let mut all = vec![("BootstrapConfigDump", bootstrap)];
    for Section { message, lists } in sections(&dump.translation) {
        if !query.wants_section(message) {
            continue;
        }
        let lists = lists.iter().map(|list| (list.field.to_owned(), wanted_entries(list, query)));
        let lists = lists.filter(|(_, entries)| !entries.is_empty());
        all.push((message, Json::Object(lists.map(|(field, entries)| (field, Json::Array(entries))).collect())));
    }
    let mut out = Vec::new();
    for (message, value) in all {
        let name = format!("envoy.admin.v3.{message}");
        match &query.mask {
            None => out.push(typed(&name, value)),
            Some(mask) if mask.fits(&name) => out.push(typed(&name, mask.trim(value))),
            Some(_) => {}
        }
    }
    match &query.mask {
        Some(mask) if out.is_empty() => Err(QueryError::MaskFitsNothing(mask.text().to_owned())),
        _ => Ok(out),
    }
}

fn wanted_entries(list: &List<'_>, query: &Query) -> Vec<Json> {
    let wanted = list.resources.iter().filter(|resource| query.wants(resource.name()));
    wanted.map(|resource| entry(list.entry, resource)).collect()
}

fn entry(entry: Entry, resource: &Resource) -> Json {
    let name = || ("name".to_owned(), Json::from(resource.name()));
    let body = value(resource.body());
    Json::Object(match entry {
        Entry::Plain(field) => vec![(field.to_owned(), body)],
        Entry::Named(field) => vec![name(), (field.to_owned(), body)],
        Entry::ActiveState(field) => vec![name(), ("active_state".to_owned(), Json::field(field, body))],
    })
}

fn typed(message: &str, value: Json) -> Json {
    debug_assert!(schema::message(message).is_some(), "{message} is a message of Envoy");
    let mut fields = vec![("@type".to_owned(), Json::String(format!("type.googleapis.com/{message}")))];
    if let Json::Object(own) = value {
        fields.extend(own);
    }
    Json::Object(fields)
}

fn value(message: &dyn ProtoJson) -> Json {
    // Printed first, so that numbers are as Envoy prints them.
    serde_json::from_slice(&json::message(message, 0)).expect("a message prints as JSON")
}
