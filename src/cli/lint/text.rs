//! Findings for people: the lines with the problem marked, what to do, and where to read on.

use std::collections::BTreeSet;
use std::io::{self, Write};

use annotate_snippets::Renderer;
use annotate_snippets::renderer::DecorStyle;

use crate::cli::render;
use crate::lint::{Level, Reported};
use crate::source::{Sources, Span};
use crate::visible::visible;

use super::Found;

/// Writes all findings, with colours.
pub(super) fn write(found: &[Reported], sources: &Sources, out: &mut impl Write) -> io::Result<()> {
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
    found.iter().try_for_each(|one| writeln!(out, "{}\n", shown(one, sources, &renderer)))
}

/// Returns all findings without colours.
pub(super) fn plain(found: &[Reported], sources: &Sources) -> anyhow::Result<String> {
    let renderer = Renderer::plain().decor_style(DecorStyle::Ascii);
    let mut out = Vec::new();
    found.iter().try_for_each(|one| writeln!(out, "{}\n", shown(one, sources, &renderer)))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn shown(one: &Reported, sources: &Sources, renderer: &Renderer) -> String {
    let mut diagnostic = one.diagnostic();
    diagnostic.message = format!("{}: {}", one.resource, one.message);
    let text = render::render(&diagnostic, sources, renderer);
    let more = one.rule.url().unwrap_or_else(|| format!("meshc explain-rule {}", one.rule.code));
    format!("{text}\n   = more: {more}")
}

/// Writes how much there is, and what is left out.
pub(super) fn summary(found: &Found, sources: &Sources, verbose: bool, out: &mut impl Write) -> io::Result<()> {
    let Found { told, suppressed, false_alarms, unchecked, unfinished } = found;
    if verbose {
        for one in suppressed {
            let reason = one.suppressed.as_ref().map_or("", |suppressed| suppressed.reason.as_str());
            writeln!(out, "suppressed   {}: {}", short(one, sources), visible(reason))?;
        }
        for one in false_alarms {
            let reason = one.false_alarm.as_deref().unwrap_or_default();
            writeln!(out, "false alarm  {}: {}", short(one, sources), visible(reason))?;
        }
        for one in unchecked {
            let reason = one.unchecked.as_deref().unwrap_or_default();
            writeln!(out, "not checked  {}: {}", short(one, sources), visible(reason))?;
        }
        for (span, placeholder) in unfinished {
            let line = sources.position(*span).line;
            writeln!(
                out,
                "not checked  {}:{line}: {} has no value yet",
                visible(sources.path(span.source)),
                visible(placeholder)
            )?;
        }
    }
    let count = |level: Level, noun: &str| match told.iter().filter(|one| one.level() == level).count() {
        0 => None,
        1 => Some(format!("1 {noun}")),
        number => Some(format!("{number} {noun}s")),
    };
    let all: Vec<String> = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Info, "note")]
        .into_iter()
        .filter_map(|(l, n)| count(l, n))
        .collect();
    let all = if all.is_empty() { "nothing".to_owned() } else { all.join(", ") };
    let files = sources.len();
    write!(out, "found     {all} in {files} {}", if files == 1 { "file" } else { "files" })?;
    let (patched, templates): (Vec<&Reported>, Vec<&Reported>) =
        unchecked.iter().partition(|one| one.unchecked.as_deref().is_some_and(|why| why.starts_with("Kustomize")));
    let objects = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 object {what}")),
        number => Some(format!("{number} objects {what}")),
    };
    let mut unfinished: BTreeSet<Option<Span>> = unfinished.iter().map(|(span, _)| Some(*span)).collect();
    unfinished.extend(templates.iter().map(|one| one.object));
    let patched: BTreeSet<Option<Span>> = patched.iter().map(|one| one.object).collect();
    let not_checked =
        [objects(unfinished.len(), "with placeholders"), objects(patched.len(), "that Kustomize changes")];
    let not_checked: Vec<String> = not_checked.into_iter().flatten().collect();
    let mut left_out = Vec::new();
    if !not_checked.is_empty() {
        left_out.push(format!("not checked: {}", not_checked.join(", ")));
    }
    if !suppressed.is_empty() {
        left_out.push(format!("suppressed: {}", suppressed.len()));
    }
    let hidden = false_alarms.len();
    if hidden > 0 {
        left_out.push(format!("hidden: {hidden} known false {}", if hidden == 1 { "alarm" } else { "alarms" }));
    }
    let hint = if verbose { "" } else { " (--verbose lists them)" };
    if left_out.is_empty() { writeln!(out) } else { writeln!(out, "; {}{hint}", left_out.join("; ")) }
}

/// Returns a finding in one line.
pub(super) fn short(one: &Reported, sources: &Sources) -> String {
    let path = one.span.map_or("-", |span| sources.path(span.source));
    let text = format!("{} {path}:{} {}: {}", one.rule.code, one.line.unwrap_or_default(), one.resource, one.message);
    visible(&text).into_owned()
}
