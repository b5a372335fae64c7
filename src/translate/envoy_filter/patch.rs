//! One patch, ready to be applied.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use regex::bytes::Regex;

use super::shared_value::Reached;
use crate::envoy::dynamic::TypeMismatch;
use crate::envoy::schema;
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::model::Config;
use crate::model::istio::{
    EnvoyFilter, EnvoyFilterApplyTo as ApplyTo, EnvoyFilterClusterMatch, EnvoyFilterEnvoyConfigObjectMatch,
    EnvoyFilterEnvoyConfigObjectMatchObjectTypes as ObjectTypes, EnvoyFilterEnvoyConfigObjectPatch,
    EnvoyFilterListenerMatch, EnvoyFilterPatchContext as PatchContext, EnvoyFilterPatchOperation as Operation,
    EnvoyFilterRouteConfigurationMatch,
};
use crate::proxy::{Proxy, ProxyKind};
use crate::source::ResourceRef;

/// Characters of a version pattern that istiod reads. istiod: `envoyfilter.go`
const MAX_VERSION_PATTERN: usize = 1024;

/// One of `configPatches`. istiod: `envoyfilter.go` `EnvoyFilterConfigPatchWrapper`
#[derive(Debug)]
pub(super) struct Patch {
    pub(super) source: ResourceRef,
    /// Its place in `configPatches`.
    pub(super) index: usize,
    /// The place of its EnvoyFilter in the mesh.
    pub(super) filter: usize,
    pub(super) apply_to: ApplyTo,
    pub(super) operation: Operation,
    context: PatchContext,
    object: Option<ObjectTypes>,
    proxy_version: Option<Regex>,
    proxy_metadata: BTreeMap<String, String>,
    value: Option<DynamicMessage>,
    /// Some proxy has been changed by it: says nothing about the output, only about the patch.
    matched: AtomicBool,
    /// Some proxy of the kind that its context is for has been asked about: else nobody knows what it would match.
    offered: AtomicBool,
    /// What it has changed that istiod shares: says nothing about the output either.
    reached: AtomicU32,
}

/// Reads the patches of an EnvoyFilter. One that cannot be read is left out, which the checks of the input have said.
///
/// istiod: `envoyfilter.go` `convertToEnvoyFilterWrapper`
pub(super) fn patches(config: &Config<EnvoyFilter>, filter: usize) -> Vec<Arc<Patch>> {
    let patches = config.spec.config_patches.iter().enumerate();
    patches.filter_map(|(index, patch)| read(config.source, filter, index, patch)).map(Arc::new).collect()
}

fn read(source: ResourceRef, filter: usize, index: usize, patch: &EnvoyFilterEnvoyConfigObjectPatch) -> Option<Patch> {
    let EnvoyFilterEnvoyConfigObjectPatch { apply_to, r#match: condition, patch } = patch;
    let patch = patch.as_ref()?;
    let value = match &patch.value {
        Some(value) => {
            let descriptor = schema::message(apply_to.message_name()?)?;
            Some(DynamicMessage::read(descriptor, &serde_json::Value::Object(value.clone())).ok()?.0)
        }
        None if patch.operation == Operation::Remove => None,
        None => return None,
    };
    let EnvoyFilterEnvoyConfigObjectMatch { context, proxy, object_types } = condition.clone().unwrap_or_default();
    let proxy = proxy.unwrap_or_default();
    Some(Patch {
        source,
        index,
        filter,
        apply_to: *apply_to,
        operation: operation(*apply_to, patch.operation),
        context,
        object: object_types,
        proxy_version: proxy.version().ok()?,
        proxy_metadata: proxy.metadata,
        value,
        matched: AtomicBool::new(false),
        offered: AtomicBool::new(false),
        reached: AtomicU32::new(0),
    })
}

/// Only filters and routes have a place among others.
fn operation(apply_to: ApplyTo, operation: Operation) -> Operation {
    let is_insert = matches!(operation, Operation::InsertAfter | Operation::InsertBefore | Operation::InsertFirst);
    let has_order =
        matches!(apply_to, ApplyTo::HttpFilter | ApplyTo::NetworkFilter | ApplyTo::HttpRoute | ApplyTo::ListenerFilter);
    if is_insert && !has_order { Operation::Add } else { operation }
}

impl Patch {
    /// Whether it is for a proxy: by the version and the metadata that the proxy sends.
    ///
    /// istiod: `envoyfilter.go` `proxyMatch`
    pub(super) fn is_for(&self, mesh: &Mesh, proxy: &Proxy) -> bool {
        let version = proxy.metadata_text("ISTIO_VERSION");
        let version_matches = self.proxy_version.as_ref().is_none_or(|v| {
            let is_read = v.as_str().len() <= MAX_VERSION_PATTERN || !mesh.does(Behaviour::LimitsProxyVersionPatterns);
            !version.is_empty() && is_read && v.is_match(version.as_bytes())
        });
        let text = |key: &str| proxy.metadata.get(key).and_then(serde_json::Value::as_str);
        version_matches && self.proxy_metadata.iter().all(|(key, value)| text(key) == Some(value))
    }

    /// Whether it lays its value over an object.
    pub(super) fn is_merge(&self) -> bool {
        matches!(self.operation, Operation::Merge | Operation::MergeAndReplaceList)
    }

    /// Lays a value over an object, as the operation says of lists. istiod: `envoyfilter/util.go` `mergePatchValue`
    pub(super) fn merge(&self, object: &mut DynamicMessage, value: &DynamicMessage) -> Result<(), TypeMismatch> {
        match self.operation {
            Operation::MergeAndReplaceList => object.merge_replacing_lists(value),
            _ => object.merge(value),
        }
    }

    /// Whether it is for this side of a proxy.
    pub(super) fn is_in(&self, context: PatchContext) -> bool {
        self.context == PatchContext::Any || self.context == context
    }

    /// Whether it adds a whole resource on this side: without a side, it adds where requests leave.
    pub(super) fn adds_in(&self, context: PatchContext) -> bool {
        let somewhere = self.context != PatchContext::Any;
        self.operation == Operation::Add
            && self.is_in(context)
            && (somewhere || matches!(context, PatchContext::SidecarOutbound | PatchContext::Gateway))
    }

    /// Whether it is for what is not translated: the agent's bootstrap, waypoints.
    fn is_elsewhere(&self) -> bool {
        self.apply_to == ApplyTo::Bootstrap || self.context == PatchContext::Waypoint
    }

    /// The condition on listeners, if it has one.
    pub(super) fn listener(&self) -> Option<&EnvoyFilterListenerMatch> {
        match &self.object {
            Some(ObjectTypes::Listener(listener)) => Some(listener),
            _ => None,
        }
    }

    /// The condition on route configurations, if it has one.
    pub(super) fn route_configuration(&self) -> Option<&EnvoyFilterRouteConfigurationMatch> {
        match &self.object {
            Some(ObjectTypes::RouteConfiguration(routes)) => Some(routes),
            _ => None,
        }
    }

    /// The condition on clusters, if it has one.
    pub(super) fn cluster(&self) -> Option<&EnvoyFilterClusterMatch> {
        match &self.object {
            Some(ObjectTypes::Cluster(cluster)) => Some(cluster),
            _ => None,
        }
    }

    /// The value; a patch that removes may have none.
    pub(super) fn value(&self) -> Option<&DynamicMessage> {
        self.value.as_ref()
    }

    /// The value, to be put into a list.
    pub(super) fn item(&self) -> Option<DynamicValue> {
        self.value.clone().map(DynamicValue::Message)
    }

    /// Notes that its EnvoyFilter attaches to a proxy.
    pub(super) fn mark_offered(&self, proxy: &Proxy) {
        let is_meant = match self.context {
            PatchContext::Any => true,
            PatchContext::SidecarInbound | PatchContext::SidecarOutbound => proxy.client.kind != ProxyKind::Router,
            PatchContext::Gateway => proxy.client.kind == ProxyKind::Router,
            PatchContext::Waypoint => false,
        };
        if is_meant {
            self.offered.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it has changed nothing, though there was a proxy that it is for.
    pub(super) fn has_missed(&self) -> bool {
        self.is_offered() && !self.has_matched() && !self.is_elsewhere()
    }

    /// Whether there was a proxy that it is for.
    pub(super) fn is_offered(&self) -> bool {
        self.offered.load(Ordering::Relaxed)
    }

    /// Notes what it has changed that istiod shares.
    pub(super) fn mark_reached(&self, reached: Reached) {
        self.reached.fetch_or(reached.0, Ordering::Relaxed);
    }

    /// What it has changed that istiod shares.
    pub(super) fn reached(&self) -> Reached {
        Reached(self.reached.load(Ordering::Relaxed))
    }

    pub(super) fn mark_matched(&self) {
        self.matched.store(true, Ordering::Relaxed);
    }

    fn has_matched(&self) -> bool {
        self.matched.load(Ordering::Relaxed)
    }
}
