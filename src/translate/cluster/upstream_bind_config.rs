//! From which address a sidecar connects to its own workload: one by which iptables knows that it is no new request.

use crate::envoy::{BindConfig, ExtraSourceAddress};
use crate::installation::Features;
use crate::proxy::IpMode;
use crate::translate::address;

/// -> `Cluster.upstream_bind_config` of an inbound cluster
///
/// istiod: `cluster_builder.go` `buildInboundCluster`
pub(super) fn inbound(features: &Features, ip_mode: IpMode) -> BindConfig {
    from(address::inbound_sources(features, ip_mode))
}

/// -> `Cluster.upstream_bind_config` of the InboundPassthroughCluster: one address for each family that the proxy has, even
/// without dual stack.
///
/// istiod: `cluster_builder.go` `buildInboundPassthroughCluster`
pub(super) fn passthrough(features: &Features, ip_mode: IpMode) -> BindConfig {
    match ip_mode {
        IpMode::Dual => from(address::both_inbound_sources()),
        IpMode::Ipv4 | IpMode::Ipv6 => inbound(features, ip_mode),
    }
}

fn from(sources: &[&str]) -> BindConfig {
    let mut addresses = sources.iter().map(|source| address::socket_address(source, 0));
    BindConfig {
        source_address: addresses.next(),
        extra_source_addresses: addresses
            .map(|address| ExtraSourceAddress { address: Some(address), ..ExtraSourceAddress::default() })
            .collect(),
        ..BindConfig::default()
    }
}
