//! Durations of the JSON form, such as `1.5s`.

use std::fmt;

use super::constraint::Text;

/// A span of time in nanoseconds, printed in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Nanoseconds(pub(crate) i128);

impl fmt::Display for Nanoseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, rest) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let text = format!("{seconds}.{rest:09}");
        write!(f, "{}s", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// The longest that Envoy counts with: `INT64_MAX` nanoseconds, in whole seconds.
pub(crate) const LONGEST: Nanoseconds = Nanoseconds(9_223_372_036 * 1_000_000_000 + 999_999_999);

/// Reads a duration.
pub(crate) fn read(text: &str) -> Option<Nanoseconds> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = number.strip_prefix('-').map_or((1, number), |rest| (-1, rest));
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i128 = format!("{fraction:0<9}").parse().ok()?;
    let seconds: u64 = seconds.parse().ok()?;
    Some(Nanoseconds(sign * (i128::from(seconds) * 1_000_000_000 + nanoseconds)))
}

/// Reads a bound of a rule, `seconds` and `nanos`.
pub(crate) fn of_rule(rule: &Text) -> Nanoseconds {
    let part = |name| rule.parse::<i128>(name).unwrap_or_default();
    Nanoseconds(part("seconds") * 1_000_000_000 + part("nanos"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_broken_seconds() {
        let texts = ["0s", "1.5s", "-0.000000001s", "1.0000000001s", "1", "s"];
        let read = texts.map(|text| read(text).map(|n| n.0));
        assert_eq!(read, [Some(0), Some(1_500_000_000), Some(-1), None, None, None]);
        assert_eq!(Nanoseconds(1_500_000_000).to_string(), "1.5s");
        assert_eq!(Nanoseconds(0).to_string(), "0s");
    }
}
