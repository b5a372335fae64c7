//! `envoy.config.route.v3.QueryParameterMatcher`. Envoy: `config_utility.cc`.

use super::StringMatcher;
use crate::evaluate::message::Message;

/// What a query parameter must be.
#[derive(Debug, Clone)]
pub(in crate::evaluate) struct QueryParameterMatcher {
    name: String,
    value: Option<StringMatcher>,
    present: bool,
}

impl QueryParameterMatcher {
    /// Reads a matcher.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        Self {
            name: message.text("name").unwrap_or_default().to_owned(),
            value: message.get("string_match").map(StringMatcher::new),
            present: message.flag("present_match").unwrap_or(true),
        }
    }

    /// Says whether a path's query is as it must be. Values are as written, not decoded; the first of a name counts.
    pub(in crate::evaluate) fn matches(&self, path: &str) -> bool {
        let found = parameters(path).find(|(name, _)| *name == self.name).map(|(_, value)| value);
        match &self.value {
            None => found.is_some() == self.present,
            Some(matcher) => found.is_some_and(|value| matcher.matches(value)),
        }
    }

    /// Says why it does not match.
    pub(in crate::evaluate) fn missed(&self, path: &str) -> String {
        let found = parameters(path).find(|(name, _)| *name == self.name).map(|(_, value)| value);
        let wanted = match (&self.value, self.present) {
            (Some(matcher), _) => matcher.to_string(),
            (None, true) => "is present".to_owned(),
            (None, false) => "is absent".to_owned(),
        };
        let name = &self.name;
        match found {
            Some(value) => format!("it wants that query parameter `{name}` {wanted}, and here it is \"{value}\""),
            None => format!("it wants that query parameter `{name}` {wanted}, and the request has none"),
        }
    }
}

/// Returns the parameters of a path, as written. Envoy: `QueryParamsMulti::parseQueryString`.
pub(in crate::evaluate) fn parameters(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    query.split('&').filter(|part| !part.is_empty()).map(|part| part.split_once('=').unwrap_or((part, "")))
}
