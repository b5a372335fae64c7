//! `applyTo: NETWORK_FILTER`, and what is in a network filter.

use super::filter_list::{self, Wanted};
use super::patch::Patch;
use super::run::Run;
use super::shared_value::Watched;
use super::{http_filter, matching};
use crate::envoy::dynamic::TypeMismatch;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::EnvoyFilterApplyTo as ApplyTo;

const FILTERS: &str = "filters";
const HTTP_CONNECTION_MANAGER: &str = "envoy.filters.network.http_connection_manager";

/// Patches the filters of a chain: first which there are, then what they say.
///
/// istiod: `listener_patch.go` `patchNetworkFilters`
pub(super) fn patch(
    run: &mut Run<'_>,
    listener: &DynamicMessage,
    chain: &mut DynamicMessage,
) -> Result<(), TypeMismatch> {
    for patch in run.patches(ApplyTo::NetworkFilter) {
        if !matching::listener(patch, listener) || !matching::filter_chain(patch, listener, chain) {
            continue;
        }
        let mut filters = chain.take_list(FILTERS);
        if filter_list::change(&mut filters, patch, &Wanted { name: matching::network_filter_name(patch) }) {
            run.mark(patch);
        }
        chain.set(FILTERS, DynamicValue::List(filters));
    }
    let merges: Vec<_> = run
        .merges(ApplyTo::NetworkFilter)
        .filter(|(patch, _)| matching::listener(patch, listener) && matching::filter_chain(patch, listener, chain))
        .collect();
    let mut filters = chain.take_list(FILTERS);
    let mut all = filters.iter_mut().filter_map(DynamicValue::as_message_mut);
    let patched = all.try_for_each(|filter| patch_filter(run, &merges, listener, chain, filter));
    chain.set(FILTERS, DynamicValue::List(filters));
    patched
}

/// istiod: `listener_patch.go` `patchNetworkFilter`
fn patch_filter(
    run: &mut Run<'_>,
    merges: &[(&Patch, &DynamicMessage)],
    listener: &DynamicMessage,
    chain: &DynamicMessage,
    filter: &mut DynamicMessage,
) -> Result<(), TypeMismatch> {
    for (patch, value) in merges {
        if !matching::network_filter(patch, filter) {
            continue;
        }
        let watched = Watched::new(run, patch, filter);
        if filter_list::merge(filter, value)? {
            run.mark(patch);
        }
        if let Some(watched) = watched {
            patch.mark_reached(watched.reached(filter));
        }
    }
    if filter.text("name") == HTTP_CONNECTION_MANAGER {
        http_filter::patch(run, listener, chain, filter)?;
    }
    Ok(())
}
