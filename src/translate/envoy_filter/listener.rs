//! `applyTo: LISTENER`, and what is in a listener.

use super::run::Run;
use super::{filter_chain, listener_filter, matching, shared_value};
use crate::envoy::DynamicMessage;
use crate::envoy::dynamic::TypeMismatch;
use crate::model::istio::{EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchOperation as Operation};

/// Whether a resource is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
}

/// Patches one listener. After a mismatch, what was done before it stays.
///
/// istiod: `listener_patch.go` `patchListener`
pub(super) fn patch(run: &mut Run<'_>, listener: &mut DynamicMessage) -> Result<Kept, TypeMismatch> {
    for patch in run.patches(ApplyTo::Listener) {
        if !matching::listener(patch, listener) {
            continue;
        }
        match (patch.operation, patch.value()) {
            (Operation::Remove, _) => {
                run.mark(patch);
                return Ok(Kept::No);
            }
            (Operation::Merge | Operation::MergeAndReplaceList, Some(value)) => {
                run.mark(patch);
                patch.mark_reached(shared_value::reached_fields(patch, listener));
                patch.merge(listener, value)?;
            }
            _ => {}
        }
    }
    listener_filter::patch(run, listener)?;
    filter_chain::patch(run, listener)?;
    Ok(Kept::Yes)
}
