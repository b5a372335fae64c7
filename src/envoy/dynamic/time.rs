//! Durations and points in time as Go reads them, and points in time as they are printed.

/// Go: `time.ParseDuration` -> seconds and nanoseconds. Numbers with a unit each, or a bare `0`.
pub(super) fn parse_duration(text: &str) -> Option<(i64, i32)> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut nanos: i128 = 0;
    if rest != "0" {
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let (amount, after) = one_part(rest)?;
            nanos += amount;
            rest = after;
        }
    }
    let nanos = i64::try_from(sign * nanos).ok()?;
    // The remainder is below one second.
    Some((nanos / 1_000_000_000, i32::try_from(nanos % 1_000_000_000).ok()?))
}

/// Reads `1.5h` and returns its nanoseconds with what follows.
fn one_part(text: &str) -> Option<(i128, &str)> {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let (number, rest) = text.split_at(text.find(|c| !is_number(c))?);
    let (unit, rest) = rest.split_at(rest.find(is_number).unwrap_or(rest.len()));
    let nanos: i128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 19 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // More digits than nanoseconds of an hour have are lost, as in Go.
    let fraction = &fraction[..fraction.len().min(18)];
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    Some((whole * nanos + fraction * nanos / scale, rest))
}

/// Go: `time.Parse` with `time.RFC3339Nano` -> seconds since 1970 and nanoseconds.
pub(super) fn parse_timestamp(text: &str) -> Option<(i64, i32)> {
    let part = |from: usize, to: usize| text.get(from..to).filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
    let number = |from: usize, to: usize| part(from, to)?.parse::<i64>().ok();
    let is_shaped = [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':')]
        .iter()
        .all(|&(at, c)| text.get(at..=at) == Some(c.encode_utf8(&mut [0; 4])));
    if !is_shaped {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let is_valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let mut rest = text.get(19..).filter(|_| is_valid)?;
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.find(|c: char| !c.is_ascii_digit())?;
        let (digits, after) = fraction.split_at(digits);
        let padded: String = digits.chars().chain(std::iter::repeat('0')).take(9).collect();
        nanos = padded.parse().ok()?;
        rest = after;
    }
    let offset = match rest.as_bytes() {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let minutes = rest.get(1..3)?.parse::<i64>().ok()? * 60 + rest.get(4..6)?.parse::<i64>().ok()?;
            if *sign == b'+' { minutes * 60 } else { -minutes * 60 }
        }
        _ => return None,
    };
    Some((days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset, nanos))
}

/// `2026-01-02T03:04:05.500Z`: nanoseconds in 0, 3, 6 or 9 digits.
pub(super) fn print_timestamp(seconds: i64, nanos: i32) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let fraction = match nanos {
        0 => String::new(),
        nanos if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
        nanos => format!(".{nanos:09}"),
    };
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Days since 1970 in the Gregorian calendar, by counting years from March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_in_go() {
        for (text, expected) in [
            ("0", Some((0, 0))),
            ("5s", Some((5, 0))),
            ("0.5s", Some((0, 500_000_000))),
            ("1h30m", Some((5_400, 0))),
            ("-1.5s", Some((-1, -500_000_000))),
            ("100ms", Some((0, 100_000_000))),
            (".5s", Some((0, 500_000_000))),
            ("5", None),
            ("", None),
            ("5x", None),
            ("1.2.3s", None),
            ("10000000h", None),
        ] {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn timestamps_are_read_and_printed() {
        for (text, seconds, nanos, printed) in [
            ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
            ("2026-02-28T23:59:59.25+01:00", 1_772_319_599, 250_000_000, "2026-02-28T22:59:59.250Z"),
            ("2000-02-29T12:00:00Z", 951_825_600, 0, "2000-02-29T12:00:00Z"),
        ] {
            assert_eq!(parse_timestamp(text), Some((seconds, nanos)));
            assert_eq!(print_timestamp(seconds, nanos), printed);
        }
        assert_eq!(parse_timestamp("2026-02-28"), None);
    }
}
