//! ServiceEntry: one service for each host and address, and the endpoints that it names or selects.
//!
//! istiod: `pilot/pkg/serviceregistry/serviceentry/conversion.go`

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::traffic_distribution::traffic_distribution;
use super::workload::{Workload, WorkloadContext};
use crate::installation::{Behaviour, Features};
use crate::mesh::endpoint::{Endpoint, Health};
use crate::mesh::labels;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{DnsConnectStrategy, Port, Registry, Resolution, Service, UNSPECIFIED_IP};
use crate::mesh::visibility::export_to;
use crate::model::Config;
use crate::model::istio::{ServiceEntry, ServiceEntryLocation, ServiceEntryResolution, ServicePort};

/// Label that opts out of automatic addresses.
const ENABLE_AUTOALLOCATE_IP: &str = "networking.istio.io/enable-autoallocate-ip";

/// The labels that name the canonical service and its revision.
const CANONICAL_NAME: &str = "service.istio.io/canonical-name";
const CANONICAL_REVISION: &str = "service.istio.io/canonical-revision";

/// A service with what stands behind it.
#[derive(Debug, Clone)]
pub(crate) struct ServiceWithEndpoints {
    /// The service.
    pub(crate) service: Arc<Service>,
    /// The name of the ServiceEntry, the last tie-break between services of one hostname.
    pub(crate) object_name: String,
    /// Its endpoints.
    pub(crate) endpoints: Vec<Endpoint>,
}

/// Converts a ServiceEntry. `workloads` are those of its namespace.
///
/// istiod: `convertServices`, `services`
pub(crate) fn services(
    config: &Config<ServiceEntry>,
    namespace_annotations: &BTreeMap<String, String>,
    workloads: &[Workload],
    context: &WorkloadContext<'_>,
) -> Vec<ServiceWithEndpoints> {
    let with_endpoints = |service: Service| ServiceWithEndpoints {
        endpoints: endpoints(config, &service, workloads, context),
        service: Arc::new(service),
        object_name: config.meta.name.clone(),
    };
    host_addresses(config)
        .into_iter()
        .map(|address| with_endpoints(service(config, address, namespace_annotations, context)))
        .collect()
}

/// A host with one of its addresses, or with those allocated automatically.
struct HostAddress {
    host: String,
    address: String,
    auto_allocated_ipv4: String,
    auto_allocated_ipv6: String,
}

/// Pairs each host with each valid address; a CIDR of full length is an address.
fn host_addresses(config: &Config<ServiceEntry>) -> Vec<HostAddress> {
    let entry = &config.spec;
    let mut out = Vec::new();
    for host in &entry.hosts {
        if entry.addresses.is_empty() {
            let auto = |wants: fn(&IpAddr) -> bool| {
                let of_host = auto_allocated(config).filter(|(h, ip)| h == host && wants(ip));
                of_host.last().map(|(_, ip)| ip.to_string()).unwrap_or_default()
            };
            out.push(HostAddress {
                host: host.clone(),
                address: UNSPECIFIED_IP.to_owned(),
                auto_allocated_ipv4: auto(IpAddr::is_ipv4),
                auto_allocated_ipv6: auto(IpAddr::is_ipv6),
            });
        }
        let addresses = entry.addresses.iter().filter_map(|address| valid_address(address));
        out.extend(addresses.map(|address| HostAddress {
            host: host.clone(),
            address,
            auto_allocated_ipv4: String::new(),
            auto_allocated_ipv6: String::new(),
        }));
    }
    out
}

/// Returns the address as a listener uses it, or nothing if it is neither an IP nor a CIDR.
fn valid_address(address: &str) -> Option<String> {
    if address.parse::<IpAddr>().is_ok() {
        return Some(address.to_owned());
    }
    let cidr: IpNet = address.parse().ok()?;
    let full = cidr.prefix_len() == cidr.max_prefix_len();
    Some(if full { cidr.addr().to_string() } else { address.to_owned() })
}

/// Returns (host, address) from the status, if automatic addresses count for this ServiceEntry.
///
/// istiod: `pilot/pkg/networking/serviceentry/ip_autoallocation.go` `ShouldV2AutoAllocateIPFromConfig`
fn auto_allocated(config: &Config<ServiceEntry>) -> impl Iterator<Item = (String, IpAddr)> + '_ {
    let opted_out = config.meta.labels.get(ENABLE_AUTOALLOCATE_IP).is_some_and(|v| v.eq_ignore_ascii_case("false"));
    let counts = config.spec.resolution != ServiceEntryResolution::None && !opted_out;
    let status = config.spec.status_addresses.iter().filter(move |_| counts);
    status.filter_map(|address| Some((address.host.clone(), address.value.parse().ok()?)))
}

fn service(
    config: &Config<ServiceEntry>,
    address: HostAddress,
    namespace_annotations: &BTreeMap<String, String>,
    context: &WorkloadContext<'_>,
) -> Service {
    let entry = &config.spec;
    let resolution = resolution(entry.resolution);
    let target_ports = entry.ports.iter().filter(|p| resolution == Resolution::Passthrough && p.target_port != 0);
    let connect = config.meta.annotations.get("istio.io/connect-strategy");
    let races = connect.is_some_and(|v| v.eq_ignore_ascii_case("RACE_FIRST_TCP_CONNECT"))
        && context.behaviours.contains(Behaviour::RacesDnsConnections);
    Service {
        hostname: address.host.clone(),
        name: address.host,
        object_name: config.meta.name.clone(),
        namespace: config.meta.namespace.clone(),
        registry: Registry::External,
        creation: config.meta.creation_timestamp,
        ports: entry.ports.iter().map(port).collect(),
        resolution,
        default_address: address.address,
        cluster_vips: Vec::new(),
        auto_allocated_ipv4: address.auto_allocated_ipv4,
        auto_allocated_ipv6: address.auto_allocated_ipv6,
        mesh_external: entry.location == ServiceEntryLocation::MeshExternal,
        export_to: export_to(&entry.export_to),
        labels: labels(config, context.features),
        selector: entry.workload_selector.as_ref().map(|s| s.labels.clone()).unwrap_or_default(),
        service_accounts: entry.subject_alt_names.clone(),
        aliases: Vec::new(),
        external_name: String::new(),
        node_local: false,
        publish_not_ready_addresses: false,
        traffic_distribution: traffic_distribution("", &config.meta.annotations, namespace_annotations),
        passthrough_target_ports: target_ports.map(|p| (p.number, p.target_port)).collect(),
        external_addresses: Vec::new(),
        external_ports: BTreeMap::new(),
        dns_connect_strategy: if races { DnsConnectStrategy::FirstHealthyRace } else { DnsConnectStrategy::Default },
        source: config.source,
    }
}

/// The labels of a service; with `LABEL_CANONICAL_SERVICES_FOR_MESH_EXTERNAL_SERVICE_ENTRIES` those of one outside of the mesh name its
/// canonical service and revision.
///
/// istiod: `conversion.go` `ensureCanonicalServiceLabels`
fn labels(config: &Config<ServiceEntry>, features: &Features) -> BTreeMap<String, String> {
    let mut labels = config.meta.labels.clone();
    let is_external = config.spec.location == ServiceEntryLocation::MeshExternal;
    let complete = labels.contains_key(CANONICAL_NAME) && labels.contains_key(CANONICAL_REVISION);
    if features.canonical_service_for_mesh_external && is_external && !complete {
        let first = |keys: [&str; 3]| keys.iter().find_map(|key| labels.get(*key)).cloned();
        let name = first([CANONICAL_NAME, "app.kubernetes.io/name", "app"]);
        let revision = first([CANONICAL_REVISION, "app.kubernetes.io/version", "version"]);
        labels.insert(CANONICAL_NAME.to_owned(), name.unwrap_or_else(|| config.meta.name.clone()));
        labels.insert(CANONICAL_REVISION.to_owned(), revision.unwrap_or_else(|| "latest".to_owned()));
    }
    labels
}

fn resolution(resolution: ServiceEntryResolution) -> Resolution {
    match resolution {
        ServiceEntryResolution::None => Resolution::Passthrough,
        ServiceEntryResolution::Static => Resolution::ClientSideLb,
        ServiceEntryResolution::Dns => Resolution::DnsLb,
        ServiceEntryResolution::DnsRoundRobin => Resolution::DnsRoundRobinLb,
        ServiceEntryResolution::DynamicDns => Resolution::DynamicDns,
    }
}

fn port(port: &ServicePort) -> Port {
    Port { name: port.name.clone(), number: port.number, protocol: Protocol::parse(&port.protocol), target_port: None }
}

/// Says whether Envoy asks DNS for all endpoints. istiod: `isDNSTypeService`.
fn is_dns(service: &Service) -> bool {
    matches!(service.resolution, Resolution::DnsLb | Resolution::DnsRoundRobinLb)
}

/// Returns the endpoints: the selected workloads, or those in the ServiceEntry, or its host itself where DNS is asked.
///
/// istiod: `convertServiceEntryToInstances`, `services`
fn endpoints(
    config: &Config<ServiceEntry>,
    service: &Service,
    workloads: &[Workload],
    context: &WorkloadContext<'_>,
) -> Vec<Endpoint> {
    let entry = &config.spec;
    if let Some(selector) = &entry.workload_selector {
        let selected = workloads.iter().filter(|w| {
            labels::subset(&selector.labels, &w.endpoint.labels) && (!w.only_for_dns_service_entry || is_dns(service))
        });
        let by_group = context.behaviours.contains(Behaviour::NamesEndpointsByAutoRegistrationGroup);
        let named = |mut endpoint: Endpoint, workload: &Workload| {
            if workload.is_entry && !by_group {
                endpoint.workload_name.clone_from(&workload.name);
            }
            endpoint
        };
        return selected
            .flat_map(|w| for_each_port(w, &entry.ports).into_iter().map(move |endpoint| named(endpoint, w)))
            .collect();
    }
    if entry.endpoints.is_empty() && is_dns(service) {
        return entry.ports.iter().map(|port| host_itself(config, service, port, context)).collect();
    }
    let inline = entry.endpoints.iter().enumerate().map(|(index, endpoint)| {
        let name = format!("{}-{index}", config.meta.name);
        let workload = Workload::from_inline_endpoint(endpoint, &name, &config.meta.namespace, context);
        if names_endpoints(context) { workload } else { workload.without_name() }
    });
    inline.flat_map(|w| for_each_port(&w, &entry.ports)).collect()
}

/// The host of a DNS ServiceEntry without endpoints is its own endpoint.
fn host_itself(
    config: &Config<ServiceEntry>,
    service: &Service,
    port: &ServicePort,
    context: &WorkloadContext<'_>,
) -> Endpoint {
    Endpoint {
        labels: Arc::default(),
        addresses: vec![service.hostname.clone()],
        service_port_name: port.name.clone(),
        service_port_number: port.number,
        port: if port.target_port > 0 { port.target_port } else { port.number },
        service_account: String::new(),
        network: String::new(),
        locality: String::new(),
        cluster_id: context.cluster_id.to_owned(),
        weight: 0,
        tls_mode: "disabled".to_owned(),
        namespace: if names_endpoints(context) { config.meta.namespace.clone() } else { String::new() },
        workload_name: if names_endpoints(context) { config.meta.name.clone() } else { String::new() },
        health: Health::Unknown,
        node_name: String::new(),
    }
}

fn names_endpoints(context: &WorkloadContext<'_>) -> bool {
    context.behaviours.contains(Behaviour::NamesServiceEntryEndpoints)
}

/// Returns a workload as the endpoint of each port. The workload's own port map goes before the port's targetPort.
///
/// istiod: `convertWorkloadInstanceToServiceInstance`
fn for_each_port(workload: &Workload, ports: &[ServicePort]) -> Vec<Endpoint> {
    let unix = match workload.endpoint.addresses.as_slice() {
        [address] => address.strip_prefix("unix://"),
        _ => None,
    };
    let on_port = |port: &ServicePort| {
        let mut endpoint = workload.endpoint.clone();
        endpoint.service_port_name.clone_from(&port.name);
        endpoint.service_port_number = port.number;
        let mapped = workload.ports.get(&port.name).copied().unwrap_or_default();
        endpoint.port = match unix {
            Some(_) => 0,
            None => [mapped, port.target_port].into_iter().find(|p| *p > 0).unwrap_or(port.number),
        };
        if let Some(path) = unix {
            endpoint.addresses = vec![path.to_owned()];
        }
        if endpoint.namespace.is_empty() {
            endpoint.namespace.clone_from(&workload.namespace);
        }
        if endpoint.workload_name.is_empty() {
            endpoint.workload_name.clone_from(&workload.name);
        }
        endpoint
    };
    ports.iter().map(on_port).collect()
}
