//! Defaults: what the API server writes where an object says nothing.

use serde_json::Value;

use super::schema::Schema;

/// Takes out the fields that are null and have no default: to the API server they are not there.
pub(super) fn drop_nulls(value: &mut Value, schema: &Schema) {
    match value {
        Value::Object(fields) => {
            let has_default =
                |name: &str| schema.property(name).is_some_and(|schema| schema.constraints.default.is_some());
            fields.retain(|name, value| !value.is_null() || !schema.drops_null(name) || has_default(name));
            for (name, value) in fields {
                if let Some(schema) = schema.property(name).or(schema.values.as_deref()) {
                    drop_nulls(value, schema);
                }
            }
        }
        Value::Array(items) => {
            items.iter_mut().zip(schema.items.iter().cycle()).for_each(|(item, schema)| drop_nulls(item, schema));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

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
