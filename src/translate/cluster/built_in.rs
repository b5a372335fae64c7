//! The clusters that every proxy has, whatever its services.

use crate::envoy::{BindConfig, Cluster, ClusterClusterDiscoveryType, ClusterDiscoveryType, ClusterLbPolicy};
use crate::proxy::OutboundView;
use crate::translate::cluster::{
    circuit_breakers, connection_pool, http_protocol_options, metadata_exchange, upstream_bind_config,
    upstream_protocol,
};
use crate::translate::name;
use crate::translate::stat_name;

/// Builds the cluster that leads nowhere, for routes whose destination is not known.
///
/// istiod: `cluster_builder.go` `buildBlackHoleCluster`
pub(super) fn black_hole(view: &OutboundView<'_>) -> Cluster {
    Cluster {
        name: name::BLACK_HOLE_CLUSTER.to_owned(),
        alt_stat_name: stat_name::delimited(name::BLACK_HOLE_CLUSTER),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(ClusterDiscoveryType::Static)),
        connect_timeout: connection_pool::connect_timeout(&view.mesh.config, None),
        ..Cluster::default()
    }
}

/// Builds the cluster that sends on what no listener knows.
///
/// Of `MeshConfig.defaultTrafficPolicy.connectionPool` the limits hold, but nothing of HTTP.
///
/// istiod: `cluster_builder.go` `buildDefaultPassthroughCluster`
pub(super) fn passthrough(view: &OutboundView<'_>) -> Cluster {
    let mesh = &view.mesh.config;
    let pool = mesh.default_traffic_policy.as_ref().and_then(|policy| policy.connection_pool.as_ref());
    Cluster {
        name: name::PASSTHROUGH_CLUSTER.to_owned(),
        alt_stat_name: stat_name::delimited(name::PASSTHROUGH_CLUSTER),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(ClusterDiscoveryType::OriginalDst)),
        connect_timeout: connection_pool::connect_timeout(mesh, pool),
        lb_policy: ClusterLbPolicy::ClusterProvided,
        circuit_breakers: Some(circuit_breakers::circuit_breakers(view.mesh, pool, None)),
        upstream_connection_options: connection_pool::upstream_connection_options(mesh, pool),
        typed_extension_protocol_options: http_protocol_options::passthrough(upstream_protocol::preserves_case(
            view.client,
        )),
        filters: metadata_exchange::filters(view.mesh.features()),
        ..Cluster::default()
    }
}

/// Builds the cluster for what comes in to a port that no service names. It keeps the other's name in statistics.
///
/// istiod: `cluster_builder.go` `buildInboundPassthroughCluster`
pub(super) fn inbound_passthrough(view: &OutboundView<'_>) -> Cluster {
    let upstream_bind_config: BindConfig = upstream_bind_config::passthrough(view.mesh.features(), view.client.ip_mode);
    Cluster {
        name: name::INBOUND_PASSTHROUGH_CLUSTER.to_owned(),
        filters: Vec::new(),
        upstream_bind_config: Some(upstream_bind_config),
        ..passthrough(view)
    }
}
