//! The well-known types that have a Rust type of their own.

use std::fmt;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// `google.protobuf.Duration`: seconds and nanoseconds of the same sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Duration {
    /// Whole seconds.
    pub seconds: i64,
    /// Nanoseconds beyond the whole seconds.
    pub nanos: i32,
}

impl Duration {
    /// A duration of whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// A duration of milliseconds.
    pub const fn millis(millis: i64) -> Self {
        let nanos = (millis % 1000) as i32 * 1_000_000;
        Self { seconds: millis / 1000, nanos }
    }
}

/// `5s`, `0.500s`: nanoseconds in 0, 3, 6 or 9 digits.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.seconds < 0 || self.nanos < 0 { "-" } else { "" };
        write!(f, "{sign}{}", self.seconds.unsigned_abs())?;
        match self.nanos.unsigned_abs() {
            0 => {}
            nanos if nanos % 1_000_000 == 0 => write!(f, ".{:03}", nanos / 1_000_000)?,
            nanos if nanos % 1_000 == 0 => write!(f, ".{:06}", nanos / 1_000)?,
            nanos => write!(f, ".{nanos:09}")?,
        }
        f.write_str("s")
    }
}

/// `bytes`, base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base64Display::new(&self.0, &STANDARD).fmt(f)
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

/// `google.protobuf.Struct`: a JSON object, its keys sorted. Numbers are doubles, printed without a fraction where they have none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Struct(pub Map<String, Value>);

impl From<Map<String, Value>> for Struct {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Struct {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<String>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Struct {
    fn from(fields: [(K, V); N]) -> Self {
        fields.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_digits_in_threes() {
        for (duration, text) in [
            (Duration::default(), "0s"),
            (Duration::seconds(5), "5s"),
            (Duration::millis(1500), "1.500s"),
            (Duration { seconds: 0, nanos: 25_000 }, "0.000025s"),
            (Duration { seconds: 3, nanos: 1 }, "3.000000001s"),
            (Duration::millis(-500), "-0.500s"),
            (Duration::seconds(-7), "-7s"),
        ] {
            assert_eq!(duration.to_string(), text);
        }
    }

    #[test]
    fn keys_of_structs_are_sorted() {
        let fields = Struct::from([("b", 1), ("a", 2)]);
        assert_eq!(fields.0.keys().collect::<Vec<_>>(), ["a", "b"]);
    }
}
