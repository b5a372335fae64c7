//! SARIF 2.1.0, which code scanning reads.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::lint::{Level, Reported, Rule};
use crate::source::{Sources, Span};

/// Returns the log of one run; what is suppressed is in it, marked.
pub fn sarif(found: &[Reported], suppressed: &[Reported], sources: &Sources) -> Value {
    let all = || found.iter().chain(suppressed);
    let rules: BTreeMap<&str, &Rule> = all().map(|one| (one.rule.code, one.rule)).collect();
    let indices: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, code)| (*code, index)).collect();
    let results: Vec<Value> = all().map(|one| result(one, indices.get(one.rule.code).copied(), sources)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "meshc",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules.values().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}

fn descriptor(rule: &Rule) -> Value {
    let mut out = json!({
        "id": rule.code,
        "name": rule.name,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.text() },
        "help": {
            "text": format!("Found:\n\n{}\nNot found:\n\n{}", rule.bad(), rule.good()),
            "markdown": format!("Found:\n\n```yaml\n{}```\n\nNot found:\n\n```yaml\n{}```\n", rule.bad(), rule.good()),
        },
        "defaultConfiguration": { "level": level(rule.level) },
    });
    if let Some(url) = rule.url() {
        out["helpUri"] = url.into();
    }
    out
}

fn result(one: &Reported, rule_index: Option<usize>, sources: &Sources) -> Value {
    let help = one.help.as_ref().map_or_else(String::new, |help| format!("\n\n{help}"));
    let mut out = json!({
        "ruleId": one.rule.code,
        "level": level(one.level()),
        "message": { "text": format!("{}: {}{help}", one.resource, one.message) },
        "partialFingerprints": { "meshc/v1": one.fingerprint() },
    });
    if let Some(index) = rule_index {
        out["ruleIndex"] = index.into();
    }
    if let Some(span) = one.span {
        out["locations"] = json!([{
            "physicalLocation": physical(span, sources),
            "logicalLocations": [{ "fullyQualifiedName": one.resource, "kind": "resource" }],
        }]);
    }
    if !one.related.is_empty() {
        out["relatedLocations"] = one
            .related
            .iter()
            .enumerate()
            .map(|(id, (span, text))| {
                json!({ "id": id, "physicalLocation": physical(*span, sources), "message": { "text": text } })
            })
            .collect();
    }
    if let Some(suppressed) = &one.suppressed {
        let kind = if suppressed.in_source { "inSource" } else { "external" };
        out["suppressions"] = json!([{ "kind": kind, "justification": suppressed.reason }]);
    }
    out
}

fn physical(span: Span, sources: &Sources) -> Value {
    let (start, end) = (sources.position(span), sources.position(Span { start: span.end, ..span }));
    json!({
        "artifactLocation": { "uri": uri(sources.path(span.source)) },
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": if end.line == start.line { end.column.max(start.column) } else { end.column },
        },
    })
}

/// Returns a path as a URI reference, relative as it is written.
fn uri(path: &str) -> String {
    const REPLACED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    let path = path.strip_prefix("./").unwrap_or(path);
    // Elsewhere it is a character like others.
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    utf8_percent_encode(&path, REPLACED).to_string()
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("./a b/ä.yaml"), "a%20b/%C3%A4.yaml");
        #[cfg(not(windows))]
        assert_eq!(uri("a\\b.yaml"), "a%5Cb.yaml");
    }
}
