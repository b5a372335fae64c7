//! How fields become JSON: proto names, number order, nothing that is unset.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Number, Value};

use super::{Any, Bytes, Duration, Struct};

/// A message of Envoy's API.
pub trait Message {
    /// The full name, such as `envoy.config.cluster.v3.Cluster`.
    const FULL_NAME: &'static str;

    /// Writes the fields that are set, by proto name, in number order.
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

/// A value in proto3's JSON form, which is not always serde's: 64-bit integers are strings, say.
pub(crate) trait ProtoJson {
    /// Whether a field of this value is left out.
    fn is_unset(&self) -> bool {
        false
    }

    /// Writes the value.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// Serializes a value in its proto3 JSON form.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: ProtoJson> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Writes a field unless it is unset.
pub(crate) fn field<M: SerializeMap, T: ProtoJson>(map: &mut M, name: &'static str, value: &T) -> Result<(), M::Error> {
    if value.is_unset() { Ok(()) } else { entry(map, name, value) }
}

/// Writes a field, even when it is zero (a member of a oneof).
pub(crate) fn entry<M: SerializeMap, T: ProtoJson>(map: &mut M, name: &'static str, value: &T) -> Result<(), M::Error> {
    map.serialize_entry(name, &Json(value))
}

/// Writes the fields of a message that has no struct.
pub(crate) fn other_fields<M: SerializeMap>(map: &mut M, value: &Value) -> Result<(), M::Error> {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| map.serialize_entry(name, &Json(value))),
        value => map.serialize_entry("value", &Json(value)),
    }
}

/// Writes a message as an object.
pub(crate) fn write_message<T: Message, S: Serializer>(message: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    message.fields(&mut map)?;
    map.end()
}

impl ProtoJson for Any {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Empty => {}
            Self::Other { type_url, .. } => map.serialize_entry("@type", type_url)?,
            typed => map.serialize_entry("@type", &TypeUrl(typed.full_name()))?,
        }
        self.fields(&mut map)?;
        map.end()
    }
}

/// The full name of a message, written as a type URL.
struct TypeUrl<'a>(&'a str);

impl Serialize for TypeUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("type.googleapis.com/{}", self.0))
    }
}

impl<T: ProtoJson + ?Sized> ProtoJson for &T {
    fn is_unset(&self) -> bool {
        (**self).is_unset()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).write(serializer)
    }
}

impl<T: ProtoJson> ProtoJson for Option<T> {
    fn is_unset(&self) -> bool {
        self.is_none()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_unit(),
        }
    }
}

impl<T: ProtoJson> ProtoJson for Box<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).write(serializer)
    }
}

impl<T: ProtoJson> ProtoJson for Vec<T> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.len()))?;
        for value in self {
            seq.serialize_element(&Json(value))?;
        }
        seq.end()
    }
}

impl<K: Serialize, V: ProtoJson> ProtoJson for BTreeMap<K, V> {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(key, &Json(value))?;
        }
        map.end()
    }
}

impl ProtoJson for bool {
    fn is_unset(&self) -> bool {
        !self
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }
}

impl ProtoJson for String {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl ProtoJson for u32 {
    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*self)
    }
}

impl ProtoJson for i32 {
    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i32(*self)
    }
}

impl ProtoJson for u64 {
    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl ProtoJson for i64 {
    fn is_unset(&self) -> bool {
        *self == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl ProtoJson for f64 {
    fn is_unset(&self) -> bool {
        self.to_bits() == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() { serializer.serialize_f64(*self) } else { serializer.serialize_str(not_finite(*self)) }
    }
}

impl ProtoJson for f32 {
    fn is_unset(&self) -> bool {
        self.to_bits() == 0
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() {
            serializer.serialize_f32(*self)
        } else {
            serializer.serialize_str(not_finite(f64::from(*self)))
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

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl ProtoJson for Duration {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl ProtoJson for Struct {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, &Json(value))?;
        }
        map.end()
    }
}

impl ProtoJson for Value {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => write_number(number, serializer),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(values) => values.write(serializer),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, value) in fields {
                    map.serialize_entry(key, &Json(value))?;
                }
                map.end()
            }
        }
    }
}

/// Numbers of a `Value` are doubles; integers of up to 15 digits, which are all a double prints, go without a fraction.
fn write_number<S: Serializer>(number: &Number, serializer: S) -> Result<S::Ok, S::Error> {
    write_double(number.as_f64().unwrap_or_default(), serializer)
}

/// Writes a number of a `Value`.
pub(crate) fn write_double<S: Serializer>(double: f64, serializer: S) -> Result<S::Ok, S::Error> {
    let is_short = double.fract() == 0.0 && double.abs() < 1e15 && (double != 0.0 || double.is_sign_positive());
    if is_short {
        #[expect(clippy::cast_possible_truncation, reason = "an integer of at most 15 digits")]
        serializer.serialize_i64(double as i64)
    } else {
        double.write(serializer)
    }
}

/// The JSON form of a message.
macro_rules! serialize_message {
    ($message:ident) => {
        impl crate::envoy::proto::ProtoJson for $message {
            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::envoy::proto::write_message(self, serializer)
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
                crate::envoy::proto::ProtoJson::write(self, serializer)
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

            fn write<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
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
