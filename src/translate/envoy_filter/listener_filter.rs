//! `applyTo: LISTENER_FILTER`

use super::filter_list::{self, Wanted};
use super::matching;
use super::run::Run;
use super::shared_value::Watched;
use crate::envoy::dynamic::TypeMismatch;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchOperation as Operation};

const FILTERS: &str = "listener_filters";

/// Patches the listener filters, in the order of the patches.
///
/// A merge needs a name and then does not look at it: it is laid over every filter, and fails at the first of another type.
///
/// istiod: `listener_patch.go` `patchListenerFilters`, `mergeListenerFilter`
pub(super) fn patch(run: &mut Run<'_>, listener: &mut DynamicMessage) -> Result<(), TypeMismatch> {
    for patch in run.patches(ApplyTo::ListenerFilter) {
        if !matching::listener(patch, listener) {
            continue;
        }
        let name = patch.listener().map(|listener| listener.listener_filter.as_str()).filter(|name| !name.is_empty());
        if patch.operation == Operation::Merge {
            let (Some(_), Some(value)) = (name, patch.value()) else { continue };
            for filter in listener.messages_mut(FILTERS) {
                let watched = Watched::new(run, patch, filter);
                let Some(config) = filter.message_mut("typed_config") else { continue };
                run.mark(patch);
                if let Some(patch) = value.message("typed_config") {
                    config.merge_any(patch)?;
                }
                if let Some(watched) = watched {
                    patch.mark_reached(watched.reached(filter));
                }
            }
            continue;
        }
        let mut filters = listener.take_list(FILTERS);
        if filter_list::change(&mut filters, patch, &Wanted { name }) {
            run.mark(patch);
        }
        listener.set(FILTERS, DynamicValue::List(filters));
    }
    Ok(())
}
