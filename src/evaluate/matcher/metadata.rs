//! `envoy.type.matcher.v3.MetadataMatcher`: what filters or the configuration have noted.

use serde_json::{Map, Value};

use super::ValueMatcher;
use crate::evaluate::message::Message;

/// What the metadata of one filter must be.
#[derive(Debug, Clone)]
pub(in crate::evaluate) struct MetadataMatcher {
    filter: String,
    path: Vec<String>,
    value: ValueMatcher,
    invert: bool,
}

impl MetadataMatcher {
    /// Reads a matcher.
    pub(in crate::evaluate) fn new(message: Message<'_>) -> Self {
        Self {
            filter: message.text("filter").unwrap_or_default().to_owned(),
            path: message.list("path").filter_map(|step| step.text("key")).map(str::to_owned).collect(),
            value: message.get("value").map_or(ValueMatcher::Unknown, ValueMatcher::new),
            invert: message.is("invert"),
        }
    }

    /// Says whether metadata, by filter, is as it must be.
    pub(in crate::evaluate) fn matches(&self, metadata: &Map<String, Value>) -> bool {
        let mut value = metadata.get(&self.filter);
        for step in &self.path {
            value = value.and_then(|value| value.get(step));
        }
        self.value.matches(value) != self.invert
    }

    /// Returns the name of the value, for messages.
    pub(in crate::evaluate) fn name(&self) -> String {
        let steps: Vec<&str> = self.path.iter().map(String::as_str).collect();
        format!("{}[{}]", self.filter, steps.join("."))
    }
}
