//! Which `tcp` and `tls` routes of VirtualServices a gateway server takes.

use crate::mesh::gateway::GatewayServer;
use crate::mesh::hostname;
use crate::model::Config;
use crate::model::istio::{L4MatchAttributes, TlsMatchAttributes, VirtualService};

/// Says whether any host of the VirtualService is offered by the server, to the VirtualService's namespace.
///
/// istiod: `core/gateway.go` `pickMatchingGatewayHosts`
pub(super) fn shares_host(server: &GatewayServer, virtual_service: &Config<VirtualService>) -> bool {
    let offered = hostname::for_namespace(&server.spec.hosts, &virtual_service.meta.namespace);
    offered.iter().any(|offered| virtual_service.spec.hosts.iter().any(|host| hostname::matches(offered, host)))
}

/// `VirtualService.tcp[].match`: any of them, or none at all. Subnets and source labels do not count on a gateway.
///
/// istiod: `core/gateway.go` `l4MultiMatch`
pub(super) fn any_tcp(matches: &[L4MatchAttributes], server: &GatewayServer) -> bool {
    matches.is_empty() || matches.iter().any(|m| is_match(m.port, &m.gateways, server))
}

/// `VirtualService.tls[].match[]`
pub(super) fn tls(m: &TlsMatchAttributes, server: &GatewayServer) -> bool {
    is_match(m.port, &m.gateways, server)
}

/// The port is that of the server as written, not the one on which the router listens.
///
/// istiod: `core/gateway.go` `l4SingleMatch`
fn is_match(port: u32, gateways: &[String], server: &GatewayServer) -> bool {
    (port == 0 || port == server.port.number) && (gateways.is_empty() || gateways.contains(&server.gateway_name))
}
