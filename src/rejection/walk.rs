//! Walks a resource by the schema.

use serde_json::{Map, Value};

use super::constraint::Rules;
use super::finding::{Findings, Step};
use super::{duration, is_istios_own, json, plan, rules};
use crate::envoy::schema::{Field, Kind, Label};

/// Walks an `Any`: a message with its type. Types that are not known, or that only Istio's proxy has, are left alone.
pub(crate) fn any<'a>(value: &'a Value, found: &mut Findings<'a>) {
    let name = json::message_name(value);
    if matches!(name, "udpa.type.v1.TypedStruct" | "xds.type.v3.TypedStruct") {
        typed_struct(value, found);
    } else if !name.is_empty() && !name.starts_with("google.protobuf.") && !is_istios_own(name) {
        if plan::of(name).is_none() {
            found.constraint(format!("could not find @type 'type.googleapis.com/{name}'"));
        }
        message(name, value, found);
    }
}

/// Walks the message inside of a `TypedStruct`, which may spell its fields in camelCase.
fn typed_struct<'a>(value: &'a Value, found: &mut Findings<'a>) {
    let url = json::text(value, "type_url");
    let name = url.rsplit('/').next().unwrap_or(url);
    if is_istios_own(name) {
        return;
    }
    let (Some(inner), Some(plan)) = (value.get("value"), plan::of(name)) else { return };
    let proto_named = json::proto_named(plan.message, inner);
    let mut inside = Findings::default();
    message(name, &proto_named, &mut inside);
    found.within(Step::Field("value"), |found| found.absorb(inside.rejections, inside.references));
}

/// Walks a message of this full name.
fn message<'a>(name: &str, value: &'a Value, found: &mut Findings<'a>) {
    let (Some(plan), Some(object)) = (plan::of(name), value.as_object()) else { return };
    if name == "envoy.config.listener.v3.ApiListener" {
        // Only a client library has one; Envoy reads it when it is started.
        return;
    }
    for oneof in &plan.message.required_oneofs {
        let mut members = plan.message.fields.iter().filter(|field| field.oneof == Some(oneof));
        if !members.any(|field| object.get(field.name).is_some_and(|value| !value.is_null())) {
            found.within(Step::Field(oneof), |found| found.constraint("is required"));
        }
    }
    for (field, rules) in plan.fields() {
        let value = object.get(field.name).filter(|value| !value.is_null());
        if let Some(problem) = of_field(field, rules, value, object) {
            found.within(Step::Field(field.name), |found| found.constraint(problem));
        }
        let Some(value) = value.filter(|_| !rules.skip) else { continue };
        found.within(Step::Field(field.name), |found| below(field, rules, value, found));
    }
    for rule in plan.code {
        rule(value, found);
    }
    rules::extension::check(name, value, found);
}

/// Checks a field as a whole.
fn of_field(field: &Field, rules: &Rules, value: Option<&Value>, object: &Map<String, Value>) -> Option<String> {
    if rules.required && value.is_none() {
        // A member of a oneof is required only where it was chosen.
        return field.oneof.is_none().then(|| "value is required".into());
    }
    match (field.label, value) {
        (Label::Repeated, value) => rules.check_list(value.and_then(Value::as_array).map_or(&[], Vec::as_slice)),
        (Label::Map(_), Some(value)) => rules.check_map(value.as_object().unwrap_or(object).keys()),
        (Label::Map(_), None) => rules.check_map([].iter()),
        (Label::Singular | Label::Optional, Some(value)) => rules.check(&field.kind, Some(value)),
        (Label::Singular, None) if field.oneof.is_none() && !matches!(field.kind, Kind::Message(_)) => {
            rules.check(&field.kind, None)
        }
        (Label::Singular | Label::Optional, None) => None,
    }
}

/// Checks the elements of a field, and looks into messages.
fn below<'a>(field: &'static Field, rules: &'static Rules, value: &'a Value, found: &mut Findings<'a>) {
    match field.label {
        Label::Repeated => {
            for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                found.within(Step::Index(index), |found| element(field, rules, value, found));
            }
        }
        Label::Map(_) => {
            for (key, value) in value.as_object().into_iter().flatten() {
                found.within(Step::Key(key), |found| element(field, rules, value, found));
            }
        }
        Label::Singular | Label::Optional => inside(&field.kind, value, found),
    }
}

fn element<'a>(field: &'static Field, rules: &'static Rules, value: &'a Value, found: &mut Findings<'a>) {
    if let Some(problem) = rules.of_element().and_then(|rules| rules.check(&field.kind, Some(value))) {
        found.constraint(problem);
    }
    inside(&field.kind, value, found);
}

fn inside<'a>(kind: &'static Kind, value: &'a Value, found: &mut Findings<'a>) {
    let Kind::Message(name) = kind else { return };
    match name.as_str() {
        "google.protobuf.Any" => found.part(name, value, any),
        "envoy.config.route.v3.VirtualHost" => {
            found.part(name, value, |value, found| message(name, value, found));
        }
        "google.protobuf.Duration" => match value.as_str().and_then(duration::read) {
            Some(duration) if duration.0 < 0 => found.constraint(format!("Expected positive duration: {value}")),
            Some(duration) if duration > duration::LONGEST => {
                found.constraint(format!("Duration out-of-range: {value}"));
            }
            _ => {}
        },
        // Metadata is kept as it is; an extension that reads it has its own rules.
        "envoy.config.core.v3.Metadata" => {}
        _ if name.starts_with("google.protobuf.") => {}
        _ => message(name, value, found),
    }
}
