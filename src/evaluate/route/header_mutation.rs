//! What route configurations, virtual hosts, routes and clusters do to headers. Envoy: `header_parser.cc`.

use std::collections::BTreeMap;

use super::formatter::Variables;
use crate::evaluate::http::Headers;
use crate::evaluate::http::headers::known_as;
use crate::evaluate::message::Message;

/// Headers to add and to remove.
#[derive(Debug, Default)]
pub(in crate::evaluate) struct HeaderMutation {
    add: Vec<(String, String, AppendAction, bool)>,
    remove: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AppendAction {
    AppendIfExistsOrAdd,
    AddIfAbsent,
    OverwriteIfExistsOrAdd,
    OverwriteIfExists,
}

/// What was done to headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::evaluate) struct Changes {
    /// Headers that have this value now.
    pub(in crate::evaluate) set: BTreeMap<String, String>,
    /// Headers that have this value besides what they had.
    pub(in crate::evaluate) append: BTreeMap<String, String>,
    /// Headers that are gone.
    pub(in crate::evaluate) remove: Vec<String>,
}

impl HeaderMutation {
    /// Reads `request_headers_to_add` and `request_headers_to_remove`.
    pub(in crate::evaluate) fn of_request(message: Message<'_>) -> Self {
        Self::new(message, "request_headers_to_add", "request_headers_to_remove")
    }

    /// Reads `response_headers_to_add` and `response_headers_to_remove`.
    pub(in crate::evaluate) fn of_response(message: Message<'_>) -> Self {
        Self::new(message, "response_headers_to_add", "response_headers_to_remove")
    }

    fn new(message: Message<'_>, add: &str, remove: &str) -> Self {
        let option = |option: Message<'_>| {
            let header = option.get("header")?;
            let action = match option.text("append_action") {
                Some("ADD_IF_ABSENT") => AppendAction::AddIfAbsent,
                Some("OVERWRITE_IF_EXISTS_OR_ADD") => AppendAction::OverwriteIfExistsOrAdd,
                Some("OVERWRITE_IF_EXISTS") => AppendAction::OverwriteIfExists,
                _ if option.flag("append") == Some(false) => AppendAction::OverwriteIfExistsOrAdd,
                _ => AppendAction::AppendIfExistsOrAdd,
            };
            let value = header.text("value").unwrap_or_default().to_owned();
            Some((known_as(header.text("key")?), value, action, option.is("keep_empty_value")))
        };
        Self {
            add: message.list(add).filter_map(option).collect(),
            remove: message.texts(remove).map(known_as).collect(),
        }
    }

    /// Changes headers: what is removed first, then what is added.
    pub(in crate::evaluate) fn apply(&self, headers: &mut Headers, variables: &Variables<'_>, changes: &mut Changes) {
        for name in &self.remove {
            headers.remove(name);
            changes.set.remove(name);
            changes.append.remove(name);
            if !changes.remove.contains(name) {
                changes.remove.push(name.clone());
            }
        }
        for (name, value, action, keep_empty) in &self.add {
            let value = variables.format(value, headers);
            if value.is_empty() && !keep_empty {
                continue;
            }
            let exists = headers.get(name).is_some();
            match action {
                AppendAction::AppendIfExistsOrAdd => {
                    headers.append(name.clone(), value.clone());
                    changes.append.insert(name.clone(), value);
                }
                AppendAction::AddIfAbsent if exists => {}
                AppendAction::OverwriteIfExists if !exists => {}
                _ => {
                    headers.set(name.clone(), value.clone());
                    changes.append.remove(name);
                    changes.set.insert(name.clone(), value);
                }
            }
        }
    }

    /// Says whether there is nothing to do.
    pub(in crate::evaluate) fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}
