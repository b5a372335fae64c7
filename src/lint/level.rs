//! How bad a finding is, by istioctl's names.

use std::fmt;

use crate::diagnostic::Severity;

/// How bad a finding is; the first is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It does not work, or not as written.
    Error,
    /// It likely does not do what is meant.
    Warning,
    /// Worth knowing.
    Info,
}

impl Level {
    /// Returns istioctl's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "Error",
            Self::Warning => "Warning",
            Self::Info => "Info",
        }
    }

    /// Returns the severity of the diagnostic that shows it.
    pub fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Info => Severity::Note,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
