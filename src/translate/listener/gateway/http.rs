//! HTTP servers: in the clear, or after TLS is terminated.

use super::chain::Chain;
use super::connection_manager;
use super::context::Context;
use super::tls;
use crate::envoy::{Filter, HttpConnectionManager};
use crate::mesh::gateway::GatewayServer;
use crate::mesh::protocol::Protocol;
use crate::translate::listener::chain_match::ChainMatch;
use crate::translate::listener::{ListenerClass, http_connection_manager, network_filters};

/// All plain HTTP servers of a port -> one filter chain
///
/// istiod: `core/gateway.go` `createGatewayHTTPFilterChainOpts`
pub(super) fn plain(
    context: &Context<'_>,
    listener_name: &str,
    port: u32,
    protocol: Protocol,
    route_name: &str,
) -> Chain {
    let stat_prefix = stat_prefix("", listener_name);
    let manager = connection_manager::connection_manager(context, route_name, protocol, port, stat_prefix);
    let before = network_filters::before_http(&context.listener_view, ListenerClass::Gateway, port);
    Chain { filters: filters(before, manager), r#match: ChainMatch::default(), tls_context: None }
}

/// An HTTPS server -> one filter chain; `before` are the filters before the connection manager.
///
/// istiod: `core/gateway.go` `createGatewayHTTPFilterChainOpts`
pub(super) fn terminated(
    context: &Context<'_>,
    listener_name: &str,
    port: u32,
    server: &GatewayServer,
    before: Vec<Filter>,
) -> Chain {
    let stat_prefix = stat_prefix(&server.spec.name, listener_name);
    let route_name = server.route_name(port);
    let manager = connection_manager::connection_manager(context, &route_name, server.protocol(), port, stat_prefix);
    Chain {
        filters: filters(before, manager),
        r#match: ChainMatch { sni_hosts: server.sni_hosts.clone(), ..ChainMatch::default() },
        tls_context: tls::context(context, server),
    }
}

/// `Gateway.servers[].name` -> `HttpConnectionManager.stat_prefix`
fn stat_prefix(server_name: &str, listener_name: &str) -> String {
    if server_name.is_empty() { format!("outbound_{listener_name};") } else { server_name.to_owned() }
}

fn filters(before: Vec<Filter>, manager: HttpConnectionManager) -> Vec<Filter> {
    let mut filters = before;
    filters.push(http_connection_manager::filter(manager));
    filters
}
