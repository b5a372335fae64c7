//! Resources as JSON with the names of the proto.

use serde_json::Value;

use crate::envoy::{Any, DynamicMessage, schema};

/// Turns a message into JSON.
pub fn of_message(message: &Any) -> Value {
    serde_json::to_value(message).unwrap_or_default()
}

/// Reads a resource of a dump. One in camelCase, as Go prints it, gets the names of the proto.
pub fn of_json(full_name: &str, text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    if !is_camel_case(&value) {
        return Some(value);
    }
    let (message, _) = DynamicMessage::read(schema::message(full_name)?, &without_type(value)).ok()?;
    serde_json::to_value(Any::from(message)).ok()
}

/// Says whether some field of the message itself is in camelCase; all have one that two words name.
fn is_camel_case(value: &Value) -> bool {
    let fields = value.as_object().into_iter().flatten();
    let mut names = fields.map(|(name, _)| name.as_str()).filter(|name| !name.starts_with('@'));
    names.any(|name| name.chars().any(|c| c.is_ascii_uppercase()))
}

fn without_type(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.remove("@type");
    }
    value
}
