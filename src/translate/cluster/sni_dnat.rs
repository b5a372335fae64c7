//! Clusters by SNI, for gateways between networks.

use crate::envoy::Cluster;
use crate::mesh::protocol::Protocol;
use crate::proxy::OutboundView;
use crate::translate::cluster::outbound;
use crate::translate::cluster::upstream::{ClusterMode, Upstream};

/// Builds the clusters of a router with an `AUTO_PASSTHROUGH` server: one for each port and subset of each service in the mesh,
/// named by the SNI that sidecars send. Connections through them are encrypted already.
///
/// istiod: `cluster.go` `buildOutboundSniDnatClusters`
pub(crate) fn sni_dnat(view: &OutboundView<'_>) -> Vec<Cluster> {
    let services = view.scope.services.iter().filter(|service| !service.mesh_external);
    let ports = services.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
    ports
        .filter(|(_, port)| port.protocol != Protocol::Udp)
        .flat_map(|(service, port)| outbound::with_subsets(&Upstream::whole(view, ClusterMode::SniDnat, service, port)))
        .collect()
}
