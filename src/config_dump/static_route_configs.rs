//! The routes that listeners hold themselves: Envoy lists them beside those that it asked for.

use std::sync::Arc;

use crate::envoy::{Any, FilterConfigType, HttpConnectionManagerRouteSpecifier, Listener};
use crate::translate::Resource;

/// `HttpConnectionManager.route_config` -> `RoutesConfigDump.static_route_configs`, by name; one for each connection manager.
///
/// Envoy: `route_config_provider_manager.cc` `dumpRouteConfigs`
pub(super) fn static_route_configs(listeners: &[Arc<Resource>]) -> Vec<Arc<Resource>> {
    let mut out: Vec<Arc<Resource>> = listeners.iter().filter_map(listener).flat_map(of_listener).collect();
    out.sort_by(|a, b| a.name().cmp(b.name()));
    out
}

fn listener(resource: &Arc<Resource>) -> Option<&Listener> {
    match resource.body() {
        Any::Listener(listener) => Some(listener),
        _ => None,
    }
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
