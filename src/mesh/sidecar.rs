//! Sidecars: in which order they are asked, and which of them nobody asks.
//!
//! istiod: `push_context.go` `initSidecarScopes`

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::mesh::conflict;
use crate::mesh::labels;
use crate::model::Config;
use crate::model::istio::Sidecar;

/// Puts those with a workload selector first. Of those without, the first of each namespace counts.
pub(super) fn in_order(
    mut sidecars: Vec<Arc<Config<Sidecar>>>,
    root_namespace: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<Arc<Config<Sidecar>>> {
    sidecars.sort_by_key(|sidecar| sidecar.spec.workload_selector.is_none());
    let for_all = sidecars.iter().filter(|sidecar| sidecar.spec.workload_selector.is_none());
    diagnostics.extend(conflict::first_of_namespace("sidecar-overridden", "Sidecar", for_all, root_namespace));
    sidecars
}

/// Says whether a Sidecar is for a workload of its namespace.
pub(crate) fn is_for(sidecar: &Sidecar, workload: &BTreeMap<String, String>) -> bool {
    sidecar.workload_selector.as_ref().is_none_or(|selector| labels::subset(&selector.labels, workload))
}
