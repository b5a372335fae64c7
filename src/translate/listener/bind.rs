//! The addresses to which a listener binds.

use super::address;
use crate::envoy::{AdditionalAddress, Address};
use crate::translate::name;

/// The addresses of a listener, and whether it is bound to its port, or only finds redirected connections.
///
/// istiod: `listener.go` `listenerBinding`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bind {
    /// The main one first; none if the service decides.
    pub(super) addresses: Vec<String>,
    pub(super) to_port: bool,
}

impl Bind {
    /// Binds to known addresses.
    pub(super) fn to(addresses: &[&str], to_port: bool) -> Self {
        Self { addresses: addresses.iter().map(|&address| address.to_owned()).collect(), to_port }
    }

    /// The main address, or empty.
    pub(super) fn primary(&self) -> &str {
        self.addresses.first().map_or("", String::as_str)
    }

    /// The same bind with other addresses.
    pub(super) fn with_addresses(&self, addresses: Vec<String>) -> Self {
        Self { addresses, to_port: self.to_port }
    }

    /// The name of a listener on this port.
    pub(super) fn listener_name(&self, port: u32) -> String {
        name::listener(self.primary(), port)
    }

    /// `Listener.address`
    pub(super) fn address(&self, port: u32) -> Address {
        address::address(self.primary(), port)
    }

    /// `Listener.additional_addresses`
    pub(super) fn additional_addresses(&self, port: u32) -> Vec<AdditionalAddress> {
        address::additional_addresses(self.addresses.get(1..).unwrap_or_default(), port)
    }
}
