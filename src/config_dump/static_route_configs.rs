//! The routes that listeners hold themselves: Envoy lists them beside those that it asked for.

use std::sync::Arc;

use crate::envoy::{Any, DynamicMessage, FilterConfigType, HttpConnectionManagerRouteSpecifier, Listener};
use crate::translate::Resource;

/// `HttpConnectionManager.route_config` -> `RoutesConfigDump.static_route_configs`, by name; one for each connection manager.
///
/// Envoy: `route_config_provider_manager.cc` `dumpRouteConfigs`
pub(super) fn static_route_configs(listeners: &[Arc<Resource>]) -> Vec<Arc<Resource>> {
    let mut out: Vec<Arc<Resource>> = listeners.iter().flat_map(of_resource).collect();
    out.sort_by(|a, b| a.name().cmp(b.name()));
    out
}

fn of_resource(resource: &Arc<Resource>) -> Vec<Arc<Resource>> {
    match resource.body() {
        Any::Listener(listener) => of_listener(listener),
        Any::Dynamic(listener) => of_message(listener),
        _ => Vec::new(),
    }
}

fn of_message(listener: &DynamicMessage) -> Vec<Arc<Resource>> {
    let chains = listener.messages("filter_chains").chain(listener.message("default_filter_chain"));
    let managers =
        chains.flat_map(|chain| chain.messages("filters")).filter_map(|f| f.message("typed_config")?.unpacked());
    managers.filter_map(|manager| Some(Resource::shared(manager.message("route_config")?.clone()))).collect()
}

fn of_listener(listener: &Listener) -> Vec<Arc<Resource>> {
    let chains = listener.filter_chains.iter().chain(&listener.default_filter_chain);
    let filters = chains.flat_map(|chain| &chain.filters);
    let own = filters.filter_map(|filter| match &filter.config_type {
        Some(FilterConfigType::TypedConfig(Any::HttpConnectionManager(manager))) => match &manager.route_specifier {
            Some(HttpConnectionManagerRouteSpecifier::RouteConfig(routes)) => Some(Resource::shared(routes.clone())),
            _ => None,
        },
        _ => None,
    });
    own.collect()
}
