//! Every generated name, so that no other place builds one.
//!
//! istiod: `pilot/pkg/model/service.go` `BuildSubsetKey` and siblings

/// The cluster to which traffic for nobody goes.
pub const BLACK_HOLE_CLUSTER: &str = "BlackHoleCluster";
/// The cluster that forwards to the original destination.
pub const PASSTHROUGH_CLUSTER: &str = "PassthroughCluster";
/// The cluster that looks up any host that a request names.
pub const ALLOW_ANY_DYNAMIC_DNS_CLUSTER: &str = "AllowAnyDynamicDNSCluster";
/// The same for traffic that comes in.
pub const INBOUND_PASSTHROUGH_CLUSTER: &str = "InboundPassthroughCluster";

/// The cluster of a service port, or of a subset of it: `outbound|9080|v1|reviews.default.svc.cluster.local`.
pub fn outbound_cluster(port: u32, subset: &str, hostname: &str) -> String {
    format!("outbound|{port}|{subset}|{hostname}")
}

/// The cluster of a workload's own port: `inbound|9080||`.
pub fn inbound_cluster(port: u32) -> String {
    format!("inbound|{port}||")
}

/// The internal listener that a waypoint's tunnels end in, and the cluster that leads to it.
pub const MAIN_INTERNAL: &str = "main_internal";
/// The listener of tunnels that come in.
pub const CONNECT_TERMINATE: &str = "connect_terminate";
/// The internal listener that opens tunnels, and the cluster of their other ends.
pub const CONNECT_ORIGINATE: &str = "connect_originate";
/// What takes the place of [`CONNECT_ORIGINATE`] in east-west gateways: the tunnel is there already.
pub const FORWARD_INNER_CONNECT: &str = "forward_inner_connect";
/// The inner tunnel to another network.
pub const INNER_CONNECT_ORIGINATE: &str = "inner_connect_originate";
/// The outer tunnel to another network.
pub const OUTER_CONNECT_ORIGINATE: &str = "outer_connect_originate";
/// The cluster of a waypoint that leads to workloads by their own address.
pub const ENCAP: &str = "encap";

/// The cluster by which a waypoint reaches one of its services: `inbound-vip|9080|http/v1|reviews.default.svc.cluster.local`.
/// `protocol` is `http` or `tcp`, with the subset behind it if there is one.
pub fn inbound_vip_cluster(port: u32, protocol: &str, hostname: &str) -> String {
    format!("{INBOUND_VIP}|{port}|{protocol}|{hostname}")
}

const INBOUND_VIP: &str = "inbound-vip";

/// Reads the name of a waypoint's cluster: port, subset and hostname. Where there is no subset, the protocol stands for one: it is
/// looked up among those of the DestinationRule, and is none of them unless one has just that name.
///
/// istiod: `ParseSubsetKey`, `populateSubsetInfo`
pub fn parse_inbound_vip_cluster(name: &str) -> Option<(u32, &str, &str)> {
    let mut parts = name.strip_prefix(INBOUND_VIP)?.strip_prefix('|')?.splitn(3, '|');
    let (port, protocol, hostname) = (parts.next()?, parts.next()?, parts.next()?);
    let subset = protocol.split_once('/').map_or(protocol, |(_, subset)| subset);
    Some((port.parse().ok()?, subset, hostname))
}

/// The SNI by which a service port is known to gateways: `outbound_.9080_.v1_.reviews.default.svc.cluster.local`.
/// istiod: `BuildDNSSrvSubsetKey`.
pub fn sni_dnat_cluster(port: u32, subset: &str, hostname: &str) -> String {
    format!("outbound_.{port}_.{subset}_.{hostname}")
}

/// The DNS cache of a dynamic forward proxy.
pub fn dns_cache(hostname: &str) -> String {
    format!("{hostname}_dfp_dns_cache")
}

/// The path of an Istio resource, as istiod notes it in `filter_metadata.istio.config`.
/// `kind` is in lower case with dashes: `virtual-service`, `destination-rule`, `sidecar`.
pub fn config_path(kind: &str, namespace: &str, name: &str) -> String {
    format!("/apis/networking.istio.io/v1/namespaces/{namespace}/{kind}/{name}")
}

/// The listener of an address and port: `10.96.0.10_53`. istiod: `gateway.go` `getListenerName`.
pub fn listener(bind: &str, port: u32) -> String {
    format!("{bind}_{port}")
}

/// What the name of an outbound cluster says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboundClusterKey<'a> {
    /// The service's port.
    pub port: u32,
    /// The subset, or empty.
    pub subset: &'a str,
    /// The service's hostname.
    pub hostname: &'a str,
    /// It is the name by which gateways know the port.
    pub is_sni: bool,
}

/// Reads the name of an outbound cluster, in either form. istiod: `ParseSubsetKey`.
pub fn parse_outbound_cluster(name: &str) -> Option<OutboundClusterKey<'_>> {
    let is_sni = name.starts_with("outbound_.");
    let separator = if is_sni { "_." } else { "|" };
    let mut parts = name.strip_prefix("outbound")?.strip_prefix(separator)?.splitn(3, separator);
    let (port, subset, hostname) = (parts.next()?, parts.next()?, parts.next()?);
    let port = port.parse().ok()?;
    (!hostname.contains(separator)).then_some(OutboundClusterKey { port, subset, hostname, is_sni })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outbound_names_are_read_back() {
        for (port, subset, hostname) in [(9080, "v1", "reviews.default.svc.cluster.local"), (80, "", "*.example.com")] {
            let key = |is_sni| OutboundClusterKey { port, subset, hostname, is_sni };
            assert_eq!(parse_outbound_cluster(&outbound_cluster(port, subset, hostname)), Some(key(false)));
            assert_eq!(parse_outbound_cluster(&sni_dnat_cluster(port, subset, hostname)), Some(key(true)));
        }
        for other in ["BlackHoleCluster", "inbound|80||", "outbound|x||a", "outbound|80||a|b", "outbound|80"] {
            assert_eq!(parse_outbound_cluster(other), None, "{other}");
        }
    }
}
