//! Access logs: `source/extensions/access_loggers` and `source/common/formatter/substitution_format_string.cc`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::{Findings, Step};
use crate::rejection::json::{list, message_name, text};
use crate::rejection::syntax::{cel, format};

pub(super) const FORMAT: &[Rule] = &[substitution_format];
pub(super) const FILE: &[Rule] = &[file];
pub(super) const EXPRESSION: &[Rule] = &[expression];
pub(super) const OPEN_TELEMETRY: &[Rule] = &[open_telemetry];

/// The commands that the formatters of a message add; nothing when they may be any.
fn added_commands(message: &Value) -> Option<Vec<&'static str>> {
    let mut more = Vec::new();
    for formatter in list(message, "formatters") {
        match message_name(formatter.get("typed_config").unwrap_or(&Value::Null)) {
            "envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery" => more.push("REQ_WITHOUT_QUERY"),
            "envoy.extensions.formatter.metadata.v3.Metadata" | "envoy.extensions.formatter.cel.v3.Cel" => {}
            _ => return None,
        }
    }
    Some(more)
}

/// `SubstitutionFormatStringUtils::fromProtoConfig`.
fn substitution_format<'a>(message: &'a Value, found: &mut Findings<'a>) {
    let Some(more) = added_commands(message) else { return };
    found.field(message, "text_format", |format, found| texts(format, &more, found));
    found.field(message, "text_format_source", |source, found| {
        found.field(source, "inline_string", |format, found| texts(format, &more, found));
    });
    found.field(message, "json_format", |format, found| texts(format, &more, found));
}

/// `FileAccessLogFactory::createAccessLogInstance`: the formats of old.
fn file<'a>(message: &'a Value, found: &mut Findings<'a>) {
    for name in ["format", "json_format", "typed_json_format"] {
        found.field(message, name, |format, found| texts(format, &[], found));
    }
}

/// `CELAccessLogExtensionFilter`.
fn expression<'a>(message: &'a Value, found: &mut Findings<'a>) {
    found.reject_if_at("expression", cel::problem(text(message, "expression")));
}

/// `OpenTelemetryFormatter`: its values hold formats.
fn open_telemetry<'a>(message: &'a Value, found: &mut Findings<'a>) {
    let Some(more) = added_commands(message) else { return };
    found.field(message, "body", |body, found| any_value(body, &more, found));
    found.field(message, "attributes", |attributes, found| {
        found.each(attributes, "values", |entry, found| {
            found.field(entry, "value", |value, found| any_value(value, &more, found));
        });
    });
}

fn any_value<'a>(value: &'a Value, more: &[&str], found: &mut Findings<'a>) {
    found.field(value, "string_value", |format, found| texts(format, more, found));
    for (name, values) in [("array_value", "values"), ("kvlist_value", "values")] {
        found.field(value, name, |inner, found| {
            found.each(inner, values, |entry, found| match entry.get("value") {
                Some(_) => found.field(entry, "value", |value, found| any_value(value, more, found)),
                None => any_value(entry, more, found),
            });
        });
    }
    for name in ["bool_value", "int_value", "double_value", "bytes_value"] {
        if value.get(name).is_some() {
            let message = "Only string values, nested key value lists and array values are supported in OpenTelemetry access log format.";
            found.reject_field(name, message);
        }
    }
}

/// Checks a format, or all of a structure of formats.
fn texts<'a>(value: &'a Value, more: &[&str], found: &mut Findings<'a>) {
    match value {
        Value::String(text) => found.reject_if(format::problem(text, more)),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                found.within(Step::Index(index), |found| texts(value, more, found));
            }
        }
        Value::Object(object) => {
            for (key, value) in object {
                found.within(Step::Key(key), |found| texts(value, more, found));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
