//! Rules: what one proxy sees -> Envoy's messages.
//!
//! In Envoy's own order of discovery, which is also where EnvoyFilter patches belong: clusters, then the endpoints that they ask
//! for; listeners, then the routes that they ask for; last the secrets that both ask for.
//!
//! The output decides the folder, the Istio concern the file: `DestinationRule.trafficPolicy.outlierDetection` is in
//! `cluster/outlier_detection.rs`.

pub(crate) mod address;
pub(crate) mod cidr;
pub(crate) mod cluster;
pub(crate) mod destination;
mod dns_cache;
pub(crate) mod duration;
pub(crate) mod endpoint;
pub mod envoy_filter;
pub(crate) mod extension;
pub(crate) mod extension_provider;
mod gateway_clusters;
pub(crate) mod listener;
pub(crate) mod metadata;
pub(crate) mod metadata_matcher;
pub mod name;
pub(crate) mod node;
pub(crate) mod outbound;
pub(crate) mod patched;
pub(crate) mod referenced;
pub mod resource;
pub(crate) mod route;
pub(crate) mod secret;
pub(crate) mod security;
pub(crate) mod stat_name;
pub(crate) mod string_match;
pub(crate) mod telemetry;
pub(crate) mod traffic_policy;
pub(crate) mod waypoint_destination;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use envoy_filter::EnvoyFilters;
pub use outbound::Outbound;
pub use resource::Resource;

use crate::diagnostic::Diagnostics;
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::envoy_filter::PatchSet;
use crate::translate::listener::Listeners;
use crate::translate::patched::PatchedListeners;

/// What istiod would serve one proxy; each list by name.
#[derive(Debug, Clone, Default)]
pub struct Translation {
    /// CDS.
    pub clusters: Vec<Arc<Resource>>,
    /// EDS.
    pub endpoints: Vec<Arc<Resource>>,
    /// LDS.
    pub listeners: Vec<Arc<Resource>>,
    /// RDS.
    pub routes: Vec<Arc<Resource>>,
    /// SDS: the credentials found in the input.
    pub secrets: Vec<Arc<Resource>>,
    /// ECDS.
    pub extensions: Vec<Arc<Resource>>,
}

/// Translates what one proxy can see into the Envoy configuration that istiod would send it.
///
/// `outbound` is [`Outbound::new`] of the view's outbound part; proxies with an equal one share it. `envoy_filters` are those of
/// the mesh.
pub fn translate(
    view: &ProxyView<'_>,
    outbound: &Outbound,
    envoy_filters: &EnvoyFilters,
    diagnostics: &mut Diagnostics,
) -> Translation {
    let patches = envoy_filters.for_proxy(view.outbound.mesh, view.proxy);
    let patches = patches.as_ref();
    let part = outbound.with(&view.outbound, patches);
    let features = view.outbound.mesh.features();
    let filters = features.filter_gateway_cluster_config && view.outbound.client.kind == ProxyKind::Router;
    let needed = filters.then(|| {
        let wanted = gateway_clusters::Wanted::new(view, envoy_filters);
        part.resources().only(|cluster| wanted.has(view, cluster))
    });
    let shared = needed.as_ref().unwrap_or_else(|| part.resources());

    let own_clusters = patched::own_clusters(view, patches, diagnostics);
    let own_endpoints = patched::endpoints(&view.outbound, referenced::eds(&own_clusters), &shared.endpoints);
    let own_endpoints = own_endpoints.into_iter().filter(|e| !contains(&shared.endpoints, e.name()));
    let listeners = patched::listeners(view.proxy.client.kind, listeners(view, outbound, diagnostics), &part, patches);
    let route_names = referenced::rds(listeners.own.iter());
    let routes = match view.proxy.client.kind {
        ProxyKind::Sidecar => part.routes(&view.outbound, &route_names, patches, diagnostics),
        ProxyKind::Router => patched::gateway_routes(view, &route_names, patches),
        // Its routes are in its listeners.
        ProxyKind::Waypoint => Vec::new(),
    };
    let mut secret_names: BTreeSet<String> = shared.secret_names.clone();
    secret_names.extend(referenced::cluster_sds(&own_clusters));
    secret_names.extend(referenced::listener_sds(listeners.own.iter()));
    let extensions = extensions(view, &listeners, patches);

    Translation {
        clusters: resource::sorted(shared.clusters.iter().cloned().chain(own_clusters)),
        endpoints: resource::sorted(shared.endpoints.iter().cloned().chain(own_endpoints)),
        listeners: resource::sorted(listeners.shared.into_iter().chain(listeners.own)),
        routes: resource::sorted(routes.into_iter()),
        secrets: secret::build(view, &secret_names).into_iter().map(Resource::shared).collect(),
        extensions,
    }
}

/// Translates what a sidecar has besides what all with the same outbound side and patches have: its inbound side.
pub fn translate_inbound(
    view: &ProxyView<'_>,
    outbound: &Outbound,
    envoy_filters: &EnvoyFilters,
    diagnostics: &mut Diagnostics,
) -> Translation {
    let patches = envoy_filters.for_proxy(view.outbound.mesh, view.proxy);
    let patches = patches.as_ref();
    let part = outbound.with(&view.outbound, patches);
    let clusters = patched::own_clusters(view, patches, diagnostics);
    let inbound = listener::sidecar_inbound(view, diagnostics);
    let listeners = patched::listeners(view.proxy.client.kind, inbound, &part, patches);
    Translation {
        clusters: resource::sorted(clusters.into_iter()),
        listeners: resource::sorted(listeners.own.into_iter()),
        ..Translation::default()
    }
}

fn contains(sorted: &[Arc<Resource>], name: &str) -> bool {
    sorted.binary_search_by(|resource| resource.name().cmp(name)).is_ok()
}

fn listeners(view: &ProxyView<'_>, outbound: &Outbound, diagnostics: &mut Diagnostics) -> Listeners {
    match view.outbound.client.kind {
        ProxyKind::Sidecar => listener::sidecar(view, &outbound.listeners, diagnostics),
        ProxyKind::Router => listener::router(view, diagnostics),
        ProxyKind::Waypoint => listener::waypoint(view, diagnostics),
    }
}

/// Builds the extensions that the listeners ask for, if anything could answer.
fn extensions(view: &ProxyView<'_>, listeners: &PatchedListeners, patches: Option<&PatchSet>) -> Vec<Arc<Resource>> {
    let added = patches.filter(|patches| patches.touches_extensions());
    if added.is_none() && view.outbound.mesh.traffic_extensions.is_empty() {
        return Vec::new();
    }
    let names = referenced::ecds(listeners.shared.iter().chain(&listeners.own));
    let added = added.map(|patches| patches.extensions(&names)).unwrap_or_default();
    let own = extension::ecds(view, &names).into_iter().map(Resource::shared);
    resource::sorted(added.into_iter().map(Resource::shared).chain(own))
}
