//! Objects that the API server would refuse or that are there twice, and files that cannot be read.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity};
use crate::ingest::{self, Named};
use crate::lint::{Reported, Rule, context, rules};
use crate::source::{SourceId, Sources, Span};

/// A file in which something was found.
struct File {
    /// Its objects.
    objects: Vec<Named>,
    /// Why what cannot be read in it is no manifest at all: folders hold other files too.
    other: Option<&'static str>,
}

impl File {
    fn new(sources: &Sources, source: SourceId) -> Self {
        let text = sources.text(source);
        let other = if text.is_empty() {
            None
        } else if !text.contains("apiVersion") {
            // The configuration of another program, in a dialect of its own maybe.
            Some(NO_OBJECT)
        } else if text.contains("$patch:") {
            Some("it is a patch of Kustomize")
        } else if text.contains("{{") && text.contains("}}") {
            // Helm's templates are YAML once they are rendered.
            Some("it is a template")
        } else {
            None
        };
        Self { objects: ingest::names(sources, source), other }
    }

    fn object(&self, place: Span) -> Option<&Named> {
        self.objects.iter().find(|object| object.span.start <= place.start && place.start < object.span.end)
    }
}

const NO_OBJECT: &str = "it is no Kubernetes object";

/// Returns what reading has found, but for what istiod's webhook says: IST0106 and IST0133 are that.
pub(in crate::lint) fn refused(diagnostics: &Diagnostics, sources: &Sources) -> Vec<Reported> {
    let mut files: BTreeMap<SourceId, File> = BTreeMap::new();
    let mut out = Vec::new();
    for diagnostic in diagnostics {
        let rule = match diagnostic.severity {
            _ if diagnostic.code == ingest::DUPLICATE => &rules::MESHC0002,
            Severity::Error if !ingest::is_of_webhook(diagnostic.code) => &rules::MESHC0001,
            _ => continue,
        };
        let span = diagnostic.first_span();
        let file = span.map(|span| &*files.entry(span.source).or_insert_with(|| File::new(sources, span.source)));
        out.push(reported(rule, diagnostic, span.zip(file), sources));
    }
    out
}

/// What is in a file of the flags has no place.
fn reported(rule: &'static Rule, diagnostic: &Diagnostic, place: Option<(Span, &File)>, sources: &Sources) -> Reported {
    let span = place.map(|(span, _)| span);
    let object = place.and_then(|(span, file)| file.object(span));
    let named = object.map(|Named { kind, namespace, name, .. }| context::resource(kind, namespace, name));
    let no_object = matches!(diagnostic.code, "missing-kind" | "not-an-object").then_some(NO_OBJECT);
    let related = diagnostic.labels.iter().skip(1).filter_map(|label| match label.place {
        Place::Span(span) => Some((span, label.text.clone())),
        Place::Field(..) => None,
    });
    Reported {
        rule,
        checks: vec!["reading"],
        resource: named.unwrap_or_else(|| span.map_or(diagnostic.code, |span| sources.path(span.source)).to_owned()),
        message: if diagnostic.code == rule.name {
            diagnostic.message.clone()
        } else {
            format!("{} ({})", diagnostic.message, diagnostic.code)
        },
        line: span.map(|span| sources.position(span).line),
        field: String::new(),
        span,
        related: related.collect(),
        help: diagnostic.help.clone(),
        false_alarm: no_object.or(place.and_then(|(_, file)| file.other)).map(str::to_owned),
        suppressed: None,
        object: object.map(|object| object.span),
    }
}
