//! Annotations that the injector reads, and refuses a Pod for.
//!
//! istiod: `pkg/kube/inject/validate.go` `validateAnnotations`

use serde_json::{Map, Value};

use super::{Injector, Refusal};
use crate::ingest;

/// Refuses a Pod with an annotation that the injector cannot read.
///
/// # Errors
///
/// There is one.
pub(super) fn annotations(injector: &Injector<'_>, annotations: &Map<String, Value>) -> Result<(), Refusal> {
    let behaviours = injector.target.installation.behaviours;
    for name in ingest::checked_annotations() {
        let Some(value) = annotations.get(name).and_then(Value::as_str) else { continue };
        if let Err(problem) = ingest::check_annotation(behaviours, name, value) {
            let why = format!("annotation `{name}`: {problem}");
            return Err(Refusal { annotation: Some(name.to_owned()), why });
        }
    }
    Ok(())
}
