//! The caches in which dynamic forward proxies keep the addresses of hosts. Cluster and filter name the same one.

use crate::envoy::{
    Address, AddressAddress, CaresDnsResolverConfig, ClusterDnsLookupFamily, DnsCacheConfig, TypedExtensionConfig,
};
use crate::installation::{Behaviour, Features};
use crate::proxy::{IpMode, OutboundView};
use crate::translate::{address, name};

/// The cache of hosts that nothing is known about. istiod: `util.AllowAnyDFPDNSCacheName`
const ANY_HOST: &str = "allow_any_dfp_dns_cache";
/// Where the agent answers DNS unless it is told otherwise.
const DNS_PROXY: (&str, u32) = ("127.0.0.1", 15053);

/// The cache of a service with a wildcard host.
pub(crate) fn of_service(view: &OutboundView<'_>, hostname: &str) -> DnsCacheConfig {
    let dns_lookup_family = if view.mesh.does(Behaviour::LooksUpDynamicDnsByFamily) {
        lookup_family(view.mesh.features(), view.client.ip_mode)
    } else {
        ClusterDnsLookupFamily::V4Only
    };
    DnsCacheConfig { name: name::dns_cache(hostname), dns_lookup_family, ..DnsCacheConfig::default() }
}

/// `MeshConfig.outboundTrafficPolicy.mode: ALLOW_ANY_DYNAMIC_DNS` -> the cache of all other hosts
///
/// A proxy that captures DNS asks its agent. Switch `PILOT_ALLOW_ANY_DYNAMIC_DNS_MAX_HOSTS` -> `max_hosts`
///
/// istiod: `networkfilter.go` `buildAllowAnyDynamicDNSDNSCacheConfig`
pub(crate) fn of_any_host(view: &OutboundView<'_>) -> DnsCacheConfig {
    let features = view.mesh.features();
    DnsCacheConfig {
        name: ANY_HOST.to_owned(),
        dns_lookup_family: lookup_family(features, view.client.ip_mode),
        // Go cuts off what 32 bits do not hold.
        max_hosts: u32::try_from(features.allow_any_dynamic_dns_max_hosts & i64::from(u32::MAX)).ok(),
        typed_dns_resolver_config: view.client.dns_capture.then(|| agent(view)),
        ..DnsCacheConfig::default()
    }
}

/// The agent as the resolver.
fn agent(view: &OutboundView<'_>) -> TypedExtensionConfig {
    let stated = view.client.metadata.get("DNS_PROXY_ADDR").and_then(|text| split_host_port(text));
    let (host, port) = stated.unwrap_or((DNS_PROXY.0, Some(DNS_PROXY.1)));
    let host = if host == "localhost" { DNS_PROXY.0 } else { host };
    let socket = address::socket_address(host, port.unwrap_or(DNS_PROXY.1));
    let config = CaresDnsResolverConfig {
        resolvers: vec![Address { address: Some(AddressAddress::SocketAddress(socket)) }],
        ..CaresDnsResolverConfig::default()
    };
    TypedExtensionConfig { name: "envoy.network.dns_resolver.cares".to_owned(), typed_config: Some(config.into()) }
}

/// Go's `net.SplitHostPort`; the port is none if it is no number.
fn split_host_port(text: &str) -> Option<(&str, Option<u32>)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    Some((host, port.parse().ok()))
}

/// The families of addresses that a proxy has -> the addresses that it asks for
///
/// A proxy with IPv6 addresses alone may have a link to IPv4 all the same.
///
/// istiod: `util.go` `SelectDNSLookupFamily`
pub(crate) fn lookup_family(features: &Features, ip_mode: IpMode) -> ClusterDnsLookupFamily {
    match ip_mode {
        IpMode::Dual if features.dual_stack => ClusterDnsLookupFamily::All,
        IpMode::Ipv6 if features.additional_ipv4_outbound_listener => ClusterDnsLookupFamily::All,
        IpMode::Ipv4 | IpMode::Dual => ClusterDnsLookupFamily::V4Only,
        IpMode::Ipv6 => ClusterDnsLookupFamily::V6Only,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_as_go_does() {
        assert_eq!(split_host_port("localhost:53"), Some(("localhost", Some(53))));
        assert_eq!(split_host_port("[::1]:53"), Some(("::1", Some(53))));
        assert_eq!(split_host_port("::1:53"), None);
        assert_eq!(split_host_port("localhost"), None);
        assert_eq!(split_host_port("localhost:dns"), Some(("localhost", None)));
    }
}
