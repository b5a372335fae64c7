//! Where listeners listen.
//!
//! istiod: `core/listener_address.go`, `pilot/pkg/networking/util/util.go`

use crate::envoy;
use crate::proxy::IpMode;

/// The prefix of a bind that is a Unix domain socket.
const UNIX_PREFIX: &str = "unix://";

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

/// The addresses by which a proxy reaches itself.
pub(crate) fn loopbacks(ip_mode: IpMode) -> &'static [&'static str] {
    match ip_mode {
        IpMode::Ipv4 => &["127.0.0.1"],
        IpMode::Ipv6 => &["::1"],
        IpMode::Dual => &["127.0.0.1", "::1"],
    }
}

/// Says whether a bind is a Unix domain socket.
pub(crate) fn is_unix_socket(bind: &str) -> bool {
    bind.starts_with(UNIX_PREFIX)
}

/// Returns the address of a bind; port 0 means that it is a Unix domain socket.
///
/// istiod: `util.go` `BuildAddress`
pub(crate) fn address(bind: &str, port: u32) -> envoy::Address {
    let address = if port == 0 {
        let path = bind.strip_prefix(UNIX_PREFIX).unwrap_or(bind).to_owned();
        envoy::AddressAddress::Pipe(envoy::Pipe { path, ..envoy::Pipe::default() })
    } else {
        envoy::AddressAddress::SocketAddress(envoy::SocketAddress {
            address: bind.to_owned(),
            port_specifier: Some(envoy::SocketAddressPortSpecifier::PortValue(port)),
            ..envoy::SocketAddress::default()
        })
    };
    envoy::Address { address: Some(address) }
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
