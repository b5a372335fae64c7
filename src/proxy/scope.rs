//! Sidecar scope: which services, virtual services and destination rules a proxy sees.
//!
//! istiod: `pilot/pkg/model/sidecar.go`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::destination_rule::ConsolidatedDestinationRule;
use crate::mesh::egress_hosts::{self, ANY_NAMESPACE, EgressHosts};
use crate::mesh::protocol::Protocol;
use crate::mesh::registry::same_host;
use crate::mesh::service::{Port, Service};
use crate::mesh::virtual_service;
use crate::model::Config;
use crate::model::istio::{
    ConnectionPoolSettings, IstioEgressListener, MeshConfigOutboundTrafficPolicyMode, OutboundTrafficPolicy,
    OutboundTrafficPolicyMode, Sidecar, VirtualService,
};
use crate::proxy::Proxy;
use crate::proxy::waypoint::WaypointScope;

/// The services and rules of one namespace, or of the workloads that one Sidecar selects.
///
/// istiod: `pilot/pkg/model/sidecar.go` `SidecarScope`
#[derive(Debug)]
pub struct SidecarScope {
    /// The name of the Sidecar, or `default-sidecar`.
    pub name: String,
    /// The namespace in which it takes effect.
    pub namespace: String,
    /// The Sidecar, unless this is the default scope.
    pub sidecar: Option<Arc<Config<Sidecar>>>,
    /// The egress listeners with what each imports.
    pub egress_listeners: Vec<EgressListener>,
    /// Union over the egress listeners, for clusters; in istiod's order.
    pub services: Vec<ScopedService>,
    /// Index into `services`.
    pub services_by_hostname: BTreeMap<String, usize>,
    /// Rules by the hostname of each service in `services`.
    pub destination_rules: BTreeMap<String, Vec<Arc<ConsolidatedDestinationRule>>>,
    /// What a waypoint owns; none for other proxies.
    pub waypoint: Option<WaypointScope>,
    /// `outboundTrafficPolicy` of the Sidecar, else of the mesh; none for a router.
    pub outbound_traffic_policy: Option<OutboundTrafficPolicy>,
}

/// A service as seen through a scope: possibly with fewer (or merged) ports.
pub type ScopedService = Arc<Service>;

/// One egress listener. istiod: `IstioEgressListenerWrapper`.
#[derive(Debug)]
pub struct EgressListener {
    /// What the Sidecar says; `hosts: ["*/*"]` for the default.
    pub listener: IstioEgressListener,
    /// Services that it imports, in order.
    pub services: Vec<ScopedService>,
    /// Virtual services that it imports, in order, with delegates resolved and short names completed.
    pub virtual_services: Vec<Arc<Config<VirtualService>>>,
    /// For each hostname of `services`: which of `virtual_services` (its namespace and name) has the most specific host for it.
    pub most_specific_wildcard: BTreeMap<String, (String, String)>,
}

impl SidecarScope {
    /// Builds the scope of a Sidecar, or the default one, in a namespace. istiod: `convertToSidecarScope`.
    pub fn for_sidecar(mesh: &Mesh, sidecar: Option<&Arc<Config<Sidecar>>>, namespace: &str) -> Self {
        let default_egress = [IstioEgressListener { hosts: vec!["*/*".to_owned()], ..IstioEgressListener::default() }];
        let egress = sidecar.map(|s| s.spec.egress.as_slice()).filter(|e| !e.is_empty()).unwrap_or(&default_egress);
        let egress_listeners: Vec<_> = egress.iter().map(|l| EgressListener::new(mesh, namespace, l)).collect();

        let mut imported = ImportedServices::default();
        for listener in &egress_listeners {
            for service in &listener.services {
                imported.add(service.clone());
            }
            for service in listener.virtual_service_destinations(mesh, namespace) {
                imported.add(service);
            }
        }
        let own_policy = sidecar.and_then(|s| s.spec.outbound_traffic_policy.clone());
        let mesh_policy = mesh.config.outbound_traffic_policy.as_ref().map(|p| OutboundTrafficPolicy {
            mode: match p.mode {
                MeshConfigOutboundTrafficPolicyMode::AllowAny => OutboundTrafficPolicyMode::AllowAny,
                MeshConfigOutboundTrafficPolicyMode::AllowAnyDynamicDns if mesh.does(Behaviour::TakesFieldsOf131) => {
                    OutboundTrafficPolicyMode::AllowAnyDynamicDns
                }
                // Older sidecars know the first two modes only, and what is not ALLOW_ANY blocks.
                MeshConfigOutboundTrafficPolicyMode::RegistryOnly
                | MeshConfigOutboundTrafficPolicyMode::AllowAnyDynamicDns => OutboundTrafficPolicyMode::RegistryOnly,
            },
            egress_proxy: None,
        });
        Self {
            name: sidecar.map_or_else(|| "default-sidecar".to_owned(), |s| s.meta.name.clone()),
            sidecar: sidecar.cloned(),
            outbound_traffic_policy: own_policy.or(mesh_policy),
            egress_listeners,
            ..Self::new(mesh, namespace, imported)
        }
    }

    /// Says whether requests to hosts that nothing is known about go where DNS says.
    ///
    /// istiod: `util.go` `IsAllowAnyDynamicDNSOutbound`
    pub fn allows_any_dynamic_dns(&self) -> bool {
        let policy = self.outbound_traffic_policy.as_ref();
        policy.is_some_and(|policy| policy.mode == OutboundTrafficPolicyMode::AllowAnyDynamicDns)
    }

    /// Builds the scope of the routers in a namespace: every service that it may see. istiod: `DefaultSidecarScopeForGateway`.
    pub fn for_router(mesh: &Mesh, namespace: &str) -> Self {
        let mut imported = ImportedServices::default();
        for service in mesh.services_exported_to(namespace) {
            imported.add(service);
        }
        Self::new(mesh, namespace, imported)
    }

    /// Builds the scope of a waypoint: that of a router, and what it owns.
    pub fn for_waypoint(mesh: &Mesh, proxy: &Proxy) -> Self {
        let scope = Self::for_router(mesh, &proxy.namespace);
        Self { waypoint: WaypointScope::new(mesh, proxy, &scope), ..scope }
    }

    fn new(mesh: &Mesh, namespace: &str, imported: ImportedServices) -> Self {
        let rules = |s: &Arc<Service>| (s.hostname.clone(), mesh.destination_rule_for(namespace, s));
        Self {
            name: "default-sidecar".to_owned(),
            namespace: namespace.to_owned(),
            sidecar: None,
            egress_listeners: Vec::new(),
            destination_rules: imported.services.iter().map(rules).filter(|(_, r)| !r.is_empty()).collect(),
            services: imported.services,
            services_by_hostname: imported.by_hostname,
            waypoint: None,
            outbound_traffic_policy: None,
        }
    }

    /// Returns the egress listener that serves a route: the one with this port (for port 0, with this bind), else the first
    /// without a port. istiod: `GetEgressListenerForRDS`.
    pub fn egress_listener_for_route(&self, port: u32, bind: &str) -> Option<&EgressListener> {
        self.egress_listeners.iter().find(|e| match &e.listener.port {
            None => true,
            Some(p) => p.number == port && (port != 0 || e.listener.bind == bind),
        })
    }

    /// Returns the connection pool settings of the Sidecar for an inbound port. istiod: `InboundConnectionPoolForPort`.
    pub fn inbound_connection_pool(&self, port: u32) -> Option<&ConnectionPoolSettings> {
        let sidecar = &self.sidecar.as_ref()?.spec;
        let own = sidecar
            .ingress
            .iter()
            .find(|i| i.port.as_ref().is_some_and(|p| p.number == port) && i.connection_pool.is_some());
        own.and_then(|i| i.connection_pool.as_ref()).or(sidecar.inbound_connection_pool.as_ref())
    }

    /// Returns the ports that a Sidecar names for connections to the workload.
    pub fn ingress_ports(&self) -> impl Iterator<Item = u32> + '_ {
        let listeners = self.sidecar.iter().flat_map(|sidecar| &sidecar.spec.ingress);
        listeners.filter_map(|listener| listener.port.as_ref()).map(|port| port.number)
    }

    /// Says whether the Sidecar replaces the inbound listeners. istiod: `HasIngressListener`.
    pub fn has_ingress_listener(&self) -> bool {
        self.sidecar.as_ref().is_some_and(|s| !s.spec.ingress.is_empty())
    }
}

impl EgressListener {
    /// istiod: `convertIstioListenerToWrapper`
    fn new(mesh: &Mesh, namespace: &str, listener: &IstioEgressListener) -> Self {
        let hosts = egress_hosts::by_namespace(&listener.hosts, namespace, mesh.installation.behaviours);
        let virtual_services = mesh.virtual_services.select(namespace, &hosts, mesh.features());
        let services = select_services(mesh, namespace, listener, &hosts);
        let hostnames = services.iter().map(|s| s.hostname.as_str());
        let most_specific_wildcard = virtual_service::most_specific_by_hostname(&virtual_services, hostnames);
        Self { listener: listener.clone(), services, virtual_services, most_specific_wildcard }
    }

    /// Services that the listener's virtual services lead to, whether imported or not. istiod: `collectImportedServices`.
    fn virtual_service_destinations(&self, mesh: &Mesh, namespace: &str) -> Vec<ScopedService> {
        let mut found = Vec::new();
        for config in &self.virtual_services {
            for (host, ports) in virtual_service::destinations(&config.spec, namespace) {
                let Some(by_namespace) = mesh.services_by_hostname.get(&host) else { continue };
                let own = by_namespace.get(namespace);
                let Some(service) = own.or_else(|| visible(mesh, by_namespace, namespace)) else { continue };
                found.extend(match listener_port(&self.listener) {
                    Some(port) => with_port(service, port),
                    None => with_ports(service, &ports),
                });
            }
        }
        found
    }
}

/// Selects the services that an egress listener imports; of one hostname those of one namespace.
///
/// Unless the scopes are unified (`PILOT_UNIFIED_SIDECAR_SCOPE`), what is a Kubernetes Service does not matter.
///
/// istiod: `selectServices`
fn select_services(
    mesh: &Mesh,
    namespace: &str,
    listener: &IstioEgressListener,
    hosts: &BTreeMap<String, EgressHosts>,
) -> Vec<ScopedService> {
    let port = listener_port(listener);
    let import = |hosts: Option<&EgressHosts>, service: &ScopedService| {
        let hosts = hosts.filter(|h| h.matches(&service.hostname))?;
        let service = port.map_or_else(|| Some(service.clone()), |p| with_port(service, p))?;
        Some(with_aliases(service, hosts))
    };
    let mut imported: Vec<ScopedService> = Vec::new();
    let candidates = if mesh.does(Behaviour::LooksUpExactSidecarHosts) && egress_hosts::are_exact(hosts) {
        owners(mesh, namespace, hosts)
    } else {
        mesh.services_exported_to(namespace)
    };
    for service in candidates.into_iter().filter(|s| !egress_hosts::exclude(hosts, &s.namespace, &s.hostname)) {
        let own = import(hosts.get(&service.namespace), &service);
        imported.extend(own.or_else(|| import(hosts.get(ANY_NAMESPACE), &service)));
    }

    let unified = mesh.features().unified_sidecar_scope;
    let mut chosen: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for service in &imported {
        let candidate = (service.namespace.clone(), service.is_kubernetes());
        let replaces = chosen.get(&service.hostname).is_none_or(|(chosen_namespace, chosen_kubernetes)| {
            let beats_service_entry =
                unified && !chosen_kubernetes && service.is_kubernetes() && chosen_namespace != namespace;
            service.namespace == namespace || beats_service_entry
        });
        if replaces {
            chosen.insert(service.hostname.clone(), candidate);
        }
    }
    imported.retain(|s| chosen.get(&s.hostname).is_some_and(|(chosen_namespace, _)| *chosen_namespace == s.namespace));
    imported
}

/// Returns the services that own the exact hosts of a listener, the oldest first. istiod: `servicesForExactHosts`.
fn owners(mesh: &Mesh, namespace: &str, hosts: &BTreeMap<String, EgressHosts>) -> Vec<ScopedService> {
    let named = hosts.iter().flat_map(|(of, hosts)| hosts.exact.iter().map(move |host| (host, of)));
    let owned = named.filter_map(|(host, of)| mesh.service(host, of));
    let mut owned: Vec<ScopedService> = owned.filter(|s| mesh.service_visible(s, namespace)).cloned().collect();
    owned.sort_by(|a, b| (a.creation, &a.name, &a.namespace).cmp(&(b.creation, &b.name, &b.namespace)));
    owned
}

/// Returns the port that services must have: that of the listener, unless it is a forward proxy. istiod: `needsPortMatch`.
fn listener_port(listener: &IstioEgressListener) -> Option<u32> {
    let port = listener.port.as_ref().filter(|p| p.number != 0)?;
    (Protocol::parse(&port.protocol) != Protocol::HttpProxy).then_some(port.number)
}

/// Returns the service with this port alone, if it has it. istiod: `serviceMatchingListenerPort`.
fn with_port(service: &ScopedService, number: u32) -> Option<ScopedService> {
    let port = service.port(number)?;
    Some(if service.ports.len() == 1 { service.clone() } else { with_these_ports(service, vec![port.clone()]) })
}

/// Returns the service with the ports that virtual services name; with all if one names none (0).
/// istiod: `serviceMatchingVirtualServicePorts`.
fn with_ports(service: &ScopedService, wanted: &BTreeSet<u32>) -> Option<ScopedService> {
    if wanted.is_empty() || wanted.contains(&0) {
        return Some(service.clone());
    }
    let found: Vec<Port> = service.ports.iter().filter(|p| wanted.contains(&p.number)).cloned().collect();
    if found.len() == service.ports.len() {
        return Some(service.clone());
    }
    (!found.is_empty()).then(|| with_these_ports(service, found))
}

fn with_these_ports(service: &ScopedService, ports: Vec<Port>) -> ScopedService {
    Arc::new(Service { ports, ..Service::clone(service) })
}

/// Drops the aliases that are not imported. istiod: `matchingAliasService`.
fn with_aliases(service: ScopedService, hosts: &EgressHosts) -> ScopedService {
    if service.aliases.iter().all(|a| hosts.matches(&a.hostname)) {
        return service;
    }
    let aliases = service.aliases.iter().filter(|a| hosts.matches(&a.hostname)).cloned().collect();
    Arc::new(Service { aliases, ..Service::clone(&service) })
}

/// Picks among the services of one hostname that a namespace may see: a Kubernetes one, else the oldest. Before
/// [`Behaviour::PicksBestServiceNamespace`] that of the first namespace. The switch of
/// [`sidecar_pick_best_service_namespace`](crate::installation::Features::sidecar_pick_best_service_namespace) counts before the
/// release.
///
/// istiod: `pickBestVisibleNamespace`, `pickFirstVisibleNamespace`
fn visible<'m>(
    mesh: &Mesh,
    by_namespace: &'m BTreeMap<String, Arc<Service>>,
    namespace: &str,
) -> Option<&'m Arc<Service>> {
    let visible = || by_namespace.values().filter(|s| mesh.service_visible(s, namespace));
    if !mesh.does(Behaviour::PicksBestServiceNamespace) {
        return visible().next();
    }
    visible().find(|s| s.is_kubernetes()).or_else(|| visible().min_by_key(|s| s.creation))
}

/// The union of services over egress listeners.
#[derive(Default)]
struct ImportedServices {
    services: Vec<ScopedService>,
    by_hostname: BTreeMap<String, usize>,
}

impl ImportedServices {
    /// Adds a service. Of one hostname the first stays, but a Kubernetes Service takes the place of a ServiceEntry, and ports of
    /// an otherwise equal service are joined. istiod: `appendSidecarServices`.
    fn add(&mut self, service: ScopedService) {
        let Some(&index) = self.by_hostname.get(&service.hostname) else {
            self.by_hostname.insert(service.hostname.clone(), self.services.len());
            self.services.push(service);
            return;
        };
        let existing = &self.services[index];
        match (existing.is_kubernetes(), service.is_kubernetes()) {
            (true, false) => {}
            (false, true) => self.services[index] = service,
            _ if same_ports(existing, &service) || !same_host::mergeable(existing, &service) => {}
            _ => {
                let mut ports = existing.ports.clone();
                let missing = service.ports.iter().filter(|p| existing.port(p.number).is_none());
                ports.extend(missing.cloned());
                self.services[index] = with_these_ports(existing, ports);
            }
        }
    }
}

/// Says whether two services have the same ports as clients see them. istiod: `PortList.Equals`.
fn same_ports(a: &Service, b: &Service) -> bool {
    let key = |p: &Port| (p.name.clone(), p.number, p.protocol);
    a.ports.iter().map(key).eq(b.ports.iter().map(key))
}
