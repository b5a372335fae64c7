//! The secret server beside a proxy.

use crate::envoy::{
    Cluster, ClusterClusterDiscoveryType, ClusterDiscoveryType, ClusterLoadAssignment, Endpoint, LbEndpoint,
    LbEndpointHostIdentifier, LocalityLbEndpoints,
};
use crate::proxy::OutboundView;
use crate::translate::address;
use crate::translate::cluster::{connection_pool, http_protocol_options};
use crate::translate::security::sds;
use crate::translate::stat_name;

const SOCKET: &str = "./var/run/secrets/credential-uds/socket";

/// Metadata `credential` -> the cluster of the socket that serves `sds://` credentials
///
/// istiod: `cluster_builder.go` `buildExternalSDSCluster`
pub(super) fn sds_external(view: &OutboundView<'_>) -> Option<Cluster> {
    if view.client.metadata.get("credential").is_none_or(|value| value != "true") {
        return None;
    }
    let endpoint = Endpoint { address: Some(address::address(SOCKET, 0)), ..Endpoint::default() };
    let lb_endpoint =
        LbEndpoint { host_identifier: Some(LbEndpointHostIdentifier::Endpoint(endpoint)), ..LbEndpoint::default() };
    let name = sds::EXTERNAL_CLUSTER;
    Some(Cluster {
        name: name.to_owned(),
        alt_stat_name: stat_name::delimited(name),
        cluster_discovery_type: Some(ClusterClusterDiscoveryType::Type(ClusterDiscoveryType::Static)),
        connect_timeout: connection_pool::connect_timeout(&view.mesh.config, None),
        load_assignment: Some(ClusterLoadAssignment {
            cluster_name: name.to_owned(),
            endpoints: vec![LocalityLbEndpoints { lb_endpoints: vec![lb_endpoint], ..LocalityLbEndpoints::default() }],
            ..ClusterLoadAssignment::default()
        }),
        typed_extension_protocol_options: http_protocol_options::http2(),
        ..Cluster::default()
    })
}
