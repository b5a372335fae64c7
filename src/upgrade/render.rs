//! A preview as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstream::adapter::strip_str;
use serde_json::{Map, Value, json};

use super::{Cause, Preview, Reason};
use crate::diff::{Counts, Kind, Report, render};
use crate::installation::behaviour::{Component, Effect};

/// Lines of one cause that are shown before the rest is counted.
const LINES: usize = 12;
/// Lines of one cause that a comment has before the rest is counted.
const LINES_OF_COMMENT: usize = 60;

/// Prints a preview for people: all causes, then what each changes here.
pub fn summary(preview: &Preview) -> String {
    let mut out = format!("{}\n", title(preview));
    for (index, cause) in preview.causes.iter().enumerate() {
        let _ = write!(out, "\n{}. {}\n", index + 1, cause.reason.after());
        let _ = writeln!(out, "   {}", told(cause).join("; "));
        if let Some(before) = cause.reason.before() {
            let _ = writeln!(out, "   Before: {before}");
        }
    }
    for (index, cause) in preview.causes.iter().enumerate() {
        let _ = writeln!(out, "\n{}. {}", index + 1, cause.reason.after());
        for line in lines(&cause.report, LINES) {
            let _ = writeln!(out, "   {line}");
        }
    }
    out
}

/// Prints a preview as Markdown, for a comment on a pull request.
pub fn markdown(preview: &Preview) -> String {
    let mut out = format!("### {}\n", title(preview));
    for cause in &preview.causes {
        let _ = write!(out, "\n**{}**\n\n{}\n", cause.reason.after(), told(cause).join("; "));
        let before =
            cause.reason.before().map_or_else(|| "What changes".to_owned(), |before| format!("Before: {before}"));
        let lines = lines(&cause.report, LINES_OF_COMMENT);
        let lines: Vec<String> = lines.iter().map(|line| strip_str(line).to_string()).collect();
        let lines = lines.join("\n");
        let _ = write!(out, "\n<details><summary>{before}</summary>\n\n````diff\n{lines}\n````\n\n</details>\n");
    }
    out
}

/// Prints a preview for programs. The schema is in the README.
pub fn json(preview: &Preview) -> String {
    let root = json!({
        "version": 1,
        "from": preview.from.to_string(),
        "to": preview.to.to_string(),
        "proxies_held_at": preview.held,
        "proxies": {"compared": preview.proxies, "differing": preview.differing},
        "causes": preview.causes.iter().map(cause).collect::<Vec<_>>(),
    });
    format!("{}\n", serde_json::to_string_pretty(&root).unwrap_or_default())
}

/// How much a cause changes: resources of all proxies.
pub(super) fn weight(report: &Report) -> usize {
    counts(report).values().map(|counts| counts.added + counts.removed + counts.changed).sum()
}

fn cause(Cause { reason, report }: &Cause) -> Value {
    let counts: Map<String, Value> = counts(report)
        .into_iter()
        .map(|(kind, Counts { added, removed, changed })| {
            (kind.name().to_owned(), json!({"added": added, "removed": removed, "changed": changed}))
        })
        .collect();
    let switch = reason.switch().map(|(name, value)| json!({"name": name, "value": value.to_string()}));
    json!({
        "before": reason.before(),
        "after": reason.after(),
        "component": reason.component(),
        "effect": reason.effect(),
        "source": reason.source(),
        "switch": switch,
        "proxies": report.differing(),
        "counts": counts,
        "groups": render::groups(report),
    })
}

fn title(Preview { from, to, held, causes: _, proxies, differing }: &Preview) -> String {
    let verb = if *differing == 1 { "changes" } else { "change" };
    let noun = if *proxies == 1 { "proxy" } else { "proxies" };
    let held = held.as_ref().map(|held| format!(", proxies at {held}")).unwrap_or_default();
    match differing {
        0 => format!("Istio {from} -> {to}{held}: nothing changes in {proxies} {noun}"),
        _ => format!("Istio {from} -> {to}{held}: {differing} of {proxies} {noun} {verb}"),
    }
}

/// Says how much a cause changes, what that can do, and what keeps the old way.
fn told(Cause { reason, report }: &Cause) -> Vec<String> {
    let proxies = report.differing();
    let noun = if proxies == 1 { "proxy" } else { "proxies" };
    let counted = render::counted(&counts(report));
    let counted = if counted.is_empty() { "changes".to_owned() } else { counted };
    let mut told = vec![format!("{counted} on {proxies} {noun}"), reason.effect_for_people().to_owned()];
    told.extend(reason.switch().map(|(name, value)| format!("{name}={value} keeps the old way")));
    told
}

/// Adds up what differs in all proxies.
fn counts(report: &Report) -> BTreeMap<Kind, Counts> {
    let mut out: BTreeMap<Kind, Counts> = BTreeMap::new();
    for group in &report.groups {
        for (kind, Counts { added, removed, changed }) in group.counts() {
            let sum = out.entry(kind).or_default();
            sum.added += added * group.proxies.len();
            sum.removed += removed * group.proxies.len();
            sum.changed += changed * group.proxies.len();
        }
    }
    out
}

fn lines(report: &Report, most: usize) -> Vec<String> {
    let text = render::summary(report);
    let all: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    // The last line counts proxies, which the heading does too.
    let all = all.split_last().map_or(&[][..], |(_, lines)| lines);
    let mut out: Vec<String> = all.iter().take(most).map(|line| (*line).to_owned()).collect();
    if all.len() > most {
        out.push(format!("... and {} lines more; -o json has them all", all.len() - most));
    }
    out
}

impl Reason {
    /// What holds after the upgrade.
    fn after(&self) -> &'static str {
        match self {
            Self::Behaviour(row, true) => row.with,
            Self::Behaviour(row, false) => row.without,
            Self::Version => "The version itself changes: EnvoyFilters match proxies by it (match.proxy.proxyVersion).",
        }
    }

    /// What held before.
    fn before(&self) -> Option<&'static str> {
        match self {
            Self::Behaviour(row, true) => Some(row.without),
            Self::Behaviour(row, false) => Some(row.with),
            Self::Version => None,
        }
    }

    fn component(&self) -> &'static str {
        match self {
            Self::Behaviour(row, _) if row.of == Component::Istiod => "istiod",
            Self::Behaviour(..) | Self::Version => "proxy",
        }
    }

    fn source(&self) -> Option<&'static str> {
        match self {
            Self::Behaviour(row, _) => Some(row.source),
            Self::Version => None,
        }
    }

    fn effect(&self) -> &'static str {
        match self {
            Self::Behaviour(row, _) => match row.effect {
                Effect::Traffic => "traffic",
                Effect::Telemetry => "telemetry",
                Effect::Names => "names",
                Effect::Pods => "pods",
            },
            Self::Version => "traffic",
        }
    }

    fn effect_for_people(&self) -> &'static str {
        match self.effect() {
            "telemetry" => "changes telemetry, no traffic",
            "names" => "changes names, no traffic but through EnvoyFilters that match them",
            "pods" => "changes Pods, and nothing that their proxies are served",
            _ => "can change traffic",
        }
    }

    /// The switch of istiod that keeps the old way, and its value.
    fn switch(&self) -> Option<(&'static str, bool)> {
        let Self::Behaviour(row, holds) = self else { return None };
        row.switch.map(|switch| (switch.name, switch.value != *holds))
    }
}
