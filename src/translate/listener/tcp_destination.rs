//! The filters of TCP chains that lead to services, by virtual services and destination rules.
//!
//! istiod: `core/networkfilter.go`

use super::network_filters::{self, TcpChain};
use super::{ListenerClass, ListenerView, tcp_proxy};
use crate::envoy::{
    Filter, TcpProxy, TcpProxyClusterSpecifier, TcpProxyWeightedCluster, TcpProxyWeightedClusterClusterWeight,
};
use crate::mesh::service::Port;
use crate::model::ObjectMeta;
use crate::model::istio::{Destination, DestinationRule, RouteDestination};
use crate::translate::destination;
use crate::translate::security::authorization::ChainPolicies;
use crate::translate::stat_name::{self, StatService};

/// One cluster to which a chain leads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SingleDestination<'a> {
    pub(crate) stat_prefix: &'a str,
    pub(crate) cluster: &'a str,
    pub(crate) subset: &'a str,
    /// The port on which the connection comes in.
    pub(crate) port: &'a Port,
    pub(crate) rule: Option<&'a DestinationRule>,
    /// The rule's tunnel holds.
    pub(crate) tunnel: bool,
    pub(crate) metadata_exchange: bool,
    /// Whose AuthorizationPolicies hold.
    pub(crate) policies: ChainPolicies<'a>,
    /// The wildcard host of a service whose hosts Envoy looks up by SNI.
    pub(crate) dynamic_forward_proxy: Option<&'a str>,
}

/// Filters that lead to one cluster. istiod: `networkfilter.go` `buildOutboundNetworkFiltersWithSingleDestination`
pub(crate) fn single(view: &ListenerView<'_>, to: SingleDestination<'_>) -> Vec<Filter> {
    let class = ListenerClass::outbound(view.outbound.client.kind);
    let cluster = TcpProxyClusterSpecifier::Cluster(to.cluster.to_owned());
    let tunnel = to.rule.filter(|_| to.tunnel).and_then(|rule| tcp_proxy::tunneling_config(rule, to.subset));
    let proxy = TcpProxy {
        stat_prefix: to.stat_prefix.to_owned(),
        tunneling_config: tunnel,
        ..tcp_proxy::to_destinations(view, class, cluster, to.rule, to.subset)
    };
    let chain = TcpChain {
        class,
        port: to.port.number,
        protocol: to.port.protocol,
        metadata_exchange: to.metadata_exchange,
        policies: to.policies,
        dynamic_forward_proxy: to.dynamic_forward_proxy,
    };
    network_filters::tcp(view, chain, proxy)
}

/// `VirtualService.tcp.route`, `VirtualService.tls.route` -> filters
///
/// The DestinationRule is that of the first destination.
///
/// istiod: `networkfilter.go` `buildOutboundNetworkFilters`
pub(crate) fn routes(
    view: &ListenerView<'_>,
    routes: &[RouteDestination],
    port: &Port,
    virtual_service: &ObjectMeta,
    metadata_exchange: bool,
) -> Vec<Filter> {
    let unset = Destination::default();
    let first = routes.first().and_then(|route| route.destination.as_ref()).unwrap_or(&unset);
    let service = view.outbound.service(&first.host);
    let rule = service.and_then(|service| view.outbound.destination_rule(&service.hostname));
    let rule = rule.map(|rule| &rule.rule.spec);
    if routes.len() != 1 {
        return weighted(view, routes, port, virtual_service, rule, metadata_exchange);
    }
    let cluster = destination::cluster(first, service.map(|service| service.as_ref().into()), port.number);
    let pattern = &view.outbound.mesh.config.outbound_cluster_stat_name;
    let stat_prefix = service.filter(|_| !pattern.is_empty()).map(|service| {
        let service = StatService { hostname: &first.host, ..StatService::from(service.as_ref()) };
        stat_name::cluster(pattern, service, &first.subset, port, 0)
    });
    let to = SingleDestination {
        stat_prefix: stat_prefix.as_deref().unwrap_or(&cluster),
        cluster: &cluster,
        subset: &first.subset,
        port,
        rule,
        tunnel: true,
        metadata_exchange,
        policies: ChainPolicies::of(ListenerClass::outbound(view.outbound.client.kind)),
        dynamic_forward_proxy: None,
    };
    single(view, to)
}

/// Several destinations, or those of them that have a weight. A subset's tunnel and hash do not count.
///
/// istiod: `networkfilter.go` `buildOutboundNetworkFiltersWithWeightedClusters`
fn weighted(
    view: &ListenerView<'_>,
    routes: &[RouteDestination],
    port: &Port,
    virtual_service: &ObjectMeta,
    rule: Option<&DestinationRule>,
    metadata_exchange: bool,
) -> Vec<Filter> {
    let class = ListenerClass::outbound(view.outbound.client.kind);
    let weight = |route: &RouteDestination| {
        let weight = u32::try_from(route.weight).ok().filter(|weight| *weight > 0)?;
        let destination = route.destination.as_ref()?;
        let service = view.outbound.service(&destination.host).map(|service| service.as_ref().into());
        let name = destination::cluster(destination, service, port.number);
        Some(TcpProxyWeightedClusterClusterWeight { name, weight, ..TcpProxyWeightedClusterClusterWeight::default() })
    };
    let clusters = TcpProxyWeightedCluster { clusters: routes.iter().filter_map(weight).collect() };
    let clusters = TcpProxyClusterSpecifier::WeightedClusters(clusters);
    let proxy = TcpProxy {
        stat_prefix: format!("{}.{}", virtual_service.name, virtual_service.namespace),
        tunneling_config: rule.and_then(|rule| tcp_proxy::tunneling_config(rule, "")),
        ..tcp_proxy::to_destinations(view, class, clusters, rule, "")
    };
    let chain = TcpChain {
        class,
        port: port.number,
        protocol: port.protocol,
        metadata_exchange,
        policies: ChainPolicies::of(class),
        dynamic_forward_proxy: None,
    };
    network_filters::tcp(view, chain, proxy)
}
