//! Format strings, `%COMMAND(parameters):length%`: `SubstitutionFormatParser::parse` in
//! `source/common/formatter/substitution_formatter.cc`, and the commands' own checks.

use std::sync::OnceLock;

use regex::Regex;

use super::format_commands::{Syntax, of};

/// Says what Envoy says of a format that it refuses. `more` are commands that the formatters beside the format add.
pub(crate) fn problem(format: &str, more: &[&str]) -> Option<String> {
    static COMMAND: OnceLock<Option<Regex>> = OnceLock::new();
    let command = COMMAND.get_or_init(|| Regex::new(r"^%([A-Z0-9_]+)(\((.*?)\))?(?::([0-9]+))?%").ok()).as_ref()?;
    let mut at = 0;
    while let Some(next) = format[at..].find('%') {
        at += next;
        if format[at + 1..].starts_with('%') {
            at += 2;
            continue;
        }
        let captures = command.captures(&format[at..]);
        let length = captures.as_ref().and_then(|captures| captures.get(4)).map(|length| length.as_str());
        let Some(captures) = captures.filter(|_| length.is_none_or(|length| length.parse::<u64>().is_ok())) else {
            return Some(format!("Incorrect configuration: {format}. Couldn't find valid command at position {at}"));
        };
        let (name, parameters) = (&captures[1], captures.get(3).map_or("", |text| text.as_str()));
        if !more.contains(&name)
            && let Some(problem) = of_command(name, parameters, length.is_some())
        {
            return Some(problem);
        }
        at += captures[0].len();
    }
    None
}

fn of_command(name: &str, parameters: &str, has_length: bool) -> Option<String> {
    let Some(syntax) = of(name) else { return Some(format!("Not supported field in StreamInfo: {name}")) };
    if syntax == Syntax::Bare && (!parameters.is_empty() || has_length) {
        return Some(format!("{name} does not take any parameters or length"));
    }
    if syntax.wants_parameters() && parameters.is_empty() {
        return Some(format!("{name} requires parameters"));
    }
    if has_length && !syntax.takes_length() {
        return Some(format!("{name} does not allow length to be specified."));
    }
    let parts: Vec<&str> = parameters.split(':').collect();
    match name {
        "REQ" | "RESP" | "TRAILER" | "REQUEST_HEADER" | "RESPONSE_HEADER" | "RESPONSE_TRAILER" => headers(parameters),
        "FILTER_STATE" | "UPSTREAM_FILTER_STATE" => filter_state(&parts),
        "METADATA" => {
            let known =
                ["DYNAMIC", "CLUSTER", "ROUTE", "UPSTREAM_HOST", "LISTENER", "LISTENER_FILTER_CHAIN", "VIRTUAL_HOST"];
            (!known.contains(&parts[0])).then(|| format!("{} is not supported type of metadata", parts[0]))
        }
        "PATH" => path(&parts),
        "GRPC_STATUS" if !["", "CAMEL_STRING", "SNAKE_STRING", "NUMBER"].contains(&parameters) => {
            Some(format!("GrpcStatusFormatter only supports CAMEL_STRING, SNAKE_STRING or NUMBER. Got: {parameters}"))
        }
        "CEL" => super::cel::problem(parameters),
        "COMMON_DURATION" => common_duration(&parts, parameters),
        "COALESCE" => serde_json::from_str::<serde_json::Value>(parameters)
            .err()
            .map(|_| "COALESCE: failed to parse JSON configuration".to_owned()),
        "START_TIME" | "START_TIME_LOCAL" | "EMIT_TIME" | "EMIT_TIME_LOCAL" => {
            let has_line_end = parameters.split('%').skip(1).any(|directive| {
                let bare = directive
                    .trim_start_matches(['-', '_', '0', '^', '#'])
                    .trim_start_matches(|c| ('1'..='9').contains(&c));
                bare.starts_with('n') || bare.starts_with("En") || bare.starts_with("On")
            });
            has_line_end.then(|| "Invalid header configuration. Format string contains newline.".into())
        }
        _ => None,
    }
}

fn headers(parameters: &str) -> Option<String> {
    let names: Vec<&str> = parameters.split('?').collect();
    if names.len() > 2 {
        return Some(format!("More than 1 alternative header specified in token: {parameters}"));
    }
    let wrong = |name: &&&str| name.contains(['\0', '\n', '\r', '(', ')']);
    names.iter().find(wrong).map(|_| "Invalid header configuration. Format string contains invalid characters.".into())
}

fn filter_state(parts: &[&str]) -> Option<String> {
    match parts {
        ["", ..] => Some("Invalid filter state configuration, key cannot be empty.".into()),
        [_] | [_, "PLAIN" | "TYPED"] | [_, "FIELD", _] => None,
        [_, "PLAIN" | "TYPED" | "FIELD", ..] => {
            Some("Invalid filter state serialize type, FIELD should be used with the field name.".into())
        }
        _ => Some("Invalid filter state serialize type, only support PLAIN/TYPED/FIELD.".into()),
    }
}

fn path(parts: &[&str]) -> Option<String> {
    let query = parts.first().copied().unwrap_or_default();
    if !["", "WQ", "NQ"].contains(&query) {
        return Some(format!("Invalid PATH option: '{query}', only 'WQ'/'NQ' are allowed"));
    }
    let which = parts.get(1).copied().unwrap_or_default();
    let known = ["", "ORIG", "PATH", "ORIG_OR_PATH"].contains(&which);
    (!known).then(|| format!("Invalid PATH option: '{which}', only 'ORIG'/'PATH'/'ORIG_OR_PATH' are allowed"))
}

fn common_duration(parts: &[&str], parameters: &str) -> Option<String> {
    match parts {
        [_, _] => None,
        [_, _, precision] if ["ms", "us", "ns"].contains(precision) => None,
        [_, _, precision] => Some(format!("Invalid common duration precision: {precision}.")),
        _ => Some(format!("Invalid common duration configuration: {parameters}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn formats_that_envoy_takes() {
        for format in [
            "",
            "50%%",
            "a%PROTOCOL%b",
            "%REQ(:path)%",
            "%REQ(a?b):5%",
            "%%PROTOCOL%%",
            "%START_TIME(%Y-%m-%d)%",
            "%REQ(a)%%REQ(b)%",
            "%DYNAMIC_METADATA(a:b):5%",
            "%FILTER_STATE(a:FIELD:x)%",
            "%PATH(NQ:ORIG)%",
            "%CEL(request.headers['a'].startsWith('b'))%",
        ] {
            assert_eq!(problem(format, &[]), None, "{format}");
        }
        assert_eq!(problem("%REQ_WITHOUT_QUERY(:path)%", &["REQ_WITHOUT_QUERY"]), None);
    }

    #[test]
    fn formats_that_envoy_refuses() {
        for (format, wanted) in [
            ("50%", "Incorrect configuration: 50%. Couldn't find valid command at position 2"),
            ("x%20y", "Incorrect configuration: x%20y. Couldn't find valid command at position 1"),
            ("%FOO%", "Not supported field in StreamInfo: FOO"),
            ("%REQ%", "REQ requires parameters"),
            ("%PROTOCOL(a)%", "PROTOCOL does not take any parameters or length"),
            ("%START_TIME(%Y):5%", "START_TIME does not allow length to be specified."),
            ("%REQ(a?b?c)%", "More than 1 alternative header specified in token: a?b?c"),
            ("%FILTER_STATE(a:FOO)%", "Invalid filter state serialize type, only support PLAIN/TYPED/FIELD."),
            ("%METADATA(FOO:a)%", "FOO is not supported type of metadata"),
        ] {
            assert_eq!(problem(format, &[]).as_deref(), Some(wanted), "{format}");
        }
    }
}
