//! Endpoints (EDS): who serves a cluster.
//!
//! ```text
//! endpoints of the service ──▶ filter ──▶ LbEndpoint ──▶ by locality ──▶ by network ──▶ ClusterLoadAssignment
//!                                          (mTLS? HBONE?)                 (gateways)     └▶ weights, priorities
//! of a router, with a waypoint  ──▶ that waypoint's endpoints instead
//! ```
//!
//! istiod: `pilot/pkg/xds/endpoints/endpoint_builder.go`

mod crash;
mod distribute;
mod failover;
mod failover_priority;
mod filter;
mod ingress_waypoint;
mod lb_endpoint;
mod locality;
mod locality_lb;
mod mutual_tls;
mod network;
mod tunnel;
mod workload;
mod zone_aware;

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::envoy::{ClusterLoadAssignment, LocalityLbEndpoints};
use crate::installation::Behaviour;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::labels;
use crate::mesh::service::{Port, Resolution, Service};
use crate::model::istio::{DestinationRule, Subset};
use crate::proxy::OutboundView;
use crate::translate::endpoint::locality::LocalityEndpoints;
use crate::translate::endpoint::mutual_tls::MutualTls;
use crate::translate::name;
use crate::translate::traffic_policy::{self, EffectiveTrafficPolicy};

pub(crate) use crash::crashes;
pub(crate) use locality_lb::Placement;

/// What endpoints are wanted for.
struct Request<'m> {
    view: OutboundView<'m>,
    service: &'m Service,
    rule: Option<&'m DestinationRule>,
    port: u32,
    subset: &'m str,
    kind: RequestKind,
}

/// What connections endpoints are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RequestKind {
    /// The proxy's own.
    Outbound,
    /// Those that other proxies have encrypted already: endpoints must accept mutual TLS.
    SniDnat,
    /// Those for a waypoint's services, which go on by HBONE wherever that is possible.
    InboundVip,
}

/// Builds the endpoints of an EDS cluster, by the name that the cluster asks for. A service or port that the client does not see
/// has none.
///
/// istiod: `endpoint_builder.go` `BuildClusterLoadAssignment`
pub(crate) fn build(view: &OutboundView<'_>, cluster_name: &str) -> ClusterLoadAssignment {
    let key = key(cluster_name);
    let endpoints = key.and_then(|(kind, number, subset, hostname)| {
        let service = view.service(hostname)?;
        let port = service.port(number)?;
        Some(for_port(view, service, port, subset, kind))
    });
    assignment(cluster_name, endpoints.unwrap_or_default())
}

/// Reads the name of a cluster: port, subset and hostname.
fn key(cluster_name: &str) -> Option<(RequestKind, u32, &str, &str)> {
    if let Some((port, subset, hostname)) = name::parse_inbound_vip_cluster(cluster_name) {
        return Some((RequestKind::InboundVip, port, subset, hostname));
    }
    let key = name::parse_outbound_cluster(cluster_name)?;
    let kind = if key.is_sni { RequestKind::SniDnat } else { RequestKind::Outbound };
    Some((kind, key.port, key.subset, key.hostname))
}

fn for_port(
    view: &OutboundView<'_>,
    service: &Service,
    port: &Port,
    subset: &str,
    kind: RequestKind,
) -> Vec<LocalityLbEndpoints> {
    let instead = ingress_waypoint::find(view, service);
    if is_dns(service) && instead.is_none() {
        // Such a service has its endpoints in the cluster itself.
        return Vec::new();
    }
    let rule = view.destination_rule(&service.hostname).map(|consolidated| &consolidated.rule.spec);
    let request = Request { view: *view, service, rule, port: port.number, subset, kind };
    if let Some(endpoints) = instead {
        let groups = request.generate(endpoints.into_iter(), Target::Waypoint);
        return groups.into_iter().map(LocalityEndpoints::into_envoy).collect();
    }
    let subset_labels = rule.and_then(|rule| subset_labels(rule, subset));
    let endpoints = view.mesh.service_endpoints(service).iter().filter(|endpoint| {
        endpoint.service_port_name == port.name
            && has_usable_address(endpoint)
            && subset_labels.is_none_or(|wanted| labels::subset(wanted, &endpoint.labels))
    });
    let groups = request.generate(endpoints, Target::Workload);
    let policy = traffic_policy::for_subset_name(rule, subset, port.number, view.mesh.installation.behaviours);
    match Placement::new(view.mesh, service, &policy) {
        Some(placement) => placement.apply(groups, view.client, locality_lb::Labels::All),
        None => groups.into_iter().map(LocalityEndpoints::into_envoy).collect(),
    }
}

/// Builds the endpoints of a cluster for which Envoy asks DNS, which stand in the cluster itself; none if there are no endpoints.
///
/// Ports are matched by number, and hostnames are kept. The policy is that of the cluster.
///
/// istiod: `endpoint_builder.go` `FromServiceEndpoints`, `cluster_traffic_policy.go` `applyLocalityLoadBalancer`
pub(crate) fn inline(
    view: &OutboundView<'_>,
    cluster_name: &str,
    service: &Service,
    port: &Port,
    subset: Option<&Subset>,
    policy: &EffectiveTrafficPolicy<'_>,
) -> Option<ClusterLoadAssignment> {
    let rule = view.destination_rule(&service.hostname).map(|consolidated| &consolidated.rule.spec);
    let subset_name = subset.map_or("", |s| s.name.as_str());
    let kind = key(cluster_name).map_or(RequestKind::Outbound, |(kind, ..)| kind);
    let request = Request { view: *view, service, rule, port: port.number, subset: subset_name, kind };
    let labels = rule.and_then(|rule| subset_labels(rule, subset_name)).cloned().unwrap_or_default();
    let endpoints = view.mesh.service_endpoints_by_port(service, port.number, &labels);
    let groups = request.generate(endpoints.into_iter(), Target::Workload);
    if groups.is_empty() {
        return None;
    }
    let endpoints = match Placement::new(view.mesh, service, policy) {
        // Labels are known for the cluster of the whole service alone.
        Some(placement)
            if subset.is_none()
                && kind == RequestKind::Outbound
                && view.mesh.does(Behaviour::AppliesFailoverPriorityToDns) =>
        {
            placement.apply(groups, view.client, locality_lb::Labels::First)
        }
        Some(placement) => placement.apply(groups, view.client, locality_lb::Labels::None),
        None => groups.into_iter().map(LocalityEndpoints::into_envoy).collect(),
    };
    Some(assignment(cluster_name, endpoints))
}

/// Builds the endpoints of a waypoint's cluster for which Envoy asks DNS; none if there are no endpoints. The rule of the host does not
/// matter here.
///
/// istiod: `cluster_waypoint.go` `buildWaypointInboundVIPCluster`
pub(crate) fn inline_vip(
    view: &OutboundView<'_>,
    cluster_name: &str,
    service: &Service,
    port: &Port,
    policy: &EffectiveTrafficPolicy<'_>,
) -> Option<ClusterLoadAssignment> {
    let kind = RequestKind::InboundVip;
    let request = Request { view: *view, service, rule: None, port: port.number, subset: "", kind };
    let endpoints = view.mesh.service_endpoints_by_port(service, port.number, &BTreeMap::new());
    let groups = request.generate(endpoints.into_iter(), Target::Workload);
    if groups.is_empty() {
        return None;
    }
    let endpoints = match Placement::new(view.mesh, service, policy) {
        Some(placement) => placement.apply(groups, view.client, locality_lb::Labels::None),
        None => groups.into_iter().map(LocalityEndpoints::into_envoy).collect(),
    };
    Some(assignment(cluster_name, endpoints))
}

/// Says whether a port has endpoints, and all of them take HBONE. istiod: `push_context.go` `AllInstancesSupportHBONE`
pub(crate) fn all_take_hbone(view: &OutboundView<'_>, service: &Service, port: &Port) -> bool {
    let endpoints = view.mesh.service_endpoints(service).iter();
    if !endpoints.into_iter().any(|endpoint| tunnel::takes_hbone(view, endpoint)) {
        return false;
    }
    let endpoints = view.mesh.service_endpoints_by_port(service, port.number, &BTreeMap::new());
    !endpoints.is_empty() && endpoints.into_iter().all(|endpoint| tunnel::takes_hbone(view, endpoint))
}

/// What an endpoint stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Itself.
    Workload,
    /// It is the waypoint of the service.
    Waypoint,
}

impl<'m> Request<'m> {
    /// Says whether endpoints that are not healthy are sent too: not where Envoy would use them all the same below the percentage
    /// that the rule sets. Subsets of a waypoint's services do not count, as istiod asks before it takes the protocol from their names.
    ///
    /// istiod: `endpoint_builder.go` `supportsUnhealthyEndpoints`
    fn sends_unhealthy(&self) -> bool {
        if self.service.forces_unhealthy_endpoints(self.view.mesh.features()) {
            return true;
        }
        let subset = if self.kind == RequestKind::InboundVip { "" } else { self.subset };
        let policy =
            || traffic_policy::for_subset_name(self.rule, subset, self.port, self.view.mesh.installation.behaviours);
        self.view.mesh.does(Behaviour::SendsUnhealthyEndpoints)
            && policy().outlier_detection.is_none_or(|outlier| outlier.min_health_percent <= 0)
    }

    /// Selects endpoints for the client, by locality. istiod: `endpoint_builder.go` `generate`.
    fn generate(&self, endpoints: impl Iterator<Item = &'m Endpoint>, target: Target) -> Vec<LocalityEndpoints<'m>> {
        let mutual_tls = MutualTls::new(self.view.mesh, self.rule, self.subset, self.port);
        let lb_endpoints = endpoints.filter(|endpoint| filter::is_wanted(self, endpoint)).map(|endpoint| {
            let lb_endpoint = lb_endpoint::lb_endpoint(self, endpoint, mutual_tls.is_enabled(endpoint), target);
            (endpoint, lb_endpoint)
        });
        let groups = network::by_network(self, locality::by_locality(lb_endpoints));
        if self.kind == RequestKind::SniDnat {
            groups.into_iter().map(mutual_tls::only_mutual_tls).collect()
        } else {
            groups
        }
    }
}

/// `DestinationRule.subsets[].labels`. istiod: `endpoint_builder.go` `getSubSetLabels`.
fn subset_labels<'a>(rule: &'a DestinationRule, subset: &str) -> Option<&'a BTreeMap<String, String>> {
    if subset.is_empty() {
        return None;
    }
    rule.subsets.iter().find(|s| s.name == subset).map(|s| &s.labels)
}

/// Says whether Envoy asks DNS for the endpoints. istiod: `endpoint_builder.go` `IsDNSCluster`.
fn is_dns(service: &Service) -> bool {
    matches!(service.resolution, Resolution::DnsLb | Resolution::DnsRoundRobinLb)
}

/// EDS takes IP addresses, sockets, and endpoints without an address (behind a gateway), but no hostnames.
fn has_usable_address(endpoint: &Endpoint) -> bool {
    let address = endpoint.addresses.first().map_or("", String::as_str);
    address.is_empty() || endpoint.port == 0 || address.parse::<IpAddr>().is_ok()
}

fn assignment(cluster_name: &str, endpoints: Vec<LocalityLbEndpoints>) -> ClusterLoadAssignment {
    ClusterLoadAssignment { cluster_name: cluster_name.to_owned(), endpoints, ..ClusterLoadAssignment::default() }
}
