//! Envoy's own constraints on its messages: the `validate.rules` of its `.proto` files, as protoc-gen-validate reads them in C++.
//!
//! A field of a scalar type without presence is checked with its zero when it is absent; one with presence (a wrapper, a message,
//! a member of a oneof) only when it is there.

mod bound;
mod string;
mod text;

use std::collections::BTreeSet;

use serde_json::Value;

use self::bound::Bounds;
use self::string::StringRules;
pub(crate) use self::text::Text;
use super::duration;
use crate::envoy::schema::{self, Kind};

/// The rules of one field.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// A message must be there.
    pub(crate) required: bool,
    /// A message is not looked into.
    pub(crate) skip: bool,
    value: ValueRules,
}

/// What a value must be.
#[derive(Debug, Default)]
enum ValueRules {
    #[default]
    Any,
    Number(Bounds<f64>),
    Bool(bool),
    String(Box<StringRules>),
    Bytes(Bounds<f64>),
    Enum {
        defined_only: bool,
        not_in: Vec<i32>,
        only: Vec<i32>,
    },
    Duration(Bounds<duration::Nanoseconds>),
    Repeated {
        items: Bounds<f64>,
        unique: bool,
        each: Box<Rules>,
    },
    Map {
        pairs: Bounds<f64>,
        keys: Box<Rules>,
        values: Box<Rules>,
    },
    AnyMessage {
        only: Vec<String>,
        never: Vec<String>,
    },
}

impl Rules {
    /// Reads the rules of a field, as the table has them.
    pub(crate) fn read(rules: &str) -> Self {
        Self::from_text(&text::read(rules))
    }

    fn from_text(rules: &Text) -> Self {
        let Text::Message(fields) = rules else { return Self::default() };
        let mut out = Self::default();
        for (kind, rule) in fields {
            out.required |= rule.is_set("required");
            out.skip |= rule.is_set("skip");
            let texts = |name: &str| rule.all(name).filter_map(Text::text).map(str::to_owned).collect::<Vec<_>>();
            let numbers = |name: &str| rule.all(name).filter_map(|v| v.text()?.parse().ok()).collect::<Vec<_>>();
            let inner = |name: &str| Box::new(rule.get(name).map(Self::from_text).unwrap_or_default());
            out.value = match kind.as_str() {
                "message" => continue,
                "bool" => rule.get("const").map_or(ValueRules::Any, |_| ValueRules::Bool(rule.is_set("const"))),
                "string" => ValueRules::String(Box::new(StringRules::from_text(rule))),
                "bytes" => ValueRules::Bytes(Bounds::of_count(rule, "len")),
                "enum" => ValueRules::Enum {
                    defined_only: rule.is_set("defined_only"),
                    not_in: numbers("not_in"),
                    only: numbers("in"),
                },
                "duration" => ValueRules::Duration(Bounds::from_text(rule, |bound| Some(duration::of_rule(bound)))),
                "repeated" => ValueRules::Repeated {
                    items: Bounds::of_count(rule, "items"),
                    unique: rule.is_set("unique"),
                    each: inner("items"),
                },
                "map" => ValueRules::Map {
                    pairs: Bounds::of_count(rule, "pairs"),
                    keys: inner("keys"),
                    values: inner("values"),
                },
                "any" => ValueRules::AnyMessage { only: texts("in"), never: texts("not_in") },
                _ => ValueRules::Number(Bounds::from_text(rule, |bound| bound.text()?.parse().ok())),
            };
        }
        out
    }

    /// The rules for each element of a list or value of a map.
    pub(crate) fn of_element(&self) -> Option<&Rules> {
        match &self.value {
            ValueRules::Repeated { each, .. } => Some(each),
            ValueRules::Map { values, .. } => Some(values),
            _ => None,
        }
    }

    /// Checks a list as a whole.
    pub(crate) fn check_list(&self, list: &[Value]) -> Option<String> {
        let ValueRules::Repeated { items, unique, .. } = &self.value else { return None };
        if let Some(problem) = items.count(list.len(), "item(s)") {
            return Some(problem);
        }
        let mut seen = BTreeSet::new();
        let repeats = *unique && !list.iter().all(|value| seen.insert(value.to_string()));
        repeats.then(|| "repeated value must contain unique items".to_owned())
    }

    /// Checks a map as a whole, and its keys.
    pub(crate) fn check_map<'k>(&self, keys: impl ExactSizeIterator<Item = &'k String>) -> Option<String> {
        let ValueRules::Map { pairs, keys: rules, .. } = &self.value else { return None };
        if let Some(problem) = pairs.count(keys.len(), "pair(s)") {
            return Some(problem);
        }
        keys.into_iter().find_map(|key| rules.check_text(key).map(|problem| format!("key {key:?}: {problem}")))
    }

    /// Checks one value of this type; `None` for a scalar that is absent, thus zero.
    pub(crate) fn check(&self, kind: &Kind, value: Option<&Value>) -> Option<String> {
        match &self.value {
            ValueRules::Any | ValueRules::Repeated { .. } | ValueRules::Map { .. } => None,
            ValueRules::Number(bounds) => bounds.check(&number(value)?),
            ValueRules::Bool(wanted) => {
                let is = value.and_then(Value::as_bool).unwrap_or_default();
                (is != *wanted).then(|| format!("value must equal {wanted}"))
            }
            ValueRules::String(rules) => rules.check(value.and_then(Value::as_str).unwrap_or_default()),
            ValueRules::Bytes(bounds) => {
                let text = value.and_then(Value::as_str).unwrap_or_default().trim_end_matches('=');
                bounds.count(text.len() * 3 / 4, "bytes")
            }
            ValueRules::Enum { defined_only, not_in, only } => {
                let number = enum_number(kind, value);
                if *defined_only && number.is_none() {
                    return Some("value must be one of the defined enum values".into());
                }
                let number = number?;
                if not_in.contains(&number) {
                    return Some("value must not be in list".into());
                }
                (!only.is_empty() && !only.contains(&number)).then(|| "value must be in list".into())
            }
            ValueRules::Duration(bounds) => {
                let nanoseconds = duration::read(value?.as_str()?)?;
                bounds.check(&nanoseconds)
            }
            ValueRules::AnyMessage { only, never } => {
                let url = value?.get("@type")?.as_str()?.to_owned();
                if never.contains(&url) {
                    return Some("type_url must not be in list".into());
                }
                (!only.is_empty() && !only.contains(&url)).then(|| "type_url must be in list".into())
            }
        }
    }

    fn check_text(&self, text: &str) -> Option<String> {
        match &self.value {
            ValueRules::String(rules) => rules.check(text),
            _ => None,
        }
    }
}

/// Returns the number of a JSON number, or of a string that holds one (64 bits).
fn number(value: Option<&Value>) -> Option<f64> {
    match value {
        None => Some(0.0),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    }
}

/// Returns the number of an enum's value, when it is one of those declared.
fn enum_number(kind: &Kind, value: Option<&Value>) -> Option<i32> {
    let Kind::Enum(name) = kind else { return None };
    let declared = schema::enumeration(name)?;
    match value {
        None => declared.value_name(0).map(|_| 0),
        // Readers of JSON take a name that they do not know for an unset field.
        Some(Value::String(name)) => declared.value_number(name).or(Some(0)),
        Some(value) => i32::try_from(value.as_i64()?).ok().filter(|number| declared.value_name(*number).is_some()),
    }
}

#[cfg(test)]
mod tests;
