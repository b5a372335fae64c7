//! Names of the route configurations of gateways.

use crate::mesh::gateway::GatewayServer;
use crate::mesh::protocol::Protocol;

/// `Gateway.servers[]` -> `Rds.route_config_name`; empty for a server without routes
///
/// Plain HTTP servers on one port share a name, HTTPS servers that terminate TLS have one each.
///
/// istiod: `gateway.go` `gatewayRDSRouteName`
pub(super) fn route_name(server: &GatewayServer, listening_port: u32) -> String {
    let bind = if server.spec.bind.is_empty() { String::new() } else { format!(".{}", server.spec.bind) };
    let meta = &server.gateway.meta;
    if server.protocol().is_http() {
        format!("http.{listening_port}{bind}")
    } else if server.protocol() == Protocol::Https && !server.is_passthrough() {
        format!("https.{}.{}.{}.{}{bind}", server.port.number, server.port.name, meta.name, meta.namespace)
    } else {
        String::new()
    }
}

/// What a route configuration's name says; zero or empty where it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parsed<'a> {
    /// The port.
    pub port: u32,
    /// The port's name (HTTPS only).
    pub port_name: &'a str,
    /// The Gateway's name and namespace (HTTPS only).
    pub gateway: Option<(&'a str, &'a str)>,
}

/// Reads a route configuration's name. A name with an address in it gives no port.
///
/// istiod: `gateway.go` `ParseGatewayRDSRouteName`
pub fn parse(name: &str) -> Parsed<'_> {
    if let Some(port) = name.strip_prefix("http.") {
        return Parsed { port: port.parse().unwrap_or_default(), ..Parsed::default() };
    }
    let Some(rest) = name.strip_prefix("https.") else { return Parsed::default() };
    let parts: Vec<&str> = rest.split('.').collect();
    match parts[..] {
        [port, port_name, gateway, namespace] => {
            Parsed { port: port.parse().unwrap_or_default(), port_name, gateway: Some((gateway, namespace)) }
        }
        _ => Parsed::default(),
    }
}
