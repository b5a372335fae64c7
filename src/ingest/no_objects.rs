//! Files of a folder that hold no Kubernetes objects: settings of other programs, templates and patches.
//!
//! What cannot be read in them is no error of anybody's manifests.

use std::collections::BTreeMap;

use super::{Read, json, placeholder, text};
use crate::diagnostic::{Diagnostic, Place};
use crate::source::{Node, NodeKind, SourceId, Sources, Span};

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
    let mut all: BTreeMap<SourceId, Held> = BTreeMap::new();
    for piece in read {
        let held = all.entry(piece.source).or_default();
        held.objects += piece.objects.len() + piece.unfinished.len();
        let mut others = piece.diagnostics.iter().filter(|one| !is_of_object(one.code)).peekable();
        held.fails |= others.peek().is_some();
        held.has_placeholder |= others.any(|one| begins_with_placeholder(sources, one));
    }
    let fails = all.into_iter().filter(|(_, held)| held.fails);
    // Whoever names one file means that it holds objects, and wants to know why it cannot be read.
    let is_one = sources.len() < 2;
    let is_read = |source: SourceId| {
        let mut own = read.iter().filter(|piece| piece.source == source).flat_map(|piece| &piece.diagnostics);
        own.all(|one| matches!(one.code, "missing-kind" | "not-an-object"))
    };
    let fails = fails.filter(|(source, _)| !is_one || is_read(*source));
    fails.filter_map(|(source, held)| Some((source, why(sources.text(source), &held, is_one)?))).collect()
}

/// What a file holds.
#[derive(Default)]
struct Held {
    objects: usize,
    /// Whether it has a problem that is not one of an object.
    fails: bool,
    /// Whether that is where a placeholder stands.
    has_placeholder: bool,
}

/// Whether the place of a problem is that of a placeholder which is no YAML.
fn begins_with_placeholder(sources: &Sources, problem: &Diagnostic) -> bool {
    let Some(Place::Span(span)) = problem.labels.first().map(|label| &label.place) else { return false };
    let rest = sources.text(span.source).get(span.start as usize..).unwrap_or_default();
    rest.lines().next().is_some_and(placeholder::is_no_yaml)
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

fn why(text: &str, held: &Held, is_one: bool) -> Option<Why> {
    let has = |key: &str| {
        let at_margin = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        text.lines().any(at_margin) || json::looks_like(text) && is_key_of_json(text, key)
    };
    if held.has_placeholder || text.contains("{{") && text.contains("}}") {
        Some(Why::Template)
    } else if text.contains("$patch:") {
        Some(Why::Patch)
    } else if held.objects == 0
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

/// Whether a text of JSON has a key as objects have it: at the top, or in a list there. Of one that is no JSON, whether it is anywhere.
fn is_key_of_json(text: &str, key: &str) -> bool {
    let Ok(trees) = json::parse(text, 0..text::offset(text.len())) else { return text.contains(&format!("\"{key}\"")) };
    // What `apiVersion` and `kind` say is a text, `metadata` and `spec` are maps.
    let is_one = |value: Node<'_>| match value.kind() {
        NodeKind::String(_) => matches!(key, "apiVersion" | "kind"),
        NodeKind::Map(_) => matches!(key, "metadata" | "spec"),
        _ => false,
    };
    trees.iter().any(|tree| {
        let root = tree.root(SourceId::default(), text);
        std::iter::once(root).chain(root.items()).any(|value| value.get(key).is_some_and(is_one))
    })
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
