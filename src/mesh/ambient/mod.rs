//! Ambient mode: which waypoint owns which services and workloads, and which workloads take HBONE.
//!
//! ```text
//! Gateways with an address ──▶ waypoint     name, address, whom it allows
//! Services, ServiceEntries ──▶ service      label istio.io/use-waypoint ──▶ attachment
//! Pods, WorkloadEntries    ──▶ workload     likewise; HBONE by annotation or label
//! ```
//!
//! Without `PILOT_ENABLE_AMBIENT` the index is empty.
//!
//! istiod: `pilot/pkg/serviceregistry/ambient`

mod attachment;
mod scope;
mod service;
mod waypoint;
mod workload;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ingest::Manifests;
use crate::installation::Behaviours;
use crate::mesh::discovery_selectors::DiscoveryNamespaces;
use crate::mesh::network_membership::NetworkMembership;
use crate::model::Config;
use crate::model::istio::{MeshConfig, ServiceEntry, WorkloadEntry};
use crate::model::kubernetes::{Pod, Service as KubernetesService};

pub use attachment::{Attachment, Refusal};
pub use service::AmbientService;
pub use waypoint::{TrafficType, Waypoint, WaypointAddress};
pub use workload::AmbientWorkload;
pub(crate) use workload::supports_tunnel;

/// The label of a Pod or Service that a controller of istiod made. istiod: `label.GatewayManaged`.
pub const MANAGED_LABEL: &str = "gateway.istio.io/managed";
/// The value of [`MANAGED_LABEL`] for waypoints.
pub const MESH_CONTROLLER: &str = "istio.io-mesh-controller";
/// The value of [`MANAGED_LABEL`] for east-west gateways.
pub const EAST_WEST_CONTROLLER: &str = "istio.io-eastwest-controller";
/// The value of [`MANAGED_LABEL`] for ordinary gateways.
pub const GATEWAY_CONTROLLER: &str = "istio.io-gateway-controller";

/// The index of ambient mode.
#[derive(Debug, Default)]
pub struct Ambient {
    /// Gateways that services and workloads can name, by namespace and name.
    pub waypoints: BTreeMap<(String, String), Waypoint>,
    /// Services by namespace and hostname.
    pub services: BTreeMap<(String, String), AmbientService>,
    /// Workloads, in the order of creation.
    pub workloads: Vec<AmbientWorkload>,
    /// Why namespaces have not the waypoint that their label asks for.
    pub refused_namespaces: BTreeMap<String, Refusal>,
    /// Whether services have a scope, so that those without are for their own cluster alone.
    pub multi_network: bool,
    services_by_waypoint: BTreeMap<WaypointAddress, Vec<(String, String)>>,
    workloads_by_waypoint: BTreeMap<WaypointAddress, Vec<usize>>,
    hbone: BTreeSet<(String, String)>,
}

/// What the index is made from.
pub(crate) struct AmbientContext<'m> {
    pub(crate) manifests: &'m Manifests,
    pub(crate) seen: &'m DiscoveryNamespaces,
    pub(crate) config: &'m MeshConfig,
    pub(crate) networks: &'m NetworkMembership,
    pub(crate) cluster_domain: &'m str,
    pub(crate) cluster_id: &'m str,
    /// Whether services have a scope. istiod: `AMBIENT_ENABLE_MULTI_NETWORK`.
    pub(crate) multi_network: bool,
    /// What the release does.
    pub(crate) behaviours: Behaviours,
}

impl Ambient {
    /// Indexes the mesh.
    pub(crate) fn new(
        context: &AmbientContext<'_>,
        service_entries: &[Arc<Config<ServiceEntry>>],
        workload_entries: &[Arc<Config<WorkloadEntry>>],
    ) -> Self {
        let seen = |namespace: &str| context.seen.contains(namespace);
        let waypoints = waypoint::all(context);
        let attacher = attachment::Attacher::new(&waypoints, &context.manifests.namespaces);
        let namespaces = context.manifests.namespaces.iter().map(|namespace| &namespace.meta.name);
        let refused = namespaces.filter(|name| seen(name));
        let refused = refused.filter_map(|name| Some((name.clone(), attacher.of_namespace(name).err()?)));
        let refused_namespaces = refused.collect();
        let services: Vec<&Config<KubernetesService>> =
            context.manifests.services.iter().map(AsRef::as_ref).filter(|s| seen(&s.meta.namespace)).collect();
        let pods: Vec<&Config<Pod>> =
            context.manifests.pods.iter().map(AsRef::as_ref).filter(|p| seen(&p.meta.namespace)).collect();
        let services = service::all(context, &attacher, &services, service_entries, workload_entries);
        let shown = service::shown(context, service_entries, &services);
        let mut workloads = workload::all(context, &attacher, &pods, workload_entries, &shown);
        if context.multi_network {
            // Other networks are known by their gateways.
            workloads.retain(|workload| workload.network == context.networks.system_namespace());
        }

        let mut index = Self { waypoints, refused_namespaces, multi_network: context.multi_network, ..Self::default() };
        for (key, service) in &services {
            if let Some(waypoint) = &service.waypoint {
                index.services_by_waypoint.entry(waypoint.address.clone()).or_default().push(key.clone());
            }
        }
        for (place, workload) in workloads.iter().enumerate() {
            if let Some(waypoint) = &workload.waypoint {
                index.workloads_by_waypoint.entry(waypoint.address.clone()).or_default().push(place);
            }
            if workload.hbone {
                let addresses = workload.addresses.iter();
                index.hbone.extend(addresses.map(|address| (workload.network.clone(), address.clone())));
            }
        }
        Self { services, workloads, ..index }
    }

    /// Returns what the index knows of a service.
    pub fn service(&self, namespace: &str, hostname: &str) -> Option<&AmbientService> {
        self.services.get(&(namespace.to_owned(), hostname.to_owned()))
    }

    /// Returns the services that a waypoint with one of these addresses owns, each once.
    ///
    /// istiod: `ambientindex.go` `ServicesForWaypoint`
    pub fn services_of<'a>(&'a self, addresses: &'a [WaypointAddress]) -> Vec<&'a AmbientService> {
        let keys = addresses.iter().filter_map(|address| self.services_by_waypoint.get(address)).flatten();
        let keys: BTreeSet<&(String, String)> = keys.collect();
        keys.into_iter().filter_map(|key| self.services.get(key)).collect()
    }

    /// Returns the workloads that a waypoint with one of these addresses owns, the oldest first.
    ///
    /// istiod: `ambientindex.go` `WorkloadsForWaypoint`
    pub fn workloads_of<'a>(&'a self, addresses: &'a [WaypointAddress]) -> Vec<&'a AmbientWorkload> {
        let places = addresses.iter().filter_map(|address| self.workloads_by_waypoint.get(address)).flatten();
        let places: BTreeSet<usize> = places.copied().collect();
        places.into_iter().filter_map(|place| self.workloads.get(place)).collect()
    }

    /// Returns the services that other networks reach: those of scope GLOBAL, and the waypoints that own one.
    ///
    /// istiod: `ambientindex.go` `AllLocalNetworkGlobalServices`
    pub fn global_services(&self) -> Vec<&AmbientService> {
        let owns_a_global_one = |service: &AmbientService| {
            let address =
                WaypointAddress::Hostname { namespace: service.namespace.clone(), hostname: service.hostname.clone() };
            let owned = self.services_by_waypoint.get(&address).into_iter().flatten();
            owned.filter_map(|key| self.services.get(key)).any(|owned| owned.global)
        };
        self.services.values().filter(|service| service.global || owns_a_global_one(service)).collect()
    }

    /// Says whether a workload at this address of a network takes HBONE. istiod: `push_context.go` `SupportsTunnel`.
    pub fn takes_hbone(&self, network: &str, address: &str) -> bool {
        !self.hbone.is_empty() && self.hbone.contains(&(network.to_owned(), address.to_owned()))
    }

    /// Returns the hostname of the waypoint that owns a service.
    ///
    /// istiod: `sidecar_interop.go` `ServicesWithWaypoint`
    pub fn waypoint_hostname<'a>(&'a self, service: &'a AmbientService) -> Option<&'a str> {
        match &service.waypoint.as_ref()?.address {
            WaypointAddress::Hostname { hostname, .. } => Some(hostname),
            WaypointAddress::Address { network, address } => {
                let has = |other: &&AmbientService| {
                    other.network == *network && other.addresses.iter().any(|own| own == address)
                };
                self.services.values().find(has).map(|other| other.hostname.as_str())
            }
        }
    }
}
