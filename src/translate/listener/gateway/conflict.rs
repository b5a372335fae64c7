//! What a gateway's listeners leave out.

use crate::mesh::gateway::GatewayServer;
use crate::source::ResourceRef;

/// Something that is asked for and not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// `VirtualService.tls[route].match[match]` has SNI hosts that the port and address have already.
    DuplicateSniHosts {
        /// The VirtualService.
        virtual_service: ResourceRef,
        /// The place in `spec.tls`.
        route_index: usize,
        /// The place in `match`.
        match_index: usize,
        /// Those hosts.
        hosts: Vec<String>,
    },
    /// `Gateway.servers[server]` listens on a port that the Pod may not open.
    PrivilegedPort {
        /// The Gateway.
        gateway: ResourceRef,
        /// The place in `spec.servers`.
        server: usize,
        /// The port.
        port: u32,
    },
    /// No route of any VirtualService is for `Gateway.servers[server]`, which speaks TCP: nothing listens.
    NoRoute {
        /// The Gateway.
        gateway: ResourceRef,
        /// The place in `spec.servers`.
        server: usize,
    },
}

impl Conflict {
    pub(super) fn privileged_port(server: &GatewayServer, port: u32) -> Self {
        Self::PrivilegedPort { gateway: server.gateway.source, server: server.index, port }
    }

    pub(super) fn no_route(server: &GatewayServer) -> Self {
        Self::NoRoute { gateway: server.gateway.source, server: server.index }
    }
}
