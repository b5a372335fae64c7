//! What Envoy refuses only among others: names and addresses that two resources of one proxy share.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::syntax::address::ip;
use super::{Extent, Rejection, json};

/// What is wrong with some of a list of resources, by their place.
pub type Clashes = Vec<(usize, Rejection)>;

/// Finds resources of one type that have the name of one before: over delta ADS, as istiod speaks it, Envoy reads nothing of such a
/// response (`source/extensions/config_subscription/grpc/delta_subscription_state.cc`).
pub fn duplicate_names<'a>(names: impl Iterator<Item = &'a str>) -> Clashes {
    let names: Vec<&str> = names.collect();
    if names.is_sorted_by(|one, next| one < next) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let repeated = names.into_iter().enumerate().filter(|(_, name)| !seen.insert(*name));
    let rejection = |name: &str| {
        let message = format!("duplicate name {name} found among added/updated resources");
        Rejection { path: "name".into(), message, extent: Extent::Response }
    };
    repeated.map(|(index, name)| (index, rejection(name))).collect()
}

/// Finds listeners that have an address of one before, whether they bind to it or not (`ListenerManagerImpl::addOrUpdateListener`).
///
/// Each has its name and its [`listener_addresses`].
pub fn duplicate_addresses<'a>(listeners: impl Iterator<Item = (&'a str, &'a [String])>) -> Clashes {
    let mut seen = BTreeMap::new();
    let mut clashes = Vec::new();
    for (index, (name, addresses)) in listeners.enumerate() {
        for address in addresses {
            if let Some(first) = seen.insert(address, name).filter(|first| *first != name) {
                let message = format!(
                    "error adding listener: '{name}' has duplicate address '{address}' as existing listener '{first}'"
                );
                clashes.push((index, Rejection { path: "address".into(), message, extent: Extent::Resource }));
            }
        }
    }
    clashes
}

/// Returns the addresses of a listener; port 0 is any port, so none of them.
pub fn listener_addresses(listener: &Value) -> Vec<String> {
    let more = json::list(listener, "additional_addresses").iter();
    let all = listener.get("address").into_iter().chain(more.filter_map(|entry| entry.get("address")));
    let text = |address: &Value| {
        let socket = address.get("socket_address")?;
        let port = json::number(socket, "port_value").filter(|port| *port != 0)?;
        let host = ip(json::text(socket, "address"))?;
        let protocol = json::text(socket, "protocol").strip_prefix("UDP").map_or("", |_| " (UDP)");
        Some(format!("{}{protocol}", std::net::SocketAddr::new(host, u16::try_from(port).ok()?)))
    };
    all.filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json as object;

    use super::*;

    #[test]
    fn names_and_addresses() {
        let names = duplicate_names(["a", "b", "a"].into_iter());
        assert_eq!(names.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [2]);
        let listener = |name: &str, address: &str, port: u16| object!({ "name": name, "address": { "socket_address": { "address": address, "port_value": port } } });
        let listeners = [
            listener("a", "::1", 80),
            listener("b", "0:0::1", 80),
            listener("c", "::1", 81),
            listener("d", "1.2.3.4", 0),
            listener("e", "1.2.3.4", 0),
        ];
        let addresses: Vec<Vec<String>> = listeners.iter().map(listener_addresses).collect();
        let named = listeners
            .iter()
            .zip(&addresses)
            .map(|(listener, addresses)| (json::text(listener, "name"), addresses.as_slice()));
        let clashes = duplicate_addresses(named);
        assert_eq!(clashes.len(), 1);
        assert_eq!(
            (clashes[0].0, clashes[0].1.message.as_str()),
            (1, "error adding listener: 'b' has duplicate address '[::1]:80' as existing listener 'a'")
        );
    }
}
