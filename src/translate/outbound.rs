//! What proxies with the same scope and the same [`Client`](crate::proxy::Client) share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::diagnostic::Diagnostics;
use crate::model::istio::EnvoyFilterPatchContext as PatchContext;
use crate::proxy::{OutboundView, ProxyKind};
use crate::translate::envoy_filter::{ListenerOutcome, PatchSet};
use crate::translate::listener::SharedListeners;
use crate::translate::patched::{self, outbound_context};
use crate::translate::{Resource, cluster, endpoint, referenced, resource, route};

/// The outbound clusters and their endpoints; listeners and routes as they are asked for.
#[derive(Debug)]
pub struct Outbound {
    diagnostics: Diagnostics,
    resources: Arc<OutboundResources>,
    /// The listeners of services.
    pub(super) listeners: SharedListeners,
    /// Route configurations that some proxy has asked for already: which are known changes nothing but the time it takes.
    routes: Mutex<BTreeMap<String, Arc<Resource>>>,
    /// The same for each set of patches that some proxy has.
    patched: Mutex<Vec<Arc<Patched>>>,
}

/// Clusters and endpoints, by name.
#[derive(Debug)]
pub(super) struct OutboundResources {
    pub(super) clusters: Vec<Arc<Resource>>,
    pub(super) endpoints: Vec<Arc<Resource>>,
    /// The secrets that the clusters refer to.
    pub(super) secret_names: BTreeSet<String>,
}

impl OutboundResources {
    /// Returns those of the clusters that are needed.
    pub(super) fn only(&self, is_needed: impl Fn(&str) -> bool) -> Self {
        let clusters: Vec<_> = self.clusters.iter().filter(|cluster| is_needed(cluster.name())).cloned().collect();
        let names = referenced::eds(&clusters);
        let endpoints = self.endpoints.iter().filter(|endpoints| names.contains(endpoints.name()));
        Self { endpoints: endpoints.cloned().collect(), secret_names: referenced::cluster_sds(&clusters), clusters }
    }
}

/// What one set of patches makes of what is shared.
#[derive(Debug)]
struct Patched {
    key: Vec<(usize, usize)>,
    resources: Arc<OutboundResources>,
    routes: Mutex<BTreeMap<String, Arc<Resource>>>,
    /// By the address of the listener that was patched, which is kept beside.
    listeners: Mutex<BTreeMap<usize, (Arc<Resource>, ListenerOutcome)>>,
}

/// The share of the proxies that have the same patches, or none.
#[derive(Debug)]
pub(super) struct OutboundPart<'o> {
    outbound: &'o Outbound,
    patched: Option<Arc<Patched>>,
}

/// What the proxies before have, those of two meshes in turn too: most of it is the same for the next ones, and is then the same [`Arc`].
#[derive(Debug, Default)]
pub struct Before(BTreeMap<ProxyKind, [Option<Arc<OutboundResources>>; 2]>);

impl Outbound {
    /// Builds what the view's proxies share.
    pub fn new(view: &OutboundView<'_>, before: &mut Before) -> Self {
        let clusters: Vec<_> = cluster::outbound(view).into_par_iter().map(Resource::shared).collect();
        let names: Vec<_> = referenced::eds(&clusters).into_iter().collect();
        let endpoints = names.par_iter().map(|name| Resource::shared(endpoint::build(view, name)));
        let endpoints: Vec<_> = endpoints.collect();
        let mut resources = OutboundResources {
            endpoints: resource::sorted(endpoints.into_iter()),
            secret_names: referenced::cluster_sds(&clusters),
            clusters: resource::sorted(clusters.into_iter()),
        };
        let last = before.0.entry(view.client.kind).or_default();
        let lists =
            |list: fn(&OutboundResources) -> &Vec<Arc<Resource>>| last.iter().flatten().map(move |one| list(one));
        share(&mut resources.clusters, &lists(|one| &one.clusters).collect::<Vec<_>>());
        share(&mut resources.endpoints, &lists(|one| &one.endpoints).collect::<Vec<_>>());
        let resources = Arc::new(resources);
        last.rotate_right(1);
        last[0] = Some(resources.clone());
        Self {
            diagnostics: endpoint::crashes(view),
            resources,
            listeners: SharedListeners::default(),
            routes: Mutex::default(),
            patched: Mutex::default(),
        }
    }

    /// Returns what there is to say of it, whatever the proxy.
    pub fn diagnostics(&self) -> Diagnostics {
        self.diagnostics.clone()
    }

    /// Returns the share of proxies with these patches.
    pub(super) fn with(&self, view: &OutboundView<'_>, patches: Option<&PatchSet>) -> OutboundPart<'_> {
        let patched = patches.map(|patches| {
            let mut known = lock(&self.patched);
            if let Some(found) = known.iter().find(|known| known.key == patches.key()) {
                return found.clone();
            }
            let made = Arc::new(Patched {
                key: patches.key().to_vec(),
                resources: self.patched_resources(view, patches),
                routes: Mutex::default(),
                listeners: Mutex::default(),
            });
            known.push(made.clone());
            made
        });
        OutboundPart { outbound: self, patched }
    }

    fn patched_resources(&self, view: &OutboundView<'_>, patches: &PatchSet) -> Arc<OutboundResources> {
        let context = outbound_context(view.client.kind);
        if !patches.touches_clusters(context) {
            return self.resources.clone();
        }
        let clusters = self.resources.clusters.iter();
        let clusters: Vec<_> = clusters.filter_map(|cluster| patches.cluster(context, cluster, &[])).collect();
        let names = referenced::eds(&clusters);
        Arc::new(OutboundResources {
            endpoints: resource::sorted(patched::endpoints(view, names, &self.resources.endpoints).into_iter()),
            secret_names: referenced::cluster_sds(&clusters),
            clusters: resource::sorted(clusters.into_iter()),
        })
    }

    /// Returns the route configurations of these names, without patches. What there is to say is said when they are made.
    fn routes(
        &self,
        view: &OutboundView<'_>,
        names: &BTreeSet<String>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Arc<Resource>> {
        let mut known = lock(&self.routes);
        let missing: Vec<&str> = names.iter().map(String::as_str).filter(|n| !known.contains_key(*n)).collect();
        for route in route::sidecar(view, missing, diagnostics) {
            known.insert(route.name.clone(), Resource::shared(route));
        }
        names.iter().filter_map(|name| known.get(name).cloned()).collect()
    }
}

impl OutboundPart<'_> {
    /// The clusters and endpoints.
    pub(super) fn resources(&self) -> &OutboundResources {
        self.patched.as_ref().map_or(&self.outbound.resources, |patched| &patched.resources)
    }

    /// Returns the route configurations of these names. One whose name means nothing is not patched.
    pub(super) fn routes(
        &self,
        view: &OutboundView<'_>,
        names: &BTreeSet<String>,
        patches: Option<&PatchSet>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Arc<Resource>> {
        let context = PatchContext::SidecarOutbound;
        let routes = self.outbound.routes(view, names, diagnostics);
        let (Some(patched), Some(patches)) = (&self.patched, patches.filter(|p| p.touches_routes(context))) else {
            return routes;
        };
        let mut known = lock(&patched.routes);
        let mut one = |routes: Arc<Resource>| {
            if !route::is_name_of_sidecar(routes.name()) {
                return routes;
            }
            let name = routes.name().to_owned();
            let patch = || patches.route_configuration(context, &routes, &BTreeMap::new());
            known.entry(name).or_insert_with(patch).clone()
        };
        let routes = routes.into_iter().map(&mut one).collect();
        patches.share_limit(context, route::MAX_DIRECT_RESPONSE_BODY_SIZE, routes)
    }

    /// Returns what patches make of a listener that others have too.
    pub(super) fn listener(
        &self,
        patches: &PatchSet,
        context: PatchContext,
        listener: &Arc<Resource>,
    ) -> ListenerOutcome {
        let Some(patched) = &self.patched else { return ListenerOutcome::Kept(listener.clone()) };
        let mut known = lock(&patched.listeners);
        let key = Arc::as_ptr(listener) as usize;
        let entry = known.entry(key).or_insert_with(|| (listener.clone(), patches.listener(context, listener)));
        entry.1.clone()
    }
}

/// Puts resources of earlier lists in the place of equal ones; all are in the order of names.
fn share(resources: &mut [Arc<Resource>], before: &[&Vec<Arc<Resource>>]) {
    resources.par_iter_mut().for_each(|resource| {
        let known = before.iter().find_map(|list| {
            let known = list.binary_search_by(|known| known.name().cmp(resource.name()));
            known.ok().map(|at| &list[at]).filter(|known| *known == resource)
        });
        if let Some(known) = known {
            *resource = known.clone();
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
