//! The mesh: everything that is true for every proxy, resolved once. istiod: `model.PushContext` and the registries.
//!
//! ```text
//! Manifests -> services, endpoints, workloads         (registry: service, endpoint, workload)
//!           -> rules by namespace, host and gateway   (virtual_service, destination_rule, gateway, sidecar, policies)
//! ```
//!
//! Nothing here knows a proxy; see [`crate::proxy`] for that.

pub mod credential;
pub mod destination_rule;
pub mod gateway;
pub mod endpoint;
pub mod hostname;
pub mod protocol;
pub mod service;
pub mod virtual_service;
pub mod visibility;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mesh::destination_rule::ConsolidatedDestinationRule;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::istio::{Gateway, MeshConfig, MeshNetworks, Sidecar, VirtualService};

/// Everything that the manifests say, indexed for translation.
#[derive(Debug)]
pub struct Mesh {
    /// The effective mesh config.
    pub config: MeshConfig,
    /// The mesh networks.
    pub networks: MeshNetworks,
    /// The cluster domain, `cluster.local`.
    pub cluster_domain: String,
    /// All services by creation time, name, namespace. istiod: `SortServicesByCreationTime`.
    pub services: Vec<Arc<Service>>,
    /// All services by hostname and namespace (the first of several with both equal).
    pub services_by_hostname: BTreeMap<String, BTreeMap<String, Arc<Service>>>,
    /// Endpoints by hostname, then namespace.
    pub endpoints: BTreeMap<String, BTreeMap<String, Vec<Endpoint>>>,
    /// All Gateways, by creation time, name, namespace.
    pub gateways: Vec<Arc<Config<Gateway>>>,
}
