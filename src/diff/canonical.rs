//! One form for all that protobuf's JSON can say in several ways, and for what means the same to Envoy.
//!
//! Proto field names in number order, enum values by name, durations and numbers in their shortest form, no scalar that is its
//! default, no empty list, lists whose order means nothing sorted. What the table of messages does not know keeps its fields, by name.

use super::{Kind, endpoints, identity, redact};
use crate::config_dump::Json;
use crate::envoy::schema::{self, Field, Label};

/// Reads a resource.
pub(super) fn resource(kind: Kind, text: &str) -> Json {
    let Ok(value) = serde_json::from_str::<Json>(text) else {
        // Nested beyond all measure: compared as text.
        return Json::from(text);
    };
    let value = match value.get("@type") {
        Some(_) => any(value),
        None => message(kind.message(), value),
    };
    match kind {
        Kind::Endpoint => endpoints::canonical(value),
        Kind::Secret => redact::redact(value),
        _ => value,
    }
}

/// Reads a value of a message.
fn message(name: &str, value: Json) -> Json {
    match name {
        "google.protobuf.Any" => return any(value),
        "google.protobuf.Duration" => return duration(value),
        "google.protobuf.Struct" | "google.protobuf.Value" | "google.protobuf.ListValue" => return untyped(value),
        "google.protobuf.FloatValue" | "google.protobuf.FloatWrapper" => return number(value, &schema::Kind::Float),
        "google.protobuf.DoubleValue" => return number(value, &schema::Kind::Double),
        "google.protobuf.UInt32Value"
        | "google.protobuf.Int32Value"
        | "google.protobuf.UInt64Value"
        | "google.protobuf.Int64Value" => return number(value, &schema::Kind::Int64),
        _ => {}
    }
    let Some(known) = schema::message(name) else { return untyped(value) };
    let Json::Object(fields) = value else { return value };
    let mut out: Vec<(u32, String, Json)> = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        if value == Json::Null {
            continue;
        }
        match known.field(&key) {
            Some(field) if redact::is_sensitive(name, field.name) => {}
            Some(field) => {
                let value = field_value(name, field, value);
                if !is_default(field, &value) {
                    out.push((field.number, field.name.to_owned(), value));
                }
            }
            None if key == "@type" => out.push((0, key, value)),
            None => out.push((u32::MAX, key, untyped(value))),
        }
    }
    out.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    Json::Object(out.into_iter().map(|(_, key, value)| (key, value)).collect())
}

fn field_value(owner: &str, field: &Field, value: Json) -> Json {
    match (field.label, value) {
        (Label::Repeated, Json::Array(items)) => {
            let mut items: Vec<Json> = items.into_iter().map(|item| kind_value(&field.kind, item)).collect();
            if let Some(key) = identity::set_key(owner, field) {
                items.sort_by_cached_key(|item| (key(item), text(item)));
            }
            Json::Array(items)
        }
        (Label::Map(_), Json::Object(mut entries)) => {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            let entry = |(key, value): (String, Json)| {
                let value =
                    if key == redact::PULL_SECRET { redact::held_back() } else { kind_value(&field.kind, value) };
                (key, value)
            };
            Json::Object(entries.into_iter().map(entry).collect())
        }
        (_, value) => kind_value(&field.kind, value),
    }
}

fn kind_value(kind: &schema::Kind, value: Json) -> Json {
    match kind {
        schema::Kind::Message(name) => message(name, value),
        schema::Kind::Enum(name) => enum_value(name, value),
        schema::Kind::Bool | schema::Kind::String | schema::Kind::Bytes => value,
        _ => number(value, kind),
    }
}

fn enum_value(name: &str, value: Json) -> Json {
    let Json::Number(number) = &value else { return value };
    let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
    let known = number.and_then(|number| schema::enumeration(name)?.value_name(number));
    known.map_or(value, Json::from)
}

/// Says whether a value is what an unset field means.
fn is_default(field: &Field, value: &Json) -> bool {
    match (field.label, value) {
        (Label::Repeated, Json::Array(items)) => items.is_empty(),
        (Label::Map(_), Json::Object(entries)) => entries.is_empty(),
        (Label::Singular, _) if field.oneof.is_none() => match (&field.kind, value) {
            (schema::Kind::Message(_), _) => false,
            (schema::Kind::Enum(name), Json::String(value)) => {
                schema::enumeration(name).is_some_and(|known| known.value_number(value) == Some(0))
            }
            (_, Json::Bool(value)) => !value,
            (_, Json::String(value)) => value.is_empty(),
            (_, Json::Number(value)) => value.as_f64() == Some(0.0),
            _ => false,
        },
        _ => false,
    }
}

/// Reads an `Any`: the fields of its message beside `@type`, or a well-known message under `value`.
fn any(value: Json) -> Json {
    let url = value.get("@type").and_then(Json::as_str).unwrap_or_default();
    let name = url.rsplit('/').next().unwrap_or_default().to_owned();
    let Json::Object(fields) = value else { return value };
    let rest: Vec<_> = fields.into_iter().filter(|(key, _)| key != "@type").collect();
    if TYPED_STRUCTS.contains(&name.as_str())
        && let Some(unwrapped) = unwrapped(&rest)
    {
        return any(unwrapped);
    }
    let body = match rest.as_slice() {
        [(key, inner)] if key == "value" && name.starts_with("google.protobuf.") => {
            Json::Object(vec![("value".to_owned(), message(&name, inner.clone()))])
        }
        _ => message(&name, Json::Object(rest)),
    };
    let mut out = vec![("@type".to_owned(), Json::String(format!("type.googleapis.com/{name}")))];
    if let Json::Object(fields) = body {
        out.extend(fields);
    }
    Json::Object(out)
}

/// An Envoy reads these as the message that they name.
const TYPED_STRUCTS: [&str; 2] = ["udpa.type.v1.TypedStruct", "xds.type.v3.TypedStruct"];

/// Returns the message that a `TypedStruct` stands for.
fn unwrapped(fields: &[(String, Json)]) -> Option<Json> {
    let field = |names: [&str; 2]| fields.iter().find(|(key, _)| names.contains(&key.as_str())).map(|(_, value)| value);
    let url = field(["type_url", "typeUrl"])?.as_str()?;
    let mut out = vec![("@type".to_owned(), Json::from(url))];
    match field(["value", "value"]) {
        Some(Json::Object(inner)) => out.extend(inner.iter().filter(|(key, _)| key != "@type").cloned()),
        None => {}
        Some(_) => return None,
    }
    (!TYPED_STRUCTS.contains(&url.rsplit('/').next().unwrap_or_default())).then_some(Json::Object(out))
}

/// Reads a value of no known type: a `Struct`, or a message that is newer or older than the table.
fn untyped(value: Json) -> Json {
    match value {
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().map(|(key, value)| (key, untyped(value))).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(fields)
        }
        Json::Array(items) => Json::Array(items.into_iter().map(untyped).collect()),
        Json::Number(_) => number(value, &schema::Kind::Double),
        other => other,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float's own precision, and whole numbers below 2^53")]
fn number(value: Json, kind: &schema::Kind) -> Json {
    let float = match &value {
        Json::String(text) if *kind != schema::Kind::Float && *kind != schema::Kind::Double => {
            return text.parse::<i128>().map_or(value.clone(), |whole| {
                serde_json::Number::from_i128(whole).map_or_else(|| value.clone(), Json::Number)
            });
        }
        Json::String(text) => text.parse::<f64>().ok(),
        Json::Number(number) if number.is_f64() => number.as_f64(),
        Json::Number(_) => return value,
        _ => None,
    };
    let Some(float) = float else { return value };
    let float = if *kind == schema::Kind::Float { shortest(float as f32) } else { float };
    if float.fract() == 0.0 && float.abs() < 9e15 {
        return Json::Number((float as i64).into());
    }
    serde_json::Number::from_f64(float).map_or(value, Json::Number)
}

/// Returns the number that a float's shortest text stands for.
fn shortest(float: f32) -> f64 {
    float.to_string().parse().unwrap_or_else(|_| f64::from(float))
}

/// Reads a duration: `0.250s` is `0.25s`.
fn duration(value: Json) -> Json {
    let Some((whole, fraction)) = value.as_str().and_then(|text| text.strip_suffix('s')?.split_once('.')) else {
        return value;
    };
    let fraction = fraction.trim_end_matches('0');
    Json::String(if fraction.is_empty() { format!("{whole}s") } else { format!("{whole}.{fraction}s") })
}

/// Returns a value as one line.
pub(super) fn text(value: &Json) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
