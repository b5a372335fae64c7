//! How a command ended.

use std::process::ExitCode;

/// The end of a command that could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to complain about.
    Fine,
    /// The input has errors, and they are fatal.
    InputErrors,
    /// Something was found.
    Findings,
    /// The two sides are not the same.
    Differs,
    /// The request is refused or lost.
    Refused,
    /// There is no telling.
    Unknown,
    /// The arguments are not understood.
    Usage,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => Self::SUCCESS,
            Outcome::InputErrors | Outcome::Findings | Outcome::Differs | Outcome::Refused => Self::from(1),
            Outcome::Unknown | Outcome::Usage => Self::from(2),
        }
    }
}
