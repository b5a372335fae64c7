//! The services that a proxy serves, port by port.
//!
//! istiod: `serviceregistry/kube/controller/controller.go` `GetProxyServiceTargets`, `context.go` `SetServiceTargets`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::identity::ServiceTarget;
use crate::mesh::Mesh;
use crate::mesh::labels;
use crate::mesh::protocol::Protocol;
use crate::mesh::registry::kubernetes_service::hostname;
use crate::mesh::registry::{pod, workload::Workload};
use crate::mesh::service::{Registry, Resolution, Service};
use crate::mesh::workload_port;
use crate::model::Config;
use crate::model::kubernetes::{Pod, Service as KubernetesService};

/// A namespace, the key of a label and its value.
type NamespacedLabel<'m> = (&'m str, &'m str, &'m str);

/// The services of a mesh by what a proxy finds them by.
pub(super) struct Services<'m> {
    /// Services of ServiceEntries, by namespace.
    external: BTreeMap<&'m str, Vec<&'m Arc<Service>>>,
    /// Kubernetes Services and their places in the list of their namespace, by namespace and the first label of their selector.
    selecting: BTreeMap<NamespacedLabel<'m>, Vec<(usize, &'m Config<KubernetesService>)>>,
}

impl<'m> Services<'m> {
    pub(super) fn new(mesh: &'m Mesh) -> Self {
        let mut external: BTreeMap<&str, Vec<&Arc<Service>>> = BTreeMap::new();
        for service in mesh.services.iter().filter(|s| s.registry == Registry::External) {
            external.entry(&service.namespace).or_default().push(service);
        }
        let mut selecting: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (namespace, services) in &mesh.kubernetes_services {
            for (place, service) in services.iter().enumerate() {
                if let Some((key, value)) = service.spec.spec.selector.first_key_value() {
                    let key = (namespace.as_str(), key.as_str(), value.as_str());
                    selecting.entry(key).or_default().push((place, &**service));
                }
            }
        }
        Self { external, selecting }
    }

    /// Returns the Kubernetes Services of a namespace that select these labels, in their order.
    fn selecting<'a>(
        &'a self,
        namespace: &'a str,
        labels: &'a BTreeMap<String, String>,
        mesh: &Mesh,
    ) -> Vec<Arc<Service>> {
        let with =
            |(key, value): (&'a String, &'a String)| self.selecting.get(&(namespace, key.as_str(), value.as_str()));
        let mut found: Vec<_> = labels.iter().filter_map(with).flatten().collect();
        found.retain(|(_, service)| labels::matches(&service.spec.spec.selector, labels));
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().filter_map(|(_, service)| service_of(mesh, &service.meta.name, namespace)).collect()
    }
}

/// Returns the targets of a Pod's proxy by age and hostname of their services.
///
/// A proxy that says that it is in another cluster has none by Services. istiod: `skipSearchingRegistryForProxy`.
pub(super) fn service_targets(
    pod: &Config<Pod>,
    addresses: &[String],
    cluster_id: &str,
    mesh: &Mesh,
    services: &Services<'_>,
) -> Vec<ServiceTarget> {
    let mut out = of_service_entries(pod, addresses, mesh, services);
    if cluster_id.is_empty() || cluster_id == mesh.installation.cluster_id {
        out.extend(match workload_entry(pod, addresses, mesh) {
            Some(entry) => of_workload_entry(entry, mesh, services),
            None => of_pod(pod, addresses, mesh, services),
        });
    }
    out.sort_by(|a, b| (a.service.creation, &a.service.hostname).cmp(&(b.service.creation, &b.service.hostname)));
    out
}

/// Returns the WorkloadEntry with the proxy's address, if there is one: of its name, else of its namespace, else the first.
///
/// istiod: `workloadinstances.GetInstanceForProxy`
fn workload_entry<'m>(pod: &Config<Pod>, addresses: &[String], mesh: &'m Mesh) -> Option<&'m Workload> {
    let address = addresses.first()?;
    let at_address = || {
        mesh.workload_entries.iter().filter(|w| {
            !w.only_for_dns_service_entry
                && w.endpoint.addresses.first() == Some(address)
                && !w.endpoint.labels.is_empty()
        })
    };
    let same_name = at_address().find(|w| w.name == pod.meta.name && w.namespace == pod.meta.namespace);
    same_name.or_else(|| at_address().find(|w| w.namespace == pod.meta.namespace)).or_else(|| at_address().next())
}

/// istiod: `serviceTargetsFromWorkloadInstance`
fn of_workload_entry(entry: &Workload, mesh: &Mesh, services: &Services<'_>) -> Vec<ServiceTarget> {
    let mut out = Vec::new();
    for service in services.selecting(&entry.namespace, &entry.endpoint.labels, mesh) {
        if service.resolution != Resolution::ClientSideLb {
            continue;
        }
        for port in service.ports.iter().filter(|p| p.protocol != Protocol::Udp) {
            if let Some(target_port) = workload_port(entry, port) {
                out.push(ServiceTarget { service: service.clone(), port: port.clone(), target_port });
            }
        }
    }
    out
}

/// Returns the targets by the selectors of Services; without any, by the slices of Services that have no selector.
fn of_pod(pod: &Config<Pod>, addresses: &[String], mesh: &Mesh, services: &Services<'_>) -> Vec<ServiceTarget> {
    let services = services.selecting(&pod.meta.namespace, &pod.meta.labels, mesh);
    if services.is_empty() {
        return by_address(pod, addresses, mesh);
    }
    let mut out = Vec::new();
    for service in services {
        let mut seen = BTreeSet::new();
        for port in &service.ports {
            let Some(target_port) = pod::target_port(&pod.spec, port) else { continue };
            if seen.insert((target_port, port.protocol)) {
                out.push(ServiceTarget { service: service.clone(), port: port.clone(), target_port });
            }
        }
    }
    out
}

fn service_of(mesh: &Mesh, name: &str, namespace: &str) -> Option<Arc<Service>> {
    mesh.service(&hostname(name, namespace, &mesh.installation.cluster_domain), namespace).cloned()
}

/// Services without selector whose slices have the Pod's address. istiod: `endpointslice.go` `GetProxyServiceTargets`.
fn by_address(pod: &Config<Pod>, addresses: &[String], mesh: &Mesh) -> Vec<ServiceTarget> {
    let services = mesh.kubernetes_services.get(&pod.meta.namespace).into_iter().flatten();
    let mut out = Vec::new();
    for service in services.filter_map(|s| service_of(mesh, &s.meta.name, &pod.meta.namespace)) {
        for endpoint in mesh.service_endpoints(&service).iter().filter(|e| e.addresses.first() == addresses.first()) {
            let port = service.ports.iter().find(|p| p.name == endpoint.service_port_name);
            if let Some(port) = port {
                out.push(ServiceTarget { service: service.clone(), port: port.clone(), target_port: endpoint.port });
            }
        }
    }
    out
}

/// ServiceEntries of the namespace that have the Pod's address among their endpoints.
///
/// istiod: `serviceentry/controller.go` `GetProxyServiceTargets`
fn of_service_entries(
    pod: &Config<Pod>,
    addresses: &[String],
    mesh: &Mesh,
    services: &Services<'_>,
) -> Vec<ServiceTarget> {
    let own = services.external.get(pod.meta.namespace.as_str()).into_iter().flatten();
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for service in own.filter(|s| seen.insert(s.hostname.clone())) {
        for address in addresses {
            for endpoint in mesh.service_endpoints(service).iter().filter(|e| e.addresses.first() == Some(address)) {
                let port = service.ports.iter().find(|p| p.number == endpoint.service_port_number);
                if let Some(port) = port {
                    out.push(ServiceTarget {
                        service: Arc::clone(service),
                        port: port.clone(),
                        target_port: endpoint.port,
                    });
                }
            }
        }
    }
    out
}
