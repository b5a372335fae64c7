//! DestinationRules by host, those for one host merged.
//!
//! istiod: `pilot/pkg/model/destination_rule.go`, `push_context.go` `setDestinationRules`

use crate::mesh::visibility::ExportTo;
use crate::model::Config;
use crate::model::istio::DestinationRule;

/// One or more DestinationRules for the same host, merged into one. istiod: `ConsolidatedDestRule`.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsolidatedDestinationRule {
    /// The merged rule; its metadata are those of the first.
    pub rule: Config<DestinationRule>,
    /// Who sees it.
    pub export_to: ExportTo,
    /// (namespace, name) of all rules that were merged.
    pub from: Vec<(String, String)>,
}
