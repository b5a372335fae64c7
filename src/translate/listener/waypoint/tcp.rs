//! Chains of a waypoint for connections.

use super::CLASS;
use crate::envoy::{
    Filter, TcpProxy, TcpProxyClusterSpecifier, TcpProxyWeightedCluster, TcpProxyWeightedClusterClusterWeight,
};
use crate::mesh::hostname;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Resolution, Service};
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::model::istio::{Destination, RouteDestination, TcpRoute, TlsRoute};
use crate::proxy::{ProxyView, WaypointScope};
use crate::translate::listener::network_filters::{self, TcpChain};
use crate::translate::listener::{ListenerView, tcp_proxy};
use crate::translate::security::authorization::ChainPolicies;
use crate::translate::stat_name::{self, StatService};
use crate::translate::{name, waypoint_destination};

/// The filters that lead to a port of a service, by VirtualServices and DestinationRules.
///
/// Several destinations share one proxy: its settings are those of the DestinationRule of the first.
///
/// istiod: `listener_waypoint.go` `buildWaypointNetworkFilters`
pub(super) fn to_service(
    view: &ListenerView<'_>,
    proxy: &ProxyView<'_>,
    waypoint: &WaypointScope,
    service: &Service,
    port: &Port,
) -> Vec<Filter> {
    let routes = routes(proxy, waypoint, service, port.number);
    let cluster =
        |destination: &Destination| waypoint_destination::cluster(&view.outbound, waypoint, destination, port.number);
    let unset = Destination::default();
    let destination = |route: &'_ RouteDestination| route.destination.clone().unwrap_or_else(|| unset.clone());
    let own = name::inbound_vip_cluster(port.number, "tcp", &service.hostname);
    let (specifier, subset) = match routes.as_slice() {
        [] => (TcpProxyClusterSpecifier::Cluster(own.clone()), String::new()),
        [only] => {
            let to = destination(only);
            (TcpProxyClusterSpecifier::Cluster(cluster(&to)), to.subset)
        }
        several => {
            let weight = |route: &RouteDestination| {
                let weight = u32::try_from(route.weight).ok().filter(|weight| *weight > 0)?;
                let name = cluster(&destination(route));
                Some(TcpProxyWeightedClusterClusterWeight { name, weight, ..Default::default() })
            };
            let clusters = several.iter().filter_map(weight).collect();
            (TcpProxyClusterSpecifier::WeightedClusters(TcpProxyWeightedCluster { clusters }), String::new())
        }
    };
    let host = routes.first().map_or_else(|| service.hostname.clone(), |first| destination(first).host);
    let rule = view.outbound.destination_rule(&host).map(|consolidated| &consolidated.rule.spec);
    let pattern = &view.outbound.mesh.config.inbound_cluster_stat_name;
    let stat_prefix = if pattern.is_empty() {
        own
    } else {
        // The name counts as that of a Kubernetes Service, whatever it is.
        let service = StatService {
            hostname: &service.hostname,
            kubernetes: Some((service.name.as_str(), service.namespace.as_str())),
        };
        stat_name::inbound_chain(pattern, service, "", port.number, &port.name)
    };
    let tcp_proxy = TcpProxy {
        stat_prefix,
        tunneling_config: rule.and_then(|rule| tcp_proxy::tunneling_config(rule, &subset)),
        ..tcp_proxy::to_destinations(view, CLASS, specifier, rule, &subset)
    };
    let looks_up = service.resolution == Resolution::DynamicDns && hostname::is_wildcard(&host);
    let chain = TcpChain {
        class: CLASS,
        port: port.number,
        protocol: port.protocol,
        metadata_exchange: true,
        policies: ChainPolicies::Workload,
        dynamic_forward_proxy: looks_up.then_some(service.hostname.as_str()),
    };
    network_filters::tcp(view, chain, tcp_proxy)
}

/// The filters that lead to any port of a workload.
pub(super) fn to_workloads(view: &ListenerView<'_>) -> Vec<Filter> {
    let pattern = &view.outbound.mesh.config.inbound_cluster_stat_name;
    let stat_prefix = if pattern.is_empty() {
        name::ENCAP.to_owned()
    } else {
        let nobody = StatService { hostname: "", kubernetes: None };
        stat_name::inbound_chain(pattern, nobody, "", 0, "unknown")
    };
    let chain = TcpChain {
        class: CLASS,
        port: 0,
        protocol: Protocol::Tcp,
        metadata_exchange: true,
        policies: ChainPolicies::Workload,
        dynamic_forward_proxy: None,
    };
    network_filters::tcp(view, chain, tcp_proxy::to_cluster(view, CLASS, &stat_prefix, name::ENCAP))
}

/// The destinations of the first TLS route that matches, else of the first TCP route.
///
/// istiod: `listener_waypoint.go` `getWaypointTCPRoutes`
fn routes<'w>(
    proxy: &'w ProxyView<'_>,
    waypoint: &'w WaypointScope,
    service: &'w Service,
    port: u32,
) -> &'w Vec<RouteDestination> {
    static NONE: Vec<RouteDestination> = Vec::new();
    let namespace = &proxy.proxy.namespace;
    let configs: Vec<_> = waypoint.virtual_services_of(namespace, service).collect();
    let tls =
        configs.iter().flat_map(|config| &config.spec.tls).find(|route| tls_matches(route, &service.hostname, port));
    let tcp = || configs.iter().flat_map(|config| &config.spec.tcp).find(|route| tcp_matches(route, port));
    tls.map(|route| &route.route).or_else(|| tcp().map(|route| &route.route)).unwrap_or(&NONE)
}

/// A server name counts only if it is the service's own; clients are not told apart.
///
/// istiod: `listener_waypoint.go` `getTLSRouteMatch`
fn tls_matches(route: &TlsRoute, hostname: &str, port: u32) -> bool {
    route.r#match.is_empty()
        || route.r#match.iter().any(|m| {
            matches!(m.sni_hosts.as_slice(), [only] if only == hostname)
                && applies(&m.gateways, m.port, port)
                && m.source_labels.is_empty()
                && m.source_namespace.is_empty()
        })
}

/// istiod: `listener_waypoint.go` `getTCPRouteMatch`
fn tcp_matches(route: &TcpRoute, port: u32) -> bool {
    route.r#match.is_empty()
        || route
            .r#match
            .iter()
            .any(|m| applies(&m.gateways, m.port, port) && m.source_labels.is_empty() && m.source_namespace.is_empty())
}

fn applies(gateways: &[String], wanted: u32, port: u32) -> bool {
    (gateways.is_empty() || gateways.iter().any(|gateway| gateway == MESH_GATEWAY)) && (wanted == 0 || wanted == port)
}
