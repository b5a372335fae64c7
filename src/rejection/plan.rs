//! What to check of each message: its fields with their rules read, and the checks of Envoy's code.
//!
//! All that a message needs is found once for its type, as a large mesh has millions of messages.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::constraint::Rules;
use super::rules::extension::{self, ExtensionField};
use super::rules::{self, Rule};
use crate::envoy::schema::{self, Field, Kind, Label, Message};

/// What to check of a message.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) message: &'static Message,
    /// The fields, in the order of the message's.
    fields: Vec<FieldPlan>,
    /// The places of the fields, by name.
    by_name: BTreeMap<&'static str, usize>,
    /// The places of fields of which there is something to say when they are not there.
    wanted: Vec<usize>,
    /// The fields that hold extensions.
    pub(crate) extensions: Vec<&'static ExtensionField>,
    pub(crate) code: &'static [Rule],
}

/// What to check of a field.
#[derive(Debug)]
pub(crate) struct FieldPlan {
    pub(crate) field: &'static Field,
    pub(crate) rules: Rules,
    pub(crate) inside: Inside,
}

/// What a field holds.
#[derive(Debug)]
pub(crate) enum Inside {
    /// Nothing that is looked into.
    Nothing,
    /// A `google.protobuf.Any`.
    Any,
    /// A `google.protobuf.Duration`.
    Duration,
    /// A message with a plan of its own, once it was asked for.
    Message(&'static str, OnceLock<Option<&'static Plan>>),
}

impl Plan {
    /// Returns the fields of a message that are to be checked, in the order of the schema, each with its value: those that are there, and
    /// those that are wanted.
    pub(crate) fn fields<'v>(&'static self, value: &'v Value) -> Vec<(&'static FieldPlan, Option<&'v Value>)> {
        let there = value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
        let there = there.filter_map(|(name, value)| Some((*self.by_name.get(name.as_str())?, Some(value))));
        let mut all: Vec<(usize, Option<&Value>)> = there.collect();
        for index in &self.wanted {
            if !all.iter().any(|(known, _)| known == index) {
                all.push((*index, None));
            }
        }
        all.sort_unstable_by_key(|(index, _)| *index);
        all.into_iter().map(|(index, value)| (&self.fields[index], value)).collect()
    }
}

impl FieldPlan {
    fn new(field: &'static Field) -> Self {
        Self { field, rules: Rules::read(field.rules), inside: Inside::of(&field.kind) }
    }

    /// Checks the field as a whole.
    pub(crate) fn problem(&self, value: Option<&Value>) -> Option<String> {
        let Self { field, rules, .. } = self;
        if rules.required && value.is_none() {
            // A member of a oneof is required only where it was chosen.
            return field.oneof.is_none().then(|| "value is required".into());
        }
        match (field.label, value) {
            (Label::Repeated, value) => rules.check_list(value.and_then(Value::as_array).map_or(&[], Vec::as_slice)),
            (Label::Map(_), Some(Value::Object(map))) => rules.check_map(map.keys()),
            (Label::Map(_), None) => rules.check_map([].iter()),
            (Label::Singular | Label::Optional, Some(value)) => rules.check(&field.kind, Some(value)),
            (Label::Singular, None) if field.oneof.is_none() && !matches!(field.kind, Kind::Message(_)) => {
                rules.check(&field.kind, None)
            }
            (Label::Map(_), Some(_)) | (Label::Singular | Label::Optional, None) => None,
        }
    }
}

impl Inside {
    fn of(kind: &'static Kind) -> Self {
        let Kind::Message(name) = kind else { return Self::Nothing };
        match name.as_str() {
            "google.protobuf.Any" => Self::Any,
            "google.protobuf.Duration" => Self::Duration,
            // Metadata is kept as it is; an extension that reads it has its own rules.
            "envoy.config.core.v3.Metadata" => Self::Nothing,
            name if name.starts_with("google.protobuf.") => Self::Nothing,
            name => Self::Message(name, OnceLock::new()),
        }
    }
}

/// Returns the plan of a message, by its full name or type URL.
pub(crate) fn of(name: &str) -> Option<&'static Plan> {
    static PLANS: OnceLock<BTreeMap<&'static str, Plan>> = OnceLock::new();
    let plans =
        PLANS.get_or_init(|| schema::messages().map(|message| (message.name.as_str(), plan(message))).collect());
    plans.get(name.rsplit('/').next().unwrap_or(name))
}

fn plan(message: &'static Message) -> Plan {
    let fields: Vec<FieldPlan> = message.fields.iter().map(FieldPlan::new).collect();
    let wanted = fields.iter().enumerate().filter(|(_, field)| field.problem(None).is_some());
    Plan {
        message,
        wanted: wanted.map(|(index, _)| index).collect(),
        by_name: fields.iter().enumerate().map(|(index, plan)| (plan.field.name, index)).collect(),
        fields,
        extensions: extension::fields(&message.name),
        code: rules::of(&message.name),
    }
}
