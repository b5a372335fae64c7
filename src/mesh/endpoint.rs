//! What stands behind the services: one [`Endpoint`] for each address and port.

use std::collections::BTreeMap;
use std::sync::Arc;

/// One address and port behind one port of one service.
///
/// istiod: `pilot/pkg/model/service.go` `IstioEndpoint`
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Labels of the workload, with topology labels added.
    pub labels: Arc<BTreeMap<String, String>>,
    /// IP addresses (several for dual stack), a host name (DNS), a `unix://` path, or empty (behind a network gateway).
    pub addresses: Vec<String>,
    /// The name of the service port it serves.
    pub service_port_name: String,
    /// The number of the service port it serves (istiod: `LegacyClusterPortKey`), 0 for Kubernetes.
    pub service_port_number: u32,
    /// The port on which the workload listens; 0 for a `unix://` path.
    pub port: u32,
    /// The SPIFFE identity of the workload, or empty.
    pub service_account: String,
    /// The network it is in, or empty.
    pub network: String,
    /// `region/zone/subzone`, or empty.
    pub locality: String,
    /// The id of its cluster.
    pub cluster_id: String,
    /// Weight by WorkloadEntry; 0 means unset.
    pub weight: u32,
    /// `istio`, `disabled`, or what the label says.
    pub tls_mode: String,
    /// The namespace of the workload.
    pub namespace: String,
    /// The name of the workload, for telemetry.
    pub workload_name: String,
    /// Whether it may get requests.
    pub health: Health,
    /// Kubernetes node, or empty.
    pub node_name: String,
}

/// Health of an endpoint. istiod: `model.HealthStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// Ready.
    #[default]
    Healthy,
    /// Not ready.
    Unhealthy,
    /// Terminating, still serving.
    Draining,
    /// Terminating.
    Terminating,
    /// Not known (ServiceEntry endpoints): omitted.
    Unknown,
}
