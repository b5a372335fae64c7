//! The mesh: everything that is true for every proxy, resolved once. istiod: `model.PushContext` and the registries.
//!
//! ```text
//! Manifests -> services and what stands behind them     (registry; service, endpoint)
//!           -> rules by namespace, host and gateway     (virtual_service, destination_rule, gateway, peer_authentication);
//!              Ingresses and those of the Gateway API become such first
//!              (ingress, gateway_api)
//! ```
//!
//! Nothing here knows a proxy; see [`crate::proxy`] for that.

pub mod ambient;
mod backend_policy;
pub mod by_namespace;
pub mod certificate;
pub mod cluster_local;
pub(crate) mod conflict;
pub mod credential;
pub mod destination_rule;
mod discovery_selectors;
pub mod egress_hosts;
pub mod endpoint;
mod entry_visibility;
pub mod gateway;
pub mod gateway_api;
pub mod hostname;
mod index;
pub(crate) mod ingress;
pub mod labels;
pub mod network;
pub mod network_membership;
pub mod order;
pub mod peer_authentication;
pub mod protocol;
pub(crate) mod registry;
pub mod service;
pub mod short_name;
pub(crate) mod sidecar;
pub(crate) mod telemetry;
mod traffic_extension;
pub mod virtual_service;
pub mod visibility;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::installation::{Behaviour, Features, Installation};
use crate::mesh::ambient::Ambient;
use crate::mesh::by_namespace::ByNamespace;
use crate::mesh::cluster_local::ClusterLocalHosts;
use crate::mesh::destination_rule::{ConsolidatedDestinationRule, DestinationRuleIndex};
use crate::mesh::discovery_selectors::DiscoveryNamespaces;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::gateway_api::grant::ReferenceGrants;
use crate::mesh::network::NetworkGateways;
use crate::mesh::network_membership::NetworkMembership;
use crate::mesh::peer_authentication::{MutualTlsMode, PeerAuthenticationIndex};
use crate::mesh::registry::locality;
use crate::mesh::registry::pod::NodeLabels;
use crate::mesh::registry::workload::Workload;
use crate::mesh::service::{Port, Resolution, Service, TrafficDistribution};
use crate::mesh::virtual_service::VirtualServiceIndex;
use crate::mesh::visibility::{ExportTo, Visibility};
use crate::model::Config;
use crate::model::istio::{
    AuthorizationPolicy, EnvoyFilter, Gateway, LoadBalancerSettingsLbPolicy, LoadBalancerSettingsSimpleLb, MeshConfig,
    MeshNetworks, ProxyConfigResource, RequestAuthentication, Sidecar, Telemetry, TrafficExtension, TrafficPolicy,
    VirtualService,
};
use crate::model::kubernetes::{ConfigMap, Pod, Secret, Service as KubernetesService};

pub(crate) use index::workload_port;

/// Everything that the manifests say, indexed for translation.
#[derive(Debug)]
pub struct Mesh {
    /// The effective mesh config.
    pub config: MeshConfig,
    /// The mesh networks.
    pub networks: MeshNetworks,
    /// How istiod runs.
    pub installation: Installation,
    /// All services by creation time, name, namespace. istiod: `SortServicesByCreationTime`.
    pub services: Vec<Arc<Service>>,
    /// All services by hostname and namespace: of several with both equal a Kubernetes one, else the oldest.
    pub services_by_hostname: BTreeMap<String, BTreeMap<String, Arc<Service>>>,
    /// Services that everybody sees, in order.
    public_services: Vec<Arc<Service>>,
    /// Services exported to single namespaces, in order.
    exported_services: BTreeMap<String, Vec<Arc<Service>>>,
    /// Endpoints by hostname, then namespace.
    pub endpoints: BTreeMap<String, BTreeMap<String, Vec<Endpoint>>>,
    /// Identities by hostname, then namespace.
    service_accounts: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// All Gateways, by creation time, name, namespace (as all lists of rules below).
    pub gateways: Vec<Arc<Config<Gateway>>>,
    /// Who may refer to objects of other namespaces.
    pub reference_grants: ReferenceGrants,
    /// What there is to say that is true for every proxy: objects that cannot be served, and conflicts of which one side loses.
    pub findings: Diagnostics,
    /// VirtualServices, with delegates merged and names completed.
    pub virtual_services: VirtualServiceIndex,
    /// DestinationRules, merged by host.
    pub destination_rules: DestinationRuleIndex,
    /// PeerAuthentications.
    pub peer_authentication: PeerAuthenticationIndex,
    /// Sidecars, those with a workload selector first.
    pub sidecars: Vec<Arc<Config<Sidecar>>>,
    /// AuthorizationPolicies.
    pub authorization_policies: ByNamespace<AuthorizationPolicy>,
    /// RequestAuthentications.
    pub request_authentications: ByNamespace<RequestAuthentication>,
    /// What istiod would fetch from URIs that RequestAuthentications name, by URI; not part of the manifests.
    pub jwks: BTreeMap<String, String>,
    /// Telemetries.
    pub telemetries: Vec<Arc<Config<Telemetry>>>,
    /// EnvoyFilters.
    pub envoy_filters: Vec<Arc<Config<EnvoyFilter>>>,
    /// TrafficExtensions, WasmPlugins among them.
    pub traffic_extensions: Vec<Arc<Config<TrafficExtension>>>,
    /// ProxyConfigs.
    pub proxy_configs: Vec<Arc<Config<ProxyConfigResource>>>,
    /// The namespaces that istiod looks at.
    pub(crate) discovery_namespaces: DiscoveryNamespaces,
    /// Secrets by namespace and name, those that istiod does not see too: Pods read them.
    pub secrets: BTreeMap<(String, String), Arc<Config<Secret>>>,
    /// ConfigMaps by namespace and name, likewise.
    pub config_maps: BTreeMap<(String, String), Arc<Config<ConfigMap>>>,
    /// Gateways between networks.
    pub network_gateways: NetworkGateways,
    /// Which network an address is in.
    pub(crate) network_membership: NetworkMembership,
    /// Which services are kept inside of their cluster.
    pub cluster_local_hosts: ClusterLocalHosts,
    /// The Pods that istiod sees.
    pub pods: Vec<Arc<Config<Pod>>>,
    /// Labels of the nodes.
    pub(crate) nodes: NodeLabels,
    /// The Kubernetes Services by namespace, by name.
    pub(crate) kubernetes_services: BTreeMap<String, Vec<Arc<Config<KubernetesService>>>>,
    /// Which waypoint owns what, and who takes HBONE.
    pub ambient: Ambient,
    /// WorkloadEntries as workloads, by namespace and name.
    pub(crate) workload_entries: Vec<Workload>,
}

impl Mesh {
    /// Returns istiod's switches.
    pub fn features(&self) -> &Features {
        &self.installation.features
    }

    /// Adds what istiod would fetch, by URI.
    #[must_use]
    pub fn with_jwks(self, jwks: BTreeMap<String, String>) -> Self {
        Self { jwks, ..self }
    }

    /// Says whether istiod does something that releases do differently.
    pub fn does(&self, behaviour: Behaviour) -> bool {
        self.installation.does(behaviour)
    }

    /// Returns the service of this hostname and namespace.
    pub fn service(&self, hostname: &str, namespace: &str) -> Option<&Arc<Service>> {
        self.services_by_hostname.get(hostname)?.get(namespace)
    }

    /// `exportTo` of a service, or the mesh's default -> whether a namespace sees it
    ///
    /// istiod: `push_context.go` `IsServiceVisible`
    pub fn service_visible(&self, service: &Service, namespace: &str) -> bool {
        let export = self.service_export_to(service);
        export.contains(&Visibility::Public)
            || (export.contains(&Visibility::Private) && service.namespace == namespace)
            || export.contains(&Visibility::Namespace(namespace.to_owned()))
    }

    /// Returns the services that a namespace sees: those exported to it by name first, then the public ones.
    ///
    /// istiod: `push_context.go` `servicesExportedToNamespace`
    pub fn services_exported_to(&self, namespace: &str) -> Vec<Arc<Service>> {
        let exported = self.exported_services.get(namespace).into_iter().flatten();
        exported.chain(&self.public_services).cloned().collect()
    }

    /// Returns what stands behind a service.
    pub fn service_endpoints(&self, service: &Service) -> &[Endpoint] {
        let of_hostname = self.endpoints.get(&service.hostname);
        of_hostname.and_then(|m| m.get(&service.namespace)).map_or(&[], Vec::as_slice)
    }

    /// Returns what stands behind a port of a service, as far as it has the labels.
    ///
    /// istiod: `push_context.go` `ServiceEndpointsByPort`
    pub fn service_endpoints_by_port(
        &self,
        service: &Service,
        port: u32,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&Endpoint> {
        let name = service.port(port).map(|p| p.name.as_str());
        let on_port = |e: &&Endpoint| match e.service_port_number {
            0 => Some(e.service_port_name.as_str()) == name,
            number => number == port && name.is_some(),
        };
        let endpoints = self.service_endpoints(service).iter();
        endpoints.filter(on_port).filter(|e| labels::subset(labels, &e.labels)).collect()
    }

    /// Returns the identities that may serve a service, under every alias of the trust domain, sorted.
    ///
    /// istiod: `push_context.go` `ServiceAccounts`
    pub fn service_accounts(&self, hostname: &str, namespace: &str) -> &[String] {
        let of_hostname = self.service_accounts.get(hostname);
        of_hostname.and_then(|m| m.get(namespace)).map_or(&[], Vec::as_slice)
    }

    /// Returns the VirtualServices for a gateway (`mesh`, or `namespace/name`) that a proxy's namespace sees, in order.
    pub fn virtual_services_for_gateway(&self, namespace: &str, gateway: &str) -> Vec<Arc<Config<VirtualService>>> {
        self.virtual_services.for_gateway(namespace, gateway)
    }

    /// Returns the DestinationRules for a service as seen from a namespace.
    pub fn destination_rule_for(&self, namespace: &str, service: &Service) -> Vec<Arc<ConsolidatedDestinationRule>> {
        self.destination_rules.for_service(namespace, service)
    }

    /// Guesses whether a service takes mutual TLS, by the policies of its namespace and of the mesh alone.
    ///
    /// Envoy goes to the original destination of a headless service's requests, so there every endpoint must have a sidecar.
    ///
    /// istiod: `push_context.go` `BestEffortInferServiceMTLSMode`
    pub fn infer_service_mtls_mode(
        &self,
        traffic_policy: Option<&TrafficPolicy>,
        service: &Service,
        port: &Port,
    ) -> MutualTlsMode {
        if service.mesh_external {
            return MutualTlsMode::Unknown;
        }
        let simple = traffic_policy.and_then(|p| p.load_balancer.as_ref()).and_then(|lb| lb.lb_policy.as_ref());
        let passthrough = LoadBalancerSettingsLbPolicy::Simple(LoadBalancerSettingsSimpleLb::Passthrough);
        if service.resolution == Resolution::Passthrough || simple == Some(&passthrough) {
            let endpoints = self.service_endpoints_by_port(service, port.number, &BTreeMap::new());
            if endpoints.is_empty() || endpoints.iter().any(|e| e.tls_mode == "disabled") {
                return MutualTlsMode::Disable;
            }
        }
        match self.peer_authentication.namespace_mutual_tls_mode(&service.namespace) {
            MutualTlsMode::Unknown => MutualTlsMode::Permissive,
            mode => mode,
        }
    }

    /// Returns the `exportTo` that holds for a service.
    fn service_export_to(&self, service: &Service) -> ExportTo {
        if service.export_to.is_empty() {
            visibility::default_export_to(&self.config.default_service_export_to, self.installation.behaviours)
        } else {
            service.export_to.clone()
        }
    }

    /// Returns the keys that some selector or priority names: no other label of a client changes what it is served outbound.
    pub(crate) fn selector_keys(&self) -> BTreeSet<&str> {
        let rules = self.destination_rules.label_keys();
        let locality = self.config.locality_lb_setting.iter().flat_map(|l| &l.failover_priority);
        let zones = self.config.zone_aware_lb_setting.iter().flat_map(|zones| &zones.failover_priority);
        let stated = locality.chain(zones).map(|label| label.split_once('=').map_or(label.as_str(), |(key, _)| key));
        let mut keys: BTreeSet<&str> = rules.chain(self.virtual_services.source_label_keys()).chain(stated).collect();
        if self.services.iter().any(|s| s.traffic_distribution != TrafficDistribution::Any) {
            keys.extend(locality::TOPOLOGY);
        }
        keys
    }
}
