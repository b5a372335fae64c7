//! Sidecar scope: which services, virtual services and destination rules a proxy sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mesh::destination_rule::ConsolidatedDestinationRule;
use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::istio::{IstioEgressListener, OutboundTrafficPolicy, Sidecar, VirtualService};

/// The services and rules of one namespace, or of the workloads that one Sidecar selects.
///
/// istiod: `pilot/pkg/model/sidecar.go` `SidecarScope`
#[derive(Debug)]
pub struct SidecarScope {
    /// The name of the Sidecar, or `default-sidecar`.
    pub name: String,
    /// The namespace in which it takes effect.
    pub namespace: String,
    /// The Sidecar, unless this is the default scope. Of a root-namespace Sidecar the inbound settings are dropped.
    pub sidecar: Option<Arc<Config<Sidecar>>>,
    /// The egress listeners with what each imports.
    pub egress_listeners: Vec<EgressListener>,
    /// Union over the egress listeners, for clusters; in istiod's order.
    pub services: Vec<ScopedService>,
    /// Index into `services`.
    pub services_by_hostname: BTreeMap<String, usize>,
    /// Rules by the hostname of each service in `services`.
    pub destination_rules: BTreeMap<String, Vec<Arc<ConsolidatedDestinationRule>>>,
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
    /// For each hostname of `services`: which of `virtual_services` (its namespace and name) has the most specific wildcard for it.
    pub most_specific_wildcard: BTreeMap<String, (String, String)>,
}
