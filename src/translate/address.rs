//! Addresses that Envoy listens on, connects to, or connects from.
//!
//! istiod: `core/listener_address.go`, `pilot/pkg/networking/util/util.go`

use crate::envoy::{
    Address, AddressAddress, EnvoyInternalAddress, EnvoyInternalAddressAddressNameSpecifier, Pipe, SocketAddress,
    SocketAddressPortSpecifier,
};
use crate::installation::Features;
use crate::proxy::IpMode;

/// The prefix of an address that is a Unix domain socket. istiod: `model.UnixAddressPrefix`.
pub(crate) const UNIX_PREFIX: &str = "unix://";
/// A workload's own IPv4 address, as applications see it.
pub(crate) const LOOPBACK_IPV4: &str = "127.0.0.1";
/// A workload's own IPv6 address, as applications see it.
pub(crate) const LOOPBACK_IPV6: &str = "::1";

const INBOUND_SOURCE_IPV4: &str = "127.0.0.6";
const INBOUND_SOURCE_IPV6: &str = "::6";

/// Returns an address; port 0 means that it is a Unix domain socket.
///
/// istiod: `util.go` `BuildAddress`
pub(crate) fn address(host: &str, port: u32) -> Address {
    let address = if port == 0 {
        let path = host.strip_prefix(UNIX_PREFIX).unwrap_or(host).to_owned();
        AddressAddress::Pipe(Pipe { path, ..Pipe::default() })
    } else {
        AddressAddress::SocketAddress(socket_address(host, port))
    };
    Address { address: Some(address) }
}

/// Returns a socket address; a port of 0 is written too.
pub(crate) fn socket_address(host: &str, port: u32) -> SocketAddress {
    SocketAddress {
        address: host.to_owned(),
        port_specifier: Some(SocketAddressPortSpecifier::PortValue(port)),
        ..SocketAddress::default()
    }
}

/// Returns the address of a listener of the proxy itself. What goes there to different ends has different ids, or none.
///
/// istiod: `util.go` `BuildInternalAddressWithIdentifier`
pub(crate) fn internal(listener: &str, endpoint_id: &str) -> Address {
    let name = EnvoyInternalAddressAddressNameSpecifier::ServerListenerName(listener.to_owned());
    let address = EnvoyInternalAddress { address_name_specifier: Some(name), endpoint_id: endpoint_id.to_owned() };
    Address { address: Some(AddressAddress::EnvoyInternalAddress(address)) }
}

/// `host:port`, with brackets around an IPv6 address.
pub(crate) fn host_port(host: &str, port: u32) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Returns the addresses by which a workload reaches itself. istiod: `listener_address.go` `getWildcardsAndLocalHost`.
pub(crate) fn loopbacks(ip_mode: IpMode) -> &'static [&'static str] {
    match ip_mode {
        IpMode::Ipv4 => &[LOOPBACK_IPV4],
        IpMode::Ipv6 => &[LOOPBACK_IPV6],
        IpMode::Dual => &[LOOPBACK_IPV4, LOOPBACK_IPV6],
    }
}

/// Returns the source addresses by which iptables knows a sidecar's own connections to its workload, so that they do not come
/// back to it.
///
/// istiod: `listener_address.go` `getPassthroughBindIPs`
pub(crate) fn inbound_sources(features: &Features, ip_mode: IpMode) -> &'static [&'static str] {
    match ip_mode {
        IpMode::Dual if features.dual_stack => both_inbound_sources(),
        IpMode::Ipv4 | IpMode::Dual => &[INBOUND_SOURCE_IPV4],
        IpMode::Ipv6 => &[INBOUND_SOURCE_IPV6],
    }
}

/// The source addresses of both families.
pub(crate) fn both_inbound_sources() -> &'static [&'static str] {
    &[INBOUND_SOURCE_IPV4, INBOUND_SOURCE_IPV6]
}
