//! What a gateway's listeners leave out.

use crate::diagnostic::Diagnostic;
use crate::mesh::conflict::{Part, outranked, virtual_service_name};
use crate::mesh::gateway::GatewayServer;
use crate::model::Config;
use crate::model::istio::VirtualService;

/// `Gateway.servers[].port` of a router whose Pod may not open it.
pub(super) fn privileged_port(server: &GatewayServer, port: u32) -> Diagnostic {
    let message = format!("nothing listens on port {port}: a Pod without privileges opens ports from 1024 on only");
    server.label(Diagnostic::warning("gateway-privileged-port", message), ".port.number", "")
}

/// A TCP server without a route.
pub(super) fn no_route(server: &GatewayServer) -> Diagnostic {
    let message =
        format!("nothing listens for this server: no VirtualService has a `tcp` route for port {}", server.port.number);
    server.label(Diagnostic::warning("gateway-server-without-route", message), "", "")
}

/// `VirtualService.tcp[]` of a server whose connections another one takes.
pub(super) fn tcp_route(
    server: &GatewayServer,
    loser: Part<'_, VirtualService>,
    winner: Part<'_, VirtualService>,
) -> Diagnostic {
    let message = format!(
        "the route is dropped: a route of {} takes all connections to port {} of Gateway {}",
        virtual_service_name(winner.0),
        server.port.number,
        server.gateway_name
    );
    outranked("gateway-tcp-route-behind", message, loser, winner)
}

/// `VirtualService.tls[route].match[place]` whose hosts lead somewhere else already.
pub(super) fn duplicate_sni_hosts(
    server: &GatewayServer,
    virtual_service: &Config<VirtualService>,
    (route, place): (usize, usize),
    hosts: &[String],
) -> Diagnostic {
    let hosts = hosts.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", ");
    let message = format!(
        "the match is dropped: on port {} of the gateway, TLS for {hosts} is already routed",
        server.port.number
    );
    let path = format!("spec.tls[{route}].match[{place}].sniHosts");
    Diagnostic::warning("gateway-duplicate-sni-hosts", message).at(virtual_service.source, &path)
}
