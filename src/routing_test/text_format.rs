//! Protobuf's text form of the files of `router_check_tool` -> the JSON of the same message.
//!
//! Format: <https://protobuf.dev/reference/protobuf/textformat-spec/>. It has no lists where a field is repeated, and wraps what
//! protobuf's JSON writes plainly; the fields for which this counts are those of Envoy's `validation.proto`.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

/// Fields that are lists, at whatever depth.
const LISTS: [&str; 10] = [
    "tests",
    "additional_headers",
    "additional_request_headers",
    "additional_response_headers",
    "dynamic_metadata",
    "request_header_fields",
    "response_header_fields",
    "request_header_matches",
    "response_header_matches",
    "route_metadata",
];

/// How deep messages lie in each other at most.
const DEEPEST: usize = 64;

/// A text in quotes, a word, or a sign; comments are left out with the spaces.
#[expect(clippy::expect_used, reason = "the expression is constant")]
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"#[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\w.+-]+|\S"#).expect("a regular expression")
});

/// Says whether a file that is no YAML begins as a file of tests in this form.
pub(super) fn is_one(text: &str) -> bool {
    let mut tokens = tokens(text).map(|(_, token)| token);
    let is_field = tokens.next().is_some_and(|name| name == "tests" || name == "runtime");
    is_field && tokens.find(|token| *token != ":").is_some_and(|token| matches!(token, "{" | "<" | "["))
}

/// Reads a file. The error says where it is wrong.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut tokens: Vec<(usize, &str)> = tokens(text).collect();
    tokens.reverse();
    fields(&mut tokens, None, DEEPEST).map_err(|wrong| {
        let at = tokens.last().map_or(text.len(), |(at, _)| *at);
        format!("line {}: {wrong}", text[..at].matches('\n').count() + 1)
    })
}

fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let all = TOKEN.find_iter(text).map(|token| (token.start(), token.as_str()));
    all.filter(|(_, token)| !token.starts_with('#'))
}

/// What is left to read; the next one is the last.
type Tokens<'t> = Vec<(usize, &'t str)>;

fn next<'t>(tokens: &Tokens<'t>) -> Option<&'t str> {
    tokens.last().map(|(_, token)| *token)
}

fn takes(tokens: &mut Tokens<'_>, wanted: &str) -> bool {
    tokens.pop_if(|(_, token)| *token == wanted).is_some()
}

/// Reads the fields of a message up to the sign that ends it.
fn fields(tokens: &mut Tokens<'_>, end: Option<&str>, depth: usize) -> Result<Value, String> {
    let depth = depth.checked_sub(1).ok_or("too many messages in each other")?;
    let mut fields = Map::new();
    loop {
        let name = match (next(tokens), end) {
            (None, None) => break,
            (None, Some(end)) => return Err(format!("a message does not end with {end}")),
            (Some(name), end) if end == Some(name) => {
                tokens.pop();
                break;
            }
            (Some(name), _) => name,
        };
        if !name.starts_with(|character: char| character.is_alphabetic() || character == '_') {
            return Err(format!("{name} is no name of a field"));
        }
        tokens.pop();
        if !takes(tokens, ":") && !matches!(next(tokens), Some("{" | "<" | "[")) {
            return Err(format!("{name} has no value"));
        }
        let value = value(tokens, depth)?;
        match fields.get_mut(name) {
            Some(Value::Array(all)) => match value {
                Value::Array(more) => all.extend(more),
                one => all.push(one),
            },
            Some(known) => *known = Value::Array(vec![known.take(), value]),
            None if LISTS.contains(&name) && !value.is_array() => {
                fields.insert(name.to_owned(), Value::Array(vec![value]));
            }
            None => drop(fields.insert(name.to_owned(), value)),
        }
        // Fields may be told apart by one of these.
        let _ = takes(tokens, ",") || takes(tokens, ";");
    }
    Ok(plain(fields))
}

fn value(tokens: &mut Tokens<'_>, depth: usize) -> Result<Value, String> {
    let Some((at, token)) = tokens.pop() else { return Err("a value is missing".to_owned()) };
    match token {
        "{" => return fields(tokens, Some("}"), depth),
        "<" => return fields(tokens, Some(">"), depth),
        "[" => {
            let depth = depth.checked_sub(1).ok_or("too many lists in each other")?;
            let mut list = Vec::new();
            while !takes(tokens, "]") {
                list.push(value(tokens, depth)?);
                takes(tokens, ",");
            }
            return Ok(Value::Array(list));
        }
        _ => {}
    }
    let Some(mut value) = scalar(token) else {
        tokens.push((at, token));
        return Err(format!("{token} is no value"));
    };
    // Several texts are one.
    while let (Value::String(text), true) = (&mut value, is_quoted(token))
        && let Some((_, more)) = tokens.pop_if(|(_, token)| is_quoted(token))
    {
        text.push_str(scalar(more).as_ref().and_then(Value::as_str).unwrap_or_default());
    }
    Ok(value)
}

fn is_quoted(token: &str) -> bool {
    token.len() > 1 && token.starts_with(['"', '\''])
}

/// Reads a text in quotes, a number or a truth value as JSON does, or the name of an enum's value.
fn scalar(token: &str) -> Option<Value> {
    if let Some(text) = token.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        let text = text.replace("\\'", "'").replace('"', "\\\"");
        return serde_json::from_str(&format!("\"{text}\"")).ok();
    }
    let is_name = token.starts_with(|character: char| character.is_alphabetic());
    serde_json::from_str(token).ok().or_else(|| is_name.then(|| Value::String(token.to_owned())))
}

/// Takes the wrapping away that JSON does without: of `google.protobuf.StringValue` and the like, of `Struct` and of `Value`.
fn plain(mut fields: Map<String, Value>) -> Value {
    let only = if fields.len() == 1 { fields.keys().next().cloned() } else { None };
    match only.as_deref() {
        Some("value" | "string_value" | "number_value" | "bool_value" | "struct_value") => {
            fields.into_values().next().unwrap_or_default()
        }
        Some("fields") => {
            let entries = match fields.remove("fields") {
                Some(Value::Array(entries)) => entries,
                one => one.into_iter().collect(),
            };
            let pair = |entry: Value| Some((entry.get("key")?.as_str()?.to_owned(), entry.get("value")?.clone()));
            Value::Object(entries.into_iter().filter_map(pair).collect())
        }
        _ => Value::Object(fields),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_become_json() {
        let text = r#"
# a comment
runtime { fields { key: "re2.max_program_size.error_level" value { number_value: 7 } } }
tests: {
  test_name: 'it''s' ' one' # and another
  input < authority: "a.example" path: "/\"x\"" ssl: true; random_value: 31, >
  validate {
    cluster_name { value: "a" }
    path_redirect: ""
    response_header_matches [{ name: "x" range_match { start: -1 end: 2 } }, { name: "y" invert_match: false }]
    timeout { seconds: 3 }
  }
}
tests {
  input {
    dynamic_metadata { metadata_namespace: "m" value { fields { key: "k" value { struct_value { fields { key: "in" value { string_value: "v" } } } } } } }
  }
}
"#;
        let expected = json!({
            "runtime": { "re2.max_program_size.error_level": 7 },
            "tests": [
                {
                    "test_name": "its one",
                    "input": { "authority": "a.example", "path": "/\"x\"", "ssl": true, "random_value": 31 },
                    "validate": {
                        "cluster_name": "a",
                        "path_redirect": "",
                        "response_header_matches":
                            [{ "name": "x", "range_match": { "start": -1, "end": 2 } }, { "name": "y", "invert_match": false }],
                        "timeout": { "seconds": 3 },
                    },
                },
                { "input": { "dynamic_metadata": [{ "metadata_namespace": "m", "value": { "k": { "in": "v" } } }] } },
            ],
        });
        assert!(is_one(text));
        assert_eq!(read(text), Ok(expected));
    }

    #[test]
    fn mistakes_are_told_by_line() {
        for (text, wrong) in [
            ("tests {\n  test_name: \"a\n}", "line 2: \" is no value"),
            ("tests {\n  test_name\n}", "line 3: test_name has no value"),
            ("tests {", "line 1: a message does not end with }"),
            ("tests {\n a: }", "line 2: } is no value"),
            ("tests { a: \"\\x\" }", "line 1: \"\\x\" is no value"),
            ("tests { a: [1, 2 }", "line 1: } is no value"),
        ] {
            assert_eq!(read(text), Err(wrong.to_owned()));
        }
        let deep = "tests { ".repeat(10_000);
        assert!(read(&deep).is_err_and(|wrong| wrong.ends_with("too many messages in each other")));
    }
}
