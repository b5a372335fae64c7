//! `applyTo: FILTER_CHAIN`, and what is in a filter chain.

use super::listener::Kept;
use super::run::Run;
use super::{matching, network_filter};
use crate::envoy::dynamic::TypeMismatch;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchOperation as Operation};

const CHAINS: &str = "filter_chains";
const DEFAULT: &str = "default_filter_chain";

/// Patches the chains of a listener, then adds others. One without filters is not patched, and is gone in the end.
///
/// istiod: `listener_patch.go` `patchFilterChains`
pub(super) fn patch(run: &mut Run<'_>, listener: &mut DynamicMessage) -> Result<(), TypeMismatch> {
    let mut chains = listener.take_list(CHAINS);
    let mut kept = Vec::with_capacity(chains.len());
    let mut failure = None;
    for chain in chains.iter_mut().filter_map(DynamicValue::as_message_mut) {
        let is_kept = if has_filters(chain) && failure.is_none() {
            patch_chain(run, listener, chain).unwrap_or_else(|mismatch| {
                failure = Some(mismatch);
                Kept::Yes
            })
        } else if failure.is_some() {
            Kept::Yes
        } else {
            Kept::No
        };
        kept.push(is_kept == Kept::Yes);
    }
    if let Some(mismatch) = failure {
        listener.set(CHAINS, DynamicValue::List(chains));
        return Err(mismatch);
    }
    let mut kept = kept.into_iter();
    chains.retain(|_| kept.next().unwrap_or(true));
    if chains.is_empty() {
        listener.clear(CHAINS);
    } else {
        listener.set(CHAINS, DynamicValue::List(chains));
    }

    if let Some(mut default) = listener.message(DEFAULT).filter(|chain| has_filters(chain)).cloned() {
        let patched = patch_chain(run, listener, &mut default);
        match patched {
            Ok(Kept::No) => listener.clear(DEFAULT),
            Ok(Kept::Yes) | Err(_) => listener.set(DEFAULT, DynamicValue::Message(default)),
        }
        patched?;
    }
    add(run, listener);
    Ok(())
}

fn add(run: &mut Run<'_>, listener: &mut DynamicMessage) {
    for patch in run.patches(ApplyTo::FilterChain) {
        if patch.operation != Operation::Add || !matching::listener(patch, listener) {
            continue;
        }
        let Some(chain) = patch.value().filter(|chain| has_filters(chain)) else { continue };
        let mut chains = listener.take_list(CHAINS);
        chains.push(DynamicValue::Message(chain.clone()));
        listener.set(CHAINS, DynamicValue::List(chains));
        run.mark(patch);
    }
}

fn has_filters(chain: &DynamicMessage) -> bool {
    chain.messages("filters").next().is_some()
}

/// istiod: `listener_patch.go` `patchFilterChain`
fn patch_chain(run: &mut Run<'_>, listener: &DynamicMessage, chain: &mut DynamicMessage) -> Result<Kept, TypeMismatch> {
    for patch in run.patches(ApplyTo::FilterChain) {
        if !matching::listener(patch, listener) || !matching::filter_chain(patch, listener, chain) {
            continue;
        }
        match (patch.operation, patch.value()) {
            (Operation::Remove, _) => {
                run.mark(patch);
                return Ok(Kept::No);
            }
            (Operation::Merge | Operation::MergeAndReplaceList, Some(value)) => {
                run.mark(patch);
                if !merge_transport_socket(chain, value)? {
                    patch.merge(chain, value)?;
                }
            }
            _ => {}
        }
    }
    network_filter::patch(run, listener, chain)?;
    Ok(Kept::Yes)
}

/// A patch with a transport socket of the chain's own name changes that and nothing else.
///
/// istiod: `listener_patch.go` `mergeTransportSocketListener`
fn merge_transport_socket(chain: &mut DynamicMessage, value: &DynamicMessage) -> Result<bool, TypeMismatch> {
    let Some(patch) = value.message("transport_socket") else { return Ok(false) };
    let Some(own) = chain.message_mut("transport_socket") else { return Ok(false) };
    if own.text("name") != patch.text("name") {
        return Ok(false);
    }
    if let (Some(config), Some(patch)) = (own.message_mut("typed_config"), patch.message("typed_config")) {
        config.merge_any(patch)?;
    }
    Ok(true)
}
