//! Address ranges, as istiod reads and compares them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::envoy::CidrRange;

/// Reads a range, or an address as a range of one.
///
/// istiod: `util.go` `AddrStrToPrefix`
pub(crate) fn parse(text: &str) -> Option<IpNet> {
    if text.contains('/') { text.parse().ok() } else { text.parse::<IpAddr>().ok().map(IpNet::from) }
}

/// Returns a range with its address as written, not masked. istiod: `util.go` `ConvertAddressToCidr`
pub(crate) fn range(text: &str) -> Option<CidrRange> {
    parse(text).map(from_net)
}

/// istiod: `util.go` `PrefixToCidrRange`
pub(crate) fn from_net(net: IpNet) -> CidrRange {
    CidrRange { address_prefix: net.addr().to_string(), prefix_len: Some(u32::from(net.prefix_len())) }
}
