//! Messages by the schema instead of by a struct: any message of the API, whatever fields it has.
//!
//! ```text
//! JSON, as users write it or as a struct prints ──read──▶ DynamicMessage ──merge──▶ DynamicMessage ──print──▶ JSON
//! ```
//!
//! A message holds what is set, by field number, as the wire does: an integer that is zero is not there, unless a oneof or the
//! label `optional` says so. `google.protobuf.Any` holds its message in `value`, unpacked; a wrapper, a `Duration`, a `Struct` are
//! messages like others, and only their JSON is special.

mod merge;
mod print;
mod read;
#[cfg(test)]
mod tests;
mod time;

use std::collections::BTreeMap;

pub use merge::TypeMismatch;
pub use read::{PathStep, ReadError, UnknownField};

use super::schema::{self, Field, Kind};
use super::{Any, Bytes};

/// A message of any type.
#[derive(Debug, Clone)]
pub struct DynamicMessage {
    descriptor: &'static schema::Message,
    fields: BTreeMap<u32, DynamicValue>,
}

/// The value of a field that is set.
#[derive(Debug, Clone, PartialEq)]
pub enum DynamicValue {
    /// `bool`.
    Bool(bool),
    /// `int32`.
    Int32(i32),
    /// `int64`.
    Int64(i64),
    /// `uint32`.
    Uint32(u32),
    /// `uint64`.
    Uint64(u64),
    /// `float`.
    Float(f32),
    /// `double`.
    Double(f64),
    /// `string`.
    String(String),
    /// `bytes`.
    Bytes(Bytes),
    /// The number of a value, which the enum may not know.
    Enum(i32),
    /// A message.
    Message(DynamicMessage),
    /// A list of any of these.
    List(Vec<DynamicValue>),
    /// A map, by the text of its keys.
    Map(BTreeMap<String, DynamicValue>),
}

impl PartialEq for DynamicMessage {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.descriptor, other.descriptor) && self.fields == other.fields
    }
}

impl DynamicValue {
    /// The message, if it is one.
    pub fn as_message(&self) -> Option<&DynamicMessage> {
        match self {
            Self::Message(message) => Some(message),
            _ => None,
        }
    }

    /// The message, if it is one.
    pub fn as_message_mut(&mut self) -> Option<&mut DynamicMessage> {
        match self {
            Self::Message(message) => Some(message),
            _ => None,
        }
    }
}

impl DynamicMessage {
    /// A message in which nothing is set.
    pub fn new(descriptor: &'static schema::Message) -> Self {
        Self { descriptor, fields: BTreeMap::new() }
    }

    /// The message that a struct stands for; none for an empty `Any`, and for a type that the schema does not have.
    pub fn of(message: &Any) -> Option<Self> {
        match message {
            Any::Dynamic(message) => Some((**message).clone()),
            typed => {
                let descriptor = schema::message(typed.full_name())?;
                read::printed(descriptor, &typed.to_value()).ok()
            }
        }
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The full name of its type.
    pub fn full_name(&self) -> &'static str {
        &self.descriptor.name
    }

    /// A field's value, if it is set.
    pub fn get(&self, name: &str) -> Option<&DynamicValue> {
        self.fields.get(&self.field(name)?.number)
    }

    /// Whether its type has a field of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// The messages that are fields themselves, not in lists or maps.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.fields.values().filter_map(DynamicValue::as_message)
    }

    /// A field's text, or empty.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(DynamicValue::String(text)) => text,
            _ => "",
        }
    }

    /// The unsigned number of a field, or of the wrapper that it is; else zero.
    pub fn number(&self, name: &str) -> u32 {
        match self.get(name) {
            Some(DynamicValue::Uint32(number)) => *number,
            Some(DynamicValue::Message(wrapper)) => wrapper.number("value"),
            _ => 0,
        }
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.list(name).iter().filter_map(|value| match value {
            DynamicValue::String(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// A field's message, if it is set.
    pub fn message(&self, name: &str) -> Option<&Self> {
        self.get(name)?.as_message()
    }

    /// A field's message, if it is set.
    pub fn message_mut(&mut self, name: &str) -> Option<&mut Self> {
        let number = self.field(name)?.number;
        self.fields.get_mut(&number)?.as_message_mut()
    }

    /// The messages of a list.
    pub fn messages(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.list(name).iter().filter_map(DynamicValue::as_message)
    }

    /// The messages of a list.
    pub fn messages_mut(&mut self, name: &str) -> impl Iterator<Item = &mut Self> {
        let list = match self.field(name).and_then(|field| self.fields.get_mut(&field.number)) {
            Some(DynamicValue::List(list)) => list.as_mut_slice(),
            _ => &mut [],
        };
        list.iter_mut().filter_map(DynamicValue::as_message_mut)
    }

    /// Takes a list out; it is empty if it is not set.
    pub fn take_list(&mut self, name: &str) -> Vec<DynamicValue> {
        match self.field(name).and_then(|field| self.fields.remove(&field.number)) {
            Some(DynamicValue::List(list)) => list,
            _ => Vec::new(),
        }
    }

    /// The message inside of an `Any`.
    pub fn unpacked(&self) -> Option<&Self> {
        self.message("value")
    }

    /// Sets a field; of a oneof, the others are gone. An empty list is not set; a field that the type has not is left out.
    pub fn set(&mut self, name: &str, value: DynamicValue) {
        if let Some(field) = self.field(name) {
            self.set_field(field, value);
        }
    }

    /// Takes a field away.
    pub fn clear(&mut self, name: &str) {
        if let Some(field) = self.field(name) {
            self.fields.remove(&field.number);
        }
    }

    /// Puts a message into an `Any`.
    pub fn pack(message: Self) -> Option<Self> {
        let mut any = Self::new(schema::message("google.protobuf.Any")?);
        any.set("type_url", DynamicValue::String(format!("type.googleapis.com/{}", message.full_name())));
        any.set("value", DynamicValue::Message(message));
        Some(any)
    }

    /// Calls a function for this message and all messages in it.
    pub fn visit<'m>(&'m self, visitor: &mut impl FnMut(&'m Self)) {
        visitor(self);
        for value in self.fields.values() {
            visit_value(value, visitor);
        }
    }

    fn list(&self, name: &str) -> &[DynamicValue] {
        match self.get(name) {
            Some(DynamicValue::List(list)) => list,
            _ => &[],
        }
    }

    fn field(&self, name: &str) -> Option<&'static Field> {
        self.descriptor.fields.iter().find(|field| field.name == name)
    }

    fn field_by_number(&self, number: u32) -> Option<&'static Field> {
        self.descriptor.fields.iter().find(|field| field.number == number)
    }

    fn set_field(&mut self, field: &Field, value: DynamicValue) {
        self.clear_siblings(field);
        let is_empty = match &value {
            DynamicValue::List(list) => list.is_empty(),
            DynamicValue::Map(map) => map.is_empty(),
            _ => false,
        };
        if is_empty {
            self.fields.remove(&field.number);
        } else {
            self.fields.insert(field.number, value);
        }
    }

    /// Of a oneof, one member is set.
    fn clear_siblings(&mut self, field: &Field) {
        if let Some(oneof) = field.oneof {
            let siblings = self.descriptor.fields.iter().filter(|f| f.oneof == Some(oneof) && f.number != field.number);
            for sibling in siblings {
                self.fields.remove(&sibling.number);
            }
        }
    }
}

fn visit_value<'m>(value: &'m DynamicValue, visitor: &mut impl FnMut(&'m DynamicMessage)) {
    match value {
        DynamicValue::Message(message) => message.visit(visitor),
        DynamicValue::List(values) => values.iter().for_each(|value| visit_value(value, visitor)),
        DynamicValue::Map(values) => values.values().for_each(|value| visit_value(value, visitor)),
        _ => {}
    }
}

impl From<DynamicMessage> for Any {
    fn from(message: DynamicMessage) -> Self {
        Self::Dynamic(Box::new(message))
    }
}

/// The types whose JSON form is not an object of their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WellKnown {
    Any,
    Wrapper,
    Duration,
    Timestamp,
    Struct,
    Value,
    ListValue,
    Empty,
}

fn well_known(full_name: &str) -> Option<WellKnown> {
    Some(match full_name.strip_prefix("google.protobuf.")? {
        "Any" => WellKnown::Any,
        "BoolValue" | "BytesValue" | "StringValue" | "Int32Value" | "UInt32Value" | "FloatValue" | "Int64Value"
        | "UInt64Value" | "DoubleValue" => WellKnown::Wrapper,
        "Duration" => WellKnown::Duration,
        "Timestamp" => WellKnown::Timestamp,
        "Struct" => WellKnown::Struct,
        "Value" => WellKnown::Value,
        "ListValue" => WellKnown::ListValue,
        "Empty" => WellKnown::Empty,
        _ => return None,
    })
}

/// The zero of a type, which a field that is not set stands for.
fn zero(kind: &Kind) -> DynamicValue {
    match kind {
        Kind::Double => DynamicValue::Double(0.0),
        Kind::Float => DynamicValue::Float(0.0),
        Kind::Int32 => DynamicValue::Int32(0),
        Kind::Int64 => DynamicValue::Int64(0),
        Kind::Uint32 => DynamicValue::Uint32(0),
        Kind::Uint64 => DynamicValue::Uint64(0),
        Kind::Bool => DynamicValue::Bool(false),
        Kind::String | Kind::Message(_) => DynamicValue::String(String::new()),
        Kind::Bytes => DynamicValue::Bytes(Bytes::default()),
        Kind::Enum(_) => DynamicValue::Enum(0),
    }
}
