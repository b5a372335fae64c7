//! `applyTo: HTTP_FILTER`

use super::filter_list::{self, Wanted};
use super::matching;
use super::patch::Patch;
use super::run::Run;
use crate::envoy::dynamic::TypeMismatch;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::EnvoyFilterApplyTo as ApplyTo;

const FILTERS: &str = "http_filters";
const MANAGER: &str = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/// Patches the HTTP filters of a connection manager: first which there are, then what they say. After a mismatch the connection
/// manager is as it was.
///
/// istiod: `listener_patch.go` `patchHTTPFilters`
pub(super) fn patch(
    run: &mut Run<'_>,
    listener: &DynamicMessage,
    chain: &DynamicMessage,
    filter: &mut DynamicMessage,
) -> Result<(), TypeMismatch> {
    let Some(manager) = filter.message("typed_config").and_then(DynamicMessage::unpacked) else { return Ok(()) };
    if manager.full_name() != MANAGER || run.patches(ApplyTo::HttpFilter).next().is_none() {
        return Ok(());
    }
    let mut manager = manager.clone();
    let mut filters = manager.take_list(FILTERS);
    for patch in run.patches(ApplyTo::HttpFilter) {
        let is_meant = matching::listener(patch, listener)
            && matching::filter_chain(patch, listener, chain)
            && matching::network_filter(patch, filter);
        if is_meant && filter_list::change(&mut filters, patch, &Wanted { name: matching::http_filter_name(patch) }) {
            run.mark(patch);
        }
    }
    let merges: Vec<_> = run
        .merges(ApplyTo::HttpFilter)
        .filter(|(patch, _)| {
            matching::listener(patch, listener)
                && matching::filter_chain(patch, listener, chain)
                && matching::network_filter(patch, filter)
        })
        .collect();
    for http_filter in filters.iter_mut().filter_map(DynamicValue::as_message_mut) {
        merge(run, &merges, http_filter)?;
    }
    manager.set(FILTERS, DynamicValue::List(filters));
    if let Some(config) = DynamicMessage::pack(manager) {
        filter.set("typed_config", DynamicValue::Message(config));
    }
    Ok(())
}

/// istiod: `listener_patch.go` `mergeHTTPFilter`
fn merge(
    run: &mut Run<'_>,
    merges: &[(&Patch, &DynamicMessage)],
    http_filter: &mut DynamicMessage,
) -> Result<(), TypeMismatch> {
    for (patch, value) in merges {
        let is_meant = matching::http_filter_name(patch).is_none_or(|name| name == http_filter.text("name"));
        if is_meant && filter_list::merge(http_filter, value)? {
            run.mark(patch);
        }
    }
    Ok(())
}
