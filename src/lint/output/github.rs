//! Workflow commands, of which GitHub makes annotations at the lines of a pull request.

use std::fmt::Write as _;

use crate::lint::{Level, Reported};
use crate::source::{Sources, Span};
use crate::visible::visible_lines;

/// Returns a line for each finding.
pub fn github(found: &[Reported], sources: &Sources) -> String {
    let mut out = String::new();
    for one in found {
        let command = match one.level() {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "notice",
        };
        let mut properties = Vec::new();
        if let Some(span) = one.span {
            let (start, end) = (sources.position(span), sources.position(Span { start: span.end, ..span }));
            let line = one.line.unwrap_or(start.line);
            properties.push(format!("file={}", property(from_root(sources.path(span.source)))));
            properties.push(format!("line={line}"));
            // A column is for a stretch of one line.
            if start.line == end.line && start.line == line {
                properties.push(format!("col={},endColumn={}", start.column, end.column.max(start.column)));
            }
        }
        properties.push(format!("title={}", property(&format!("{} {}", one.rule.code, one.resource))));
        let help = one.help.as_ref().map_or_else(String::new, |help| format!("\n{help}"));
        let url = one.rule.url().map_or_else(String::new, |url| format!("\n{url}"));
        let text = message(&format!("{}{help}{url}", one.message));
        let _ = writeln!(out, "::{command} {}::{text}", properties.join(","));
    }
    out
}

/// GitHub wants paths from the root of the repository.
fn from_root(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

/// Returns a text as the message of a command: line breaks and what is not seen are escaped.
pub(crate) fn message(text: &str) -> String {
    let lines = text.split('\r').map(|part| visible_lines(part).replace('%', "%25").replace('\n', "%0A"));
    lines.collect::<Vec<_>>().join("%0D")
}

/// Returns a text as the value of a property of a command.
pub(crate) fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{message, property};

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(message("100%\nb"), "100%25%0Ab");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
