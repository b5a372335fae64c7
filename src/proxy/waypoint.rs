//! What a waypoint owns, and what it reaches besides.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::identity::{Proxy, ServiceTarget, WaypointIdentity};
use super::selection::{GATEWAY_NAME_LABEL, PolicyMatcher};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::ambient::{AmbientService, EAST_WEST_CONTROLLER, MANAGED_LABEL, MESH_CONTROLLER, WaypointAddress};
use crate::mesh::service::{Resolution, Service};
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::model::Config;
use crate::model::istio::{MeshConfigExtensionProviderProvider as Provider, VirtualService};
use crate::proxy::scope::{ScopedService, SidecarScope};

/// The annotation of EnvoyFilters that names services of which their patches speak.
const REFERENCED_SERVICES: &str = "envoyfilter.istio.io/referenced-services";

/// By what a proxy finds what it owns: the hostnames of its Services, and their addresses in its network.
///
/// istiod: `model/service.go` `waypointKeyForProxy`
pub(super) fn identity(
    namespace: &str,
    network: &str,
    labels: &BTreeMap<String, String>,
    targets: &[ServiceTarget],
) -> WaypointIdentity {
    let mut addresses = BTreeSet::new();
    for ServiceTarget { service, .. } in targets {
        let (namespace, hostname) = (namespace.to_owned(), service.hostname.clone());
        addresses.insert(WaypointAddress::Hostname { namespace, hostname });
        let automatic = [&service.auto_allocated_ipv4, &service.auto_allocated_ipv6];
        let mut own: Vec<&String> = automatic.into_iter().filter(|address| !address.is_empty()).collect();
        if own.is_empty() {
            own = service.cluster_vips.iter().collect();
        }
        let own = own.into_iter().filter_map(|address| address.parse::<IpAddr>().ok());
        let network = || network.to_owned();
        addresses.extend(own.map(|ip| WaypointAddress::Address { network: network(), address: ip.to_string() }));
    }
    let managed = |by: &str| labels.get(MANAGED_LABEL).is_some_and(|value| value == by);
    WaypointIdentity {
        addresses: addresses.into_iter().collect(),
        gateway: labels.get(GATEWAY_NAME_LABEL).cloned().unwrap_or_default(),
        managed: managed(MESH_CONTROLLER),
        east_west: managed(EAST_WEST_CONTROLLER),
    }
}

/// What a waypoint owns. istiod: `core/waypoint.go` `findWaypointResources`
#[derive(Debug)]
pub struct WaypointScope {
    /// It is the entrance from other networks.
    pub east_west: bool,
    /// Its services, the oldest first.
    pub services: Vec<Arc<Service>>,
    hostnames: BTreeSet<String>,
    /// Whether it owns workloads.
    pub has_workloads: bool,
    /// The addresses of these.
    pub workload_addresses: Vec<String>,
    /// Services that it does not own and yet reaches.
    pub outbound: Vec<ScopedService>,
    /// The VirtualServices of the mesh that it sees.
    pub virtual_services: Vec<Arc<Config<VirtualService>>>,
}

impl WaypointScope {
    /// Finds what a waypoint owns; nothing for other proxies.
    pub(super) fn new(mesh: &Mesh, proxy: &Proxy, scope: &SidecarScope) -> Option<Self> {
        let WaypointIdentity { addresses, gateway: _, managed: _, east_west } = proxy.client.waypoint.as_ref()?;
        let multi_network = mesh.installation.features.ambient_multi_network;
        let owned = if *east_west && multi_network {
            mesh.ambient.global_services()
        } else {
            mesh.ambient.services_of(addresses)
        };
        let services = services(mesh, owned);
        let hostnames: BTreeSet<String> = services.iter().map(|service| service.hostname.clone()).collect();
        let workloads = if *east_west { Vec::new() } else { mesh.ambient.workloads_of(addresses) };
        Some(Self {
            east_west: *east_west,
            outbound: outbound(mesh, proxy, scope, &services),
            has_workloads: !workloads.is_empty(),
            workload_addresses: workloads.into_iter().flat_map(|workload| &workload.addresses).cloned().collect(),
            virtual_services: mesh.virtual_services_for_gateway(&proxy.namespace, MESH_GATEWAY),
            services,
            hostnames,
        })
    }

    /// Says whether it owns the service of a hostname.
    pub fn owns(&self, hostname: &str) -> bool {
        self.hostnames.contains(hostname)
    }

    /// Returns the VirtualServices for one of its services, in their order: of the waypoint's or the service's namespace only.
    ///
    /// istiod: `listener_waypoint.go` `getVirtualServiceForWaypoint`
    pub fn virtual_services_of<'s>(
        &'s self,
        namespace: &'s str,
        service: &'s Service,
    ) -> impl Iterator<Item = &'s Config<VirtualService>> {
        let own = move |config: &&Config<VirtualService>| {
            config.meta.namespace == namespace || config.meta.namespace == service.namespace
        };
        let names = |config: &&Config<VirtualService>| {
            config.spec.hosts.iter().any(|host| crate::mesh::hostname::matches(host, &service.hostname))
        };
        self.virtual_services.iter().map(AsRef::as_ref).filter(own).filter(names)
    }
}

/// The services of the index as the mesh has them; one for a hostname.
fn services(mesh: &Mesh, owned: Vec<&AmbientService>) -> Vec<Arc<Service>> {
    let mut by_hostname: BTreeMap<&str, Arc<Service>> = BTreeMap::new();
    for known in owned {
        let Some(service) = mesh.service(&known.hostname, &known.namespace) else { continue };
        let is_kept = mesh.does(Behaviour::KeepsInternalDynamicDnsFromWaypoints);
        if service.resolution != Resolution::DynamicDns || service.mesh_external || !is_kept {
            by_hostname.insert(&known.hostname, service.clone());
        }
    }
    let mut services: Vec<Arc<Service>> = by_hostname.into_values().collect();
    services.sort_by(|a, b| (a.creation, &a.name, &a.namespace).cmp(&(b.creation, &b.name, &b.namespace)));
    services
}

/// Destinations of VirtualServices whose host is one of the waypoint's own services, as it is written; and services of which
/// extension providers, EnvoyFilters and the TLS routes of an east-west gateway speak.
///
/// A destination that the waypoint owns counts only if it is outside of the mesh: requests go there without HBONE.
///
/// istiod: `core/waypoint.go` `filterWaypointOutboundServices`, `push_context.go` `extraServicesForProxy`
fn outbound(mesh: &Mesh, proxy: &Proxy, scope: &SidecarScope, owned: &[Arc<Service>]) -> Vec<ScopedService> {
    let by_hostname: BTreeMap<&str, &Arc<Service>> = owned.iter().map(|s| (s.hostname.as_str(), s)).collect();
    let mut hostnames: BTreeSet<String> = BTreeSet::new();
    if mesh.installation.features.ambient_waypoints {
        for config in mesh.virtual_services.bound_to(MESH_GATEWAY) {
            if !config.spec.hosts.iter().any(|host| by_hostname.contains_key(host.as_str())) {
                continue;
            }
            let destinations = crate::mesh::virtual_service::destinations(&config.spec, "");
            hostnames.extend(
                destinations
                    .into_keys()
                    .filter(|host| by_hostname.get(host.as_str()).is_none_or(|service| service.mesh_external)),
            );
        }
    }
    hostnames.extend(passed_through(mesh, proxy));
    let mut namespaced: BTreeSet<(&str, &str)> = BTreeSet::new();
    let providers = mesh.config.extension_providers.iter().filter_map(|p| p.provider.as_ref()).filter_map(provider);
    let attached = mesh.envoy_filters.iter().filter(|filter| {
        let namespace = filter.meta.namespace.as_str();
        (namespace == mesh.config.root_namespace || namespace == proxy.namespace)
            && PolicyMatcher::new(mesh.features(), proxy, &mesh.config.root_namespace).attaches(filter)
    });
    let annotations = attached.filter_map(|filter| filter.meta.annotations.get(REFERENCED_SERVICES));
    for named in providers.chain(annotations.flat_map(|list| list.split(','))) {
        match named.split_once('/') {
            Some(pair) => {
                namespaced.insert(pair);
            }
            None => {
                hostnames.insert(named.to_owned());
            }
        }
    }
    let wanted = |service: &&ScopedService| {
        hostnames.contains(&service.hostname)
            || namespaced.contains(&(service.namespace.as_str(), service.hostname.as_str()))
    };
    scope.services.iter().filter(wanted).cloned().collect()
}

/// The services to which an east-west gateway passes TLS beside its tunnels: the destinations of TLS routes that attach to it.
///
/// istiod: `core/cluster.go` `appendGatewayReferencedServices`
fn passed_through(mesh: &Mesh, proxy: &Proxy) -> BTreeSet<String> {
    if !proxy.is_east_west() {
        return BTreeSet::new();
    }
    let gateway = proxy.merged_gateway(mesh);
    let names = gateway.iter().flat_map(|gateway| &gateway.gateway_names);
    let configs = names.flat_map(|name| mesh.virtual_services_for_gateway(&proxy.namespace, name));
    let mut hostnames = BTreeSet::new();
    for config in configs {
        let routes = config.spec.tls.iter().flat_map(|rule| &rule.route);
        hostnames.extend(routes.filter_map(|route| route.destination.as_ref()).map(|to| to.host.clone()));
    }
    hostnames
}

/// The service of an extension provider, as it is written.
fn provider(provider: &Provider) -> Option<&str> {
    Some(match provider {
        Provider::EnvoyExtAuthzHttp(p) => &p.service,
        Provider::EnvoyExtAuthzGrpc(p) => &p.service,
        Provider::Zipkin(p) => &p.service,
        Provider::Datadog(p) => &p.service,
        Provider::Skywalking(p) => &p.service,
        Provider::Opentelemetry(p) => &p.service,
        Provider::EnvoyHttpAls(p) => &p.service,
        Provider::EnvoyTcpAls(p) => &p.service,
        Provider::EnvoyOtelAls(p) => &p.service,
        Provider::Sds(p) => &p.service,
        Provider::Lightstep(_)
        | Provider::Opencensus(_)
        | Provider::EnvoyFileAccessLog(_)
        | Provider::Prometheus(_)
        | Provider::Stackdriver(_) => return None,
    })
}
