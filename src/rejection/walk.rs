//! Walks a resource by the schema.

use serde_json::Value;

use super::finding::{Findings, Step};
use super::plan::{FieldPlan, Inside, Plan};
use super::{duration, is_istios_own, json, plan, rules};
use crate::envoy::schema::Label;

/// Walks an `Any`: a message with its type. Types that are not known, or that only Istio's proxy has, are left alone.
pub(crate) fn any<'a>(value: &'a Value, found: &mut Findings<'a>) {
    let name = json::message_name(value);
    if matches!(name, "udpa.type.v1.TypedStruct" | "xds.type.v3.TypedStruct") {
        typed_struct(value, found);
    } else if !name.is_empty() && !name.starts_with("google.protobuf.") && !is_istios_own(name) {
        match plan::of(name) {
            Some(plan) => message(plan, value, found),
            None => found.constraint(format!("could not find @type 'type.googleapis.com/{name}'")),
        }
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
    message(plan, &proto_named, &mut inside);
    found.within(Step::Field("value"), |found| found.absorb(inside.rejections, inside.references));
}

/// Walks a message.
fn message<'a>(plan: &'static Plan, value: &'a Value, found: &mut Findings<'a>) {
    // Only a client library has such a listener; Envoy reads it when it is started.
    if !value.is_object() || plan.message.name == "envoy.config.listener.v3.ApiListener" {
        return;
    }
    let fields = plan.fields(value);
    for oneof in &plan.message.required_oneofs {
        let mut members = fields.iter().filter(|(plan, value)| plan.field.oneof == Some(oneof) && value.is_some());
        if members.next().is_none() {
            found.within(Step::Field(oneof), |found| found.constraint("is required"));
        }
    }
    for (plan, value) in fields {
        if let Some(problem) = plan.problem(value) {
            found.within(Step::Field(plan.field.name), |found| found.constraint(problem));
        }
        let Some(value) = value.filter(|_| !plan.rules.skip) else { continue };
        found.within(Step::Field(plan.field.name), |found| below(plan, value, found));
    }
    for rule in plan.code {
        rule(value, found);
    }
    for field in &plan.extensions {
        rules::extension::check(field, value, found);
    }
}

/// Checks the elements of a field, and looks into messages.
fn below<'a>(plan: &'static FieldPlan, value: &'a Value, found: &mut Findings<'a>) {
    match plan.field.label {
        Label::Repeated => {
            for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                found.within(Step::Index(index), |found| element(plan, value, found));
            }
        }
        Label::Map(_) => {
            for (key, value) in value.as_object().into_iter().flatten() {
                found.within(Step::Key(key), |found| element(plan, value, found));
            }
        }
        Label::Singular | Label::Optional => inside(&plan.inside, value, found),
    }
}

fn element<'a>(plan: &'static FieldPlan, value: &'a Value, found: &mut Findings<'a>) {
    if let Some(problem) = plan.rules.of_element().and_then(|rules| rules.check(&plan.field.kind, Some(value))) {
        found.constraint(problem);
    }
    inside(&plan.inside, value, found);
}

fn inside<'a>(inside: &'static Inside, value: &'a Value, found: &mut Findings<'a>) {
    match inside {
        Inside::Nothing => {}
        Inside::Any => found.part("google.protobuf.Any", value, any),
        Inside::Duration => match value.as_str().and_then(duration::read) {
            Some(duration) if duration.0 < 0 => found.constraint(format!("Expected positive duration: {value}")),
            Some(duration) if duration > duration::LONGEST => {
                found.constraint(format!("Duration out-of-range: {value}"));
            }
            _ => {}
        },
        Inside::Message(name, plan) => match *plan.get_or_init(|| plan::of(name)) {
            Some(plan) if *name == "envoy.config.route.v3.VirtualHost" => {
                found.part(name, value, |value, found| message(plan, value, found));
            }
            Some(plan) => message(plan, value, found),
            None => {}
        },
    }
}
