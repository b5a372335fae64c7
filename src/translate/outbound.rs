//! What proxies with the same scope and the same [`Client`](crate::proxy::Client) share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::proxy::OutboundView;
use crate::translate::listener::SharedListeners;
use crate::translate::{Resource, cluster, endpoint, referenced, resource, route};

/// The outbound clusters and their endpoints; listeners and routes as they are asked for.
#[derive(Debug)]
pub struct Outbound {
    /// By name.
    pub(super) clusters: Vec<Arc<Resource>>,
    /// By name.
    pub(super) endpoints: Vec<Arc<Resource>>,
    /// The secrets that the clusters refer to.
    pub(super) secret_names: BTreeSet<String>,
    /// The listeners of services.
    pub(super) listeners: SharedListeners,
    /// Route configurations that some proxy has asked for already: which are known changes nothing but the time it takes.
    routes: Mutex<BTreeMap<String, Arc<Resource>>>,
}

impl Outbound {
    /// Builds what the view's proxies share.
    pub fn new(view: &OutboundView<'_>) -> Self {
        let clusters = cluster::outbound(view);
        let names = referenced::eds(&clusters);
        let endpoints = names.iter().map(|name| Resource::shared(endpoint::build(view, name)));
        Self {
            endpoints: resource::sorted(endpoints),
            secret_names: referenced::cluster_sds(&clusters),
            clusters: resource::sorted(clusters.into_iter().map(Resource::shared)),
            listeners: SharedListeners::default(),
            routes: Mutex::default(),
        }
    }

    /// Returns the route configurations of these names.
    pub(super) fn routes(&self, view: &OutboundView<'_>, names: &BTreeSet<String>) -> Vec<Arc<Resource>> {
        let mut known = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: Vec<&str> = names.iter().map(String::as_str).filter(|n| !known.contains_key(*n)).collect();
        for route in route::sidecar(view, missing) {
            known.insert(route.name.clone(), Resource::shared(route));
        }
        names.iter().filter_map(|name| known.get(name).cloned()).collect()
    }
}
