//! `envoy.config.core.v3.CidrRange`.

use std::net::IpAddr;

use super::message::Message;

/// A range of addresses. An IPv4 address that is written as an IPv6 one counts as IPv4, as in Envoy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cidr {
    address: IpAddr,
    length: u8,
}

impl Cidr {
    /// Reads a range; `None` when its address is none.
    pub(super) fn new(message: Message<'_>) -> Option<Self> {
        let address: IpAddr = message.text("address_prefix")?.parse().ok()?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let length = message.unsigned("prefix_len").unwrap_or_default().min(widest);
        Some(Self { address, length: u8::try_from(length).unwrap_or(u8::MAX) })
    }

    /// Says whether an address is in the range.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let shift = |bits: u32| bits.checked_sub(u32::from(self.length));
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(range), IpAddr::V4(address)) => {
                let shift = shift(32).unwrap_or_default();
                u32::from(range).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (IpAddr::V6(range), IpAddr::V6(address)) => {
                let shift = shift(128).unwrap_or_default();
                u128::from(range).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        }
    }

    /// Returns how many bits are fixed.
    pub(super) fn length(&self) -> u8 {
        self.length
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ranges_hold_what_shares_their_prefix() {
        for (range, length, address, expected) in [
            ("10.0.0.0", 8, "10.9.8.7", true),
            ("10.0.0.0", 8, "11.0.0.1", false),
            ("10.0.0.9", 8, "10.1.1.1", true),
            ("10.0.0.1", 32, "10.0.0.1", true),
            ("0.0.0.0", 0, "203.0.113.7", true),
            ("0.0.0.0", 0, "::1", false),
            ("::", 0, "2001:db8::1", true),
            ("2001:db8::", 32, "2001:db9::1", false),
            ("10.0.0.0", 8, "::ffff:10.1.2.3", true),
        ] {
            let value = json!({ "address_prefix": range, "prefix_len": length });
            let cidr = Cidr::new(Message(&value)).expect("a range");
            assert_eq!(cidr.contains(address.parse().expect("an address")), expected, "{cidr} {address}");
        }
    }
}
