//! Manifests -> [`Mesh`].
//!
//! istiod: `push_context.go` `createNewContext`, and the controllers behind it

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::ambient::{Ambient, AmbientContext};
use super::discovery_selectors::DiscoveryNamespaces;
use super::registry::auto_allocation;
use super::registry::endpoint_slice::{self, Pods, SERVICE_NAME};
use super::registry::kubernetes_service;
use super::registry::node_port;
use super::registry::pod::{self, NodeLabels};
use super::registry::same_host;
use super::registry::service_entry::{self, ServiceWithEndpoints};
use super::registry::spiffe;
use super::registry::workload::{Workload, WorkloadContext};
use super::service::{NamespacedHostname, Resolution, Service, TargetPort};
use super::{
    Mesh, cluster_local, entry_visibility, gateway_api, ingress, labels, order, sidecar, telemetry, traffic_extension,
};
use crate::diagnostic::Diagnostics;
use crate::go;
use crate::ingest::{Manifests, MeshSettings};
use crate::installation::{Behaviour, Behaviours, Installation};
use crate::mesh::by_namespace::ByNamespace;
use crate::mesh::destination_rule::DestinationRuleIndex;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::network::NetworkGateways;
use crate::mesh::network_membership::NetworkMembership;
use crate::mesh::peer_authentication::PeerAuthenticationIndex;
use crate::mesh::virtual_service::VirtualServiceIndex;
use crate::mesh::visibility::{self, ExportTo, Visibility};
use crate::model::Config;
use crate::model::istio::label;
use crate::model::istio::{MeshConfig, WorkloadEntry};
use crate::model::kubernetes::{EndpointSlice, Pod, Service as KubernetesService};

impl Mesh {
    /// Indexes what the manifests say.
    pub fn new(manifests: &Manifests, settings: &MeshSettings) -> Self {
        let MeshSettings { config, networks, is_default: _, revision, installation } = settings;
        let Installation { cluster_domain, cluster_id, .. } = installation;
        let seen = DiscoveryNamespaces::new(manifests, config, revision);
        let system = manifests.namespaces.iter().find(|n| n.meta.name == installation.namespace);
        let mut system_labels = system.map(|namespace| namespace.meta.labels.clone()).unwrap_or_default();
        if let Some(network) = &installation.network {
            system_labels.insert(label::NETWORK.to_owned(), network.clone());
        }
        let membership = NetworkMembership::new(&system_labels, networks, cluster_id);
        let behaviours = installation.behaviours;
        let context = WorkloadContext {
            cluster_id,
            cluster_domain,
            trust_domain: &config.trust_domain,
            networks: &membership,
            features: &installation.features,
            behaviours,
        };
        let ambient = if installation.features.ambient {
            let context = AmbientContext {
                manifests,
                seen: &seen,
                config,
                networks: &membership,
                cluster_domain,
                cluster_id,
                multi_network: installation.features.ambient_multi_network,
                behaviours,
            };
            Ambient::new(
                &context,
                &rules(&manifests.service_entries, &seen),
                &rules(&manifests.workload_entries, &seen),
            )
        } else {
            Ambient::default()
        };
        let mut findings = Diagnostics::default();
        let registry = Registry::new(manifests, &seen, &context, &mut findings);
        let default_export_to = visibility::default_export_to(&config.default_service_export_to, behaviours);
        let mut registry = registry;
        if config.service_entry_visibility.is_some() {
            narrow_exports(&mut registry.services, manifests, config, behaviours, &default_export_to);
        }
        let exports = Exports::new(&registry.services, &default_export_to, behaviours);
        let services = registry.services;
        let service_accounts = service_accounts(&services, &registry.endpoints, &config.trust_domain_aliases);

        let services_by_hostname = by_hostname(&services, &default_export_to, &mut findings);
        let converted =
            gateway_api::convert(&gateway_api::Context::new(manifests, &seen, &services_by_hostname, installation));
        let of_ingresses = ingress::convert(manifests, &seen, config, installation);
        findings.extend(converted.findings);
        findings.extend(of_ingresses.findings);
        let destination_rules = with(rules(&manifests.destination_rules, &seen), converted.destination_rules);
        let virtual_services = with(
            rules(&manifests.virtual_services, &seen),
            converted.virtual_services.into_iter().chain(of_ingresses.virtual_services),
        );
        let peer_authentications = rules(&manifests.peer_authentications, &seen);
        let sidecars = sidecar::in_order(rules(&manifests.sidecars, &seen), &config.root_namespace, &mut findings);
        let telemetries = rules(&manifests.telemetries, &seen);
        findings.extend(telemetry::overridden(&telemetries, &config.root_namespace));
        let virtual_services = VirtualServiceIndex::new(&virtual_services, config, installation, &mut findings);
        let destination_rules = DestinationRuleIndex::new(&destination_rules, config, installation, &mut findings);
        let peer_authentication =
            PeerAuthenticationIndex::new(&peer_authentications, &config.root_namespace, &mut findings);
        let named = |namespace: &str, name: &str| (namespace.to_owned(), name.to_owned());
        Self {
            installation: installation.clone(),
            services_by_hostname,
            public_services: exports.public,
            exported_services: exports.by_namespace,
            endpoints: registry.endpoints,
            service_accounts,
            gateways: with(
                rules(&manifests.gateways, &seen),
                converted.gateways.into_iter().chain(of_ingresses.gateways),
            ),
            reference_grants: converted.grants,
            findings,
            virtual_services,
            destination_rules,
            peer_authentication,
            sidecars,
            authorization_policies: ByNamespace::new(rules(&manifests.authorization_policies, &seen)),
            request_authentications: ByNamespace::new(rules(&manifests.request_authentications, &seen)),
            jwks: BTreeMap::new(),
            telemetries,
            envoy_filters: rules(&manifests.envoy_filters, &seen),
            traffic_extensions: traffic_extension::all(
                rules(&manifests.traffic_extensions, &seen),
                &rules(&manifests.wasm_plugins, &seen),
                behaviours,
            ),
            proxy_configs: rules(&manifests.proxy_configs, &seen),
            secrets: manifests.secrets.iter().map(|c| (named(&c.meta.namespace, &c.meta.name), c.clone())).collect(),
            config_maps: manifests
                .config_maps
                .iter()
                .map(|c| (named(&c.meta.namespace, &c.meta.name), c.clone()))
                .collect(),
            network_gateways: NetworkGateways::new(
                networks,
                &system_labels,
                services.iter().map(|s| &**s),
                if installation.features.multi_network_gateway_api { &manifests.kubernetes_gateways } else { &[] },
                installation,
            ),
            cluster_local_hosts: cluster_local::ClusterLocalHosts::new(config, cluster_domain),
            discovery_namespaces: seen,
            pods: manifests.pods.clone(),
            nodes: registry.nodes,
            kubernetes_services: registry.kubernetes_services,
            ambient,
            workload_entries: registry.workload_entries,
            network_membership: membership,
            services,
            config: config.clone(),
            networks: networks.clone(),
        }
    }
}

/// Returns the rules of a kind that istiod sees, in order: of namespaces that it looks at, and for no other revision.
fn rules<T>(configs: &[Arc<Config<T>>], seen: &DiscoveryNamespaces) -> Vec<Arc<Config<T>>> {
    let counts = configs.iter().filter(|c| seen.contains(&c.meta.namespace) && seen.is_in_revision(&c.meta.labels));
    let mut out: Vec<_> = counts.cloned().collect();
    order::sort(&mut out);
    out
}

/// Adds rules that were made from other kinds.
fn with<T>(mut rules: Vec<Arc<Config<T>>>, made: impl IntoIterator<Item = Config<T>>) -> Vec<Arc<Config<T>>> {
    rules.extend(made.into_iter().map(Arc::new));
    order::sort(&mut rules);
    rules
}

/// Services and endpoints of both registries.
struct Registry {
    services: Vec<Arc<Service>>,
    endpoints: BTreeMap<String, BTreeMap<String, Vec<Endpoint>>>,
    nodes: NodeLabels,
    kubernetes_services: BTreeMap<String, Vec<Arc<Config<KubernetesService>>>>,
    workload_entries: Vec<Workload>,
}

impl Registry {
    fn new(
        manifests: &Manifests,
        seen: &DiscoveryNamespaces,
        context: &WorkloadContext<'_>,
        findings: &mut Diagnostics,
    ) -> Self {
        let nodes: NodeLabels = manifests.nodes.iter().map(|n| (n.meta.name.clone(), n.meta.labels.clone())).collect();
        let pods = manifests.pods.iter().filter(|p| seen.contains(&p.meta.namespace));
        let pods: Vec<&Config<Pod>> = pods.map(Arc::as_ref).collect();
        let annotations: BTreeMap<&str, &BTreeMap<String, String>> =
            manifests.namespaces.iter().map(|n| (n.meta.name.as_str(), &n.meta.annotations)).collect();
        let none = BTreeMap::new();
        let counts = context.behaviours.contains(Behaviour::ReadsTrafficDistributionOfNamespaces);
        let annotations_of = |namespace: &str| annotations.get(namespace).copied().filter(|_| counts).unwrap_or(&none);

        let entries = rules(&manifests.workload_entries, seen);
        let mut workload_entries: Vec<Workload> = entries
            .iter()
            .filter(|e| !context.features.workload_entry_health_checks || is_healthy(e))
            .map(|e| Workload::from_workload_entry(e, context))
            .collect();
        workload_entries.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        let mut workloads: BTreeMap<&str, Vec<Workload>> = BTreeMap::new();
        let selectable = pods.par_iter().filter(|pod| pod::is_workload(&pod.spec));
        let selectable = selectable.map(|pod| (pod.meta.namespace.as_str(), pod::workload(pod, &nodes, context)));
        let selectable = selectable.filter(|_| context.features.service_entry_select_pods);
        for (namespace, workload) in selectable.collect::<Vec<_>>() {
            workloads.entry(namespace).or_default().push(workload);
        }
        for entry in &workload_entries {
            workloads.entry(&entry.namespace).or_default().push(entry.clone());
        }

        let mut endpoints: BTreeMap<String, BTreeMap<String, Vec<Endpoint>>> = BTreeMap::new();
        let mut services: Vec<Arc<Service>> = Vec::new();
        let mut external: Vec<ServiceWithEndpoints> = Vec::new();
        for entry in rules(&manifests.service_entries, seen) {
            let namespace = entry.meta.namespace.as_str();
            let workloads = workloads.get(namespace).map_or(&[][..], Vec::as_slice);
            external.extend(service_entry::services(&entry, annotations_of(namespace), workloads, context));
        }
        external.sort_by(|a, b| {
            let key =
                |s: &ServiceWithEndpoints| (s.service.creation, s.service.name.clone(), s.service.namespace.clone());
            key(a).cmp(&key(b)).then_with(|| a.object_name.cmp(&b.object_name))
        });
        for (hostname, namespace, merged) in merge_by_hostname(&external, context.behaviours, findings) {
            endpoints.entry(hostname).or_default().entry(namespace).or_default().extend(merged);
        }
        let mut external: Vec<Arc<Service>> = external.into_iter().map(|s| s.service).collect();
        if !context.features.ip_autoallocate {
            auto_allocation::allocate(&mut external);
        }
        services.extend(external);

        let pod_index = Pods::new(&pods, context.behaviours);
        let mut slices: BTreeMap<(&str, &str), Vec<&Config<EndpointSlice>>> = BTreeMap::new();
        for slice in manifests.endpoint_slices.iter().filter(|s| seen.contains(&s.meta.namespace)) {
            if let Some(service) = slice.meta.labels.get(SERVICE_NAME) {
                slices.entry((slice.meta.namespace.as_str(), service.as_str())).or_default().push(slice);
            }
        }
        let mut kubernetes_services: BTreeMap<String, Vec<Arc<Config<KubernetesService>>>> = BTreeMap::new();
        let with_endpoints = |config: &Config<KubernetesService>| {
            let namespace = config.meta.namespace.as_str();
            let mut service = kubernetes_service::service(
                config,
                annotations_of(namespace),
                context.cluster_domain,
                context.trust_domain,
            );
            if service.external_addresses.is_empty() && node_port::is_gateway(config) {
                service.external_addresses = node_port::addresses(config, &manifests.nodes);
            }
            let own = slices.get(&(namespace, config.meta.name.as_str())).map_or(&[][..], Vec::as_slice);
            let mut behind = endpoint_slice::endpoints(&service, own, &pod_index, &nodes, context);
            if context.features.k8s_select_workload_entries {
                behind.extend(selected_workload_entries(&service, &workload_entries));
            }
            (service, behind)
        };
        let seen_services = manifests.services.par_iter().filter(|s| seen.contains(&s.meta.namespace));
        let read: Vec<_> = seen_services.map(|config| (config, with_endpoints(config))).collect();
        for (config, (service, behind)) in read {
            let namespace = &config.meta.namespace;
            let of_namespace = endpoints.entry(service.hostname.clone()).or_default();
            of_namespace.entry(namespace.clone()).or_default().extend(behind);
            kubernetes_services.entry(namespace.clone()).or_default().push(config.clone());
            services.push(Arc::new(service));
        }

        services.sort_by(|a, b| (a.creation, &a.name, &a.namespace).cmp(&(b.creation, &b.name, &b.namespace)));
        resolve_aliases(&mut services);
        Self { services, endpoints, nodes, kubernetes_services, workload_entries }
    }
}

/// Joins the endpoints of ServiceEntries with one hostname in one namespace. Of a host with one answer from DNS only the first
/// endpoint of each port counts. istiod: `mergeServicesInstancesByNamespaceHost`.
fn merge_by_hostname(
    sorted: &[ServiceWithEndpoints],
    behaviours: Behaviours,
    findings: &mut Diagnostics,
) -> Vec<(String, String, Vec<Endpoint>)> {
    let mut groups: BTreeMap<(&str, &str), Vec<&ServiceWithEndpoints>> = BTreeMap::new();
    for service in sorted {
        groups.entry((&service.service.hostname, &service.service.namespace)).or_default().push(service);
    }
    if !behaviours.contains(Behaviour::PrefersOldestOfSameDnsHost) {
        // In the order in which the API server lists them.
        for services in groups.values_mut() {
            services.sort_by_key(|service| &service.object_name);
        }
    }
    let mut merge = |services: Vec<&ServiceWithEndpoints>| {
        let mut first: BTreeMap<u32, &Service> = BTreeMap::new();
        let mut merged: Vec<Endpoint> = Vec::new();
        for ServiceWithEndpoints { service, endpoints, .. } in services {
            for endpoint in endpoints {
                let one_only = service.resolution == Resolution::DnsRoundRobinLb;
                match first.entry(endpoint.service_port_number) {
                    Entry::Occupied(before) if one_only => {
                        same_host::one_endpoint_only(before.get(), service, findings);
                        continue;
                    }
                    Entry::Occupied(_) => {}
                    Entry::Vacant(free) => {
                        free.insert(service);
                    }
                }
                merged.push(endpoint.clone());
            }
        }
        merged
    };
    groups.into_iter().map(|((h, n), services)| (h.to_owned(), n.to_owned(), merge(services))).collect()
}

/// WorkloadEntries that a Kubernetes Service selects. istiod: `collectWorkloadInstanceEndpoints`.
fn selected_workload_entries(service: &Service, entries: &[Workload]) -> Vec<Endpoint> {
    if service.mesh_external || service.resolution != Resolution::ClientSideLb || service.selector.is_empty() {
        return Vec::new();
    }
    let selected = || {
        entries.iter().filter(|w| {
            !w.only_for_dns_service_entry
                && w.namespace == service.namespace
                && labels::subset(&service.selector, &w.endpoint.labels)
        })
    };
    let on_port = |port: &super::service::Port| {
        let with = |w: &Workload| {
            let number = workload_port(w, port)?;
            let service_port_name = port.name.clone();
            Some(Endpoint { service_port_name, port: number, ..w.endpoint.clone() })
        };
        selected().filter_map(with).collect::<Vec<_>>()
    };
    service.ports.iter().flat_map(on_port).collect()
}

/// The port of a WorkloadEntry behind a Service's port: its port of the same name as the Service's (for a number), or as
/// `targetPort` (for a name; without one it is left out). istiod: `findServiceTargetPort`, `serviceInstanceFromWorkloadInstance`.
pub(crate) fn workload_port(workload: &Workload, port: &super::service::Port) -> Option<u32> {
    let named = |name: &str| workload.ports.get(name).copied().filter(|p| *p != 0);
    match port.target_port.as_ref()? {
        TargetPort::Number(number) => Some(named(&port.name).unwrap_or(*number)),
        TargetPort::Name(name) => named(name),
    }
}

/// A WorkloadEntry whose health is checked counts once it is healthy. istiod: `isHealthy`.
fn is_healthy(config: &Config<WorkloadEntry>) -> bool {
    let annotation = config.meta.annotations.get("proxy.istio.io/health-checks-enabled");
    let is_checked = annotation.is_some_and(|text| go::parse_bool(text) == Some(true));
    !is_checked || config.spec.status_healthy
}

/// Indexes services by hostname and namespace; of several a Kubernetes Service counts, else the oldest.
fn by_hostname(
    services: &[Arc<Service>],
    default_export_to: &ExportTo,
    findings: &mut Diagnostics,
) -> BTreeMap<String, BTreeMap<String, Arc<Service>>> {
    let mut out: BTreeMap<String, BTreeMap<String, Arc<Service>>> = BTreeMap::new();
    for service in services {
        let of_namespace = out.entry(service.hostname.clone()).or_default();
        let existing = of_namespace.get(&service.namespace);
        if let Some(existing) = existing {
            same_host::in_namespace(existing, service, findings);
        }
        if existing.is_none_or(|e| !e.is_kubernetes() && service.is_kubernetes()) {
            of_namespace.insert(service.namespace.clone(), service.clone());
        }
    }
    let export_to = |s: &Service| if s.export_to.is_empty() { default_export_to.clone() } else { s.export_to.clone() };
    for by_namespace in out.values() {
        same_host::in_namespaces(by_namespace, export_to, findings);
    }
    out
}

/// `MeshConfig.serviceEntryVisibility` -> who sees ServiceEntries
fn narrow_exports(
    services: &mut [Arc<Service>],
    manifests: &Manifests,
    config: &MeshConfig,
    behaviours: Behaviours,
    default: &ExportTo,
) {
    let labels: BTreeMap<&str, &BTreeMap<String, String>> =
        manifests.namespaces.iter().map(|n| (n.meta.name.as_str(), &n.meta.labels)).collect();
    let none = BTreeMap::new();
    for service in services.iter_mut().filter(|service| !service.is_kubernetes()) {
        let namespace = (service.namespace.as_str(), labels.get(service.namespace.as_str()).copied().unwrap_or(&none));
        let export_to = entry_visibility::narrowed(config, behaviours, namespace, service.export_to.clone(), default);
        if export_to != service.export_to {
            Arc::make_mut(service).export_to = export_to;
        }
    }
}

/// Services by who sees them. istiod: `initServiceRegistry`.
#[derive(Default)]
struct Exports {
    public: Vec<Arc<Service>>,
    by_namespace: BTreeMap<String, Vec<Arc<Service>>>,
}

impl Exports {
    /// Before [`Behaviour::HonoursListsOfDefaultExportTo`] a namespace sees its own services before those exported to it.
    fn new(services: &[Arc<Service>], default: &ExportTo, behaviours: Behaviours) -> Self {
        let mut out = Self::default();
        let in_order = behaviours.contains(Behaviour::HonoursListsOfDefaultExportTo);
        let mut exported: BTreeMap<String, Vec<Arc<Service>>> = BTreeMap::new();
        for service in services {
            let export = if service.export_to.is_empty() { default } else { &service.export_to };
            if export.contains(&Visibility::Public) {
                out.public.push(service.clone());
            } else if !export.contains(&Visibility::None) {
                let namespaces: BTreeSet<&str> = export
                    .iter()
                    .map(|entry| match entry {
                        Visibility::Namespace(namespace) => namespace.as_str(),
                        _ => service.namespace.as_str(),
                    })
                    .collect();
                for namespace in namespaces {
                    let to =
                        if in_order || namespace == service.namespace { &mut out.by_namespace } else { &mut exported };
                    to.entry(namespace.to_owned()).or_default().push(service.clone());
                }
            }
        }
        for (namespace, services) in exported {
            out.by_namespace.entry(namespace).or_default().extend(services);
        }
        out
    }
}

/// Gathers the identities of each service: what it states itself, and those of its endpoints. istiod: `addServiceAccounts`.
fn service_accounts(
    services: &[Arc<Service>],
    endpoints: &BTreeMap<String, BTreeMap<String, Vec<Endpoint>>>,
    aliases: &[String],
) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let mut out: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for service in services {
        let behind = endpoints.get(&service.hostname).and_then(|m| m.get(&service.namespace));
        let of_endpoints = behind.into_iter().flatten().map(|e| &e.service_account).filter(|a| !a.is_empty());
        let accounts: BTreeSet<String> = of_endpoints.chain(&service.service_accounts).cloned().collect();
        let expanded = spiffe::expand_with_trust_domains(&accounts, aliases);
        let of_hostname = out.entry(service.hostname.clone()).or_default();
        of_hostname.insert(service.namespace.clone(), expanded.into_iter().collect());
    }
    out
}

/// Gives each service the names of the ExternalName Services that lead to it, through several if need be; a loop leads nowhere.
///
/// istiod: `push_context.go` `resolveServiceAliases`
fn resolve_aliases(services: &mut [Arc<Service>]) {
    let aliases: Vec<(NamespacedHostname, String)> = services
        .iter()
        .filter(|s| s.resolution == Resolution::Alias)
        .map(|s| {
            let alias = NamespacedHostname { namespace: s.namespace.clone(), hostname: s.hostname.clone() };
            (alias, s.external_name.clone())
        })
        .collect();
    let next: BTreeMap<&str, &str> = aliases.iter().map(|(a, to)| (a.hostname.as_str(), to.as_str())).collect();
    let mut by_concrete: BTreeMap<&str, BTreeSet<&NamespacedHostname>> = BTreeMap::new();
    for (alias, target) in &aliases {
        let mut seen = BTreeSet::from([alias.hostname.as_str(), target.as_str()]);
        let mut concrete = Some(target.as_str());
        while let Some(&further) = concrete.and_then(|c| next.get(c)) {
            concrete = seen.insert(further).then_some(further);
        }
        if let Some(concrete) = concrete {
            by_concrete.entry(concrete).or_default().insert(alias);
        }
    }
    for service in services {
        if let Some(aliases) = by_concrete.get(service.hostname.as_str()) {
            let aliases = aliases.iter().map(|&a| a.clone()).collect();
            *service = Arc::new(Service { aliases, ..Service::clone(service) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checked_workload_entry_counts_once_it_is_healthy() {
        for (annotation, healthy, counts) in [
            (None, false, true),
            (Some("false"), false, true),
            (Some("true"), false, false),
            (Some("true"), true, true),
        ] {
            let mut config = Config::<WorkloadEntry>::default();
            config.spec.status_healthy = healthy;
            let key = "proxy.istio.io/health-checks-enabled".to_owned();
            config.meta.annotations.extend(annotation.map(|value| (key, value.to_owned())));
            assert_eq!(is_healthy(&config), counts, "{annotation:?} {healthy}");
        }
    }
}
