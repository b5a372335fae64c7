//! Addresses: `source/common/network`.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{list, text};
use crate::rejection::syntax::address::ip;

pub(super) const CIDR_RANGE: &[Rule] = &[cidr_range];
pub(super) const BIND_CONFIG: &[Rule] = &[bind_config];

/// `Network::Address::CidrRange::create`.
fn cidr_range<'a>(range: &'a Value, found: &mut Findings<'a>) {
    let prefix = text(range, "address_prefix");
    if ip(prefix).is_none() {
        found.reject_field("address_prefix", format!("malformed IP address: {prefix}"));
    }
}

/// `parseBindConfig` of `upstream_impl.cc`.
fn bind_config<'a>(config: &'a Value, found: &mut Findings<'a>) {
    found.field(config, "source_address", |address, found| {
        let address = text(address, "address");
        if ip(address).is_none() {
            found.reject_field("address", format!("malformed IP address: {address}"));
        }
    });
    let extra = list(config, "extra_source_addresses");
    if extra.len() > 1 {
        let message = "upstream binding config has more than one extra source address; only one can be supported";
        found.reject_field("extra_source_addresses", message);
    }
    let version = |address: &Value| ip(text(address, "address")).map(|ip| ip.is_ipv4());
    if let ([one], Some(main)) = (extra, config.get("source_address"))
        && version(one.get("address").unwrap_or(&Value::Null)) == version(main)
    {
        found
            .reject_field("extra_source_addresses", "upstream binding config has two same IP version source addresses");
    }
}
