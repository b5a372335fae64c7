//! Prints YAML that readers of YAML 1.1 take for the same: kubectl, Helm, PyYAML.
//!
//! The printer that we use follows YAML 1.2, where `off`, `y` and `1_000` are plain strings; of these, readers of 1.1 make booleans and
//! numbers. So such strings are marked before they are printed, and put in quotes after.

use serde::Serialize;
use serde_json::{Map, Value};

/// Returns a value as a YAML document.
pub(super) fn to_string(value: &impl Serialize) -> anyhow::Result<String> {
    let value = serde_json::to_value(value)?;
    let plain = serde_yaml::to_string(&value)?;
    // Two characters that the text does not have; there are more of them than texts hold.
    let mut free = ('\u{e000}'..='\u{f8ff}').filter(|mark| !plain.contains(*mark));
    let marks = (free.next().unwrap_or('\u{f8ff}'), free.next().unwrap_or('\u{f8fe}'));
    let mut found = false;
    let marked = marked(&value, marks, &mut found);
    if !found {
        return Ok(plain);
    }
    Ok(replaced(&serde_yaml::to_string(&marked)?, marks))
}

/// Puts marks around what is to be printed otherwise: strings by the first, numbers (as strings) by the second.
fn marked(value: &Value, marks: (char, char), found: &mut bool) -> Value {
    let mut string = |text: &String| {
        if is_mistaken(text) {
            *found = true;
            return format!("{0}{text}{0}", marks.0);
        }
        text.clone()
    };
    match value {
        Value::String(text) => Value::String(string(text)),
        Value::Array(items) => items.iter().map(|item| marked(item, marks, found)).collect(),
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().map(&mut string).collect();
            keys.into_iter()
                .zip(fields.values())
                .map(|(k, v)| (k, marked(v, marks, found)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Number(number) => match float_of_1_1(&number.to_string()) {
            Some(text) => {
                *found = true;
                Value::String(format!("{0}{text}{0}", marks.1))
            }
            None => value.clone(),
        },
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

/// Puts what is marked in quotes, or takes the marks away.
fn replaced(text: &str, marks: (char, char)) -> String {
    let text = text.replace(marks.0, "\"");
    text.replace(marks.1, "")
}

/// Returns a number as YAML 1.1 wants it, where the usual form is a string there: with a dot, and a sign in the exponent.
fn float_of_1_1(number: &str) -> Option<String> {
    let (digits, exponent) = number.split_once(['e', 'E'])?;
    let digits = if digits.contains('.') { digits.to_owned() } else { format!("{digits}.0") };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    Some(format!("{digits}e{sign}{exponent}"))
}

/// Says whether a string that our printer leaves plain is something else to a reader: to our own (as kubectl's), to one of YAML 1.1
/// as PyYAML, or to one of YAML 1.2.
///
/// What may be a number or a date is taken for one: quotes do no harm.
fn is_mistaken(text: &str) -> bool {
    const WORDS: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "=", "<<", "true", "false", "null", "~"];
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    (is_word || is_like_number(text)) && is_printed_plain(text)
}

/// Whether a text begins as a number and has nothing in it that none has.
fn is_like_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = digits.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan" | "inf" | "nan" | "infinity") {
        return true;
    }
    let of_numbers = |c: char| {
        c.is_ascii_hexdigit() || matches!(c, '_' | '.' | ':' | '-' | '+' | 'x' | 'o' | 't' | 'z' | ' ' | '\t')
    };
    // Addresses and versions are no numbers, though they are made of digits and dots.
    let dots = lower.matches('.').count();
    let is_dotted = dots > 1 && !lower.contains(':') && !lower.contains('-') && !lower.contains('_');
    lower.trim_start_matches('_').starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && lower.contains(|c: char| c.is_ascii_digit())
        && lower.chars().all(of_numbers)
        && !is_dotted
}

fn is_printed_plain(text: &str) -> bool {
    serde_yaml::to_string(text).is_ok_and(|printed| printed.trim_end_matches('\n') == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PyYAML's resolver of plain scalars: whether it makes something else than a string of one.
    fn is_other_in_pyyaml(text: &str) -> bool {
        const OTHER: &str = r"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$
            |^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?
              |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$
            |^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$
            |^(?:~|null|Null|NULL|)$|^(?:<<|=)$
            |^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[\x20\t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}
              (?:\.[0-9]*)?(?:[\x20\t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$";
        regex::RegexBuilder::new(OTHER).ignore_whitespace(true).build().expect("an expression").is_match(text)
    }

    /// YAML 1.2's core schema.
    fn is_other_in_1_2(text: &str) -> bool {
        const OTHER: &str = r"^(?:null|Null|NULL|~|)$|^(?:true|True|TRUE|false|False|FALSE)$
            |^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$|^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$
            |^(?:[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN)$";
        regex::RegexBuilder::new(OTHER).ignore_whitespace(true).build().expect("an expression").is_match(text)
    }

    fn check(text: &str) {
        let printed = to_string(&serde_json::json!([text])).expect("is printed");
        let back: Value = serde_yaml::from_str(&printed).expect("what was printed is read");
        assert_eq!(back, serde_json::json!([text]), "{printed}");
        let item = printed.trim_start_matches("- ").trim_end_matches('\n');
        if item == text {
            assert!(!is_other_in_pyyaml(text) && !is_other_in_1_2(text), "{text:?} is printed plain");
        }
        // By our own reader, as a name of a label is read.
        let manifest = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  k: {item}\n");
        if item.lines().count() == 1 && !item.starts_with('|') {
            let (manifests, diagnostics) =
                crate::ingest::ingest(vec![crate::source::SourceFile::new("a.yaml", manifest)]);
            let value = manifests.config_maps.first().and_then(|map| map.spec.data.get("k").cloned());
            assert_eq!(value.as_deref(), Some(text), "{item}: {diagnostics:?}");
        }
    }

    #[test]
    fn strings_like_numbers_are_strings_to_every_reader() {
        for text in [
            "0X1F",
            "0x1F",
            "-0x1f",
            "+0X1f",
            "0O17",
            "0o17",
            "-0o17",
            "+0b1",
            "0B11",
            "017",
            "08",
            "1e3",
            "1E3",
            "1.e3",
            "+1e+3",
            ".5",
            "5.",
            "-.5",
            "1_000",
            "1__0",
            "_1",
            "1:30",
            "1:30:45",
            "190:20:30.15",
            "2001-01-01",
            "2001-01-01T00:00:00Z",
            "2001-01-01 00:00:00",
            "2001-1-1 1:01:01 +1:00",
            ".inf",
            "-.INF",
            "+.Inf",
            ".NaN",
            "NaN",
            "inf",
            "1_0.5",
            "685_230.15",
            "+685.230_15e+03",
            "0b1010_0111",
            "0x_1",
            "0_7",
            "00",
            "-0",
            "1e400",
            "99999999999999999999",
            "y",
            "N",
            "off",
            "~",
            "null",
            "Null",
            "=",
            "<<",
            "10.0.0.1",
            "v1",
            "1.2.3",
            "1e",
            "0x",
            "-",
            "--",
            "a:b",
            "::1",
            "1::2",
            "12:00",
            "0:0",
            "+1:30",
            "1:60",
            "-_8",
            "+_.5",
        ] {
            check(text);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_looks_like_a_number_is_read_back(text in "[-+]?[0-9._xXoObBeEaAfF:+TZ -]{1,9}|[-+.0-9][0-9a-fA-F_xXoO.]{0,8}") {
            if text.trim() == text {
                check(&text);
            }
        }
    }

    #[test]
    fn numbers_are_numbers_to_every_reader() {
        for (number, want) in [(1e300, "1.0e+300"), (-1.5e-300, "-1.5e-300"), (1e21, "1.0e+21")] {
            let printed = to_string(&serde_json::json!([number])).expect("is printed");
            assert_eq!(printed, format!("- {want}\n"));
            assert!(is_other_in_pyyaml(want));
        }
    }

    #[test]
    fn quotes_what_other_readers_mistake() {
        let value = serde_json::json!({
            "y": "off",
            "list": ["No", "1_000", "0b11", "1:30", "2001-01-01", "10.0.0.1", "v1", "a: off", "true", "1e3", "off\noff"],
            "n\u{e000}": ["\u{e000}off", "v1.2-y"],
        });
        let text = to_string(&value).expect("JSON is printed as YAML");
        let lines: Vec<&str> = text.lines().map(|line| line.trim_start().trim_start_matches("- ")).collect();
        for line in ["\"y\": \"off\"", "\"No\"", "\"1_000\"", "'0b11'", "\"1:30\"", "\"2001-01-01\"", "v1", "'true'"] {
            assert!(lines.contains(&line), "{line} in {text}");
        }
        let back: Value = serde_yaml::from_str(&text).expect("what was printed is read");
        assert_eq!(back, value);
    }
}
