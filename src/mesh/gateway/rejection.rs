//! Servers that the merge drops, and why.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::mesh::gateway::{GatewayServer, server};
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

impl Rejection {
    /// What there is to say about it, at the server.
    pub fn diagnostic(&self) -> Diagnostic {
        let Self { gateway, server, port, reason } = self;
        let at = |field: &str| format!("{}{field}", server::path(gateway, *server));
        let port = port.unwrap_or_default();
        match reason {
            RejectionReason::NoPort => {
                let message = "the server is ignored, because it has no port";
                Diagnostic::warning("gateway-server-without-port", message).at(gateway.source, &at(""))
            }
            RejectionReason::IstiodPanics { host } => {
                let message = format!("istiod crashes on the host `{host}` after `*/*`, so the server is ignored");
                Diagnostic::error("gateway-hosts-crash-istiod", message).at(gateway.source, &at(".hosts"))
            }
            RejectionReason::DuplicateHosts { hosts } => {
                let names: Vec<_> = hosts.iter().map(|(host, _)| format!("`{host}`")).collect();
                let names = names.join(", ");
                let message = format!("the server is dropped: TLS for {names} on port {port} is already served");
                let diagnostic =
                    Diagnostic::warning("gateway-duplicate-tls-hosts", message).at(gateway.source, &at(".hosts"));
                hosts.iter().fold(diagnostic, |d, (_, first)| first.label(d, ".hosts", "by this server"))
            }
            RejectionReason::ProtocolConflict { with } => {
                let message = format!(
                    "the server is dropped: port {port} already uses {}, so it cannot use {}",
                    with.port.protocol,
                    gateway_protocol(gateway, *server),
                );
                let diagnostic = Diagnostic::warning("gateway-port-protocol-conflict", message);
                with.label(diagnostic.at(gateway.source, &at(".port")), ".port", "the first server of the port")
            }
            RejectionReason::RouteNameTaken { route_name: _, by } => {
                let message = "the server is dropped: HTTPS servers of one Gateway need different port names";
                let diagnostic = Diagnostic::warning("gateway-duplicate-port-name", message);
                by.label(
                    diagnostic.at(gateway.source, &at(".port.name")),
                    ".port.name",
                    "the first server of this name",
                )
            }
        }
    }
}

fn gateway_protocol(gateway: &Config<Gateway>, server: usize) -> &str {
    gateway.spec.servers.get(server).and_then(|s| s.port.as_ref()).map_or("", |p| p.protocol.as_str())
}
