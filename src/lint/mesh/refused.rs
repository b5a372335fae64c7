//! Objects that the API server would refuse, and files that cannot be read.

use crate::diagnostic::{Diagnostics, Place, Severity};
use crate::ingest;
use crate::lint::{Reported, rules};
use crate::source::Sources;

/// Why what cannot be read is no manifest at all: folders hold other files too.
fn no_manifest(code: &str, text: &str) -> Option<String> {
    if matches!(code, "missing-kind" | "not-an-object") {
        return Some("it is no Kubernetes object".to_owned());
    }
    // Helm's templates are YAML once they are rendered.
    (text.contains("{{") && text.contains("}}")).then(|| "it is a template".to_owned())
}

/// Returns what reading has found, but for what istiod's webhook says: IST0106 and IST0133 are that.
pub(in crate::lint) fn refused(diagnostics: &Diagnostics, sources: &Sources) -> Vec<Reported> {
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error && !ingest::is_of_webhook(one.code));
    errors
        .map(|diagnostic| {
            let span = diagnostic.first_span();
            let related = diagnostic.labels.iter().skip(1).filter_map(|label| match label.place {
                Place::Span(span) => Some((span, label.text.clone())),
                Place::Field(..) => None,
            });
            Reported {
                rule: &rules::MESHC0001,
                checks: vec!["reading"],
                resource: span.map_or_else(String::new, |span| sources.path(span.source).to_owned()),
                message: format!("{} ({})", diagnostic.message, diagnostic.code),
                line: span.map(|span| sources.position(span).line),
                field: String::new(),
                span,
                related: related.collect(),
                help: diagnostic.help.clone(),
                false_alarm: no_manifest(diagnostic.code, span.map_or("", |span| sources.text(span.source))),
                suppressed: None,
                object: None,
            }
        })
        .collect()
}
