//! A list of objects.

use serde_json::{Map, Value, json as value};

use crate::lint::Reported;
use crate::source::Sources;

/// Returns the findings as a JSON array.
///
/// `code`, `level`, `resource`, `file` (relative to the folder that was given), `line`, `message`; and `name`, `checks`, `path` (the
/// file as it was given), `column`, `endLine`, `endColumn`, `field`, `help`, `url` and `related` where there is such a thing.
pub fn json(found: &[Reported], sources: &Sources, relative: impl Fn(&str) -> String) -> Value {
    found.iter().map(|one| object(one, sources, &relative)).collect()
}

fn object(one: &Reported, sources: &Sources, relative: &impl Fn(&str) -> String) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            out.insert(key.to_owned(), value);
        }
    };
    put("code", one.rule.code.into());
    put("name", one.rule.name.into());
    put("level", one.level().as_str().into());
    put("resource", one.resource.clone().into());
    let path = one.span.map(|span| sources.path(span.source));
    put("file", path.map(relative).unwrap_or_default().into());
    put("line", one.line.unwrap_or_default().into());
    if let Some(span) = one.span {
        let start = sources.position(span);
        let end = sources.position(crate::source::Span { start: span.end, ..span });
        put("column", start.column.into());
        put("endLine", end.line.into());
        put("endColumn", end.column.into());
    }
    put("message", one.message.clone().into());
    put("checks", one.checks.iter().map(|check| Value::from(*check)).collect());
    put("path", path.into());
    put("field", one.field.clone().into());
    put("help", one.help.clone().into());
    put("url", one.rule.url().into());
    if !one.related.is_empty() {
        let related = one.related.iter().map(|(span, text)| {
            let path = sources.path(span.source);
            value!({ "file": relative(path), "path": path, "line": sources.position(*span).line, "message": text })
        });
        put("related", related.collect());
    }
    Value::Object(out)
}
