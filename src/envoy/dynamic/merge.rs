//! What istiod's merge does: messages are merged, lists appended, all else replaced.
//!
//! istiod: `pkg/proto/merge/merge.go`

use std::collections::BTreeMap;
use std::fmt;

use super::{DynamicMessage, DynamicValue};

/// What becomes of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lists {
    Append,
    Replace,
}

/// Two messages of different types cannot be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeMismatch {
    /// The type that there was.
    pub expected: &'static str,
    /// The type that was to be laid over it.
    pub found: &'static str,
}

impl fmt::Display for TypeMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be merged into {}", self.found, self.expected)
    }
}

impl DynamicMessage {
    /// Lays a message over this one, field by field.
    ///
    /// What the other message sets counts: so its zeros do not, not even those in wrappers, which are messages. A `Duration` is
    /// replaced as a whole, and so is what an `Any` holds. The entries of maps are replaced.
    pub fn merge(&mut self, other: &Self) -> Result<(), TypeMismatch> {
        if self.descriptor.name != other.descriptor.name {
            return Err(TypeMismatch { expected: self.full_name(), found: other.full_name() });
        }
        self.merge_fields(other, Lists::Append);
        Ok(())
    }

    /// The same, but lists replace lists, at every depth. istiod: `merge.go` `MergeWithReplaceList`
    pub fn merge_replacing_lists(&mut self, other: &Self) -> Result<(), TypeMismatch> {
        if self.descriptor.name != other.descriptor.name {
            return Err(TypeMismatch { expected: self.full_name(), found: other.full_name() });
        }
        self.merge_fields(other, Lists::Replace);
        Ok(())
    }

    /// Merges what two `Any`s hold, which must be of one type.
    ///
    /// istiod: `util.go` `MergeAnyWithAny`
    pub fn merge_any(&mut self, other: &Self) -> Result<(), TypeMismatch> {
        let (Some(own), Some(others)) = (self.message_mut("value"), other.unpacked()) else { return Ok(()) };
        own.merge(others)
    }

    /// Whether this is an `Any` that holds a message of a type.
    fn holds(&self, descriptor: &super::schema::Message) -> bool {
        self.descriptor.name == "google.protobuf.Any"
            && self.unpacked().is_some_and(|message| message.descriptor.name == descriptor.name)
    }

    fn merge_fields(&mut self, other: &Self, lists: Lists) {
        for (number, value) in &other.fields {
            let Some(field) = other.field_by_number(*number) else { continue };
            match value {
                DynamicValue::List(items) => {
                    let list = self.fields.entry(*number).or_insert_with(|| DynamicValue::List(Vec::new()));
                    if let DynamicValue::List(list) = list {
                        if lists == Lists::Replace {
                            list.clear();
                        }
                        list.extend(items.iter().cloned());
                    }
                }
                DynamicValue::Map(entries) => {
                    let map = self.fields.entry(*number).or_insert_with(|| DynamicValue::Map(BTreeMap::new()));
                    if let DynamicValue::Map(map) = map {
                        map.extend(entries.iter().map(|(key, value)| (key.clone(), value.clone())));
                    }
                }
                DynamicValue::Message(message) if is_merged(other, message) => {
                    self.clear_siblings(field);
                    let empty = || DynamicValue::Message(DynamicMessage::new(message.descriptor));
                    if let DynamicValue::Message(own) = self.fields.entry(*number).or_insert_with(empty) {
                        own.merge_fields(message, lists);
                    }
                }
                // Nothing on the wire: what there was stays, if it is of that type.
                DynamicValue::Message(message) if message.fields.is_empty() && self.holds(message.descriptor) => {}
                value => self.set_field(field, value.clone()),
            }
        }
    }
}

fn is_merged(parent: &DynamicMessage, message: &DynamicMessage) -> bool {
    parent.descriptor.name != "google.protobuf.Any" && message.descriptor.name != "google.protobuf.Duration"
}
