//! JSON as Go writes it: an extension sees the text of its settings, byte for byte.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::go::json_string;

/// Writes an object, its keys sorted. istiod: `protomarshal.go` `ToJSON` of a `google.protobuf.Struct`
pub(super) fn object(fields: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_object(&mut out, fields);
    out
}

fn write_object(out: &mut String, fields: &Map<String, Value>) {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|(key, _)| *key);
    out.push('{');
    for (index, (key, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        json_string(out, key);
        out.push(':');
        write_value(out, value);
    }
    out.push('}');
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => double(out, number.as_f64().unwrap_or_default()),
        Value::String(text) => json_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => write_object(out, fields),
    }
}

/// The shortest digits that read back, with an exponent below 1e-6 and from 1e21 on. Go: `encoding/json` `floatEncoder`
fn double(out: &mut String, value: f64) {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if exponent.starts_with('-') { "" } else { "+" };
        let _ = write!(out, "{digits}e{sign}{exponent}");
    } else {
        let _ = write!(out, "{value}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_as_in_go() {
        let value = json!({"b": [1, 1.5, 1e21, 1e-7, -0.25, 123_456_789.0], "a": {"<&>": "x\"\\\n\u{1}\u{2028}é", "n": null, "t": true}});
        let Value::Object(fields) = value else { panic!("an object") };
        let expected = r#"{"a":{"\u003c\u0026\u003e":"x\"\\\n\u0001\u2028é","n":null,"t":true},"b":[1,1.5,1e+21,1e-7,-0.25,123456789]}"#;
        assert_eq!(object(&fields), expected);
    }
}
