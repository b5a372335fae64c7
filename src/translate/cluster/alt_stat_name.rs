//! The name of a cluster in statistics.

use crate::mesh::service::Port;
use crate::translate::cluster::upstream::Upstream;
use crate::translate::stat_name::{self, StatService};

/// `MeshConfig.outboundClusterStatName` -> `Cluster.alt_stat_name`; the cluster's own name if it is not set.
///
/// istiod: `cluster_builder.go` `buildCluster`
pub(super) fn outbound(upstream: &Upstream<'_>, cluster_name: &str) -> String {
    let pattern = &upstream.view.mesh.config.outbound_cluster_stat_name;
    if pattern.is_empty() {
        return stat_name::delimited(cluster_name);
    }
    let service = StatService::from(upstream.service);
    stat_name::delimited(&stat_name::cluster(pattern, service, upstream.subset_name(), upstream.port, 0))
}

/// `MeshConfig.inboundClusterStatName` -> `Cluster.alt_stat_name`; the cluster's own name if it is not set.
///
/// istiod: `cluster_builder.go` `buildInboundCluster`
pub(super) fn inbound(
    pattern: &str,
    service: StatService<'_>,
    port: &Port,
    cluster_port: u32,
    cluster_name: &str,
) -> String {
    if pattern.is_empty() {
        return stat_name::delimited(cluster_name);
    }
    stat_name::delimited(&stat_name::cluster(pattern, service, "", port, cluster_port))
}
