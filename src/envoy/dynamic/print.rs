//! JSON of messages, in the form in which structs print.

use super::time;
use super::{DynamicMessage, DynamicValue, WellKnown, well_known, zero};
use crate::envoy::proto::{self, ProtoJson};
use crate::envoy::schema::{self, Kind};
use crate::envoy::{Duration, Sink};

impl DynamicMessage {
    /// Writes the fields that are set, without `@type`; a type with a JSON form of its own as `value`.
    pub(crate) fn write_fields(&self, sink: &mut dyn Sink) {
        match well_known(&self.descriptor.name) {
            Some(WellKnown::Empty) => {}
            Some(_) => proto::entry(sink, "value", self),
            None => {
                for (number, value) in &self.fields {
                    if let Some(field) = self.field_by_number(*number) {
                        proto::entry(sink, field.name, &Typed { kind: &field.kind, value });
                    }
                }
            }
        }
    }

    fn number_of_seconds(&self) -> (i64, i32) {
        let seconds = if let Some(DynamicValue::Int64(seconds)) = self.get("seconds") { *seconds } else { 0 };
        let nanos = if let Some(DynamicValue::Int32(nanos)) = self.get("nanos") { *nanos } else { 0 };
        (seconds, nanos)
    }
}

impl ProtoJson for DynamicMessage {
    fn write(&self, sink: &mut dyn Sink) {
        match well_known(&self.descriptor.name) {
            Some(WellKnown::Any) => {
                sink.begin_object();
                let url = self.text("type_url");
                if !url.is_empty() {
                    sink.key("@type");
                    sink.text(url);
                }
                if let Some(message) = self.unpacked() {
                    message.write_fields(sink);
                }
                sink.end_object();
            }
            Some(WellKnown::Wrapper) => match self.descriptor.fields.first() {
                Some(field) => {
                    let zero = zero(&field.kind);
                    let value = self.fields.get(&field.number).unwrap_or(&zero);
                    Typed { kind: &field.kind, value }.write(sink);
                }
                None => sink.null(),
            },
            Some(WellKnown::Duration) => {
                let (seconds, nanos) = self.number_of_seconds();
                Duration { seconds, nanos }.write(sink);
            }
            Some(WellKnown::Timestamp) => {
                let (seconds, nanos) = self.number_of_seconds();
                sink.text(&time::print_timestamp(seconds, nanos));
            }
            Some(WellKnown::Struct) => {
                if let Some(value) = self.get("fields") {
                    Typed { kind: &VALUE, value }.write(sink);
                } else {
                    sink.begin_object();
                    sink.end_object();
                }
            }
            Some(WellKnown::ListValue) => {
                if let Some(value) = self.get("values") {
                    Typed { kind: &VALUE, value }.write(sink);
                } else {
                    sink.begin_list();
                    sink.end_list();
                }
            }
            Some(WellKnown::Value) => match self.fields.first_key_value() {
                Some((_, DynamicValue::Double(number))) if number.is_finite() => proto::write_double(*number, sink),
                Some((number, value)) if *number != NULL => Typed { kind: &VALUE, value }.write(sink),
                _ => sink.null(),
            },
            Some(WellKnown::Empty) | None => {
                sink.begin_object();
                self.write_fields(sink);
                sink.end_object();
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
    fn write(&self, sink: &mut dyn Sink) {
        match self.value {
            DynamicValue::Bool(value) => value.write(sink),
            DynamicValue::Int32(value) => value.write(sink),
            DynamicValue::Int64(value) => value.write(sink),
            DynamicValue::Uint32(value) => value.write(sink),
            DynamicValue::Uint64(value) => value.write(sink),
            DynamicValue::Float(value) => value.write(sink),
            DynamicValue::Double(value) => value.write(sink),
            DynamicValue::String(value) => value.write(sink),
            DynamicValue::Bytes(value) => value.write(sink),
            DynamicValue::Enum(number) => {
                let declared = if let Kind::Enum(name) = self.kind { schema::enumeration(name) } else { None };
                match declared.and_then(|declared| declared.value_name(*number)) {
                    Some(name) => sink.text(name),
                    None => sink.integer(i64::from(*number)),
                }
            }
            DynamicValue::Message(message) => message.write(sink),
            DynamicValue::List(values) => {
                proto::list(sink, values.iter().map(|value| Typed { kind: self.kind, value }));
            }
            DynamicValue::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| (key, Typed { kind: self.kind, value }));
                proto::object(sink, entries);
            }
        }
    }
}
