//! Defaults: what the API server writes where an object says nothing.

use serde_json::Value;

use super::schema::Schema;

/// Writes the defaults of a schema into a value, and into what they bring with them.
pub(super) fn fill(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(fields) => {
            for (name, schema) in &schema.properties {
                if let Some(default) = &schema.constraints.default
                    && fields.get(name).is_none_or(Value::is_null)
                {
                    fields.insert(name.clone(), default.clone());
                }
            }
            for (name, value) in fields {
                if let Some(schema) = schema.property(name).or(schema.values.as_deref()) {
                    fill(value, schema);
                }
            }
        }
        Value::Array(items) => {
            for (item, schema) in items.iter_mut().zip(std::iter::repeat(&schema.items)) {
                if let Some(schema) = schema {
                    fill(item, schema);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
