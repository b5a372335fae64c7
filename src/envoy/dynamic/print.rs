//! JSON of messages, in the form in which structs print.

use serde::ser::{SerializeMap, Serializer};

use super::time;
use super::{DynamicMessage, DynamicValue, WellKnown, well_known, zero};
use crate::envoy::Duration;
use crate::envoy::proto::{self, Json, ProtoJson};
use crate::envoy::schema::{self, Kind};

impl DynamicMessage {
    /// Writes the fields that are set, without `@type`; a type with a JSON form of its own as `value`.
    pub(crate) fn write_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match well_known(&self.descriptor.name) {
            Some(WellKnown::Empty) => Ok(()),
            Some(_) => map.serialize_entry("value", &Json(self)),
            None => self.fields.iter().try_for_each(|(number, value)| {
                let Some(field) = self.field_by_number(*number) else { return Ok(()) };
                map.serialize_entry(field.name, &Json(&Typed { kind: &field.kind, value }))
            }),
        }
    }

    fn number_of_seconds(&self) -> (i64, i32) {
        let seconds = if let Some(DynamicValue::Int64(seconds)) = self.get("seconds") { *seconds } else { 0 };
        let nanos = if let Some(DynamicValue::Int32(nanos)) = self.get("nanos") { *nanos } else { 0 };
        (seconds, nanos)
    }
}

impl ProtoJson for DynamicMessage {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match well_known(&self.descriptor.name) {
            Some(WellKnown::Any) => {
                let mut map = serializer.serialize_map(None)?;
                let url = self.text("type_url");
                if !url.is_empty() {
                    map.serialize_entry("@type", url)?;
                }
                if let Some(message) = self.unpacked() {
                    message.write_fields(&mut map)?;
                }
                map.end()
            }
            Some(WellKnown::Wrapper) => match self.descriptor.fields.first() {
                Some(field) => {
                    let zero = zero(&field.kind);
                    let value = self.fields.get(&field.number).unwrap_or(&zero);
                    Typed { kind: &field.kind, value }.write(serializer)
                }
                None => serializer.serialize_unit(),
            },
            Some(WellKnown::Duration) => {
                let (seconds, nanos) = self.number_of_seconds();
                Duration { seconds, nanos }.write(serializer)
            }
            Some(WellKnown::Timestamp) => {
                let (seconds, nanos) = self.number_of_seconds();
                serializer.serialize_str(&time::print_timestamp(seconds, nanos))
            }
            Some(WellKnown::Struct) => match self.get("fields") {
                Some(value) => Typed { kind: &VALUE, value }.write(serializer),
                None => serializer.serialize_map(Some(0))?.end(),
            },
            Some(WellKnown::ListValue) => match self.get("values") {
                Some(value) => Typed { kind: &VALUE, value }.write(serializer),
                None => serializer.collect_seq(std::iter::empty::<()>()),
            },
            Some(WellKnown::Value) => match self.fields.first_key_value() {
                Some((_, DynamicValue::Double(number))) if number.is_finite() => {
                    proto::write_double(*number, serializer)
                }
                Some((number, value)) if *number != NULL => Typed { kind: &VALUE, value }.write(serializer),
                _ => serializer.serialize_unit(),
            },
            Some(WellKnown::Empty) | None => {
                let mut map = serializer.serialize_map(None)?;
                self.write_fields(&mut map)?;
                map.end()
            }
        }
    }
}

/// The number of `google.protobuf.Value.null_value`.
const NULL: u32 = 1;

/// Stands for a type that decides nothing: what is in a `Struct` is no enum.
const VALUE: Kind = Kind::Bool;

/// A value with the type of its field, which knows the names of enums.
struct Typed<'a> {
    kind: &'a Kind,
    value: &'a DynamicValue,
}

impl ProtoJson for Typed<'_> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            DynamicValue::Bool(value) => value.write(serializer),
            DynamicValue::Int32(value) => value.write(serializer),
            DynamicValue::Int64(value) => value.write(serializer),
            DynamicValue::Uint32(value) => value.write(serializer),
            DynamicValue::Uint64(value) => value.write(serializer),
            DynamicValue::Float(value) => value.write(serializer),
            DynamicValue::Double(value) => value.write(serializer),
            DynamicValue::String(value) => value.write(serializer),
            DynamicValue::Bytes(value) => value.write(serializer),
            DynamicValue::Enum(number) => {
                let declared = if let Kind::Enum(name) = self.kind { schema::enumeration(name) } else { None };
                match declared.and_then(|declared| declared.value_name(*number)) {
                    Some(name) => serializer.serialize_str(name),
                    None => serializer.serialize_i32(*number),
                }
            }
            DynamicValue::Message(message) => message.write(serializer),
            DynamicValue::List(values) => {
                serializer.collect_seq(values.iter().map(|value| Json(Typed { kind: self.kind, value })))
            }
            DynamicValue::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key, Json(Typed { kind: self.kind, value })));
                serializer.collect_map(entries)
            }
        }
    }
}
