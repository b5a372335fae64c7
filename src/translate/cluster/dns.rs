//! How Envoy asks DNS for the endpoints of a cluster.
//!
//! istiod: `cluster_builder.go` `buildCluster`

use crate::envoy::{CaresDnsResolverConfig, ClusterDnsLookupFamily, Duration, TypedExtensionConfig};
use crate::installation::Features;
use crate::mesh::service::{DnsConnectStrategy, Service};
use crate::model::istio::MeshConfig;
use crate::proxy::IpMode;
use crate::translate::dns_cache;
use crate::translate::duration::duration;

/// Switch `PILOT_DNS_JITTER_DURATION` -> `Cluster.dns_jitter`
pub(super) fn jitter(features: &Features) -> Duration {
    duration(features.dns_jitter)
}

/// The proxy's addresses, annotation `istio.io/connect-strategy` -> `Cluster.dns_lookup_family`
pub(super) fn lookup_family(features: &Features, ip_mode: IpMode, service: &Service) -> ClusterDnsLookupFamily {
    match service.dns_connect_strategy {
        DnsConnectStrategy::FirstHealthyRace => ClusterDnsLookupFamily::All,
        DnsConnectStrategy::Default => dns_cache::lookup_family(features, ip_mode),
    }
}

/// `MeshConfig.dnsRefreshRate` -> `Cluster.dns_refresh_rate`
pub(super) fn refresh_rate(mesh: &MeshConfig) -> Option<Duration> {
    mesh.dns_refresh_rate.map(duration)
}

/// Switch `PILOT_DNS_CARES_UDP_MAX_QUERIES` -> `Cluster.typed_dns_resolver_config`
pub(super) fn resolver(features: &Features) -> TypedExtensionConfig {
    let config = CaresDnsResolverConfig {
        udp_max_queries: Some(features.dns_cares_udp_max_queries),
        ..CaresDnsResolverConfig::default()
    };
    TypedExtensionConfig { name: "envoy.network.dns_resolver.cares".to_owned(), typed_config: Some(config.into()) }
}
