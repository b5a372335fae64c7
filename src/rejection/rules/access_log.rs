//! Access logs: `source/extensions/access_loggers` and `source/common/formatter/substitution_format_string.cc`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::{Findings, Step};
use crate::rejection::json::{list, message_name};
use crate::rejection::syntax::format;

pub(super) const FORMAT: &[Rule] = &[substitution_format];
pub(super) const FILE: &[Rule] = &[file];
pub(super) const OPEN_TELEMETRY: &[Rule] = &[open_telemetry];

/// `SubstitutionFormatStringUtils::fromProtoConfig`.
fn substitution_format<'a>(message: &'a Value, found: &mut Findings<'a>) {
    let mut more = Vec::new();
    for formatter in list(message, "formatters") {
        match message_name(formatter.get("typed_config").unwrap_or(&Value::Null)) {
            "envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery" => more.push("REQ_WITHOUT_QUERY"),
            "envoy.extensions.formatter.metadata.v3.Metadata" | "envoy.extensions.formatter.cel.v3.Cel" => {}
            // It may add any command.
            _ => return,
        }
    }
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

/// `OpenTelemetryFormatter`: its values hold formats.
fn open_telemetry<'a>(message: &'a Value, found: &mut Findings<'a>) {
    found.field(message, "body", any_value);
    found.field(message, "attributes", |attributes, found| {
        found.each(attributes, "values", |entry, found| found.field(entry, "value", any_value));
    });
}

fn any_value<'a>(value: &'a Value, found: &mut Findings<'a>) {
    found.field(value, "string_value", |format, found| texts(format, &[], found));
    for (name, values) in [("array_value", "values"), ("kvlist_value", "values")] {
        found.field(value, name, |inner, found| {
            found.each(inner, values, |entry, found| match entry.get("value") {
                Some(_) => found.field(entry, "value", any_value),
                None => any_value(entry, found),
            });
        });
    }
    for name in ["bool_value", "int_value", "double_value", "bytes_value"] {
        if value.get(name).is_some() {
            let message =
                "Only string values, nested key value lists and array values are supported in OpenTelemetry access log format.";
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
