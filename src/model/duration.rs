//! Spans of time, as Istio's resources write them.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};

/// A span of time (`google.protobuf.Duration`), written in Go's syntax: `1h30m`, `0.5s`, `100ms`.
///
/// Seconds and nanoseconds have the same sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// Whole seconds.
    pub seconds: i64,
    /// The rest, in nanoseconds, below one second.
    pub nanos: i32,
}

const NANOS_PER_SECOND: i64 = 1_000_000_000;

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self { seconds: 0, nanos: 0 };

    /// A span of whole seconds.
    pub const fn seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }

    /// A span of whole milliseconds.
    pub const fn millis(millis: i64) -> Self {
        // The remainder is below 1000 and its nanoseconds fit.
        Self { seconds: millis / 1000, nanos: (millis % 1000) as i32 * 1_000_000 }
    }

    /// A span of nanoseconds.
    pub const fn nanos(nanos: i64) -> Self {
        // The remainder is below one second and fits.
        Self { seconds: nanos / NANOS_PER_SECOND, nanos: (nanos % NANOS_PER_SECOND) as i32 }
    }

    /// The span in nanoseconds.
    pub fn as_nanos(self) -> i128 {
        i128::from(self.seconds) * i128::from(NANOS_PER_SECOND) + i128::from(self.nanos)
    }

    /// Whether there is no time in it.
    pub const fn is_zero(self) -> bool {
        self.seconds == 0 && self.nanos == 0
    }

    /// Reads Go's syntax: a sign, then numbers with a unit each, or a bare `0`. `None` if it is not that, or if it does
    /// not fit in 63 bits of nanoseconds.
    ///
    /// istiod reads the durations of its resources with Go's `time.ParseDuration`.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, mut rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Some(Self::ZERO);
        }
        if rest.is_empty() {
            return None;
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let part;
            (part, rest) = parse_part(rest)?;
            total = total.checked_add(part).filter(|total| *total <= 1 << 63)?;
        }
        // The most negative value has no positive counterpart.
        let nanos = if negative { 0i64.checked_sub_unsigned(total)? } else { i64::try_from(total).ok()? };
        Some(Self::nanos(nanos))
    }
}

/// Reads one number with its unit, in nanoseconds, and returns what follows it.
fn parse_part(text: &str) -> Option<(u64, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unit_end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_end);
    let unit: u64 = match unit {
        "ns" => 1,
        // Micro is written with u, the micro sign or the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let value = whole.checked_mul(unit).filter(|value| *value <= 1 << 63)?.checked_add(fraction_of(fraction, unit))?;
    Some((value, rest))
}

/// `0.fraction` of the unit, in whole nanoseconds; digits past what 63 bits hold are dropped. Go calculates this in
/// floating point, and so must we to round alike.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as in Go")]
fn fraction_of(fraction: &str, unit: u64) -> u64 {
    let (mut value, mut scale) = (0u64, 1f64);
    for digit in fraction.bytes().map(|digit| u64::from(digit - b'0')) {
        if value > (i64::MAX as u64) / 10 {
            break;
        }
        value = value * 10 + digit;
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

/// As protobuf's JSON writes it: seconds with 0, 3, 6 or 9 digits.
impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.seconds < 0 || self.nanos < 0 { "-" } else { "" };
        let (seconds, nanos) = (self.seconds.unsigned_abs(), self.nanos.unsigned_abs());
        match nanos {
            0 => write!(formatter, "{sign}{seconds}s"),
            _ if nanos.is_multiple_of(1_000_000) => write!(formatter, "{sign}{seconds}.{:03}s", nanos / 1_000_000),
            _ if nanos.is_multiple_of(1_000) => write!(formatter, "{sign}{seconds}.{:06}s", nanos / 1_000),
            _ => write!(formatter, "{sign}{seconds}.{nanos:09}s"),
        }
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Duration;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a duration such as `1h30m` or `0.5s`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                Duration::parse(text)
                    .ok_or_else(|| E::custom(format_args!("`{text}` is not a duration such as `1h30m` or `0.5s`")))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::Duration;

    #[test]
    fn reads_go_syntax() {
        for (text, seconds, nanos) in [
            ("0", 0, 0),
            ("10s", 10, 0),
            ("24h", 86_400, 0),
            ("1h30m", 5_400, 0),
            ("0.5s", 0, 500_000_000),
            (".5s", 0, 500_000_000),
            ("5.s", 5, 0),
            ("100ms", 0, 100_000_000),
            ("1.5h", 5_400, 0),
            ("3us", 0, 3_000),
            ("3\u{b5}s", 0, 3_000),
            ("1ns", 0, 1),
            ("-1.5s", -1, -500_000_000),
            ("+5s", 5, 0),
            ("0.3333333333333333333h", 1_200, 0),
            ("9223372036854775807ns", 9_223_372_036, 854_775_807),
        ] {
            assert_eq!(Duration::parse(text), Some(Duration { seconds, nanos }), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in
            ["", "-", "3", "s", ".s", "1x", "1 s", "1s ", "1d", "9223372036854775808ns", "1s5", "\u{3bc}", "1e3s"]
        {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }

    #[test]
    fn writes_as_protobuf() {
        for (text, shown) in
            [("90m", "5400s"), ("0.5s", "0.500s"), ("1.000001s", "1.000001s"), ("-1ns", "-0.000000001s")]
        {
            assert_eq!(Duration::parse(text).map(|duration| duration.to_string()).as_deref(), Some(shown));
        }
    }
}
