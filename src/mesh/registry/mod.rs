//! The registries: services and what stands behind them, from Kubernetes' and Istio's objects.
//!
//! ```text
//! Service                  -> kubernetes_service -> Service
//! ServiceEntry             -> service_entry      -> Service, Endpoint
//! EndpointSlice, Pod, Node -> endpoint_slice     -> Endpoint
//! WorkloadEntry, Pod       -> workload           -> behind Services and ServiceEntries that select them
//! ```

pub(crate) mod auto_allocation;
pub(crate) mod endpoint_slice;
pub(crate) mod kubernetes_service;
pub(crate) mod locality;
pub(crate) mod node_port;
pub(crate) mod pod;
pub(crate) mod same_host;
pub(crate) mod service_entry;
pub(crate) mod spiffe;
pub(crate) mod traffic_distribution;
pub(crate) mod workload;
