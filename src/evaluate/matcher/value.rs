//! `envoy.type.matcher.v3.ValueMatcher`. Envoy: `matchers.cc` `ValueMatcher`.

use serde_json::Value;

use super::StringMatcher;
use crate::evaluate::message::Message;

/// What a value must be.
#[derive(Debug, Clone)]
pub(in crate::evaluate) enum ValueMatcher {
    /// It is null.
    Null,
    /// A number that is this, or in this range (the end is not in it).
    Double {
        /// The number, or where the range begins.
        start: f64,
        /// Where the range ends.
        end: Option<f64>,
    },
    /// A text.
    String(StringMatcher),
    /// This truth value.
    Bool(bool),
    /// It is there, or not.
    Present(bool),
    /// A list with such an item.
    OneOf(Box<Self>),
    /// Any of these.
    Or(Vec<Self>),
    /// What is not known here.
    Unknown,
}

impl ValueMatcher {
    /// Reads a matcher.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        if message.get("null_match").is_some() {
            return Self::Null;
        }
        if let Some(double) = message.get("double_match") {
            return match double.get("range") {
                Some(range) => Self::Double {
                    start: range.double("start").unwrap_or_default(),
                    end: Some(range.double("end").unwrap_or_default()),
                },
                None => Self::Double { start: double.double("exact").unwrap_or_default(), end: None },
            };
        }
        if let Some(string) = message.get("string_match") {
            return Self::String(StringMatcher::new(string));
        }
        if let Some(value) = message.flag("bool_match") {
            return Self::Bool(value);
        }
        if let Some(present) = message.flag("present_match") {
            return Self::Present(present);
        }
        if let Some(one) = message.get("list_match").and_then(|list| list.get("one_of")) {
            return Self::OneOf(Box::new(Self::new(one)));
        }
        if let Some(or) = message.get("or_match") {
            return Self::Or(or.list("value_matchers").map(Self::new).collect());
        }
        Self::Unknown
    }

    /// Says whether a value is as it must be; one that is absent is `None`.
    pub(in crate::evaluate) fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Null => value.is_some_and(Value::is_null),
            Self::Double { start, end: None } => {
                value.and_then(Value::as_f64).is_some_and(|number| number.to_bits() == start.to_bits())
            }
            Self::Double { start, end: Some(end) } => {
                value.and_then(Value::as_f64).is_some_and(|number| *start <= number && number < *end)
            }
            Self::String(matcher) => value.and_then(Value::as_str).is_some_and(|text| matcher.matches(text)),
            Self::Bool(wanted) => value.and_then(Value::as_bool) == Some(*wanted),
            Self::Present(wanted) => value.is_some() == *wanted,
            Self::OneOf(matcher) => {
                let items = value.and_then(Value::as_array);
                items.is_some_and(|items| items.iter().any(|item| matcher.matches(Some(item))))
            }
            Self::Or(matchers) => matchers.iter().any(|matcher| matcher.matches(value)),
            Self::Unknown => false,
        }
    }
}
