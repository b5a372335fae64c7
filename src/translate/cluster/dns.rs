//! How Envoy asks DNS for the endpoints of a cluster.
//!
//! istiod: `cluster_builder.go` `buildCluster`

use crate::envoy::{CaresDnsResolverConfig, ClusterDnsLookupFamily, Duration, TypedExtensionConfig};
use crate::mesh::service::{DnsConnectStrategy, Service};
use crate::model::istio::MeshConfig;
use crate::options::features;
use crate::proxy::IpMode;
use crate::translate::duration::duration;

/// -> `Cluster.dns_jitter`. istiod: `PILOT_DNS_JITTER_DURATION`.
pub(super) const JITTER: Duration = Duration::millis(100);

/// istiod: `PILOT_DNS_CARES_UDP_MAX_QUERIES`
const UDP_MAX_QUERIES: u32 = 100;

/// The proxy's addresses, annotation `istio.io/connect-strategy` -> `Cluster.dns_lookup_family`
pub(super) fn lookup_family(ip_mode: IpMode, service: &Service) -> ClusterDnsLookupFamily {
    match ip_mode {
        _ if service.dns_connect_strategy == DnsConnectStrategy::FirstHealthyRace => ClusterDnsLookupFamily::All,
        IpMode::Dual if features::DUAL_STACK => ClusterDnsLookupFamily::All,
        IpMode::Ipv4 | IpMode::Dual => ClusterDnsLookupFamily::V4Only,
        IpMode::Ipv6 => ClusterDnsLookupFamily::V6Only,
    }
}

/// `MeshConfig.dnsRefreshRate` -> `Cluster.dns_refresh_rate`
pub(super) fn refresh_rate(mesh: &MeshConfig) -> Option<Duration> {
    mesh.dns_refresh_rate.map(duration)
}

/// -> `Cluster.typed_dns_resolver_config`
pub(super) fn resolver() -> TypedExtensionConfig {
    let config = CaresDnsResolverConfig { udp_max_queries: Some(UDP_MAX_QUERIES), ..CaresDnsResolverConfig::default() };
    TypedExtensionConfig { name: "envoy.network.dns_resolver.cares".to_owned(), typed_config: Some(config.into()) }
}
