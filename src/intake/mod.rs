//! What the API server and the webhook of a release do not take in: fields that are dropped, and objects that are refused.
//!
//! ```text
//! Manifests (read by the newest rules) ──release──▶ Manifests that its istiod sees, and what there is to say about the rest
//! ```
//!
//! Each file has the rules of one group of kinds.

mod gateway_api;
mod istio;
mod since_1_31;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest::Manifests;
use crate::installation::Installation;
use crate::model::Config;
use crate::source::ResourceRef;

/// Drops and refuses what the installation's release does.
pub fn apply(manifests: &mut Manifests, installation: &Installation) -> Diagnostics {
    let mut said = Diagnostics::default();
    istio::apply(manifests, installation, &mut said);
    since_1_31::apply(manifests, installation, &mut said);
    gateway_api::apply(manifests, installation, &mut said);
    said
}

/// Says that a field is dropped.
fn dropped(installation: &Installation, source: ResourceRef, path: &str, since: &str) -> Diagnostic {
    let release = installation.release;
    let message = format!("Istio {release} does not know this field: the API server drops it");
    Diagnostic::warning("dropped-by-release", message).at(source, path).help(format!("Istio has it since {since}"))
}

/// Says that an object is refused.
fn refused(installation: &Installation, source: ResourceRef, path: &str, why: &str) -> Diagnostic {
    let message = format!("Istio {} refuses this object: {why}", installation.release);
    Diagnostic::error("refused-by-release", message).at(source, path)
}

/// Keeps the objects about which there is nothing to say.
fn retain<T>(
    configs: &mut Vec<Arc<Config<T>>>,
    said: &mut Diagnostics,
    problem: impl Fn(&Config<T>) -> Option<Diagnostic>,
) {
    configs.retain(|config| match problem(config) {
        None => true,
        Some(diagnostic) => {
            said.push(diagnostic);
            false
        }
    });
}
