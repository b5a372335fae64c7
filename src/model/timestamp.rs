//! Points in time, as Kubernetes writes them.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer};

/// A point in time (`metadata.creationTimestamp`), read from RFC 3339. Ordered from old to new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z; negative before.
    pub seconds: i64,
    /// Nanoseconds after that second.
    pub nanos: u32,
}

impl Timestamp {
    /// Reads RFC 3339: `2026-01-31T12:00:00Z`, with an optional fraction, and `+01:00` in place of `Z`.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = (text.get(..10)?, text.get(10..)?);
        let (time, rest) = (rest.strip_prefix(['T', 't'])?.get(..8)?, rest.get(9..)?);
        let year = number(date.get(..4)?)?;
        let month = number(dashed(date, 4, '-')?).filter(|month| (1..=12).contains(month))?;
        let day = number(dashed(date, 7, '-')?).filter(|day| (1..=days_in_month(year, month)).contains(day))?;
        let hour = number(time.get(..2)?).filter(|hour| *hour < 24)?;
        let minute = number(dashed(time, 2, ':')?).filter(|minute| *minute < 60)?;
        let second = number(dashed(time, 5, ':')?).filter(|second| *second < 60)?;
        let (nanos, zone) = match rest.strip_prefix(['.', ',']) {
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                (fraction(rest.get(..digits)?)?, rest.get(digits..)?)
            }
            None => (0, rest),
        };
        let of_day = hour * 3_600 + minute * 60 + second;
        Some(Self { seconds: days_since_epoch(year, month, day) * 86_400 + of_day - offset(zone)?, nanos })
    }
}

/// The two characters after the separator at this place.
fn dashed(text: &str, at: usize, separator: char) -> Option<&str> {
    text.get(at..)?.strip_prefix(separator)?.get(..2)
}

/// A number of nothing but digits.
fn number(digits: &str) -> Option<i64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// A fraction of a second in nanoseconds; further digits are dropped.
fn fraction(digits: &str) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    let kept = digits.get(..9).unwrap_or(digits);
    format!("{kept:0<9}").parse().ok()
}

/// The zone's distance from UTC in seconds.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if zone.len() != 6 {
        return None;
    }
    let hours = number(zone.get(1..3)?).filter(|hours| *hours <= 24)?;
    let minutes = number(dashed(zone, 3, ':')?).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3_600 + minutes * 60))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that the leap day is
/// their last, and in eras of 400.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a time such as `2026-01-31T12:00:00Z`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text)
                    .ok_or_else(|| E::custom(format_args!("`{text}` is not a time such as `2026-01-31T12:00:00Z`")))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn reads_rfc_3339() {
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("2024-02-29T12:34:56Z", 1_709_210_096, 0),
            ("2026-07-10T00:00:00+02:00", 1_783_634_400, 0),
            ("2026-07-09T22:00:00.5Z", 1_783_634_400, 500_000_000),
            ("1969-12-31T23:59:59.000000001Z", -1, 1),
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
        ] {
            assert_eq!(Timestamp::parse(text), Some(Timestamp { seconds, nanos }), "{text}");
        }
    }

    #[test]
    fn refuses_other_text() {
        for text in [
            "",
            "2026-01-31",
            "2026-01-31 12:00:00Z",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00Z ",
            "2026-01-3\u{e9}T12:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn orders_by_time() {
        assert!(Timestamp::parse("2026-01-01T00:00:00Z") < Timestamp::parse("2026-01-01T00:00:00.1Z"));
        assert!(None < Timestamp::parse("1900-01-01T00:00:00Z"));
    }
}
