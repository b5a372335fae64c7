//! How fields become JSON: proto names, number order, nothing that is unset.
//!
//! Messages are written to a `dyn` [`Sink`], so that each is compiled once, whatever becomes of it. `serde::Serialize` goes by way
//! of a [`Tree`].

use std::collections::BTreeMap;

use serde_json::Value;

use super::sink::{self, Sink, Tree};
use super::{Any, Bytes, Duration, Struct};

/// A message of Envoy's API.
pub trait Message {
    /// The full name, such as `envoy.config.cluster.v3.Cluster`.
    const FULL_NAME: &'static str;

    /// Writes the fields that are set, by proto name, in number order.
    fn fields(&self, sink: &mut dyn Sink);
}

/// A value in proto3's JSON form, which is not always serde's: 64-bit integers are strings, say.
pub(crate) trait ProtoJson {
    /// Whether a field of this value is left out.
    fn is_unset(&self) -> bool {
        false
    }

    /// Writes the value.
    fn write(&self, sink: &mut dyn Sink);
}

/// Writes a field unless it is unset.
pub(crate) fn field<T: ProtoJson>(sink: &mut dyn Sink, name: &'static str, value: &T) {
    if !value.is_unset() {
        entry(sink, name, value);
    }
}

/// Writes a field, even when it is zero (a member of a oneof).
pub(crate) fn entry(sink: &mut dyn Sink, name: &str, value: &dyn ProtoJson) {
    sink.key(name);
    value.write(sink);
}

/// Writes the fields of a message that has no struct.
pub(crate) fn other_fields(sink: &mut dyn Sink, value: &Value) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| entry(sink, name, value)),
        value => entry(sink, "value", value),
    }
}

/// Writes a list.
pub(crate) fn list<T: ProtoJson>(sink: &mut dyn Sink, items: impl Iterator<Item = T>) {
    sink.begin_list();
    for item in items {
        sink.item();
        item.write(sink);
    }
    sink.end_list();
}

/// Writes an object.
pub(crate) fn object<K: AsRef<str>, V: ProtoJson>(sink: &mut dyn Sink, entries: impl Iterator<Item = (K, V)>) {
    sink.begin_object();
    for (key, value) in entries {
        entry(sink, key.as_ref(), &value);
    }
    sink.end_object();
}

/// Writes a message as an object.
pub(crate) fn write_message(message: &dyn Fields, sink: &mut dyn Sink) {
    sink.begin_object();
    message.write_fields(sink);
    sink.end_object();
}

/// [`Message::fields`] of a message whose type does not matter.
pub(crate) trait Fields {
    fn write_fields(&self, sink: &mut dyn Sink);
}

impl<T: Message> Fields for T {
    fn write_fields(&self, sink: &mut dyn Sink) {
        self.fields(sink);
    }
}

/// Returns a value as a tree.
pub(crate) fn tree(value: &dyn ProtoJson) -> Tree {
    sink::build(|sink| value.write(sink))
}

impl Any {
    /// Returns the message as a value, `@type` being one of its fields.
    pub fn to_value(&self) -> Value {
        sink::build(|sink| self.write(sink))
    }
}

impl ProtoJson for Any {
    fn write(&self, sink: &mut dyn Sink) {
        sink.begin_object();
        match self {
            Self::Empty => {}
            Self::Other { type_url, .. } => entry(sink, "@type", type_url),
            typed => {
                sink.key("@type");
                sink.text(&format!("type.googleapis.com/{}", typed.full_name()));
            }
        }
        self.fields(sink);
        sink.end_object();
    }
}

impl<T: ProtoJson + ?Sized> ProtoJson for &T {
    fn is_unset(&self) -> bool {
        (**self).is_unset()
    }

    fn write(&self, sink: &mut dyn Sink) {
        (**self).write(sink);
    }
}

impl<T: ProtoJson> ProtoJson for Option<T> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn write(&self, sink: &mut dyn Sink) {
        match self {
            Some(value) => value.write(sink),
            None => sink.null(),
        }
    }
}

impl<T: ProtoJson> ProtoJson for Box<T> {
    fn write(&self, sink: &mut dyn Sink) {
        (**self).write(sink);
    }
}

impl<T: ProtoJson> ProtoJson for Vec<T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, sink: &mut dyn Sink) {
        list(sink, self.iter());
    }
}

impl<V: ProtoJson> ProtoJson for BTreeMap<String, V> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, sink: &mut dyn Sink) {
        object(sink, self.iter());
    }
}

impl ProtoJson for bool {
    fn is_unset(&self) -> bool {
        !self
    }

    fn write(&self, sink: &mut dyn Sink) {
        sink.bool(*self);
    }
}

impl ProtoJson for str {
    fn write(&self, sink: &mut dyn Sink) {
        sink.text(self);
    }
}

impl ProtoJson for String {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write(&self, sink: &mut dyn Sink) {
        sink.text(self);
    }
}

impl ProtoJson for u32 {
    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write(&self, sink: &mut dyn Sink) {
        sink.integer(i64::from(*self));
    }
}

impl ProtoJson for i32 {
    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write(&self, sink: &mut dyn Sink) {
        sink.integer(i64::from(*self));
    }
}

impl ProtoJson for u64 {
    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write(&self, sink: &mut dyn Sink) {
        sink.text(&self.to_string());
    }
}

impl ProtoJson for i64 {
    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write(&self, sink: &mut dyn Sink) {
        sink.text(&self.to_string());
    }
}

impl ProtoJson for f64 {
    fn is_unset(&self) -> bool {
        self.to_bits() == 0
    }

    fn write(&self, sink: &mut dyn Sink) {
        if self.is_finite() { sink.double(*self) } else { sink.text(not_finite(*self)) }
    }
}

impl ProtoJson for f32 {
    fn is_unset(&self) -> bool {
        self.to_bits() == 0
    }

    fn write(&self, sink: &mut dyn Sink) {
        if self.is_finite() {
            sink.float(*self);
        } else {
            sink.text(not_finite(f64::from(*self)));
        }
    }
}

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

impl ProtoJson for Bytes {
    fn is_unset(&self) -> bool {
        self.0.is_empty()
    }

    fn write(&self, sink: &mut dyn Sink) {
        sink.text(&self.to_string());
    }
}

impl ProtoJson for Duration {
    fn write(&self, sink: &mut dyn Sink) {
        sink.text(&self.to_string());
    }
}

impl ProtoJson for Struct {
    fn write(&self, sink: &mut dyn Sink) {
        object(sink, self.0.iter());
    }
}

impl ProtoJson for Value {
    fn write(&self, sink: &mut dyn Sink) {
        match self {
            Self::Null => sink.null(),
            Self::Bool(value) => sink.bool(*value),
            // Numbers of a `Value` are doubles.
            Self::Number(number) => write_double(number.as_f64().unwrap_or_default(), sink),
            Self::String(value) => sink.text(value),
            Self::Array(values) => values.write(sink),
            Self::Object(fields) => object(sink, fields.iter()),
        }
    }
}

/// Writes a number of a `Value`; integers of up to 15 digits, which are all a double prints, go without a fraction.
pub(crate) fn write_double(double: f64, sink: &mut dyn Sink) {
    let is_short = double.fract() == 0.0 && double.abs() < 1e15 && (double != 0.0 || double.is_sign_positive());
    if is_short {
        #[expect(clippy::cast_possible_truncation, reason = "an integer of at most 15 digits")]
        sink.integer(double as i64);
    } else {
        double.write(sink);
    }
}

/// The JSON form of a message.
macro_rules! serialize_message {
    ($message:ident) => {
        impl crate::envoy::proto::ProtoJson for $message {
            fn write(&self, sink: &mut dyn crate::envoy::Sink) {
                crate::envoy::proto::write_message(self, sink);
            }
        }

        crate::envoy::proto::serialize!($message);
    };
}

/// `serde::Serialize` by the proto3 JSON form.
macro_rules! serialize {
    ($message:ident) => {
        impl serde::Serialize for $message {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::envoy::proto::tree(self).serialize(serializer)
            }
        }
    };
}

/// The JSON form of an enum, which is the value's name.
macro_rules! serialize_enum {
    ($enumeration:ident) => {
        impl crate::envoy::proto::ProtoJson for $enumeration {
            fn is_unset(&self) -> bool {
                *self == Self::default()
            }

            fn write(&self, sink: &mut dyn crate::envoy::Sink) {
                sink.text(self.as_str());
            }
        }

        crate::envoy::proto::serialize!($enumeration);
    };
}

/// Puts a message into an `Any`.
macro_rules! into_any {
    ($message:ident) => {
        impl From<$message> for Any {
            fn from(message: $message) -> Self {
                Self::$message(Box::new(message))
            }
        }
    };
}

pub(crate) use {into_any, serialize, serialize_enum, serialize_message};

serialize!(Any);
serialize!(Bytes);
serialize!(Duration);
serialize!(Struct);
