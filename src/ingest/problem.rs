//! Why a document could not be read, before the file has a name.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{SourceId, Span};

/// Problems of one object that are told: who has more has something else wrong.
pub(crate) const MAX_PROBLEMS: usize = 20;

/// What is wrong with a document, and where in its file.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    code: &'static str,
    severity: Severity,
    message: String,
    start: u32,
    end: u32,
    also: Option<(u32, u32, &'static str)>,
    help: Option<String>,
}

impl Problem {
    /// Returns a problem between two bytes of the file.
    pub(crate) fn new(code: &'static str, message: impl Into<String>, start: u32, end: u32) -> Self {
        let severity = Severity::Error;
        Self { code, severity, message: message.into(), start, end: end.max(start), also: None, help: None }
    }

    /// Takes the values of a Secret out of the message: what is wrong is said by kind.
    pub(crate) fn without_values(self) -> Self {
        let path = self.message.strip_prefix('`').and_then(|rest| rest.split_once("`: "));
        let message = match (path, self.code) {
            (Some((path, _)), "invalid-value") => format!("`{path}`: the value cannot be read; data is base64"),
            (Some((path, text)), _) => format!("`{path}`: {}", without_quotes(text)),
            (None, "unknown-field" | "missing-field" | "missing-name" | "invalid-name" | "unknown-version") => {
                return self;
            }
            (None, _) => without_quotes(&self.message),
        };
        Self { message, ..self }
    }

    /// Takes all that the message quotes out of it.
    pub(crate) fn without_text(self) -> Self {
        Self { message: without_quotes(&self.message), help: self.help.map(|help| without_quotes(&help)), ..self }
    }

    /// Makes it one that the object is not rejected for.
    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Returns whether the object is rejected for it.
    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Adds another place.
    pub(crate) fn also(mut self, start: u32, end: u32, text: &'static str) -> Self {
        self.also = Some((start, end, text));
        self
    }

    /// Says what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Returns what is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns what kind of problem it is.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// Returns where the problem starts.
    pub(crate) fn start(&self) -> u32 {
        self.start
    }

    /// Returns the finding for a file.
    pub(crate) fn diagnostic(self, source: SourceId) -> Diagnostic {
        let Self { code, severity, message, start, end, also, help } = self;
        let mut diagnostic = Diagnostic::error(code, message).span(Span { source, start, end });
        diagnostic.severity = severity;
        if let Some((start, end, text)) = also {
            diagnostic = diagnostic.label(Span { source, start, end }, text);
        }
        if let Some(help) = help {
            diagnostic = diagnostic.help(help);
        }
        diagnostic
    }
}

/// Takes out what is between backticks or quotes.
fn without_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['`', '"']) {
        let (before, quoted) = rest.split_at(start);
        let quote = if quoted.starts_with('`') { '`' } else { '"' };
        out.push_str(before.trim_end());
        rest = quoted.get(1..).and_then(|inner| inner.rsplit_once(quote)).map_or("", |(_, after)| after);
    }
    out += rest;
    // Nothing follows what only led up to a quote.
    out.truncate(out.trim_end_matches([':', ' ']).len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_up_to_a_quote_that_is_gone() {
        let of = |message: &str| Problem::new("yaml-syntax", message, 0, 0).without_text().message;
        assert_eq!(of("this is not YAML: unexpected character: `%`"), "this is not YAML: unexpected character");
        assert_eq!(of("the key `a` is there twice"), "the key is there twice");
    }
}
