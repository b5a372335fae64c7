//! The listeners of one side of a proxy.
//!
//! A merge of two types panics in istiod, which then takes the list as it is: what was patched before stays patched, the listener
//! that failed is patched in part, the rest is not patched, and nothing is added. istiod keeps most listeners in a Go map, whose
//! order is no order; there the one that fails is taken to be the first.

use std::sync::Arc;

use super::listener::{self, Kept};
use super::patch_set::PatchSet;
use super::run::Run;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext};
use crate::translate::Resource;

/// What patches make of a listener.
#[derive(Debug, Clone)]
pub(crate) enum ListenerOutcome {
    /// The listener; the same one, if no patch matched.
    Kept(Arc<Resource>),
    /// It is gone.
    Removed,
    /// A patch failed, after others had changed it.
    Failed(Arc<Resource>),
}

/// Whether istiod has the listeners of a list in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListenerOrder {
    /// It has.
    Known,
    /// It has them in a map.
    Unknown,
}

impl PatchSet {
    /// Patches one listener.
    pub(crate) fn listener(&self, context: PatchContext, resource: &Arc<Resource>) -> ListenerOutcome {
        let Some(mut listener) = DynamicMessage::of(resource.body()) else {
            return ListenerOutcome::Kept(resource.clone());
        };
        let mut run = Run::new(self, context);
        match listener::patch(&mut run, &mut listener) {
            Ok(Kept::No) => ListenerOutcome::Removed,
            Ok(Kept::Yes) if run.changed => ListenerOutcome::Kept(Resource::shared(listener)),
            Ok(Kept::Yes) => ListenerOutcome::Kept(resource.clone()),
            Err(_) => ListenerOutcome::Failed(Resource::shared(listener)),
        }
    }

    /// Puts together what patches make of a list, each with the listener that it was, and adds others.
    ///
    /// istiod: `listener_patch.go` `ApplyListenerPatches`
    pub(crate) fn listeners(
        &self,
        context: PatchContext,
        order: ListenerOrder,
        outcomes: Vec<(Arc<Resource>, ListenerOutcome)>,
    ) -> Vec<Arc<Resource>> {
        let is_failure = |outcome: &ListenerOutcome| matches!(outcome, ListenerOutcome::Failed(_));
        let failure = outcomes.iter().position(|(_, outcome)| is_failure(outcome));
        let Some(failure) = failure else {
            let kept = outcomes.into_iter().filter_map(|(_, outcome)| match outcome {
                ListenerOutcome::Kept(listener) | ListenerOutcome::Failed(listener) => Some(listener),
                ListenerOutcome::Removed => None,
            });
            return kept
                .chain(self.added(ApplyTo::Listener, context).map(|(_, message)| Resource::shared(message)))
                .collect();
        };
        let patched = if order == ListenerOrder::Known { 0..=failure } else { failure..=failure };
        let listeners = outcomes.into_iter().enumerate().map(|(index, (before, outcome))| match outcome {
            _ if !patched.contains(&index) => before,
            ListenerOutcome::Kept(listener) | ListenerOutcome::Failed(listener) => listener,
            ListenerOutcome::Removed => without_name(&before),
        });
        listeners.collect()
    }
}

/// istiod removes a listener by taking its name, and cleans up last.
fn without_name(resource: &Arc<Resource>) -> Arc<Resource> {
    let Some(mut listener) = DynamicMessage::of(resource.body()) else { return resource.clone() };
    listener.set("name", DynamicValue::String(String::new()));
    Resource::shared(listener)
}
