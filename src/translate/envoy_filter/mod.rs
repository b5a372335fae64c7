//! EnvoyFilter: patches of what istiod has made, in the order of discovery, each after its resource is made.
//!
//! ```text
//! EnvoyFilters of the mesh ──compile, once──▶ patches (a message of Envoy's API, what it is for)
//!   those that attach to a proxy, in order ──▶ PatchSet
//!     clusters, listeners, route configurations ──DynamicMessage──▶ patched, or the same resource if no patch matched
//! ```
//!
//! A typed resource becomes a [`DynamicMessage`](crate::envoy::DynamicMessage) only where a patch may touch it, so proxies without
//! EnvoyFilters pay nothing, and the rules that make resources know of none. What proxies share without patches they share with
//! them too, as far as their patches are the same: [`Outbound`](crate::translate::Outbound) keeps what is patched by
//! `PatchSet::key`.
//!
//! Patches are grouped by what they apply to: within a listener, all patches of listeners come before all those of HTTP filters,
//! whichever EnvoyFilter has them. A merge of two types makes istiod panic, and give up on the rest of a list of listeners: see
//! `listeners`.
//!
//! istiod: `pilot/pkg/model/envoyfilter.go`, `pilot/pkg/networking/core/envoyfilter`

mod cluster;
mod filter_chain;
mod filter_list;
mod http_filter;
mod http_route;
mod listener;
mod listener_filter;
mod listeners;
mod matching;
mod network_filter;
mod patch;
mod patch_set;
mod route_configuration;
mod run;
mod shared_limit;
mod shared_value;
#[cfg(test)]
mod tests;
mod virtual_host;

pub(crate) use cluster::AddedBy;
pub(crate) use listeners::{ListenerOrder, ListenerOutcome};
pub(crate) use patch_set::PatchSet;

use std::sync::Arc;

use self::patch::Patch;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::installation::{Behaviours, Features};
use crate::mesh::Mesh;
use crate::mesh::order;
use crate::model::Config;
use crate::model::istio::EnvoyFilter;
use crate::proxy::Proxy;
use crate::proxy::selection::PolicyMatcher;

/// The EnvoyFilters of a mesh, their patches read.
#[derive(Debug)]
pub struct EnvoyFilters {
    filters: Vec<Compiled>,
    root_namespace: String,
    features: Features,
    behaviours: Behaviours,
}

#[derive(Debug)]
struct Compiled {
    config: Arc<Config<EnvoyFilter>>,
    patches: Vec<Arc<Patch>>,
}

impl EnvoyFilters {
    /// Reads the patches of a mesh.
    pub fn new(mesh: &Mesh) -> Self {
        let mut filters: Vec<Compiled> = mesh
            .envoy_filters
            .iter()
            .enumerate()
            .map(|(index, config)| Compiled { config: config.clone(), patches: patch::patches(config, index) })
            .collect();
        filters.sort_by_key(|filter| filter.config.spec.priority);
        Self {
            filters,
            root_namespace: mesh.config.root_namespace.clone(),
            features: mesh.features().clone(),
            behaviours: mesh.installation.behaviours,
        }
    }

    /// Returns the services that EnvoyFilters for a proxy name in an annotation: `hostname`, or `namespace/hostname`.
    ///
    /// istiod: `envoyfilter.go` `convertToEnvoyFilterWrapper`
    pub(crate) fn referenced_services<'f>(&'f self, proxy: &'f Proxy) -> impl Iterator<Item = &'f str> {
        let annotation = |filter: &'f Compiled| {
            filter.config.meta.annotations.get("envoyfilter.istio.io/referenced-services").map_or("", String::as_str)
        };
        self.attached(proxy).flat_map(move |filter| annotation(filter).split(',')).filter(|service| !service.is_empty())
    }

    /// Returns the EnvoyFilters for a proxy.
    fn attached<'f>(&'f self, proxy: &'f Proxy) -> impl Iterator<Item = &'f Compiled> {
        let root = self.root_namespace.as_str();
        let in_namespace = move |filter: &&Compiled| {
            let namespace = filter.config.meta.namespace.as_str();
            namespace == root || namespace == proxy.namespace
        };
        let matcher = PolicyMatcher::new(&self.features, proxy, root);
        let attaches = move |filter: &&Compiled| matcher.attaches(&filter.config);
        self.filters.iter().filter(in_namespace).filter(attaches)
    }

    /// Returns the patches for one proxy, in order; nothing if no EnvoyFilter attaches to it.
    ///
    /// By priority; then those of the root namespace, the oldest first; then by name.
    ///
    /// istiod: `push_context.go` `EnvoyFilters`
    pub(crate) fn for_proxy(&self, mesh: &Mesh, proxy: &Proxy) -> Option<PatchSet> {
        let root = self.root_namespace.as_str();
        let mut attached: Vec<&Compiled> = self.attached(proxy).collect();
        if attached.is_empty() {
            return None;
        }
        attached.sort_by(|a, b| {
            let key = |f: &Compiled| (f.config.spec.priority, f.config.meta.namespace != root);
            key(a).cmp(&key(b)).then_with(|| {
                let full = |f: &Compiled| format!("{}.{}", f.config.meta.name, f.config.meta.namespace);
                let (a_time, b_time) = (a.config.meta.creation_timestamp, b.config.meta.creation_timestamp);
                a_time.cmp(&b_time).then_with(|| full(a).cmp(&full(b)))
            })
        });
        let patches = attached.iter().flat_map(|filter| &filter.patches);
        let patches = patches.inspect(|patch| patch.mark_offered(proxy)).filter(|patch| patch.is_for(mesh, proxy));
        Some(PatchSet::new(patches.cloned()))
    }

    /// Returns a warning for each patch that has changed nothing, on none of the proxies that were translated and that its
    /// EnvoyFilter is for; one for all patches of an EnvoyFilter of which none has.
    pub fn unmatched(&self) -> Diagnostics {
        let mut configs: Vec<&Compiled> = self.filters.iter().collect();
        configs.sort_by(|a, b| order::by_creation(&a.config.meta, &b.config.meta));
        configs.into_iter().flat_map(Compiled::unmatched).collect()
    }
}

impl Compiled {
    fn unmatched(&self) -> Vec<Diagnostic> {
        let warning = |message: String, path: &str| {
            Diagnostic::warning("envoy-filter-patch-matches-nothing", message).at(self.config.source, path)
        };
        let missed: Vec<&Arc<Patch>> = self.patches.iter().filter(|patch| patch.has_missed()).collect();
        if missed.len() > 1 && missed.len() == self.patches.len() {
            let message = format!("none of the {} patches matches anything on any proxy", missed.len());
            return vec![warning(message, "spec.configPatches")];
        }
        let each = missed.into_iter().map(|patch| {
            let message = format!("this patch of {} matches nothing on any proxy", patch.apply_to);
            warning(message, &format!("spec.configPatches[{}]", patch.index))
        });
        each.collect()
    }
}
