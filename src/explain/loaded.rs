//! From what a proxy is served to what can be evaluated.

use crate::diff::{Dump, Kind};
use crate::evaluate::{Body, Proxy, ResourceKind, of_json, of_message};
use crate::translate::{Resource, Translation};
use serde_json::Value;
use std::sync::Arc;

/// Takes a translation.
pub fn of_translation(translation: &Translation) -> Proxy {
    of_translation_with(translation, |_, _| {})
}

/// Takes a translation, after a change to each resource.
pub fn of_translation_with(translation: &Translation, change: fn(ResourceKind, &mut Value)) -> Proxy {
    let Translation { clusters, endpoints, listeners, routes, secrets: _, extensions } = translation;
    let lists: [(ResourceKind, &[Arc<Resource>]); 5] = [
        (ResourceKind::Cluster, clusters),
        (ResourceKind::Endpoints, endpoints),
        (ResourceKind::Listener, listeners),
        (ResourceKind::Route, routes),
        (ResourceKind::Extension, extensions),
    ];
    let all = lists.into_iter().flat_map(|(kind, list)| list.iter().map(move |resource| (kind, resource.clone())));
    Proxy::of(all.map(|(kind, resource)| {
        let name = resource.name().to_owned();
        let body = move || {
            let mut body = of_message(resource.body());
            change(kind, &mut body);
            body
        };
        (kind, name, Body::Later(Box::new(body)))
    }))
}

/// Takes a dump, of Envoy's admin page, of istioctl or of meshc.
pub fn of_dump(dump: &Dump<'_>) -> Proxy {
    let resources = dump.texts().filter_map(|(kind, text)| {
        let (kind, name) = match kind {
            Kind::Cluster => (ResourceKind::Cluster, "envoy.config.cluster.v3.Cluster"),
            Kind::Endpoint => (ResourceKind::Endpoints, "envoy.config.endpoint.v3.ClusterLoadAssignment"),
            Kind::Listener => (ResourceKind::Listener, "envoy.config.listener.v3.Listener"),
            Kind::Route => (ResourceKind::Route, "envoy.config.route.v3.RouteConfiguration"),
            Kind::Extension => (ResourceKind::Extension, "envoy.config.core.v3.TypedExtensionConfig"),
            Kind::Bootstrap | Kind::ScopedRoute | Kind::Secret => return None,
        };
        Some((kind, of_json(name, text)?))
    });
    Proxy::new(resources)
}
