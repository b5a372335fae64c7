//! Findings for people: the lines with the problem marked, what to do, and where to read on.

use std::io::{self, Write};

use annotate_snippets::Renderer;
use annotate_snippets::renderer::DecorStyle;

use crate::cli::render;
use crate::lint::{Level, Reported};
use crate::source::Sources;

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
pub(super) fn summary(
    told: &[Reported],
    suppressed: &[Reported],
    false_alarms: &[Reported],
    sources: &Sources,
    verbose: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    if verbose {
        for one in suppressed {
            let reason = one.suppressed.as_ref().map_or("", |suppressed| suppressed.reason.as_str());
            writeln!(out, "suppressed   {}: {reason}", short(one, sources))?;
        }
        for one in false_alarms {
            let reason = one.false_alarm.as_deref().unwrap_or_default();
            writeln!(out, "false alarm  {}: {reason}", short(one, sources))?;
        }
    }
    let count = |level: Level, noun: &str| match told.iter().filter(|one| one.level() == level).count() {
        0 => None,
        1 => Some(format!("1 {noun}")),
        number => Some(format!("{number} {noun}s")),
    };
    let found: Vec<String> = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Info, "note")]
        .into_iter()
        .filter_map(|(l, n)| count(l, n))
        .collect();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    let files = sources.len();
    write!(out, "found     {found} in {files} {}", if files == 1 { "file" } else { "files" })?;
    let hint = if verbose { "" } else { " (--verbose lists them)" };
    let left_out = [(suppressed.len(), "suppressed"), (false_alarms.len(), "left out as false alarms")];
    let left_out: Vec<String> =
        left_out.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if left_out.is_empty() { writeln!(out) } else { writeln!(out, "; {}{hint}", left_out.join(", ")) }
}

fn short(one: &Reported, sources: &Sources) -> String {
    let path = one.span.map_or("-", |span| sources.path(span.source));
    format!("{} {path}:{} {}: {}", one.rule.code, one.line.unwrap_or_default(), one.resource, one.message)
}
