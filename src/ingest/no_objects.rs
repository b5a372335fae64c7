//! Files of a folder that hold no Kubernetes objects: settings of other programs, templates and patches.
//!
//! What cannot be read in them is no error of anybody's manifests.

use std::collections::BTreeMap;

use super::Read;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Sources, Span};

/// Why a file holds no objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It is the configuration of another program.
    Other,
    /// It is YAML once it is rendered.
    Template,
    /// It is a part of an object, for Kustomize.
    Patch,
}

/// Returns the files whose problems are none, since they hold no objects.
pub(super) fn of(sources: &Sources, read: &[Read]) -> BTreeMap<SourceId, Why> {
    let mut objects: BTreeMap<SourceId, (usize, bool)> = BTreeMap::new();
    for piece in read {
        let (count, fails) = objects.entry(piece.source).or_default();
        *count += piece.objects.len() + piece.unfinished.len();
        *fails |= piece.diagnostics.iter().any(|one| !is_of_object(one.code));
    }
    let fails = objects.into_iter().filter(|(_, (_, fails))| *fails);
    // Whoever names one file means that it holds objects, and wants to know why it cannot be read.
    let is_one = sources.len() < 2;
    let is_read = |source: SourceId| {
        let mut own = read.iter().filter(|piece| piece.source == source).flat_map(|piece| &piece.diagnostics);
        own.all(|one| matches!(one.code, "missing-kind" | "not-an-object"))
    };
    let fails = fails.filter(|(source, _)| !is_one || is_read(*source));
    fails.filter_map(|(source, (count, _))| Some((source, why(sources.text(source), count, is_one)?))).collect()
}

/// Whether a problem is one of an object, rather than that there is none.
pub(super) fn is_of_object(code: &str) -> bool {
    !matches!(
        code,
        "missing-kind"
            | "not-an-object"
            | "json-syntax"
            | "yaml-syntax"
            | "yaml-key"
            | "yaml-scalar"
            | "yaml-alias"
            | "yaml-merge"
            | "duplicate-key"
    )
}

fn why(text: &str, objects: usize, is_one: bool) -> Option<Why> {
    let has = |key: &str| {
        let at_margin = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        text.lines().any(at_margin) || text.trim_start().starts_with(['{', '[']) && text.contains(&format!("\"{key}\""))
    };
    if text.contains("{{") && text.contains("}}") {
        Some(Why::Template)
    } else if text.contains("$patch:") {
        Some(Why::Patch)
    } else if objects == 0
        && !text.trim().is_empty()
        // Grafana's settings have an `apiVersion`, a scanner's a `kind`: neither is half an object.
        && (!has("apiVersion") && !has("kind")
            || !(is_one || has("metadata") || has("spec") || has("apiVersion") && has("kind")))
    {
        Some(Why::Other)
    } else {
        None
    }
}

/// Returns how many files are templates.
pub(super) fn templates(files: &BTreeMap<SourceId, Why>) -> usize {
    files.values().filter(|why| **why == Why::Template).count()
}

/// Says how many files and objects are passed over.
pub(super) fn notes(files_of: &BTreeMap<SourceId, Why>, unfinished: &[(Span, String)]) -> Vec<Diagnostic> {
    let files = files_of;
    let count = |why: Why| files.values().filter(|one| **one == why).count();
    let files = |number: usize| if number == 1 { "1 file".to_owned() } else { format!("{number} files") };
    let verb = |number: usize, one: &'static str, many: &'static str| if number == 1 { one } else { many };
    let mut out = Vec::new();
    let other = count(Why::Other);
    if other > 0 {
        let message = format!("{} {} no Kubernetes objects", files(other), verb(other, "holds", "hold"));
        let first = files_of.iter().find(|(_, why)| **why == Why::Other).map_or_else(SourceId::default, |(id, _)| *id);
        out.push(Diagnostic::note("no-objects", message).span(Span { source: first, start: 0, end: 0 }));
    }
    let templates = count(Why::Template);
    if templates > 0 {
        let message = format!("{} {} of a template engine: not read", files(templates), verb(templates, "is", "are"));
        out.push(
            Diagnostic::note("template", message).help("render them first: `helm template`, `envsubst`, `jinja2`"),
        );
    }
    let patches = count(Why::Patch);
    if patches > 0 {
        let message = format!("{} {} patches of Kustomize: not read", files(patches), verb(patches, "holds", "hold"));
        out.push(Diagnostic::note("kustomize-patch", message).help("read what `kustomize build` writes"));
    }
    if let Some((span, example)) = unfinished.first() {
        let number = unfinished.len();
        let objects =
            if number == 1 { "1 object is a template".to_owned() } else { format!("{number} objects are templates") };
        let message = format!("{objects}: {example} has no value yet");
        let help = "fill in the values first, as in `envsubst < FILE | meshc translate -`";
        out.push(Diagnostic::note("placeholder", message).span(*span).help(help));
    }
    out
}
