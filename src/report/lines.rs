//! A resource as lines of JSON, each with the field that it says.

use std::collections::BTreeMap;

use crate::config_dump::Json;
use crate::diff::{self, Kind};
use crate::visible::visible;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The text; nothing in it is hidden.
    pub(super) text: String,
    /// The field, as a comparison prints it; nothing for brackets.
    pub(super) path: Option<String>,
}

/// Prints a resource; nothing of a text that is no JSON.
pub(super) fn lines(kind: Kind, text: &str) -> Vec<Line> {
    let Ok(resource) = serde_json::from_str::<Box<serde_json::value::RawValue>>(text).and_then(|raw| Json::of(&raw))
    else {
        return Vec::new();
    };
    let paths: BTreeMap<Vec<String>, String> = diff::locate(kind, &resource)
        .into_iter()
        .filter(diff::Located::is_leaf)
        .map(|located| (located.pointer, located.path))
        .collect();
    let mut printer = Printer { paths: &paths, out: Vec::new(), pointer: Vec::new() };
    printer.value("", &resource, "");
    printer.out
}

struct Printer<'p> {
    paths: &'p BTreeMap<Vec<String>, String>,
    out: Vec<Line>,
    pointer: Vec<String>,
}

impl Printer<'_> {
    fn value(&mut self, before: &str, value: &Json, after: &str) {
        let indent = "  ".repeat(self.pointer.len());
        let is_empty = match value {
            Json::Array(items) => items.is_empty(),
            Json::Object(fields) => fields.is_empty(),
            _ => true,
        };
        let line = |text: String, path| Line { text: visible(&text).into_owned(), path };
        if is_empty {
            let printed = serde_json::to_string(value).unwrap_or_default();
            let path = self.paths.get(&self.pointer).cloned();
            return self.out.push(line(format!("{indent}{before}{printed}{after}"), path));
        }
        let comma = |at: usize, len: usize| if at + 1 < len { "," } else { "" };
        match value {
            Json::Array(items) => {
                self.out.push(line(format!("{indent}{before}["), None));
                for (at, item) in items.iter().enumerate() {
                    self.pointer.push(at.to_string());
                    self.value("", item, comma(at, items.len()));
                    self.pointer.pop();
                }
                self.out.push(line(format!("{indent}]{after}"), None));
            }
            Json::Object(fields) => {
                self.out.push(line(format!("{indent}{before}{{"), None));
                for (at, (name, item)) in fields.iter().enumerate() {
                    let name_printed = serde_json::to_string(name).unwrap_or_default();
                    self.pointer.push(name.clone());
                    self.value(&format!("{name_printed}: "), item, comma(at, fields.len()));
                    self.pointer.pop();
                }
                self.out.push(line(format!("{indent}}}{after}"), None));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_fields() {
        let text = r#"{"name": "a", "outlier_detection": {"interval": "10s"}, "filters": []}"#;
        let lines = lines(Kind::Cluster, text);
        let shown: Vec<(&str, Option<&str>)> =
            lines.iter().map(|line| (line.text.as_str(), line.path.as_deref())).collect();
        assert_eq!(
            shown,
            [
                ("{", None),
                ("  \"name\": \"a\",", Some("name")),
                ("  \"outlier_detection\": {", None),
                ("    \"interval\": \"10s\"", Some("outlier_detection.interval")),
                ("  },", None),
                ("  \"filters\": []", Some("filters")),
                ("}", None),
            ]
        );
    }
}
