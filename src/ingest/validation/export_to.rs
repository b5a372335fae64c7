//! `exportTo`: the namespaces that see a resource.

use std::collections::BTreeSet;

use super::finding::{At, Findings};
use super::name::is_label;

/// What exports, since the kinds differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exporter {
    /// A ServiceEntry, which may be for nobody (`~`).
    ServiceEntry,
    /// A DestinationRule with a selector, which is for its own namespace only.
    SelectiveDestinationRule,
    /// Anything else.
    Other,
}

/// istiod: `validateExportTo`
pub(super) fn check(namespace: &str, export_to: &[String], exporter: Exporter, findings: &mut Findings<'_>) {
    let at = At::SPEC.field("exportTo");
    let mut seen = BTreeSet::new();
    for (index, entry) in export_to.iter().enumerate() {
        let at = at.item(index);
        let key = if entry == "." { namespace } else { entry };
        if seen.contains(key) {
            findings.error(&at, format!("namespace `{key}` is listed twice"));
        } else if entry == "~" && exporter == Exporter::ServiceEntry || key == "*" || is_label(key) {
            seen.insert(key);
        } else if entry == "~" {
            findings.error(&at, "`~` is for ServiceEntries only");
        } else {
            findings.error(&at, format!("`{entry}` is neither `.`, `*` nor a namespace"));
        }
    }
    if exporter == Exporter::SelectiveDestinationRule && !seen.is_empty() {
        if !seen.contains(namespace) {
            findings.error(&at, "a rule for selected workloads is for its own namespace only");
        } else if seen.len() > 1 {
            findings.error(&at, "a rule for selected workloads is for one namespace only");
        }
    }
    if export_to.len() > 1 {
        if seen.contains("*") {
            findings.error(&at, "`*` cannot be combined with other entries");
        }
        if seen.contains("~") {
            findings.error(&at, "`~` cannot be combined with other entries");
        }
    }
}
