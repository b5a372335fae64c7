//! `RouteConfiguration.max_direct_response_body_size_bytes`: istiod has one value for all, and a merge changes that.
//!
//! Route configurations that istiod makes later have the new value too, whichever patch was meant for them. It makes those of a proxy
//! in no order; here it is by name, and other proxies are left alone.
//!
//! istiod: `route.go` `DefaultMaxDirectResponseBodySizeBytes`

use std::sync::Arc;

use super::patch_set::PatchSet;
use crate::envoy::{Any, DynamicMessage, DynamicValue, schema};
use crate::model::istio::{
    EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext, EnvoyFilterPatchOperation as Operation,
};
use crate::translate::Resource;

const FIELD: &str = "max_direct_response_body_size_bytes";

impl PatchSet {
    /// Gives the value that a patch has merged to the route configurations that come after.
    pub(crate) fn share_limit(
        &self,
        context: PatchContext,
        default: u32,
        mut routes: Vec<Arc<Resource>>,
    ) -> Vec<Arc<Resource>> {
        let changes = self.of(ApplyTo::RouteConfiguration).iter().any(|patch| {
            let value = patch.value().filter(|_| patch.operation == Operation::Merge && patch.is_in(context));
            value.is_some_and(|value| value.number(FIELD) != 0)
        });
        if !changes {
            return routes;
        }
        routes.sort_by(|a, b| a.name().cmp(b.name()));
        let mut shared = default;
        for route in &mut routes {
            match limit(route) {
                Some(limit) if limit != default => shared = limit,
                Some(_) if shared != default => *route = with_limit(route, shared),
                _ => {}
            }
        }
        routes
    }
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
