//! `RouteConfiguration.max_direct_response_body_size_bytes`: istiod has one value for all, and a merge changes that.
//!
//! What a patch is merged into has the patch's value. Beyond that nothing is certain: each route configuration that istiod makes
//! later has the new value too, of this proxy and of all others, whatever the patch is for; those that it made before keep the old
//! one, until it makes them again. Here all of the proxy that has the patch get the value, and other proxies do not; a finding at
//! the patch says so: see `shared_value`.
//!
//! istiod: `route.go` `DefaultMaxDirectResponseBodySizeBytes`

use std::sync::Arc;

use super::patch::Patch;
use super::patch_set::PatchSet;
use crate::envoy::{Any, DynamicMessage, DynamicValue, schema};
use crate::model::istio::{
    EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext, EnvoyFilterPatchOperation as Operation,
};
use crate::translate::Resource;

pub(super) const FIELD: &str = "max_direct_response_body_size_bytes";

impl PatchSet {
    /// Gives the value that a patch has merged into some of a proxy's route configurations to those that have the default.
    pub(crate) fn share_limit(
        &self,
        context: PatchContext,
        default: u32,
        mut routes: Vec<Arc<Resource>>,
    ) -> Vec<Arc<Resource>> {
        let patches = self.of(ApplyTo::RouteConfiguration);
        if !patches.iter().any(|patch| patch.is_in(context) && changes_limit(patch)) {
            return routes;
        }
        let Some(shared) = routes.iter().filter_map(|routes| limit(routes)).rfind(|limit| *limit != default) else {
            return routes;
        };
        for route in routes.iter_mut().filter(|routes| limit(routes) == Some(default)) {
            *route = with_limit(route, shared);
        }
        routes
    }
}

fn changes_limit(patch: &Patch) -> bool {
    let merged = patch.value().filter(|_| patch.operation == Operation::Merge);
    patch.apply_to == ApplyTo::RouteConfiguration && merged.is_some_and(|value| value.number(FIELD) != 0)
}

fn limit(routes: &Resource) -> Option<u32> {
    match routes.body() {
        Any::RouteConfiguration(routes) => routes.max_direct_response_body_size_bytes,
        Any::Dynamic(routes) => routes.message(FIELD).map(|limit| limit.number("value")),
        _ => None,
    }
}

fn with_limit(resource: &Arc<Resource>, limit: u32) -> Arc<Resource> {
    let (Some(mut routes), Some(wrapper)) =
        (DynamicMessage::of(resource.body()), schema::message("google.protobuf.UInt32Value"))
    else {
        return resource.clone();
    };
    let mut value = DynamicMessage::new(wrapper);
    value.set("value", DynamicValue::Uint32(limit));
    routes.set(FIELD, DynamicValue::Message(value));
    Resource::shared(routes)
}
