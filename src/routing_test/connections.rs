//! Routes for connections, of TLS and of TCP, and connections that should take them.

use serde_json::Value;

use super::init::{host_of, list, ports_of, text};
use super::rules::Rules;
use crate::proxy::{Proxy, ProxyKind};

/// A route for connections that a proxy has, and where connections that should take it go.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The mark of the rule, or of its condition.
    pub mark: usize,
    /// Where the connection comes from.
    pub from: String,
    /// URLs, of which one leads there.
    pub urls: Vec<String>,
}

/// Lists the routes for connections of a proxy; `listeners` are its listeners, with the marks in the names of filter chains.
pub fn connections(proxy: &Proxy, listeners: &[Value], rules: &Rules) -> Vec<Connection> {
    let is_gateway = match proxy.client.kind {
        ProxyKind::Router => true,
        ProxyKind::Sidecar => false,
        ProxyKind::Waypoint => return Vec::new(),
    };
    let (mut out, known) = (Vec::new(), rules.of_connections());
    for listener in listeners {
        let address = listener.pointer("/address/socket_address").unwrap_or(&Value::Null);
        let port_of_listener = number(address, "port_value");
        for chain in list(listener, "filter_chains").iter().chain(listener.get("default_filter_chain")) {
            let matching = chain.get("filter_chain_match").unwrap_or(&Value::Null);
            let Some(port) = number(matching, "destination_port").or(port_of_listener) else { continue };
            let ports = if is_gateway { ports_of(proxy, port) } else { vec![port] };
            let server_names = list(matching, "server_names").iter().filter_map(Value::as_str);
            let server_names: Vec<String> = server_names.filter_map(host_of).collect();
            let is_tls = !server_names.is_empty()
                || text(matching, "transport_protocol") == "tls"
                || chain.get("transport_socket").is_some();
            let scheme = if is_tls { "tls" } else { "tcp" };
            let prefixes = list(matching, "prefix_ranges").iter().map(|range| text(range, "address_prefix"));
            let addresses = prefixes.chain([text(address, "address")]);
            let addresses: Vec<String> =
                addresses.filter(|address| is_one(address) && !is_gateway).map(in_url).collect();
            for mark in rules.in_name(text(chain, "name")).filter(|mark| known.contains(mark)) {
                let of_rule = rules.list.get(mark).map(|rule| rule.hosts.as_slice()).unwrap_or_default();
                let of_rule: Vec<String> = of_rule.iter().filter_map(|host| host_of(host)).collect();
                let any = is_gateway.then(|| "any.example".to_owned());
                // The server name is the host of the URL, and has to be one of these.
                let hosts: Vec<&String> = if server_names.is_empty() {
                    of_rule.iter().chain(&addresses).chain(&any).collect()
                } else {
                    server_names.iter().collect()
                };
                let urls =
                    hosts.iter().flat_map(|host| ports.iter().map(move |port| format!("{scheme}://{host}:{port}")));
                out.push(Connection {
                    mark,
                    from: if is_gateway { "outside".to_owned() } else { proxy.full_name() },
                    urls: urls.collect(),
                });
            }
        }
    }
    out
}

fn number(value: &Value, key: &str) -> Option<u32> {
    u32::try_from(value.get(key)?.as_u64()?).ok()
}

/// Says whether an address is that of one host.
fn is_one(address: &str) -> bool {
    address.parse::<std::net::IpAddr>().is_ok_and(|address| !address.is_unspecified())
}

fn in_url(address: &str) -> String {
    if address.contains(':') { format!("[{address}]") } else { address.to_owned() }
}
