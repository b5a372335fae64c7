//! Where patches of EnvoyFilters meet the resources of one proxy: after each is made, before what depends on it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::model::istio::EnvoyFilterPatchContext as PatchContext;
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::cluster::OwnClusters;
use crate::translate::envoy_filter::{AddedBy, ListenerOrder, ListenerOutcome, PatchSet};
use crate::translate::listener::Listeners;
use crate::translate::outbound::OutboundPart;
use crate::translate::{Resource, cluster, endpoint, route};

/// The side of a proxy on which requests leave, as EnvoyFilters name it.
pub(super) fn outbound_context(kind: ProxyKind) -> PatchContext {
    match kind {
        ProxyKind::Sidecar | ProxyKind::Waypoint => PatchContext::SidecarOutbound,
        ProxyKind::Router => PatchContext::Gateway,
    }
}

/// The clusters of a proxy that others do not have. Of several with one name the first stays.
///
/// istiod: `cluster.go` `buildClusters`, `cluster_builder.go` `normalizeClusters`
pub(super) fn own_clusters(
    view: &ProxyView<'_>,
    patches: Option<&PatchSet>,
    diagnostics: &mut Diagnostics,
) -> Vec<Arc<Resource>> {
    let OwnClusters { outbound, inbound, unpatched } = cluster::own(view);
    let outbound = outbound.into_iter().map(|cluster| (Resource::shared(cluster), Vec::new()));
    let inbound = inbound.into_iter().map(|(cluster, hosts)| (Resource::shared(cluster), hosts));
    let outbound_patches = patches.filter(|_| view.proxy.client.kind != ProxyKind::Waypoint);
    let mut clusters = patched_clusters(outbound, outbound_context(view.proxy.client.kind), outbound_patches);
    if view.proxy.client.kind == ProxyKind::Sidecar {
        clusters.extend(patched_clusters(inbound, PatchContext::SidecarInbound, patches));
    }
    clusters.extend(unpatched.into_iter().map(|cluster| (Resource::shared(cluster), None)));
    if view.proxy.client.kind == ProxyKind::Waypoint {
        // Of its own clusters none is patched; but those are there that patches add.
        let added = patches.map(|patches| patches.added_clusters(PatchContext::SidecarInbound)).unwrap_or_default();
        clusters.extend(added.into_iter().map(|(cluster, by)| (cluster, Some(by))));
    }
    let mut first: BTreeMap<String, Option<AddedBy>> = BTreeMap::new();
    clusters.retain(|(cluster, by)| match first.entry(cluster.name().to_owned()) {
        Entry::Vacant(free) => {
            free.insert(*by);
            true
        }
        Entry::Occupied(first) => {
            diagnostics.push_some(by.map(|by| by.duplicate_cluster(cluster.name(), *first.get())));
            false
        }
    });
    clusters.into_iter().map(|(cluster, _)| cluster).collect()
}

fn patched_clusters(
    clusters: impl Iterator<Item = (Arc<Resource>, Vec<String>)>,
    context: PatchContext,
    patches: Option<&PatchSet>,
) -> Vec<(Arc<Resource>, Option<AddedBy>)> {
    let Some(patches) = patches.filter(|patches| patches.touches_clusters(context)) else {
        return clusters.map(|(cluster, _)| (cluster, None)).collect();
    };
    let own = clusters.filter_map(|(cluster, hosts)| patches.cluster(context, &cluster, &hosts));
    let mut patched: Vec<_> = own.map(|cluster| (cluster, None)).collect();
    patched.extend(patches.added_clusters(context).into_iter().map(|(cluster, by)| (cluster, Some(by))));
    patched
}

/// The endpoints of these names; those that are known already are not built again.
pub(super) fn endpoints(
    view: &crate::proxy::OutboundView<'_>,
    names: BTreeSet<String>,
    known: &[Arc<Resource>],
) -> Vec<Arc<Resource>> {
    // They are in the order of their names.
    let find = |name: &str| known.get(known.binary_search_by(|one| one.name().cmp(name)).ok()?);
    let one = |name: String| match find(&name) {
        Some(endpoints) => endpoints.clone(),
        None => Resource::shared(endpoint::build(view, &name)),
    };
    names.into_iter().map(one).collect()
}

/// The listeners of a proxy.
#[derive(Debug, Default)]
pub(super) struct PatchedListeners {
    /// Those that other proxies have too, as they are: they name no routes and no secrets.
    pub(super) shared: Vec<Arc<Resource>>,
    pub(super) own: Vec<Arc<Resource>>,
}

/// Patches the listeners of a proxy.
///
/// istiod: `listener_builder.go` `patchListeners`
pub(super) fn listeners(
    kind: ProxyKind,
    listeners: Listeners,
    part: &OutboundPart<'_>,
    patches: Option<&PatchSet>,
) -> PatchedListeners {
    let Listeners { shared, outbound, http_proxy, virtual_outbound, inbound, connect_originate } = listeners;
    let unpatched = connect_originate.map(Resource::shared);
    let outbound: Vec<_> = outbound.into_iter().map(Resource::shared).collect();
    let special: Vec<_> = http_proxy.into_iter().chain(virtual_outbound).map(Resource::shared).collect();
    let inbound: Vec<_> = inbound.into_iter().map(Resource::shared).collect();
    let Some(patches) = patches else {
        let own = outbound.into_iter().chain(special).chain(inbound).chain(unpatched).collect();
        return PatchedListeners { shared, own };
    };

    let context = outbound_context(kind);
    let mut patched = PatchedListeners::default();
    if patches.touches_listeners(context) {
        let shared = shared.into_iter().map(|listener| (listener.clone(), part.listener(patches, context, &listener)));
        let own = outbound.into_iter().map(|listener| (listener.clone(), patches.listener(context, &listener)));
        patched.own = patches.listeners(context, ListenerOrder::Unknown, shared.chain(own).collect());
        patched.own.extend(special.iter().filter_map(|listener| match patches.listener(context, listener) {
            ListenerOutcome::Kept(listener) | ListenerOutcome::Failed(listener) => Some(listener),
            ListenerOutcome::Removed => None,
        }));
    } else {
        patched = PatchedListeners { shared, own: outbound.into_iter().chain(special).collect() };
    }

    let context = PatchContext::SidecarInbound;
    let inbound = inbound.iter().map(|listener| patches.inbound_routes(listener, kind == ProxyKind::Waypoint));
    if kind != ProxyKind::Router && patches.touches_listeners(context) {
        let outcomes = inbound.map(|listener| (listener.clone(), patches.listener(context, &listener))).collect();
        patched.own.extend(patches.listeners(context, ListenerOrder::Known, outcomes));
    } else {
        patched.own.extend(inbound);
    }
    patched.own.extend(unpatched);
    patched
}

/// The route configurations of a router.
///
/// istiod: `httproute.go` `BuildHTTPRoutes`
pub(super) fn gateway_routes(
    view: &ProxyView<'_>,
    names: &BTreeSet<String>,
    patches: Option<&PatchSet>,
) -> Vec<Arc<Resource>> {
    let context = PatchContext::Gateway;
    let patches = patches.filter(|patches| patches.touches_routes(context));
    let none = BTreeMap::new();
    let ports = view.merged_gateway().map_or(&none, |gateway| &gateway.port_map);
    let one = |name: &String| {
        let routes = Resource::shared(route::gateway::build(view, name));
        patches.map_or_else(|| routes.clone(), |patches| patches.route_configuration(context, &routes, ports))
    };
    let routes = names.iter().map(one).collect();
    match patches {
        Some(patches) => patches.share_limit(context, route::MAX_DIRECT_RESPONSE_BODY_SIZE, routes),
        None => routes,
    }
}
