//! Where listeners listen.
//!
//! istiod: `core/listener_address.go`, `pilot/pkg/networking/util/util.go`

use crate::envoy;
use crate::proxy::IpMode;
use crate::translate::address::UNIX_PREFIX;

pub(crate) use crate::translate::address::{address, loopbacks};

/// The addresses that stand for all of a proxy's, the main one first.
pub(crate) fn wildcards(ip_mode: IpMode) -> &'static [&'static str] {
    match ip_mode {
        IpMode::Ipv4 => &["0.0.0.0"],
        IpMode::Ipv6 => &["::"],
        IpMode::Dual => &["0.0.0.0", "::"],
    }
}

/// The first of the addresses that stand for all of a proxy's.
pub(crate) fn wildcard(ip_mode: IpMode) -> &'static str {
    match ip_mode {
        IpMode::Ipv4 | IpMode::Dual => "0.0.0.0",
        IpMode::Ipv6 => "::",
    }
}

/// Says whether a bind is a Unix domain socket.
pub(crate) fn is_unix_socket(bind: &str) -> bool {
    bind.starts_with(UNIX_PREFIX)
}

/// Returns further addresses of a listener. istiod: `util.go` `BuildAdditionalAddresses`
pub(crate) fn additional_addresses(binds: &[String], port: u32) -> Vec<envoy::AdditionalAddress> {
    let binds = binds.iter().filter(|bind| !bind.is_empty());
    let additional = |bind: &String| envoy::AdditionalAddress {
        address: Some(address(bind, port)),
        ..envoy::AdditionalAddress::default()
    };
    binds.map(additional).collect()
}
