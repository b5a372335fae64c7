//! EndpointSlices: what stands behind Kubernetes Services.
//!
//! istiod: `pilot/pkg/serviceregistry/kube/controller/endpointslice.go`

use std::collections::{BTreeMap, BTreeSet};

use super::pod::{self, NodeLabels};
use super::workload::WorkloadContext;
use crate::installation::{Behaviours, Features};
use crate::mesh::endpoint::{Endpoint, Health};
use crate::mesh::registry::locality;
use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::kubernetes::{Endpoint as SliceEndpoint, EndpointSlice, Pod};

/// The label by which a slice names its Service.
pub(crate) const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The Pods, for looking up what stands behind an address.
pub(crate) struct Pods<'m> {
    by_name: BTreeMap<(&'m str, &'m str), &'m Config<Pod>>,
    by_address: BTreeMap<&'m str, Vec<&'m Config<Pod>>>,
}

impl<'m> Pods<'m> {
    /// Indexes the Pods that istiod watches; by address only those that are workloads.
    pub(crate) fn new(pods: &[&'m Config<Pod>], behaviours: Behaviours) -> Self {
        let mut by_name = BTreeMap::new();
        let mut by_address: BTreeMap<&str, Vec<&Config<Pod>>> = BTreeMap::new();
        for &pod in pods.iter().filter(|p| pod::is_watched(&p.spec, behaviours)) {
            by_name.insert((pod.meta.namespace.as_str(), pod.meta.name.as_str()), pod);
            if pod::is_workload(&pod.spec) {
                by_address.entry(pod.spec.status.pod_ip.as_str()).or_default().push(pod);
            }
        }
        Self { by_name, by_address }
    }

    /// Returns the Pod behind an endpoint: the one it names, else one in the namespace with the address. `Err` when it names one
    /// that does not exist: such an endpoint is left out. istiod: `getPod`.
    fn behind(&self, endpoint: &SliceEndpoint, address: &str, namespace: &str) -> Result<Option<&'m Config<Pod>>, ()> {
        if let Some(reference) = endpoint.target_ref.as_ref().filter(|r| r.kind == "Pod") {
            let key = (reference.namespace.as_str(), reference.name.as_str());
            return self.by_name.get(&key).copied().map(Some).ok_or(());
        }
        let at_address = self.by_address.get(address).into_iter().flatten();
        Ok(at_address.copied().find(|pod| pod.meta.namespace == namespace))
    }
}

/// Returns the endpoints of one service, from its slices in order of name; of two with equal address and port name the first.
///
/// istiod: `updateEndpointCacheForSlice`, `endpointSliceCache.get`
pub(crate) fn endpoints(
    service: &Service,
    slices: &[&Config<EndpointSlice>],
    pods: &Pods<'_>,
    nodes: &NodeLabels,
    context: &WorkloadContext<'_>,
) -> Vec<Endpoint> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let dual_stack = context.features.dual_stack && service.cluster_vips.len() > 1;
    for slice in slices.iter().filter(|s| s.spec.address_type != "FQDN") {
        for endpoint in &slice.spec.endpoints {
            for address in &endpoint.addresses {
                let Ok(pod) = pods.behind(endpoint, address, &slice.meta.namespace) else { continue };
                let both = pod.map(|pod| &pod.spec.status.pod_ips).filter(|ips| {
                    dual_stack && ips.len() > 1 && endpoint.target_ref.as_ref().is_some_and(|r| r.kind == "Pod")
                });
                // The endpoint of the IPv4 address has both.
                if both.is_some() && slice.spec.address_type == "IPv6" {
                    continue;
                }
                let base = base_endpoint(pod, address, health(service, context.features, endpoint), nodes, context);
                let base = match both {
                    Some(addresses) => Endpoint { addresses: addresses.clone(), ..base },
                    None => base,
                };
                for port in &slice.spec.ports {
                    if seen.insert((address.clone(), port.name.clone())) {
                        let number = port.port.unwrap_or_default();
                        out.push(Endpoint { service_port_name: port.name.clone(), port: number, ..base.clone() });
                    }
                }
            }
        }
    }
    out
}

/// istiod: `NewEndpointBuilder`, `buildIstioEndpoint`
fn base_endpoint(
    pod: Option<&Config<Pod>>,
    address: &str,
    health: Health,
    nodes: &NodeLabels,
    context: &WorkloadContext<'_>,
) -> Endpoint {
    let addresses = vec![address.to_owned()];
    if let Some(pod) = pod {
        return Endpoint { addresses, health, ..pod::endpoint(pod, nodes, context) };
    }
    let network = context.networks.of(address, &BTreeMap::new());
    let labels = locality::augmented(&BTreeMap::new(), context.cluster_id, "", "", &network);
    Endpoint {
        labels: labels.into(),
        addresses,
        service_port_name: String::new(),
        service_port_number: 0,
        port: 0,
        service_account: String::new(),
        network,
        locality: String::new(),
        cluster_id: context.cluster_id.to_owned(),
        weight: 0,
        tls_mode: "disabled".to_owned(),
        namespace: String::new(),
        workload_name: String::new(),
        health,
        node_name: String::new(),
    }
}

/// `EndpointSlice.endpoints[].conditions` -> health; what is not said counts as true.
///
/// An endpoint that serves until its sessions end drains, where sessions stick to endpoints.
///
/// istiod: `endpointHealthStatus`
fn health(service: &Service, features: &Features, endpoint: &SliceEndpoint) -> Health {
    let conditions = &endpoint.conditions;
    let terminating = conditions.terminating.unwrap_or(true);
    if conditions.ready.unwrap_or(true) {
        Health::Healthy
    } else if service.supports_draining_endpoints(features) && conditions.serving.unwrap_or(true) && terminating {
        Health::Draining
    } else if terminating {
        Health::Terminating
    } else {
        Health::Unhealthy
    }
}
