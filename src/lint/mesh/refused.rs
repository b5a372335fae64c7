//! Objects that the API server would refuse, and files that cannot be read.

use crate::diagnostic::{Diagnostics, Place, Severity};
use crate::ingest;
use crate::lint::context;
use crate::lint::{Reported, rules};
use crate::source::{Sources, Span};

/// Why what cannot be read is no manifest at all: folders hold other files too.
fn no_manifest(code: &str, text: &str) -> Option<String> {
    // Neither the configuration of another program, in a dialect of its own maybe, nor a patch of Kustomize.
    let is_other = matches!(code, "missing-kind" | "not-an-object") || !text.contains("apiVersion");
    if is_other && code != "unreadable" {
        return Some("it is no Kubernetes object".to_owned());
    }
    if text.contains("$patch:") {
        return Some("it is a patch".to_owned());
    }
    // Helm's templates are YAML once they are rendered.
    (text.contains("{{") && text.contains("}}")).then(|| "it is a template".to_owned())
}

/// Returns `Kind namespace/name`, or the file's path where there is no object.
fn resource(sources: &Sources, span: Span) -> String {
    let named =
        ingest::name_at(sources, span).map(|(kind, namespace, name)| context::resource(&kind, &namespace, &name));
    named.unwrap_or_else(|| sources.path(span.source).to_owned())
}

/// Returns what reading has found, but for what istiod's webhook says: IST0106 and IST0133 are that.
pub(in crate::lint) fn refused(diagnostics: &Diagnostics, sources: &Sources) -> Vec<Reported> {
    let found = diagnostics.iter().filter_map(|one| {
        let rule = match one.severity {
            _ if one.code == ingest::DUPLICATE => &rules::MESHC0002,
            Severity::Error if !ingest::is_of_webhook(one.code) => &rules::MESHC0001,
            _ => return None,
        };
        Some((rule, one))
    });
    found
        .map(|(rule, diagnostic)| {
            let span = diagnostic.first_span();
            let related = diagnostic.labels.iter().skip(1).filter_map(|label| match label.place {
                Place::Span(span) => Some((span, label.text.clone())),
                Place::Field(..) => None,
            });
            Reported {
                rule,
                checks: vec!["reading"],
                resource: span.map_or_else(String::new, |span| resource(sources, span)),
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
                false_alarm: no_manifest(diagnostic.code, span.map_or("", |span| sources.text(span.source))),
                suppressed: None,
                object: None,
            }
        })
        .collect()
}
