//! Values of environment variables, read as istiod reads them.
//!
//! istiod: `pkg/env/var.go`

use super::Duration;

/// A type that an environment variable can have.
pub(super) trait FromEnv: Sized {
    /// What Go calls the type.
    const KIND: Kind;

    /// Reads a value; nothing if it is none of this type, which leaves istiod with the default.
    fn from_env(text: &str) -> Option<Self>;
}

/// What type the value of a switch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true`, `false` and their short forms: Go's `strconv.ParseBool`.
    Bool,
    /// A whole number: Go's `strconv.Atoi`.
    Integer,
    /// A whole number of 32 bits, as JSON.
    Unsigned,
    /// A number: Go's `strconv.ParseFloat`.
    Number,
    /// A span of time: Go's `time.ParseDuration`.
    Duration,
    /// Any text.
    Text,
}

impl Kind {
    /// Returns whether istiod can read a value of this type.
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::Bool => bool::from_env(text).is_some(),
            Self::Integer => i64::from_env(text).is_some(),
            Self::Unsigned => u32::from_env(text).is_some(),
            Self::Number => f64::from_env(text).is_some(),
            Self::Duration => Duration::from_env(text).is_some(),
            Self::Text => true,
        }
    }

    /// Returns what a value must be, for a message.
    pub fn expects(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Integer => "a whole number",
            Self::Unsigned => "a whole number that is not negative",
            Self::Number => "a number",
            Self::Duration => "a duration such as 15s",
            Self::Text => "text",
        }
    }
}

impl FromEnv for bool {
    const KIND: Kind = Kind::Bool;

    fn from_env(text: &str) -> Option<Self> {
        crate::go::parse_bool(text)
    }
}

impl FromEnv for i64 {
    const KIND: Kind = Kind::Integer;

    fn from_env(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromEnv for u32 {
    const KIND: Kind = Kind::Unsigned;

    /// JSON has neither a plus sign nor zeros in front, and allows blanks around.
    fn from_env(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let is_json = !text.starts_with('+') && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| is_json)
    }
}

impl FromEnv for Option<u32> {
    const KIND: Kind = Kind::Unsigned;

    /// Zero is nothing.
    fn from_env(text: &str) -> Option<Self> {
        u32::from_env(text).map(|number| (number != 0).then_some(number))
    }
}

impl FromEnv for f64 {
    const KIND: Kind = Kind::Number;

    fn from_env(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl FromEnv for Duration {
    const KIND: Kind = Kind::Duration;

    fn from_env(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl FromEnv for String {
    const KIND: Kind = Kind::Text;

    fn from_env(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_go_reads_them() {
        for (kind, good, bad) in [
            (Kind::Bool, &["true", "T", "0", "False"][..], &["yes", "on", "tRUE", "", " true"][..]),
            (Kind::Integer, &["1", "-3", "+7", "007"], &["1.5", "1_000", "", "0x10", " 1"]),
            (Kind::Unsigned, &["0", "100", " 5 "], &["-1", "+1", "01", "4294967296", "\"1\""]),
            (Kind::Number, &["1", "37.5", ".5", "1e2"], &["1%", "", "1_0"]),
            (Kind::Duration, &["0", "15s", "1h30m", "-5ms"], &["15", "1 s", "", "5d"]),
        ] {
            for text in good {
                assert!(kind.accepts(text), "{kind:?} {text:?}");
            }
            for text in bad {
                assert!(!kind.accepts(text), "{kind:?} {text:?}");
            }
        }
    }
}
