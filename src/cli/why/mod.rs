//! `meshc why`

mod table;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{Why, WhyFormat};
use super::input::Question;
use super::{Outcome, excerpt, input, selection};
use crate::config_dump::Json;
use crate::provenance::why::{Answer, Lost, Setting, why, why_all};
use crate::provenance::{Place, Target, World};
use crate::proxy;
use crate::visible::visible;

/// Runs the command.
pub(super) fn run(arguments: &Why) -> anyhow::Result<Outcome> {
    if arguments.table {
        return table::run(arguments);
    }
    let (Some((field, paths)), Some(proxy)) = (arguments.arguments.split_last(), &arguments.proxy) else {
        anyhow::bail!("name manifests, a field and a --proxy");
    };
    anyhow::ensure!(!paths.is_empty(), "name the manifests and then the field");
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let world = input::world(&paths, &arguments.mesh, Question::One)?;
    let proxies = proxy::proxies(&world.input().mesh());
    let target = Target { proxy: selection::one(proxy, &proxies)?.full_name(), field: field.clone() };
    let answers = if arguments.all { why_all(&world, &target) } else { why(&world, &target) };
    let answers = answers.map_err(anyhow::Error::new)?;
    let text = match (arguments.output, arguments.all) {
        (WhyFormat::Json, _) => machine(&answers)?,
        (WhyFormat::Text, true) => annotated(&answers),
        (WhyFormat::Text, false) => answers.iter().map(|answer| page(answer, &world)).collect::<Vec<_>>().join("\n"),
    };
    anstream::stdout().lock().write_all(text.as_bytes())?;
    Ok(Outcome::Fine)
}

/// Prints an answer for people.
fn page(answer: &Answer, world: &World) -> String {
    let sources = &world.manifests.sources;
    let Answer { proxy, field, set_by, because_of, names: _, default, lost } = answer;
    let mut out = String::new();
    let _ = writeln!(out, "{} = {}\non {}", visible(&field.to_string()), short(&field.value), visible(proxy));
    if !set_by.is_empty() {
        let _ = writeln!(out, "\nset by");
        for Setting { place, value, other: _ } in set_by {
            let _ = writeln!(out, "  {} <- {}", visible(&value.to_string()), named(place));
            out.push_str(&excerpt::of(place, sources));
        }
    }
    if let Some(default) = default {
        let source = if default.source.is_empty() { String::new() } else { format!(" ({})", default.source) };
        let _ = writeln!(out, "\nno value of the input sets it: the default is of {}{source}", visible(default.by));
    }
    if !because_of.is_empty() {
        let _ = writeln!(out, "\nthere because of");
        let mut last = None;
        for place in because_of {
            if last != Some(&place.object) {
                let _ = writeln!(out, "  {}", visible(&place.object.to_string()));
            }
            last = Some(&place.object);
            out.push_str(&excerpt::of(place, sources));
        }
    }
    if !lost.is_empty() {
        let _ = writeln!(out, "\noverridden");
        for Lost { place, to } in lost {
            let _ = writeln!(out, "  {} (by {})", named(place), visible(&to.to_string()));
            out.push_str(&excerpt::of(place, sources));
        }
    }
    out
}

/// Prints every value of a resource on its line, with its cause at the end.
fn annotated(answers: &[Answer]) -> String {
    let mut out = String::new();
    let mut last = None;
    for Answer { field, set_by, names, default, .. } in answers {
        let resource = (field.kind, field.name.as_str());
        if last != Some(resource) {
            let _ = writeln!(out, "{}[{}]:", field.kind.plural(), visible(&field.name));
        }
        last = Some(resource);
        let at = |place: &Place| format!("{}:{}", place.file, place.position.line);
        let cause = match (set_by.first(), names, default) {
            (Some(setting), ..) => at(&setting.place),
            (None, Some(place), _) => at(place),
            (None, None, Some(default)) => format!("default of {}", default.by),
            (None, None, None) => String::new(),
        };
        let _ = writeln!(out, "  {}: {}  # {}", visible(&field.path), short(&field.value), visible(&cause));
    }
    out
}

/// Returns a value on one line, cut where it is long.
fn short(value: &Json) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    match text.char_indices().nth(200) {
        Some((at, _)) => format!("{}...", visible(&text[..at])),
        None => visible(&text).into_owned(),
    }
}

/// Returns a place's object and path.
fn named(place: &Place) -> String {
    visible(&format!("{} {}", place.object, place.path)).into_owned()
}

/// Prints answers for programs: one, or a list of several.
fn machine(answers: &[Answer]) -> anyhow::Result<String> {
    let mut all: Vec<Value> = answers.iter().map(object).collect::<Result<_, _>>()?;
    let value = if all.len() == 1 { all.remove(0) } else { Value::Array(all) };
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

fn object(answer: &Answer) -> serde_json::Result<Value> {
    let Answer { proxy, field, set_by, because_of, names: _, default, lost } = answer;
    let set_by = set_by.iter().map(|Setting { place, value, other: _ }| {
        let mut out = located(place);
        out["value"] = value.clone();
        out
    });
    let lost = lost.iter().map(
        |Lost { place, to }| json!({"object": place.object.to_string(), "path": place.path, "to": to.to_string()}),
    );
    Ok(json!({
        "version": 1,
        "proxy": proxy,
        "field": field.to_string(),
        "value": serde_json::to_value(&field.value)?,
        "set_by": set_by.collect::<Vec<_>>(),
        "there_because_of": because_of.iter().map(located).collect::<Vec<_>>(),
        "default": default.as_ref().map(|default| json!({"by": default.by, "source": default.source})),
        "lost": lost.collect::<Vec<_>>(),
    }))
}

/// Returns a place as programs read it.
pub(super) fn located(place: &Place) -> Value {
    let Place { object, path, file, position, span: _ } = place;
    json!({
        "object": object.to_string(),
        "path": path,
        "file": file,
        "line": position.line,
        "column": position.column,
    })
}
