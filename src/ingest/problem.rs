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
