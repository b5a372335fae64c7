//! How a gateway server terminates TLS.

use super::context::Context;
use crate::envoy::DownstreamTlsContext;
use crate::mesh::gateway::GatewayServer;
use crate::translate::listener::tls_context::{self, Termination};

/// `Gateway.servers[].tls` -> `DownstreamTlsContext`; none for a server that passes TLS through, or has none
///
/// istiod: `core/gateway.go` `buildGatewayListenerTLSContext`
pub(super) fn context(context: &Context<'_>, server: &GatewayServer) -> Option<DownstreamTlsContext> {
    let tls = server.spec.tls.as_ref().filter(|_| !server.is_passthrough())?;
    let termination = if server.is_tcp_termination() { Termination::Tcp } else { Termination::Http };
    Some(tls_context::server(context.view.outbound.mesh, context.view.proxy, tls, termination))
}
