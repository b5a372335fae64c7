//! `applyTo: ROUTE_CONFIGURATION`, and what is in a route configuration.

use std::sync::Arc;

use super::matching;
use super::matching::PortMap;
use super::patch_set::PatchSet;
use super::run::Run;
use super::{shared_value, virtual_host};
use crate::envoy::{DynamicMessage, DynamicValue};
use crate::model::istio::{EnvoyFilterApplyTo as ApplyTo, EnvoyFilterPatchContext as PatchContext};
use crate::translate::Resource;

impl PatchSet {
    /// Patches a route configuration. `ports` are a router's: service ports by listening port.
    ///
    /// istiod: `rc_patch.go` `ApplyRouteConfigurationPatches`
    pub(crate) fn route_configuration(
        &self,
        context: PatchContext,
        resource: &Arc<Resource>,
        ports: &PortMap,
    ) -> Arc<Resource> {
        let Some(mut routes) = DynamicMessage::of(resource.body()) else { return resource.clone() };
        let mut run = Run::new(self, context);
        patch(&mut run, &mut routes, ports);
        if run.changed { Resource::shared(routes) } else { resource.clone() }
    }

    /// Patches the route configurations that an inbound listener holds.
    ///
    /// istiod: `httproute.go` `buildSidecarInboundHTTPRouteConfig`
    pub(crate) fn inbound_routes(&self, resource: &Arc<Resource>, of_waypoint: bool) -> Arc<Resource> {
        let context = PatchContext::SidecarInbound;
        if !self.touches_routes(context) {
            return resource.clone();
        }
        let Some(mut listener) = DynamicMessage::of(resource.body()) else { return resource.clone() };
        let mut run = Run::new(self, context);
        let mut chains = listener.take_list("filter_chains");
        for chain in chains.iter_mut().filter_map(DynamicValue::as_message_mut) {
            for filter in chain.messages_mut("filters") {
                let manager = filter.message_mut("typed_config").and_then(|config| config.message_mut("value"));
                let routes = manager.and_then(|manager| manager.message_mut("route_config"));
                // Of a waypoint, neither those that VirtualServices make nor those of the tunnel are patched.
                if let Some(routes) = routes
                    && (!of_waypoint || is_default_form(routes))
                {
                    patch(&mut run, routes, &PortMap::new());
                }
            }
        }
        listener.set("filter_chains", DynamicValue::List(chains));
        if run.changed { Resource::shared(listener) } else { resource.clone() }
    }
}

/// Says whether a waypoint's routes are those of a service without VirtualServices: routes of a VirtualService say which, in their metadata.
fn is_default_form(routes: &DynamicMessage) -> bool {
    let is_one = |host: &DynamicMessage| {
        let is_of_virtual_service = |route: &DynamicMessage| route.get("metadata").is_some();
        host.text("name").starts_with("inbound|") && !host.messages("routes").any(is_of_virtual_service)
    };
    routes.messages("virtual_hosts").any(is_one)
}

fn patch(run: &mut Run<'_>, routes: &mut DynamicMessage, ports: &PortMap) {
    for patch in run.patches(ApplyTo::RouteConfiguration) {
        let Some(value) = patch.value().filter(|_| patch.is_merge()) else { continue };
        // Both are route configurations: nothing can mismatch.
        if !matching::route_configuration(patch, run.context, routes, ports) {
            continue;
        }
        let reached = shared_value::reached_fields(patch, routes);
        if patch.merge(routes, value).is_ok() {
            run.mark(patch);
            patch.mark_reached(reached);
        }
    }
    virtual_host::patch(run, routes, ports);
}
