//! All fields of a resource, each by the path that a comparison prints for it.

use super::fields::{self, FieldChange, are_named, join, own_name, unique};
use super::identity::{self, List};
use super::{Kind, canonical, endpoints};
use crate::config_dump::Json;
use crate::envoy::schema::{self, Label, Message};

/// A value of a resource: a field, an item of a list, or the resource itself with an empty path.
#[derive(Debug, Clone)]
pub struct Located<'a> {
    /// As in a comparison: `virtual_hosts[reviews.default.svc.cluster.local:9080].routes[0].match.prefix`.
    pub path: String,
    /// The steps of a JSON pointer, as the resource stands.
    pub pointer: Vec<String>,
    /// The value.
    pub value: &'a Json,
}

impl Located<'_> {
    /// Says whether nothing is inside of it.
    pub fn is_leaf(&self) -> bool {
        match self.value {
            Json::Array(items) => items.is_empty(),
            Json::Object(fields) => fields.is_empty(),
            _ => true,
        }
    }
}

/// Reads a resource as a dump prints it, into the form in which resources are compared.
pub fn resource(kind: Kind, text: &str) -> Json {
    canonical::resource(kind, text)
}

/// Returns the fields in which two forms of a resource differ, at the shallowest places; paths are those of `after`.
pub fn changes(kind: Kind, before: &Json, after: &Json) -> Vec<FieldChange> {
    let (mut before, mut after) = (before.clone(), after.clone());
    if kind == Kind::Endpoint {
        endpoints::level(&mut before, &mut after);
    }
    fields::compare(kind.message(), &before, &after)
}

/// Returns all values of a resource, each before what is inside of it.
pub fn locate(kind: Kind, resource: &Json) -> Vec<Located<'_>> {
    let mut out = Vec::new();
    value(kind.message(), String::new(), Vec::new(), resource, &mut out);
    out
}

fn value<'a>(message: &str, path: String, pointer: Vec<String>, json: &'a Json, out: &mut Vec<Located<'a>>) {
    match json {
        Json::Object(fields) => {
            let message = match json.get("@type").and_then(Json::as_str) {
                Some(url) => schema::message_of_url(url),
                None => schema::message(message),
            };
            out.push(Located { path: path.clone(), pointer: pointer.clone(), value: json });
            for (name, inner) in fields {
                let path = join(&path, name, message.is_some());
                field(message, name, path, with(&pointer, name), inner, out);
            }
        }
        Json::Array(items) => {
            let how = if are_named(items) { List::Keyed(own_name) } else { List::Ordered(None) };
            list(how, "", &path, &pointer, json, items, out);
        }
        _ => out.push(Located { path, pointer, value: json }),
    }
}

fn field<'a>(
    message: Option<&Message>,
    name: &str,
    path: String,
    pointer: Vec<String>,
    json: &'a Json,
    out: &mut Vec<Located<'a>>,
) {
    let Some((message, field)) = message.and_then(|message| Some((message, message.field(name)?))) else {
        return value("", path, pointer, json, out);
    };
    let kind = match &field.kind {
        schema::Kind::Message(name) => name.as_str(),
        _ => "",
    };
    match (field.label, json) {
        (Label::Repeated, Json::Array(items)) => {
            list(identity::of(&message.name, field), kind, &path, &pointer, json, items, out);
        }
        (Label::Map(_), Json::Object(entries)) => {
            out.push(Located { path: path.clone(), pointer: pointer.clone(), value: json });
            for (key, inner) in entries {
                value(kind, format!("{path}[{key}]"), with(&pointer, key), inner, out);
            }
        }
        _ => value(kind, path, pointer, json, out),
    }
}

fn list<'a>(
    how: List,
    kind: &str,
    path: &str,
    pointer: &[String],
    json: &'a Json,
    items: &'a [Json],
    out: &mut Vec<Located<'a>>,
) {
    out.push(Located { path: path.to_owned(), pointer: pointer.to_vec(), value: json });
    let names: Vec<String> = match how {
        List::Set(key) | List::Keyed(key) => unique(key, items).into_iter().map(|(name, _)| name).collect(),
        List::Ordered(_) => (0..items.len()).map(|at| at.to_string()).collect(),
    };
    for (at, (name, item)) in names.into_iter().zip(items).enumerate() {
        value(kind, format!("{path}[{name}]"), with(pointer, &at.to_string()), item, out);
    }
}

fn with(pointer: &[String], step: &str) -> Vec<String> {
    pointer.iter().cloned().chain([step.to_owned()]).collect()
}
