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
    // A character that the text does not have; there are more of them than texts hold.
    let mark = ('\u{e000}'..'\u{f8ff}').find(|mark| !plain.contains(*mark)).unwrap_or('\u{f8ff}');
    let mut found = false;
    let marked = marked(&value, mark, &mut found);
    if !found {
        return Ok(plain);
    }
    Ok(quoted(&serde_yaml::to_string(&marked)?, mark))
}

fn marked(value: &Value, mark: char, found: &mut bool) -> Value {
    let mut string = |text: &String| {
        if is_other_in_yaml_1_1(text) {
            *found = true;
            return format!("{mark}{text}");
        }
        text.clone()
    };
    match value {
        Value::String(text) => Value::String(string(text)),
        Value::Array(items) => items.iter().map(|item| marked(item, mark, found)).collect(),
        Value::Object(fields) => {
            let keys: Vec<String> = fields.keys().map(&mut string).collect();
            keys.into_iter()
                .zip(fields.values())
                .map(|(k, v)| (k, marked(v, mark, found)))
                .collect::<Map<_, _>>()
                .into()
        }
        other => other.clone(),
    }
}

/// Puts what is marked in quotes: a run of the letters that such strings have.
fn quoted(text: &str, mark: char) -> String {
    let mut parts = text.split(mark);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !is_letter(c)).unwrap_or(part.len());
        let (run, rest) = part.split_at(end);
        // Of a key, the colon is no part.
        let (run, colon) = run.strip_suffix(':').map_or((run, ""), |run| (run, ":"));
        out.extend(["\"", run, "\"", colon, rest]);
    }
    out
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':' | '+' | '-' | '~' | '=' | '<')
}

/// Says whether YAML 1.1 makes something else than a string of these letters when they are plain, where 1.2 does not.
fn is_other_in_yaml_1_1(text: &str) -> bool {
    const WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "=", "<<"];
    if WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        return true;
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_numeric =
        |c: char| c.is_ascii_hexdigit() || matches!(c, '_' | '.' | ':' | '-' | '+' | 'x' | 'o' | 'T' | 'Z');
    // Numbers with `_`, in base 2, 8 and 60, and dates: 1_000, 0b11, 0777, 1:30, 2001-01-01. Numbers of 1.2 are quoted anyway.
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.chars().all(is_numeric)
        && digits.contains(|c: char| c.is_ascii_digit())
        && !digits.ends_with(':')
        && text.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_other_readers_mistake() {
        let value = serde_json::json!({
            "y": "off",
            "list": ["No", "1_000", "0b11", "1:30", "2001-01-01", "10.0.0.1", "v1", "a: off", "true", "1e3", "off\noff"],
            "n\u{e000}": ["\u{e000}off", "v1.2-y"],
        });
        let text = to_string(&value).expect("JSON is printed as YAML");
        let lines: Vec<&str> = text.lines().map(|line| line.trim_start().trim_start_matches("- ")).collect();
        for line in ["\"y\": \"off\"", "\"No\"", "\"1_000\"", "\"0b11\"", "\"1:30\"", "\"2001-01-01\"", "v1", "'true'"]
        {
            assert!(lines.contains(&line), "{line} in {text}");
        }
        let back: Value = serde_yaml::from_str(&text).expect("what was printed is read");
        assert_eq!(back, value);
    }
}
