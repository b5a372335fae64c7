//! JSON -> messages, with the leniency and the strictness of Go's `jsonpb`, by which istiod reads what EnvoyFilters say.
//!
//! Go: `github.com/golang/protobuf/jsonpb` `Unmarshaler`

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::time::{parse_duration, parse_timestamp};
use super::{DynamicMessage, DynamicValue, WellKnown, well_known, zero};
use crate::envoy::Bytes;
use crate::envoy::schema::{self, Field, Kind, Label};

/// A step of the way to a value inside of JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// The field of an object.
    Field(String),
    /// The item of a list.
    Item(usize),
}

/// Why JSON is not the message that it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Where.
    pub path: Vec<PathStep>,
    /// One sentence without a full stop.
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A field that the type has not: istiod leaves it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownField {
    /// Where; the last step is the field.
    pub path: Vec<PathStep>,
    /// The full name of the type.
    pub message: &'static str,
}

impl DynamicMessage {
    /// Reads a message as a user writes it: field names as in the proto or in camelCase, enums by name or number. Unknown fields
    /// are left out and listed.
    pub fn read(descriptor: &'static schema::Message, json: &Value) -> Result<(Self, Vec<UnknownField>), ReadError> {
        let mut reader = Reader { printed: false, path: Vec::new(), unknown: Vec::new() };
        let message = reader.message(descriptor, json)?;
        Ok((message, reader.unknown))
    }
}

/// Reads a message as a struct prints.
pub(super) fn printed(descriptor: &'static schema::Message, json: &Value) -> Result<DynamicMessage, ReadError> {
    Reader { printed: true, path: Vec::new(), unknown: Vec::new() }.message(descriptor, json)
}

struct Reader {
    /// An `Any` may be empty, and `@type` may stand in the outermost message.
    printed: bool,
    path: Vec<PathStep>,
    unknown: Vec<UnknownField>,
}

type Read<T> = Result<T, ReadError>;

impl Reader {
    fn message(&mut self, descriptor: &'static schema::Message, json: &Value) -> Read<DynamicMessage> {
        let well_known = well_known(&descriptor.name);
        if json.is_null() && well_known != Some(WellKnown::Value) {
            return Ok(DynamicMessage::new(descriptor));
        }
        match well_known {
            None | Some(WellKnown::Empty) => {
                let Value::Object(object) = json else { return self.fail(expected("an object", json)) };
                self.fields(descriptor, object)
            }
            Some(WellKnown::Any) => self.any(descriptor, json),
            Some(WellKnown::Wrapper) => {
                let mut message = DynamicMessage::new(descriptor);
                if let Some(field) = descriptor.fields.first() {
                    let value = self.scalar(&field.kind, json)?;
                    set_unless_zero(&mut message, field, value);
                }
                Ok(message)
            }
            Some(WellKnown::Duration) => self.time(descriptor, json, "a duration such as 1.5s", parse_duration),
            Some(WellKnown::Timestamp) => {
                self.time(descriptor, json, "a time such as 2026-01-02T03:04:05Z", parse_timestamp)
            }
            Some(WellKnown::Struct) => {
                let Value::Object(object) = json else { return self.fail(expected("an object", json)) };
                let mut message = DynamicMessage::new(descriptor);
                message.set("fields", DynamicValue::Map(struct_fields(object)));
                Ok(message)
            }
            Some(WellKnown::ListValue) => {
                let Value::Array(items) = json else { return self.fail(expected("a list", json)) };
                Ok(list_value(descriptor, items))
            }
            Some(WellKnown::Value) => Ok(value(descriptor, json)),
        }
    }

    fn time(
        &self,
        descriptor: &'static schema::Message,
        json: &Value,
        wanted: &str,
        parse: impl Fn(&str) -> Option<(i64, i32)>,
    ) -> Read<DynamicMessage> {
        let Some((seconds, nanos)) = json.as_str().and_then(parse) else { return self.fail(expected(wanted, json)) };
        let mut message = DynamicMessage::new(descriptor);
        if seconds != 0 {
            message.set("seconds", DynamicValue::Int64(seconds));
        }
        if nanos != 0 {
            message.set("nanos", DynamicValue::Int32(nanos));
        }
        Ok(message)
    }

    /// `{"@type": .., fields}`; of types with a JSON form of their own `{"@type": .., "value": ..}`.
    fn any(&mut self, descriptor: &'static schema::Message, json: &Value) -> Read<DynamicMessage> {
        let Value::Object(object) = json else { return self.fail(expected("an object", json)) };
        let mut any = DynamicMessage::new(descriptor);
        if self.printed && object.is_empty() {
            return Ok(any);
        }
        let Some(url) = object.get("@type") else {
            return self.fail("the type of the message is missing: `@type`".to_owned());
        };
        self.path.push(PathStep::Field("@type".to_owned()));
        let Some(url) = url.as_str() else { return self.fail(expected("text", url)) };
        let Some(inner) = schema::message_of_url(url) else {
            let hint = if url.contains(".v2.") { ": Envoy's API is at v3" } else { "" };
            return self.fail(format!("Envoy has no type `{url}`{hint}"));
        };
        self.path.pop();
        let message = if well_known(&inner.name).is_some() {
            let Some(value) = object.get("value") else {
                return self.fail(format!("`value` is missing, in which {} stands", inner.name));
            };
            self.at_field("value", |reader| reader.message(inner, value))?
        } else {
            self.fields(inner, object)?
        };
        any.set("type_url", DynamicValue::String(url.to_owned()));
        // An empty one too: nothing on the wire, but the type is known.
        any.set("value", DynamicValue::Message(message));
        Ok(any)
    }

    fn fields(&mut self, descriptor: &'static schema::Message, object: &Map<String, Value>) -> Read<DynamicMessage> {
        let mut message = DynamicMessage::new(descriptor);
        // Of both spellings the one in camelCase counts; of a oneof, the last member.
        let mut given: BTreeMap<u32, (&'static Field, &str, &Value)> = BTreeMap::new();
        for (name, value) in object {
            match descriptor.field(name) {
                Some(field) => {
                    let entry = given.entry(field.number).or_insert((field, name, value));
                    if name != field.name {
                        *entry = (field, name, value);
                    }
                }
                None if name == "@type" => {}
                None => {
                    let mut path = self.path.clone();
                    path.push(PathStep::Field(name.clone()));
                    self.unknown.push(UnknownField { path, message: &descriptor.name });
                }
            }
        }
        for (field, name, json) in given.into_values() {
            let null_counts = field.kind == Kind::Message("google.protobuf.Value".to_owned())
                || field.kind == Kind::Enum("google.protobuf.NullValue".to_owned());
            if json.is_null() && !(null_counts && matches!(field.label, Label::Singular | Label::Optional)) {
                continue;
            }
            let value = self.at_field(name, |reader| reader.field(field, json))?;
            set_unless_zero(&mut message, field, value);
        }
        Ok(message)
    }

    fn field(&mut self, field: &Field, json: &Value) -> Read<DynamicValue> {
        match field.label {
            Label::Singular | Label::Optional => self.scalar(&field.kind, json),
            Label::Repeated => {
                let Value::Array(items) = json else { return self.fail(expected("a list", json)) };
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    self.path.push(PathStep::Item(index));
                    list.push(self.scalar(&field.kind, item)?);
                    self.path.pop();
                }
                Ok(DynamicValue::List(list))
            }
            Label::Map(_) => {
                let Value::Object(object) = json else { return self.fail(expected("an object", json)) };
                let mut map = BTreeMap::new();
                for (key, value) in object {
                    let value = self.at_field(key, |reader| reader.scalar(&field.kind, value))?;
                    map.insert(key.clone(), value);
                }
                Ok(DynamicValue::Map(map))
            }
        }
    }

    /// Reads one value; a `null` in a list is zero.
    fn scalar(&mut self, kind: &Kind, json: &Value) -> Read<DynamicValue> {
        if let Kind::Message(name) = kind {
            let Some(descriptor) = schema::message(name) else {
                return self.fail(format!("Envoy has no type `{name}`"));
            };
            return Ok(DynamicValue::Message(self.message(descriptor, json)?));
        }
        if json.is_null() {
            return Ok(zero(kind));
        }
        let read = match kind {
            Kind::Bool => json.as_bool().map(DynamicValue::Bool),
            Kind::Int32 => integer(json).and_then(|n| n.try_into().ok()).map(DynamicValue::Int32),
            Kind::Int64 => integer(json).and_then(|n| n.try_into().ok()).map(DynamicValue::Int64),
            Kind::Uint32 => integer(json).and_then(|n| n.try_into().ok()).map(DynamicValue::Uint32),
            Kind::Uint64 => integer(json).and_then(|n| n.try_into().ok()).map(DynamicValue::Uint64),
            #[expect(clippy::cast_possible_truncation, reason = "the nearest float is meant")]
            Kind::Float => double(json).map(|n| DynamicValue::Float(n as f32)),
            Kind::Double => double(json).map(DynamicValue::Double),
            Kind::String => json.as_str().map(|text| DynamicValue::String(text.to_owned())),
            Kind::Bytes => {
                let bytes = json.as_str().and_then(|text| STANDARD.decode(text).ok());
                bytes.map(|bytes| DynamicValue::Bytes(Bytes(bytes)))
            }
            Kind::Enum(name) => {
                let declared = schema::enumeration(name);
                match json.as_str() {
                    Some(text) => {
                        let Some(number) = declared.and_then(|declared| declared.value_number(text)) else {
                            return self.fail(format!("`{text}` is not a valid {name}"));
                        };
                        Some(DynamicValue::Enum(number))
                    }
                    None => integer(json).and_then(|n| n.try_into().ok()).map(DynamicValue::Enum),
                }
            }
            Kind::Message(_) => None,
        };
        match read {
            Some(value) => Ok(value),
            None => self.fail(expected(wanted(kind), json)),
        }
    }

    fn at_field<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.path.push(PathStep::Field(name.to_owned()));
        let value = read(self)?;
        self.path.pop();
        Ok(value)
    }

    fn fail<T>(&self, message: String) -> Read<T> {
        Err(ReadError { path: self.path.clone(), message })
    }
}

/// Sets a field; zero is the same as unset, but for members of oneofs and where the label says so.
fn set_unless_zero(message: &mut DynamicMessage, field: &Field, value: DynamicValue) {
    let shows_zero = field.oneof.is_some() || field.label == Label::Optional;
    if shows_zero || value != zero(&field.kind) {
        message.set_field(field, value);
    }
}

/// A whole number, also as text. Go reads numbers of a `Struct` as doubles, and writes them with an exponent from 1e21 on.
fn integer(json: &Value) -> Option<i128> {
    match json {
        Value::Number(number) => {
            let number = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 1e21)?;
            #[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e21")]
            Some(number as i128)
        }
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let is_number = !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && (digits.len() == 1 || !digits.starts_with('0'));
            if is_number { text.parse().ok() } else { None }
        }
        _ => None,
    }
}

fn double(json: &Value) -> Option<f64> {
    match json {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text if text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) => {
                text.parse().ok()
            }
            _ => None,
        },
        _ => None,
    }
}

fn struct_fields(object: &Map<String, Value>) -> BTreeMap<String, DynamicValue> {
    let Some(descriptor) = schema::message("google.protobuf.Value") else { return BTreeMap::new() };
    object.iter().map(|(key, json)| (key.clone(), DynamicValue::Message(value(descriptor, json)))).collect()
}

fn list_value(descriptor: &'static schema::Message, items: &[Value]) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor);
    if let Some(of_items) = schema::message("google.protobuf.Value") {
        let values = items.iter().map(|item| DynamicValue::Message(value(of_items, item)));
        message.set("values", DynamicValue::List(values.collect()));
    }
    message
}

/// `google.protobuf.Value`: any JSON.
fn value(descriptor: &'static schema::Message, json: &Value) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor);
    match json {
        Value::Null => message.set("null_value", DynamicValue::Enum(0)),
        Value::Bool(value) => message.set("bool_value", DynamicValue::Bool(*value)),
        Value::Number(number) => message.set("number_value", DynamicValue::Double(number.as_f64().unwrap_or_default())),
        Value::String(text) => message.set("string_value", DynamicValue::String(text.clone())),
        Value::Array(items) => {
            if let Some(descriptor) = schema::message("google.protobuf.ListValue") {
                message.set("list_value", DynamicValue::Message(list_value(descriptor, items)));
            }
        }
        Value::Object(object) => {
            if let Some(descriptor) = schema::message("google.protobuf.Struct") {
                let mut inner = DynamicMessage::new(descriptor);
                inner.set("fields", DynamicValue::Map(struct_fields(object)));
                message.set("struct_value", DynamicValue::Message(inner));
            }
        }
    }
    message
}

fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Double | Kind::Float => "a number",
        Kind::Int32 | Kind::Int64 => "a whole number that fits",
        Kind::Uint32 | Kind::Uint64 => "a whole number that fits, not below zero",
        Kind::Bool => "true or false",
        Kind::String => "text",
        Kind::Bytes => "bytes in base64",
        Kind::Enum(_) => "the name or number of a value",
        Kind::Message(_) => "an object",
    }
}

fn expected(wanted: &str, found: &Value) -> String {
    let found = match found {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    format!("this should be {wanted}, and is {found}")
}
