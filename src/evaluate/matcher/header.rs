//! `envoy.config.route.v3.HeaderMatcher`. Envoy: `header_utility.cc`.

use std::fmt;

use super::StringMatcher;
use crate::evaluate::http::Headers;
use crate::evaluate::http::headers::known_as;
use crate::evaluate::message::Message;

/// What a header must be.
#[derive(Debug, Clone)]
pub(in crate::evaluate) struct HeaderMatcher {
    name: String,
    value: Value,
    invert: bool,
    missing_is_empty: bool,
}

#[derive(Debug, Clone)]
enum Value {
    Present(bool),
    /// Old form: an empty text is any value.
    OldExact(String),
    Text(StringMatcher),
    Range(i64, i64),
}

impl HeaderMatcher {
    /// Reads a matcher.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        let text = |name: &str| message.set_text(name);
        let value = if let Some(matcher) = message.get("string_match") {
            Value::Text(StringMatcher::new(matcher))
        } else if let Some(exact) = text("exact_match") {
            Value::OldExact(exact.to_owned())
        } else if let Some(prefix) = text("prefix_match") {
            Value::Text(StringMatcher::prefix(prefix))
        } else if let Some(suffix) = text("suffix_match") {
            Value::Text(StringMatcher::suffix(suffix))
        } else if let Some(part) = text("contains_match") {
            Value::Text(StringMatcher::contains(part))
        } else if let Some(regex) = message.get("safe_regex_match") {
            Value::Text(StringMatcher::regex(regex))
        } else if let Some(range) = message.get("range_match") {
            Value::Range(range.number("start").unwrap_or_default(), range.number("end").unwrap_or_default())
        } else {
            Value::Present(message.flag("present_match").unwrap_or(true))
        };
        Self {
            name: known_as(message.text("name").unwrap_or_default()),
            value,
            invert: message.is("invert_match"),
            missing_is_empty: message.is("treat_missing_header_as_empty"),
        }
    }

    /// Says whether the headers are as they must be.
    pub(in crate::evaluate) fn matches(&self, headers: &Headers) -> bool {
        let value = headers.joined(&self.name);
        let value = match (&self.value, value.as_deref()) {
            (Value::Present(wanted), value) => return (value.is_some() == *wanted) != self.invert,
            (_, Some(value)) => value,
            (_, None) if self.missing_is_empty => "",
            // What is not there is not as it must be, nor other than it must be.
            (_, None) => return false,
        };
        let matches = match &self.value {
            Value::Present(wanted) => *wanted,
            Value::OldExact(exact) => exact.is_empty() || value == exact,
            Value::Text(matcher) => matcher.matches(value),
            Value::Range(start, end) => value.trim().parse::<i64>().is_ok_and(|n| *start <= n && n < *end),
        };
        matches != self.invert
    }

    /// Says why it does not match, by what the request has.
    pub(in crate::evaluate) fn missed(&self, headers: &Headers) -> String {
        match headers.joined(&self.name) {
            Some(value) => format!("{self}, and here it is \"{value}\""),
            None => format!("{self}, and the request has none"),
        }
    }
}

/// `the header x must begin with "a"`
impl fmt::Display for HeaderMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.name.as_str() {
            ":method" => "the method",
            ":authority" => "the host",
            ":scheme" => "the scheme",
            ":path" => "the path",
            name => return write!(f, "it wants that header `{name}` {}", self.condition()),
        };
        write!(f, "it wants that {name} {}", self.condition())
    }
}

impl HeaderMatcher {
    fn condition(&self) -> String {
        match (&self.value, self.invert) {
            (Value::Present(wanted), invert) => if *wanted == invert { "is absent" } else { "is present" }.to_owned(),
            (Value::OldExact(exact), false) => format!("is \"{exact}\""),
            (Value::OldExact(exact), true) => format!("is not \"{exact}\""),
            (Value::Text(matcher), false) => matcher.to_string(),
            (Value::Text(matcher), true) => format!("is no text that {matcher}"),
            (Value::Range(start, end), false) => format!("is a number from {start} to below {end}"),
            (Value::Range(start, end), true) => format!("is no number from {start} to below {end}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_matches_nothing() {
        let headers = Headers::default();
        for (matcher, expected) in [
            (json!({"name": "a", "string_match": {"exact": "x"}}), false),
            (json!({"name": "a", "string_match": {"exact": "x"}, "invert_match": true}), false),
            (
                json!({"name": "a", "string_match": {"exact": "x"}, "invert_match": true,
                       "treat_missing_header_as_empty": true}),
                true,
            ),
            (json!({"name": "a", "present_match": true}), false),
            (json!({"name": "a", "present_match": true, "invert_match": true}), true),
            (json!({"name": "a", "present_match": false}), true),
        ] {
            assert_eq!(HeaderMatcher::new(Message(&matcher)).matches(&headers), expected, "{matcher}");
        }
    }
}
