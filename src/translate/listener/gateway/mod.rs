//! Listeners of routers: one for each address and port of the Gateways' servers.
//!
//! ```text
//! merged servers of a port ─┬─ plain HTTP           one chain for all     (http)
//!                           ├─ HTTPS, terminated    one chain a server    (http, tls)
//!                           ├─ TCP, or TLS ended    one chain a server    (tcp, tls)
//!                           ├─ TLS passed through   one chain a match     (passthrough)
//!                           └─ AUTO_PASSTHROUGH     one chain a service   (auto_passthrough)
//! ```
//!
//! istiod: `core/gateway.go` `buildGatewayListeners`, `core/listener.go` `buildGatewayListener`

mod auto_passthrough;
mod chain;
mod conflict;
mod connection_manager;
mod context;
mod http;
mod l4_match;
mod passthrough;
mod tcp;
mod tls;

use indexmap::IndexMap;

use self::chain::Chain;
use self::context::Context;
use crate::diagnostic::Diagnostics;
use crate::envoy::{Listener, TrafficDirection};
use crate::mesh::gateway::{GatewayServer, MergedServers, Rejection, ServerPort};
use crate::mesh::protocol::Protocol;
use crate::proxy::ProxyView;
use crate::translate::listener::bind::Bind;
use crate::translate::listener::limits::max_connections_per_socket_event;
use crate::translate::listener::{
    ListenerClass, address, connection_balance, connection_settings, listener_filters, network_filters,
};

/// `Gateway.servers[]` -> listeners
///
/// Servers whose listeners have the same name share it: their chains follow one another.
///
/// istiod: `core/gateway.go` `buildGatewayListeners`
pub(crate) fn build(view: &ProxyView<'_>, diagnostics: &mut Diagnostics) -> Vec<Listener> {
    let Some(gateway) = view.merged_gateway() else { return Vec::new() };
    let mut context = Context::new(view);
    context.diagnostics.extend(gateway.rejections.iter().map(Rejection::diagnostic).collect());
    let mut listeners: IndexMap<String, (Bind, u32, Vec<Chain>)> = IndexMap::new();
    for port in &gateway.ports {
        let Some(servers) = gateway.servers.get(port) else { continue };
        if port.number < 1024 && context.listener_view.metadata_is_true("UNPRIVILEGED_POD") {
            let left_out = servers.servers.iter().map(|s| conflict::privileged_port(s, port.number));
            context.diagnostics.extend(left_out.collect());
            continue;
        }
        let bind = bind(view, port);
        let name = bind.listener_name(port.number);
        let chains = chains(&mut context, &name, port, servers);
        listeners.entry(name).or_insert_with(|| (bind, port.number, Vec::new())).2.extend(chains);
    }
    diagnostics.extend(std::mem::take(&mut context.diagnostics));
    let listeners = listeners.into_iter().filter(|(_, (_, _, chains))| !chains.is_empty());
    listeners.map(|(name, (bind, port, chains))| listener(&context, name, &bind, port, chains)).collect()
}

/// Listeners of an east-west gateway beside its tunnels: TLS that is passed on.
///
/// istiod: `core/listener_waypoint.go` `buildEastWestTLSPassthroughListeners`
pub(crate) fn east_west(view: &ProxyView<'_>, diagnostics: &mut Diagnostics) -> Vec<Listener> {
    let Some(gateway) = view.merged_gateway() else { return Vec::new() };
    let mut context = Context::new(view);
    let mut listeners = Vec::new();
    for port in gateway.ports.iter().filter(|port| port.number != HBONE_PORT) {
        let Some(servers) = gateway.servers.get(port) else { continue };
        let bind = bind(view, port);
        let chains: Vec<Chain> =
            servers.servers.iter().flat_map(|server| tcp_chains(&mut context, server, port.number)).collect();
        if !chains.is_empty() {
            let name = bind.listener_name(port.number);
            let listener = listener(&context, name, &bind, port.number, chains);
            listeners.push(Listener { traffic_direction: TrafficDirection::Inbound, ..listener });
        }
    }
    diagnostics.extend(std::mem::take(&mut context.diagnostics));
    listeners
}

/// The port of tunnels.
const HBONE_PORT: u32 = 15008;

/// istiod: `core/gateway.go` `createGatewayTCPFilterChainOpts`
fn tcp_chains(context: &mut Context<'_>, server: &GatewayServer, port: u32) -> Vec<Chain> {
    if server.is_passthrough() {
        return passthrough::chains(context, server, port);
    }
    let chain = tcp::chain(context, server);
    if chain.is_none() {
        context.diagnostics.push(conflict::no_route(server));
    }
    chain.into_iter().collect()
}

/// `Gateway.servers[].bind`, else all addresses of the proxy
fn bind(view: &ProxyView<'_>, port: &ServerPort) -> Bind {
    if !port.bind.is_empty() {
        return Bind::to(&[&port.bind], true);
    }
    let addresses = address::wildcards(view.outbound.client.ip_mode);
    Bind::to(if view.outbound.mesh.features().dual_stack { addresses } else { &addresses[..1] }, true)
}

/// istiod: `core/gateway.go` `buildGatewayTCPBasedFilterChains`
fn chains(context: &mut Context<'_>, listener_name: &str, port: &ServerPort, servers: &MergedServers) -> Vec<Chain> {
    let protocol = Protocol::parse(&port.protocol);
    if protocol.is_http() {
        return vec![http::plain(context, listener_name, port.number, protocol, &servers.route_name)];
    }
    let mut chains = Vec::new();
    let mut before_http = network_filters::before_http(&context.listener_view, ListenerClass::Gateway, port.number);
    for server in &servers.servers {
        if server.is_https_termination() {
            let before = std::mem::take(&mut before_http);
            chains.push(http::terminated(context, listener_name, port.number, server, before));
        } else {
            chains.extend(tcp_chains(context, server, port.number));
        }
    }
    chains
}

/// istiod: `core/listener.go` `buildGatewayListener`
fn listener(context: &Context<'_>, name: String, bind: &Bind, port: u32, chains: Vec<Chain>) -> Listener {
    let view = &context.listener_view;
    let topology = context.view.outbound.client.proxy_config.gateway_topology.as_ref();
    let proxy_protocol = topology.is_some_and(|t| t.proxy_protocol.is_some()).then(listener_filters::proxy_protocol);
    let inspector = chains.iter().any(Chain::needs_tls_inspector).then(listener_filters::tls_inspector);
    Listener {
        name,
        address: Some(bind.address(port)),
        filter_chains: chains.into_iter().map(|chain| chain.filter_chain(view.outbound.mesh.features())).collect(),
        listener_filters: proxy_protocol.into_iter().chain(inspector).collect(),
        traffic_direction: TrafficDirection::Outbound,
        connection_balance_config: view
            .metadata_is_true("OUTBOUND_LISTENER_EXACT_BALANCE")
            .then(connection_balance::exact),
        access_log: view.telemetry.of(ListenerClass::Gateway).access_logs.listener.clone(),
        additional_addresses: bind.additional_addresses(port),
        per_connection_buffer_limit_bytes: connection_settings::buffer_limit(&view.outbound),
        max_connections_to_accept_per_socket_event: max_connections_per_socket_event(view.outbound.mesh.features()),
        ..Listener::default()
    }
}
