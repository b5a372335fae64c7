//! Rules: what one proxy sees -> Envoy's messages.
//!
//! In Envoy's own order of discovery, which is also where EnvoyFilter patches belong: clusters, then the endpoints that they ask
//! for; listeners, then the routes that they ask for; last the secrets that both ask for.
//!
//! The output decides the folder, the Istio concern the file: `DestinationRule.trafficPolicy.outlierDetection` is in
//! `cluster/outlier_detection.rs`.

pub(crate) mod address;
pub(crate) mod boolean;
pub(crate) mod cidr;
pub(crate) mod cluster;
pub(crate) mod destination;
pub(crate) mod duration;
pub(crate) mod endpoint;
pub(crate) mod extension;
pub(crate) mod extension_provider;
pub(crate) mod listener;
pub(crate) mod metadata;
pub(crate) mod metadata_matcher;
pub mod name;
pub(crate) mod node;
pub(crate) mod outbound;
pub(crate) mod referenced;
pub mod resource;
pub(crate) mod route;
pub(crate) mod secret;
pub(crate) mod security;
pub(crate) mod stat_name;
pub(crate) mod string_match;
pub(crate) mod telemetry;
pub(crate) mod traffic_policy;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use outbound::Outbound;
pub use resource::Resource;

use crate::diagnostic::Diagnostics;
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::listener::Listeners;

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
/// `outbound` is [`Outbound::new`] of the view's outbound part; proxies with an equal one share it.
pub fn translate(view: &ProxyView<'_>, outbound: &Outbound, diagnostics: &mut Diagnostics) -> Translation {
    let own_clusters = cluster::inbound(view);
    let own_endpoints: Vec<_> = referenced::eds(&own_clusters)
        .into_iter()
        .map(|name| Resource::shared(endpoint::build(&view.outbound, &name)))
        .collect();
    let Listeners { shared: shared_listeners, own: own_listeners } = listeners(view, outbound, diagnostics);
    let routes = routes(view, outbound, &referenced::rds(&own_listeners));
    let shared = shared_listeners.iter().filter_map(|l| referenced::listener(l));
    let has_extensions = !view.outbound.mesh.traffic_extensions.is_empty();
    let extension_names = has_extensions.then(|| referenced::ecds(own_listeners.iter().chain(shared)));
    let extension_names = extension_names.unwrap_or_default();
    let extensions = extension::ecds(view, &extension_names).into_iter().map(Resource::shared).collect();
    let mut secret_names: BTreeSet<String> = outbound.secret_names.clone();
    secret_names.extend(referenced::cluster_sds(&own_clusters));
    secret_names.extend(referenced::listener_sds(&own_listeners));
    let secrets = secret::build(view, &secret_names).into_iter().map(Resource::shared).collect();

    let own_clusters = own_clusters.into_iter().map(Resource::shared);
    Translation {
        clusters: resource::sorted(outbound.clusters.iter().cloned().chain(own_clusters)),
        endpoints: resource::sorted(outbound.endpoints.iter().cloned().chain(own_endpoints)),
        listeners: resource::sorted(
            shared_listeners.into_iter().chain(own_listeners.into_iter().map(Resource::shared)),
        ),
        routes: resource::sorted(routes.into_iter()),
        secrets,
        extensions,
    }
}

fn listeners(view: &ProxyView<'_>, outbound: &Outbound, diagnostics: &mut Diagnostics) -> Listeners {
    match view.outbound.client.kind {
        ProxyKind::Sidecar => listener::sidecar(view, &outbound.listeners, diagnostics),
        ProxyKind::Router => Listeners { own: listener::gateway::build(view, diagnostics), ..Listeners::default() },
    }
}

/// Builds the route configurations that the listeners ask for.
fn routes(view: &ProxyView<'_>, outbound: &Outbound, names: &BTreeSet<String>) -> Vec<Arc<Resource>> {
    match view.outbound.client.kind {
        ProxyKind::Sidecar => outbound.routes(&view.outbound, names),
        ProxyKind::Router => names.iter().map(|name| Resource::shared(route::gateway::build(view, name))).collect(),
    }
}
