//! VirtualServices: names completed, delegates merged, and indexed by who sees them and through which gateway.
//!
//! ```text
//! VirtualServices -> short_names -> delegate -> VirtualServiceIndex -> for_gateway    (routers)
//!                                                                   -> select         (Sidecar egress listeners)
//! ```
//!
//! istiod: `pilot/pkg/model/{virtualservice_controller,virtualservice,push_context}.go`

mod delegate;
mod destinations;
mod select;
mod short_names;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::installation::{Behaviours, Installation};
use crate::mesh::order;
use crate::mesh::visibility::{self, ExportTo, Visibility};
use crate::model::Config;
use crate::model::istio::{MeshConfig, VirtualService};

pub use destinations::destinations;
pub use select::most_specific_by_hostname;
pub use short_names::resolve_gateway_name;

/// The gateway that stands for all sidecars. istiod: `constants.IstioMeshGateway`.
pub const MESH_GATEWAY: &str = "mesh";

/// What a resource was before it became a VirtualService: some rules differ.
///
/// istiod: `UseGatewaySemantics`, `UseIngressSemantics`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteSemantics {
    /// A VirtualService.
    VirtualService,
    /// An Ingress.
    Ingress,
    /// A route of the Gateway API.
    Gateway,
}

/// The annotation that conversion leaves. istiod: `constants.InternalRouteSemantics`.
pub const ROUTE_SEMANTICS_ANNOTATION: &str = "internal.istio.io/route-semantics";

/// Returns which rules hold for a VirtualService.
pub fn route_semantics(config: &Config<VirtualService>) -> RouteSemantics {
    match config.meta.annotations.get(ROUTE_SEMANTICS_ANNOTATION).map(String::as_str) {
        Some("gateway") => RouteSemantics::Gateway,
        Some("ingress") => RouteSemantics::Ingress,
        Some(_) | None => RouteSemantics::VirtualService,
    }
}

/// All VirtualServices that have hosts, by creation time within each list.
///
/// istiod: `virtualServiceIndex`
#[derive(Debug, Default)]
pub struct VirtualServiceIndex {
    /// Seen everywhere: by gateway.
    public: BTreeMap<String, List>,
    /// Seen in their own namespace: by namespace and gateway.
    private: BTreeMap<(String, String), List>,
    /// Seen in other namespaces by name: by that namespace and gateway.
    exported: BTreeMap<(String, String), List>,
}

type List = Vec<Arc<Config<VirtualService>>>;

impl VirtualServiceIndex {
    /// Indexes the VirtualServices of the mesh, in any order. istiod: `initVirtualServices`.
    pub fn new(
        configs: &[Arc<Config<VirtualService>>],
        mesh: &MeshConfig,
        installation: &Installation,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let default_export_to = default_export_to(mesh, installation.behaviours);
        // Delegates are asked for as the list says, whatever becomes of it otherwise.
        let of_delegates = self::default_export_to(mesh, Behaviours::default());
        let mut merged = delegate::merge_all(configs, &of_delegates, &installation.cluster_domain, diagnostics);
        order::sort(&mut merged);
        let mut index = Self::default();
        for config in merged {
            let export_to = match visibility::export_to(&config.spec.export_to) {
                own if own.is_empty() => default_export_to.clone(),
                own => own,
            };
            index.add(&config, &export_to);
        }
        index
    }

    fn add(&mut self, config: &Arc<Config<VirtualService>>, export_to: &ExportTo) {
        let gateways = gateway_names(&config.spec);
        if export_to.contains(&Visibility::Public) {
            for gateway in gateways {
                self.public.entry(gateway).or_default().push(config.clone());
            }
        } else if !export_to.contains(&Visibility::None) {
            let own = &config.meta.namespace;
            let is_own = |v: &Visibility| *v == Visibility::Private || *v == Visibility::Namespace(own.clone());
            if export_to.iter().any(is_own) {
                for gateway in &gateways {
                    self.private.entry((own.clone(), gateway.clone())).or_default().push(config.clone());
                }
            }
            for visibility in export_to.iter().filter(|v| !is_own(v)) {
                let Visibility::Namespace(namespace) = visibility else { continue };
                for gateway in &gateways {
                    self.exported.entry((namespace.clone(), gateway.clone())).or_default().push(config.clone());
                }
            }
        }
    }

    /// Returns what routers of a namespace see of the VirtualServices bound to a gateway (`namespace/name`, or `mesh`): private
    /// ones, exported ones, public ones; Gateway API routes of the own namespace before other public ones.
    ///
    /// istiod: `VirtualServicesForGateway`
    pub fn for_gateway(&self, proxy_namespace: &str, gateway: &str) -> Vec<Arc<Config<VirtualService>>> {
        let [private, exported, public] = self.lists(proxy_namespace, gateway);
        let (own, other): (Vec<_>, Vec<_>) = public.iter().partition(|c| is_own_gateway_route(c, proxy_namespace));
        private.iter().chain(exported).chain(own).chain(other).cloned().collect()
    }

    /// Changes all VirtualServices, in ways that have no say in who sees them. One that is in several lists is changed in each.
    pub fn change(&mut self, change: &mut dyn FnMut(&mut Config<VirtualService>)) {
        let of_namespaces = self.private.values_mut().chain(self.exported.values_mut());
        for config in self.public.values_mut().chain(of_namespaces).flatten() {
            let mut copy = (**config).clone();
            change(&mut copy);
            *config = Arc::new(copy);
        }
    }

    /// Returns the VirtualServices bound to a gateway, whoever sees them.
    pub(crate) fn bound_to(&self, gateway: &str) -> impl Iterator<Item = &Arc<Config<VirtualService>>> {
        let of_namespaces = self.private.iter().chain(&self.exported);
        let of_namespaces = of_namespaces.filter(move |((_, name), _)| name == gateway).map(|(_, list)| list);
        self.public.get(gateway).into_iter().chain(of_namespaces).flatten()
    }

    /// Returns the label keys that some `sourceLabels` names.
    pub(crate) fn source_label_keys(&self) -> impl Iterator<Item = &str> {
        let lists = self.public.values().chain(self.private.values()).chain(self.exported.values());
        lists.flatten().flat_map(|config| {
            let VirtualService { http, tls, tcp, .. } = &config.spec;
            let http = http.iter().flat_map(|r| &r.r#match).map(|m| &m.source_labels);
            let tls = tls.iter().flat_map(|r| &r.r#match).map(|m| &m.source_labels);
            let tcp = tcp.iter().flat_map(|r| &r.r#match).map(|m| &m.source_labels);
            http.chain(tls).chain(tcp).flat_map(BTreeMap::keys).map(String::as_str)
        })
    }

    /// Returns the three lists that a namespace sees of one gateway: private, exported, public.
    fn lists(&self, namespace: &str, gateway: &str) -> [&[Arc<Config<VirtualService>>]; 3] {
        let key = (namespace.to_owned(), gateway.to_owned());
        [self.private.get(&key), self.exported.get(&key), self.public.get(gateway)]
            .map(|list| list.map(Vec::as_slice).unwrap_or_default())
    }
}

/// Says whether it is a route of the Gateway API in this namespace: its owner's word counts before that of others.
fn is_own_gateway_route(config: &Config<VirtualService>, namespace: &str) -> bool {
    route_semantics(config) == RouteSemantics::Gateway && config.meta.namespace == namespace
}

/// `VirtualService.gateways`; none means the sidecars. istiod: `getGatewayNames`.
pub fn gateway_names(spec: &VirtualService) -> Vec<String> {
    if spec.gateways.is_empty() { vec![MESH_GATEWAY.to_owned()] } else { spec.gateways.clone() }
}

/// `MeshConfig.defaultVirtualServiceExportTo`; unset means everywhere.
fn default_export_to(mesh: &MeshConfig, behaviours: Behaviours) -> ExportTo {
    let configured = visibility::default_export_to(&mesh.default_virtual_service_export_to, behaviours);
    if configured.is_empty() { ExportTo::from([Visibility::Public]) } else { configured }
}

#[cfg(test)]
mod tests;
