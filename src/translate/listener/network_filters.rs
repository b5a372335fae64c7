//! The filters of a filter chain: which there are, and in which order.

use super::{ListenerClass, ListenerView, filter, metadata_exchange};
use crate::envoy::{
    Duration, Filter, MongoProxy, MySqlProxy, RedisProxy, RedisProxyConnPoolSettings, RedisProxyPrefixRoutes,
    RedisProxyPrefixRoutesRoute, SniDynamicForwardProxyFilterConfig, SniDynamicForwardProxyFilterConfigPortSpecifier,
    TcpProxy, TcpProxyClusterSpecifier,
};
use crate::installation::Features;
use crate::mesh::protocol::Protocol;
use crate::model::istio::TrafficExtensionExecutionPhase as Phase;
use crate::translate::dns_cache;
use crate::translate::security::authorization::ChainPolicies;

/// The name of the filter that looks up a server by SNI; its listener must read it.
pub(super) const SNI_DYNAMIC_FORWARD_PROXY: &str = "envoy.extensions.filters.network.sni_dynamic_forward_proxy";

/// In what the filters of one TCP chain differ from others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TcpChain<'a> {
    pub(crate) class: ListenerClass,
    /// The port that extensions match.
    pub(crate) port: u32,
    /// What the port is said to speak: it may have a filter of its own.
    pub(crate) protocol: Protocol,
    /// Peers tell each other who they are.
    pub(crate) metadata_exchange: bool,
    /// Whose AuthorizationPolicies hold.
    pub(crate) policies: ChainPolicies<'a>,
    /// The wildcard host of a service whose hosts Envoy looks up by SNI.
    pub(crate) dynamic_forward_proxy: Option<&'a str>,
}

/// Lists the filters of a chain that ends in a TCP proxy.
///
/// Metadata exchange comes first, so that whatever refuses a connection knows who the peer is; statistics after all policies.
///
/// istiod: `networkfilter.go` `buildCompleteNetworkFilters`, `buildNetworkFiltersStack`
pub(crate) fn tcp(view: &ListenerView<'_>, chain: TcpChain<'_>, tcp_proxy: TcpProxy) -> Vec<Filter> {
    let features = view.outbound.mesh.features();
    let mut filters = Vec::new();
    if chain.metadata_exchange {
        filters.extend(metadata_exchange::network(features));
    }
    let extensions = |phase| view.extensions.network(chain.class, chain.port, phase);
    filters.extend(view.authorization.custom_network(chain.policies).iter().cloned());
    filters.extend(extensions(Phase::Authn));
    filters.extend(extensions(Phase::Authz));
    filters.extend(view.authorization.local_network(chain.policies).iter().cloned());
    filters.extend(extensions(Phase::Stats));
    filters.extend(extensions(Phase::Unspecified));
    filters.extend(stats(view, chain.class));
    filters.extend(chain.dynamic_forward_proxy.map(|hostname| sni_dynamic_forward_proxy(view, hostname, chain.port)));
    filters.extend(of_protocol(features, chain.protocol, tcp_proxy));
    filters
}

/// Lists the network filters that come before an HTTP connection manager: extensions only, by phase.
///
/// Of an outbound listener, only the first chain for requests has them: istiod's list is empty then.
///
/// istiod: `listener_inbound.go` `buildInboundNetworkFiltersForHTTP`, `listener.go` `buildListenerFromEntry`, `gateway.go`
/// `buildGatewayTCPBasedFilterChains`
pub(crate) fn before_http(view: &ListenerView<'_>, class: ListenerClass, port: u32) -> Vec<Filter> {
    let features = view.outbound.mesh.features();
    let inbound = class == ListenerClass::SidecarInbound;
    let metadata_exchange = inbound.then(|| metadata_exchange::network(features)).flatten();
    metadata_exchange.into_iter().chain(view.extensions.network_of_all_phases(class, port)).collect()
}

/// Telemetry -> filters `istio.stats`. istiod: `networkfilter.go` `buildMetricsNetworkFilters`
pub(crate) fn stats(view: &ListenerView<'_>, class: ListenerClass) -> Vec<Filter> {
    let configs = view.telemetry.of(class).stats.iter();
    configs.map(|config| filter::network("istio.stats", config.clone())).collect()
}

/// Puts a TCP proxy at the end of a filter chain.
pub(crate) fn tcp_proxy(tcp_proxy: TcpProxy) -> Filter {
    filter::network("envoy.filters.network.tcp_proxy", tcp_proxy)
}

/// The TCP proxy, with what reads a protocol before it; Redis has no TCP proxy.
///
/// istiod: `networkfilter.go` `buildNetworkFiltersStack`
fn of_protocol(features: &Features, protocol: Protocol, tcp_proxy: TcpProxy) -> Vec<Filter> {
    match protocol {
        Protocol::Mongo if features.mongo_filter => {
            vec![mongo_proxy(&tcp_proxy.stat_prefix), self::tcp_proxy(tcp_proxy)]
        }
        Protocol::Redis if features.redis_filter => vec![redis_proxy(tcp_proxy)],
        Protocol::MySql if features.mysql_filter => {
            vec![mysql_proxy(&tcp_proxy.stat_prefix), self::tcp_proxy(tcp_proxy)]
        }
        _ => vec![self::tcp_proxy(tcp_proxy)],
    }
}

/// Reads MySQL. istiod: `networkfilter.go` `buildMySQLFilter`
fn mysql_proxy(stat_prefix: &str) -> Filter {
    let config = MySqlProxy { stat_prefix: stat_prefix.to_owned(), ..MySqlProxy::default() };
    filter::network("envoy.filters.network.mysql_proxy", config)
}

/// Sends Redis commands to one cluster: that of the TCP proxy, or the first of several.
///
/// istiod: `networkfilter.go` `buildRedisFilter`
fn redis_proxy(tcp_proxy: TcpProxy) -> Filter {
    let cluster = match tcp_proxy.cluster_specifier {
        Some(TcpProxyClusterSpecifier::Cluster(cluster)) => cluster,
        Some(TcpProxyClusterSpecifier::WeightedClusters(weighted)) => {
            weighted.clusters.into_iter().next().map(|cluster| cluster.name).unwrap_or_default()
        }
        None => String::new(),
    };
    let config = RedisProxy {
        latency_in_micros: true,
        stat_prefix: tcp_proxy.stat_prefix,
        settings: Some(RedisProxyConnPoolSettings {
            op_timeout: Some(Duration::seconds(5)),
            ..RedisProxyConnPoolSettings::default()
        }),
        prefix_routes: Some(RedisProxyPrefixRoutes {
            catch_all_route: Some(RedisProxyPrefixRoutesRoute { cluster, ..RedisProxyPrefixRoutesRoute::default() }),
            ..RedisProxyPrefixRoutes::default()
        }),
        ..RedisProxy::default()
    };
    filter::network("envoy.filters.network.redis_proxy", config)
}

/// Reads MongoDB's protocol. istiod: `networkfilter.go` `buildMongoFilter`
fn mongo_proxy(stat_prefix: &str) -> Filter {
    let config = MongoProxy { stat_prefix: stat_prefix.to_owned(), ..MongoProxy::default() };
    filter::network("envoy.filters.network.mongo_proxy", config)
}

/// `ServiceEntry.resolution: DYNAMIC_DNS` -> filter `sni_dynamic_forward_proxy`
///
/// istiod: `networkfilter.go` `buildSNIDFPFilter`
fn sni_dynamic_forward_proxy(view: &ListenerView<'_>, hostname: &str, port: u32) -> Filter {
    let config = SniDynamicForwardProxyFilterConfig {
        dns_cache_config: Some(dns_cache::of_service(&view.outbound, hostname)),
        port_specifier: Some(SniDynamicForwardProxyFilterConfigPortSpecifier::PortValue(port)),
        ..SniDynamicForwardProxyFilterConfig::default()
    };
    filter::network(SNI_DYNAMIC_FORWARD_PROXY, config)
}
