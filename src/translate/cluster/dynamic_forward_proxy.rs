//! Clusters of hosts that only requests name: a ServiceEntry with a wildcard host and resolution `DYNAMIC_DNS`.

use crate::envoy::{
    Cluster, ClusterClusterDiscoveryType, ClusterCustomClusterType, ClusterDiscoveryType, ClusterLbPolicy,
    DynamicForwardProxyClusterConfig, DynamicForwardProxyClusterConfigClusterImplementationSpecifier as Specifier,
};
use crate::mesh::protocol::Protocol;
use crate::translate::cluster::tls::TlsSettings;
use crate::translate::cluster::upstream::Upstream;
use crate::translate::cluster::{
    baggage, circuit_breakers, connection_pool, http_protocol_options, metadata, metadata_exchange, outlier_detection,
    tls, upstream_protocol,
};
use crate::translate::dns_cache;
use crate::translate::stat_name;

/// Builds the cluster of a port whose protocol names the host. Load balancing, subsets and patterns of statistics do not apply.
///
/// istiod: `cluster_builder.go` `buildDFPCluster`, `cluster.go` `buildOutboundClusters`
pub(super) fn cluster(upstream: &Upstream<'_>) -> Option<Cluster> {
    let port = upstream.port;
    if !matches!(port.protocol, Protocol::Http | Protocol::Tls | Protocol::Grpc | Protocol::Http2) {
        return None;
    }
    let policy = &upstream.policy;
    let mesh = &upstream.view.mesh.config;
    let name = upstream.name();
    let protocol = upstream_protocol::outbound(port, upstream.view.client, mesh, policy.connection_pool);
    let tls = tls::settings(upstream);
    // Envoy's word for a cluster of no fixed type: it has endpoints of its own.
    let r#type = ClusterDiscoveryType::Static;
    let sockets = tls::transport_sockets(upstream, tls.as_ref(), r#type, protocol);
    let metadata = metadata::outbound(upstream);
    Some(Cluster {
        alt_stat_name: stat_name::delimited(&name),
        cluster_discovery_type: Some(discovery_type(upstream, tls.as_ref())),
        connect_timeout: connection_pool::connect_timeout(mesh, policy.connection_pool),
        lb_policy: ClusterLbPolicy::ClusterProvided,
        circuit_breakers: Some(circuit_breakers::circuit_breakers(
            upstream.view.mesh,
            policy.connection_pool,
            policy.retry_budget,
        )),
        outlier_detection: policy.outlier_detection.map(outlier_detection::outlier_detection),
        upstream_connection_options: connection_pool::upstream_connection_options(mesh, policy.connection_pool),
        typed_extension_protocol_options: http_protocol_options::typed_extension_protocol_options(
            protocol,
            policy.connection_pool,
            tls.as_ref().and_then(|tls| tls::upstream_http_protocol_options(upstream, tls)),
        ),
        transport_socket: sockets.one,
        transport_socket_matches: sockets.matches,
        metadata: if sockets.is_wrapped { baggage::disabled(upstream.view.mesh, metadata) } else { metadata },
        filters: metadata_exchange::filters(upstream.view.mesh.features()),
        name,
        ..Cluster::default()
    })
}

/// A cluster that looks up the host of each request.
pub(super) fn discovery_type(upstream: &Upstream<'_>, tls: Option<&TlsSettings>) -> ClusterClusterDiscoveryType {
    let config = DynamicForwardProxyClusterConfig {
        cluster_implementation_specifier: Some(Specifier::DnsCacheConfig(dns_cache::of_service(
            upstream.view,
            &upstream.service.hostname,
        ))),
        allow_insecure_cluster_options: tls.is_some_and(|tls| tls::allows_insecure(upstream, tls)),
        ..DynamicForwardProxyClusterConfig::default()
    };
    custom_type(config)
}

/// Puts a dynamic forward proxy where a cluster has it.
pub(super) fn custom_type(config: DynamicForwardProxyClusterConfig) -> ClusterClusterDiscoveryType {
    ClusterClusterDiscoveryType::ClusterType(ClusterCustomClusterType {
        name: "envoy.clusters.dynamic_forward_proxy".to_owned(),
        typed_config: Some(config.into()),
    })
}
