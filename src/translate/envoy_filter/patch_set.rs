//! The patches of one proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::patch::Patch;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{
    EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext, EnvoyFilterPatchOperation as Operation,
};

/// The patches of one proxy by what they apply to, each list in order. istiod: `MergedEnvoyFilterWrapper`
#[derive(Debug)]
pub(crate) struct PatchSet {
    patches: BTreeMap<ApplyTo, Vec<Arc<Patch>>>,
    key: Vec<(usize, usize)>,
}

impl PatchSet {
    pub(super) fn new(patches: impl Iterator<Item = Arc<Patch>>) -> Self {
        let mut set = Self { patches: BTreeMap::new(), key: Vec::new() };
        for patch in patches {
            set.key.push((patch.filter, patch.index));
            set.patches.entry(patch.apply_to).or_default().push(patch);
        }
        set
    }

    /// What tells it from other sets of the mesh: each patch by its EnvoyFilter and its place there, in order.
    pub(crate) fn key(&self) -> &[(usize, usize)] {
        &self.key
    }

    /// Whether any patch may change clusters on this side.
    pub(crate) fn touches_clusters(&self, context: PatchContext) -> bool {
        self.touches(context, &[ApplyTo::Cluster])
    }

    /// Whether any patch may change listeners on this side.
    pub(crate) fn touches_listeners(&self, context: PatchContext) -> bool {
        self.touches(
            context,
            &[
                ApplyTo::Listener,
                ApplyTo::ListenerFilter,
                ApplyTo::FilterChain,
                ApplyTo::NetworkFilter,
                ApplyTo::HttpFilter,
            ],
        )
    }

    /// Whether any patch may change route configurations on this side.
    pub(crate) fn touches_routes(&self, context: PatchContext) -> bool {
        self.touches(context, &[ApplyTo::RouteConfiguration, ApplyTo::VirtualHost, ApplyTo::HttpRoute])
    }

    /// Whether any patch adds what ECDS serves.
    pub(crate) fn touches_extensions(&self) -> bool {
        !self.of(ApplyTo::ExtensionConfig).is_empty()
    }

    /// `EXTENSION_CONFIG` -> `TypedExtensionConfig`s, as far as their names are asked for. The side does not matter.
    ///
    /// istiod: `extension_configuration_patch.go` `InsertedExtensionConfigurations`
    pub(crate) fn extensions(&self, names: &BTreeSet<String>) -> Vec<DynamicMessage> {
        let added = self.of(ApplyTo::ExtensionConfig).iter().filter(|patch| patch.operation == Operation::Add);
        let wanted = added.filter(|patch| patch.value().is_some_and(|value| names.contains(value.text("name"))));
        wanted.inspect(|patch| patch.mark_matched()).filter_map(|patch| patch.value().cloned()).collect()
    }

    pub(super) fn of(&self, apply_to: ApplyTo) -> &[Arc<Patch>] {
        self.patches.get(&apply_to).map_or(&[], Vec::as_slice)
    }

    /// The resources that patches add on this side, each with its patch.
    pub(super) fn added(
        &self,
        apply_to: ApplyTo,
        context: PatchContext,
    ) -> impl Iterator<Item = (&Patch, DynamicMessage)> {
        let added = self.of(apply_to).iter().filter(move |patch| patch.adds_in(context));
        added.inspect(|patch| patch.mark_matched()).filter_map(|patch| match patch.item() {
            Some(DynamicValue::Message(message)) => Some((&**patch, message)),
            _ => None,
        })
    }

    fn touches(&self, context: PatchContext, kinds: &[ApplyTo]) -> bool {
        kinds.iter().any(|kind| self.of(*kind).iter().any(|patch| patch.is_in(context)))
    }
}
