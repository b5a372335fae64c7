//! What a plain scalar means: YAML 1.1 as Kubernetes reads it.
//!
//! kubectl reads YAML with `sigs.k8s.io/yaml`, which resolves scalars as go-yaml v2 does: `y`, `yes` and `on` are true,
//! `0777` is octal, `1_000` is a thousand, `08` is the decimal number 8, dates stay strings.

use crate::source::Scalar;

/// Returns the meaning of a plain scalar, or nothing if JSON has no number for it (`.inf`, `.nan`).
pub(crate) fn resolve(text: &str) -> Option<Scalar<'_>> {
    let Some(first) = text.bytes().next() else { return Some(Scalar::Null) };
    match first {
        b'+' | b'-' | b'0'..=b'9' => number(text),
        b'.' => dotted(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => Some(word(text)),
        _ => Some(Scalar::String(text)),
    }
}

/// Returns the boolean that YAML 1.1 has for a word.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Returns whether a word means null.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn word(text: &str) -> Scalar<'_> {
    if is_null(text) {
        return Scalar::Null;
    }
    boolean(text).map_or(Scalar::String(text), Scalar::Bool)
}

fn dotted(text: &str) -> Option<Scalar<'_>> {
    match text {
        ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN" => None,
        _ if is_float(text) => Some(float(text)),
        _ => Some(Scalar::String(text)),
    }
}

fn number(text: &str) -> Option<Scalar<'_>> {
    if let "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf" | "-.INF" = text {
        return None;
    }
    let without;
    let digits = if text.contains('_') {
        without = text.replace('_', "");
        without.as_str()
    } else {
        text
    };
    if let Some(integer) = integer(digits) {
        return Some(integer);
    }
    if is_float(digits) {
        return match float(digits) {
            Scalar::Int(value) => Some(Scalar::Int(value)),
            Scalar::Float(value) => Some(Scalar::Float(value)),
            _ => Some(Scalar::String(text)),
        };
    }
    Some(Scalar::String(text))
}

/// Reads an integer as Go's `strconv.ParseInt` with base 0: `0x`, `0o`, `0b`, and a leading zero for octal.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // Rust would take a second sign here.
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(value).map(Scalar::Int);
    }
    // go-yaml reads a number with a plus sign only up to `i64::MAX`.
    match i64::try_from(value) {
        Ok(value) => Some(Scalar::Int(value)),
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Scalar::UInt(value)),
    }
}

/// Returns whether the text is `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let whole = digits(at);
    at += whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if whole == 0 && fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    } else if whole == 0 {
        return false;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len()
}

/// Returns a decimal number; one without fraction is an integer, as JSON does not tell `8.0` from `8`.
///
/// A number too large for 64 bits of floating point stays a string, as in go-yaml.
fn float(text: &str) -> Scalar<'_> {
    let Ok(value) = text.parse::<f64>() else { return Scalar::String(text) };
    if value.is_infinite() {
        return Scalar::String(text);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
    if value.fract() == 0.0 && value.abs() < 9e18 {
        return Scalar::Int(value as i64);
    }
    Scalar::Float(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        match resolve(text) {
            None => "not json".into(),
            Some(Scalar::Null) => "null".into(),
            Some(Scalar::Bool(value)) => format!("bool {value}"),
            Some(Scalar::Int(value)) => format!("int {value}"),
            Some(Scalar::UInt(value)) => format!("uint {value}"),
            Some(Scalar::Float(value)) => format!("float {value}"),
            Some(Scalar::String(value)) => format!("string {value}"),
        }
    }

    #[test]
    fn plain_scalars_resolve_as_go_yaml_does() {
        for (text, want) in [
            ("", "null"),
            ("~", "null"),
            ("Null", "null"),
            ("nULL", "string nULL"),
            ("y", "bool true"),
            ("N", "bool false"),
            ("yes", "bool true"),
            ("Off", "bool false"),
            ("oN", "string oN"),
            ("truely", "string truely"),
            ("0", "int 0"),
            ("-0", "int 0"),
            ("80", "int 80"),
            ("+80", "int 80"),
            ("0777", "int 511"),
            ("0o17", "int 15"),
            ("-0x1F", "int -31"),
            ("0b101", "int 5"),
            ("0b102", "string 0b102"),
            ("08", "int 8"),
            ("1_000", "int 1000"),
            ("_1", "string _1"),
            ("9223372036854775808", "uint 9223372036854775808"),
            ("-9223372036854775808", "int -9223372036854775808"),
            ("99999999999999999999", "float 100000000000000000000"),
            ("1e3", "int 1000"),
            ("1.5", "float 1.5"),
            ("1.", "int 1"),
            (".5", "float 0.5"),
            ("-.5", "float -0.5"),
            (".", "string ."),
            ("..", "string .."),
            ("-", "string -"),
            ("+", "string +"),
            ("--1", "string --1"),
            ("+-1", "string +-1"),
            ("0x", "string 0x"),
            ("0x+1", "string 0x+1"),
            ("1e", "string 1e"),
            ("1e400", "string 1e400"),
            ("1.2.3", "string 1.2.3"),
            ("10.0.0.0/8", "string 10.0.0.0/8"),
            ("2001-01-02", "string 2001-01-02"),
            ("1:30", "string 1:30"),
            ("190:20:30", "string 190:20:30"),
            (".inf", "not json"),
            ("-.INF", "not json"),
            (".NaN", "not json"),
            ("inf", "string inf"),
            ("nan", "string nan"),
            ("<<", "string <<"),
        ] {
            assert_eq!(show(text), want, "{text:?}");
        }
    }
}
