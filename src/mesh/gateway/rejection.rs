//! Servers that the merge drops, and why.

use std::sync::Arc;

use crate::mesh::gateway::GatewayServer;
use crate::model::Config;
use crate::model::istio::Gateway;

/// One server that a router does not run.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// Its Gateway.
    pub gateway: Arc<Config<Gateway>>,
    /// Its place in `spec.servers`.
    pub server: usize,
    /// The listening port; none if the server has no port at all.
    pub port: Option<u32>,
    /// Why.
    pub reason: RejectionReason,
}

/// Why a server is dropped.
#[derive(Debug, Clone, PartialEq)]
pub enum RejectionReason {
    /// It has no port.
    NoPort,
    /// istiod panics on this host, as it stands after `*/*`.
    IstiodPanics {
        /// The host.
        host: String,
    },
    /// Other servers have some of its hosts, on the same port and address, and TLS tells servers apart by host only.
    DuplicateHosts {
        /// Those hosts, each with its first server.
        hosts: Vec<(String, Arc<GatewayServer>)>,
    },
    /// A server in the clear has the port and address, and they are not both HTTP.
    ProtocolConflict {
        /// The first server there.
        with: Arc<GatewayServer>,
    },
    /// Another HTTPS server has the same port name, and so the same route configuration.
    RouteNameTaken {
        /// The route configuration's name.
        route_name: String,
        /// The first server with it.
        by: Arc<GatewayServer>,
    },
}
