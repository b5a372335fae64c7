//! Reads messages in their JSON form.

use serde_json::{Map, Value};

use super::duration::{self, Nanoseconds};
use crate::envoy::schema::{self, Kind, Label, Message};

/// Returns the full name in an `Any`'s `@type`, or nothing.
pub(crate) fn message_name(any: &Value) -> &str {
    let url = text(any, "@type");
    url.rsplit('/').next().unwrap_or(url)
}

/// Returns a string field, or its zero.
pub(crate) fn text<'a>(message: &'a Value, name: &str) -> &'a str {
    message.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Returns a field that is a list, or an empty one.
pub(crate) fn list<'a>(message: &'a Value, name: &str) -> &'a [Value] {
    message.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns a bool, or its zero.
pub(crate) fn flag(message: &Value, name: &str) -> bool {
    message.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// Returns a number, when the field is there. Numbers of 64 bits may be strings.
pub(crate) fn number(message: &Value, name: &str) -> Option<u64> {
    let value = message.get(name)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Returns a duration, when the field is there.
pub(crate) fn duration(message: &Value, name: &str) -> Option<Nanoseconds> {
    duration::read(message.get(name)?.as_str()?)
}

/// Whether a field is there.
pub(crate) fn has(message: &Value, name: &str) -> bool {
    message.get(name).is_some_and(|value| !value.is_null())
}

/// Returns the value with all fields by their proto names, as far as the schema knows them.
pub(crate) fn proto_named(message: &Message, value: &Value) -> Value {
    let Some(object) = value.as_object() else { return value.clone() };
    let mut out = Map::new();
    for (key, value) in object {
        let Some(field) = message.field(key) else {
            out.insert(key.clone(), value.clone());
            continue;
        };
        let of_one = |value: &Value| match &field.kind {
            Kind::Message(name) if name == "google.protobuf.Any" => {
                schema::message(message_name(value)).map_or_else(|| value.clone(), |inner| proto_named(inner, value))
            }
            Kind::Message(name) if !name.starts_with("google.protobuf.") => {
                schema::message(name).map_or_else(|| value.clone(), |inner| proto_named(inner, value))
            }
            _ => value.clone(),
        };
        let named = match (field.label, value) {
            (Label::Repeated, Value::Array(list)) => Value::Array(list.iter().map(of_one).collect()),
            (Label::Map(_), Value::Object(map)) => {
                Value::Object(map.iter().map(|(key, value)| (key.clone(), of_one(value))).collect())
            }
            _ => of_one(value),
        };
        out.insert(field.name.to_owned(), named);
    }
    Value::Object(out)
}
