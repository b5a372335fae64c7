//! What rules have found, with places looked up: what is printed.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Label, Place};
use crate::source::{FieldPath, Node, Sources, Span};

use super::context::{Item, LintContext, View};
use super::finding::Finding;
use super::{Level, Rule, position};

/// One finding with its place.
#[derive(Debug, Clone)]
pub struct Reported {
    /// The rule.
    pub rule: &'static Rule,
    /// The checks that found it: the analyzers' names where istioctl has them.
    pub checks: Vec<&'static str>,
    /// `Kind namespace/name`.
    pub resource: String,
    /// One sentence without a full stop.
    pub message: String,
    /// The line to show, from one; nothing if no file holds it.
    pub line: Option<usize>,
    /// The field, as `spec.http[0].timeout`.
    pub field: String,
    /// Where it is, to show the lines.
    pub span: Option<Span>,
    /// Other places, with what is said of them.
    pub related: Vec<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
    /// Why it is none, although istioctl says so.
    pub false_alarm: Option<String>,
    /// Why the object is not judged: what it will say is not known.
    pub unchecked: Option<String>,
    /// Who has asked not to hear of it.
    pub suppressed: Option<Suppressed>,
    /// Where the object begins: what is said above it holds for all of it.
    pub object: Option<Span>,
}

/// That somebody has asked not to hear of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// By what, and why if that is said.
    pub reason: String,
    /// Whether the manifests themselves say so.
    pub in_source: bool,
}

impl Reported {
    /// Returns how bad it is.
    pub fn level(&self) -> Level {
        self.rule.level
    }

    /// Returns all places of it.
    pub fn spans(&mut self) -> impl Iterator<Item = &mut Span> {
        let Self { span, related, object, .. } = self;
        span.iter_mut().chain(related.iter_mut().map(|(span, _)| span)).chain(object)
    }

    /// Returns what stays the same while lines come and go: rule, object and field.
    pub fn fingerprint(&self) -> String {
        format!("{} {} {}", self.rule.code, self.resource, self.field)
    }

    /// Returns it as what the terminal shows.
    pub fn diagnostic(&self) -> Diagnostic {
        let label = |span: &Span, text: &str| Label { place: Place::Span(*span), text: text.to_owned() };
        let mut labels: Vec<Label> = self.span.iter().map(|span| label(span, "")).collect();
        labels.extend(self.related.iter().map(|(span, text)| label(span, text)));
        Diagnostic {
            code: self.rule.code,
            severity: self.level().severity(),
            message: self.message.clone(),
            labels,
            help: self.help.clone(),
        }
    }
}

/// Looks up places, sorts, and drops what is there twice: same rule, object, line and text.
pub(super) fn resolve(context: &LintContext<'_>, found: Vec<(&'static str, Finding<'_>)>) -> Vec<Reported> {
    let mut all: Vec<Reported> = found.into_iter().map(|(check, finding)| reported(context, check, finding)).collect();
    sort(&mut all);
    let mut kept: Vec<Reported> = Vec::with_capacity(all.len());
    let mut seen: BTreeMap<(&str, String, Option<usize>, String), usize> = BTreeMap::new();
    for one in all {
        let same = (one.rule.code, one.resource.clone(), one.line, one.message.clone());
        if let Some(first) = seen.get(&same).and_then(|index| kept.get_mut(*index)) {
            for check in one.checks {
                if !first.checks.contains(&check) {
                    first.checks.push(check);
                }
            }
        } else {
            seen.insert(same, kept.len());
            kept.push(one);
        }
    }
    kept
}

/// Sorts by place, then by rule.
pub(super) fn sort(all: &mut [Reported]) {
    all.sort_by(|a, b| key(a).cmp(&key(b)));
}

type Key<'a> = (Option<Span>, Option<usize>, &'static str, &'a str, &'a str);

fn key(one: &Reported) -> Key<'_> {
    (one.span, one.line, one.rule.code, &one.resource, &one.message)
}

fn reported(context: &LintContext<'_>, check: &'static str, finding: Finding<'_>) -> Reported {
    let Finding { rule, item, resource, message, at, istioctl_at, related, help, false_alarm } = finding;
    let place = |item: &Item<'_>, path: &FieldPath| item.is_written().then(|| item.node().place(&or_name(item, path)));
    let span = item.and_then(|item| place(item, &at));
    let written = item.filter(|item| item.is_written());
    let line = match context.view {
        View::Meshc => item.zip(span).map(|(item, span)| item.sources().position(span).line),
        View::Istioctl => written.map(|item| istioctl_line(item, istioctl_at.as_ref())),
    };
    let suppressed = item.and_then(|item| by_annotation(item, rule, context.view));
    let object = written.map(|item| item.node().span());
    let mut involved = item.into_iter().chain(related.iter().map(|(item, ..)| *item)).filter(|item| item.is_written());
    let unchecked = match context.view {
        View::Meshc => involved.find_map(|item| context.unfinished(item)),
        View::Istioctl => None,
    };
    let related: Vec<(Span, String)> =
        related.into_iter().filter_map(|(item, path, text)| Some((place(item, &path)?, text))).collect();
    Reported {
        rule,
        checks: vec![check],
        resource: item.map_or(resource, Item::resource),
        message,
        line,
        field: at.to_string(),
        span,
        related,
        help,
        false_alarm,
        unchecked,
        suppressed,
        object,
    }
}

/// The annotation with codes, or `*`, that shall not be reported of an object. istiod: `filterMessages`
fn by_annotation(item: &Item<'_>, rule: &Rule, view: View) -> Option<Suppressed> {
    const ANNOTATION: &str = "galley.istio.io/analyze-suppress";
    let list = item.annotations().get(ANNOTATION)?;
    let is_meant = |code: &str| {
        let code = if view == View::Istioctl { code } else { code.trim() };
        code == "*" || code == rule.code || view == View::Meshc && code == rule.name
    };
    let reason = format!("the annotation {ANNOTATION}");
    list.split(',').any(is_meant).then_some(Suppressed { reason, in_source: true })
}

/// Rather than the first line of an object, shows its name.
fn or_name(item: &Item<'_>, path: &FieldPath) -> FieldPath {
    let name = || FieldPath::parse("metadata.name");
    let exists = |path: &FieldPath| {
        path.0.first().is_some_and(|first| item.node().at(&FieldPath(vec![first.clone()])).is_some())
    };
    if exists(path) { path.clone() } else { name() }
}

fn istioctl_line(item: &Item<'_>, path: Option<&FieldPath>) -> usize {
    let (sources, node): (&Sources, Node<'_>) = (item.sources(), item.node());
    let text = sources.text(node.span().source);
    let line = |node: Node<'_>| sources.position(node.span()).line;
    let field = path.and_then(|path| position::scalar(node, path));
    position::line(text, node, line(node), field.map(|field| (field, line(field))))
}
