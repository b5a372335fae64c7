//! One run of a proxy's patches over one resource.

use std::sync::Arc;

use super::patch::Patch;
use super::patch_set::PatchSet;
use crate::envoy::DynamicMessage;
use crate::model::istio::{
    EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext, EnvoyFilterPatchOperation as Operation,
};

/// The patches, the side that the resource is on, and whether any has changed it.
#[derive(Debug)]
pub(super) struct Run<'p> {
    patches: &'p PatchSet,
    pub(super) context: PatchContext,
    pub(super) changed: bool,
}

impl<'p> Run<'p> {
    pub(super) fn new(patches: &'p PatchSet, context: PatchContext) -> Self {
        Self { patches, context, changed: false }
    }

    /// The patches of this side that apply to something, in order.
    pub(super) fn patches(&self, apply_to: ApplyTo) -> impl Iterator<Item = &'p Arc<Patch>> + use<'p> {
        let context = self.context;
        self.patches.of(apply_to).iter().filter(move |patch| patch.is_in(context))
    }

    /// The same of those that merge, each with what it lays over: a list may have as many members as there are patches, and most of
    /// these add one.
    pub(super) fn merges(&self, apply_to: ApplyTo) -> impl Iterator<Item = (&'p Patch, &'p DynamicMessage)> + use<'p> {
        let merges = self.patches(apply_to).filter(|patch| patch.operation == Operation::Merge);
        merges.filter_map(|patch| Some((&**patch, patch.value()?)))
    }

    /// Notes that a patch has changed something.
    pub(super) fn mark(&mut self, patch: &Patch) {
        self.changed = true;
        patch.mark_matched();
    }
}
