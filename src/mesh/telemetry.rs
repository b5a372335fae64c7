//! Telemetry resources that are for a whole namespace, or for the mesh.
//!
//! istiod: `pilot/pkg/model/telemetry.go`

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::mesh::conflict;
use crate::model::Config;
use crate::model::istio::Telemetry;

/// Says whether it is for all workloads of its namespace: of several the first counts.
///
/// istiod: `telemetry.go` `namespaceWideTelemetryConfig`
pub(crate) fn is_namespace_wide(telemetry: &Telemetry) -> bool {
    let no_selector = telemetry.selector.as_ref().is_none_or(|selector| selector.match_labels.is_empty());
    no_selector && telemetry.target_refs.is_empty() && telemetry.target_ref.is_none()
}

/// Says which of them do not count.
pub(super) fn overridden(telemetries: &[Arc<Config<Telemetry>>], root_namespace: &str) -> Diagnostics {
    let wide = telemetries.iter().filter(|telemetry| is_namespace_wide(&telemetry.spec));
    conflict::first_of_namespace("telemetry-overridden", "Telemetry", wide, root_namespace)
}
