//! TCP servers: in the clear, or after TLS is terminated.

use super::chain::Chain;
use super::context::Context;
use super::{l4_match, tls};
use crate::envoy::Filter;
use crate::mesh::gateway::GatewayServer;
use crate::model::Config;
use crate::model::istio::{RouteDestination, ServerTlsSettingsTlsMode, VirtualService};
use crate::translate::listener::chain_match::ChainMatch;

/// `VirtualService.tcp` of the VirtualServices that share a host with the server -> a filter chain; none if no route matches
///
/// istiod: `core/gateway.go` `createGatewayTCPFilterChainOpts`
pub(super) fn chain(context: &Context<'_>, server: &GatewayServer) -> Option<Chain> {
    Some(Chain {
        filters: filters(context, server)?,
        r#match: ChainMatch { sni_hosts: server.sni_hosts.clone(), ..ChainMatch::default() },
        tls_context: tls::context(context, server),
    })
}

/// The first route that matches wins, whichever VirtualService it is in.
///
/// istiod: `core/gateway.go` `buildGatewayNetworkFiltersFromTCPRoutes`
fn filters(context: &Context<'_>, server: &GatewayServer) -> Option<Vec<Filter>> {
    let exchange_metadata = server.spec.tls.as_ref().is_some_and(|t| t.mode == ServerTlsSettingsTlsMode::IstioMutual);
    context
        .virtual_services(server)
        .iter()
        .filter(|v| l4_match::shares_host(server, v))
        .find_map(|v| Some((v, route(server, v)?)))
        .map(|(v, route)| context.route_filters(route, server, v, exchange_metadata))
}

fn route<'v>(server: &GatewayServer, virtual_service: &'v Config<VirtualService>) -> Option<&'v [RouteDestination]> {
    let spec = &virtual_service.spec;
    let tcp = spec.tcp.iter().find(|tcp| l4_match::any_tcp(&tcp.r#match, server)).map(|tcp| tcp.route.as_slice());
    tcp.or_else(|| terminated_tls_route(server, virtual_service))
}

/// A TLSRoute of the Gateway API on a listener that terminates TLS has `tls` routes only.
fn terminated_tls_route<'v>(
    server: &GatewayServer,
    virtual_service: &'v Config<VirtualService>,
) -> Option<&'v [RouteDestination]> {
    let parents = virtual_service.meta.annotations.get("internal.istio.io/parents")?;
    if !parents.starts_with("TLSRoute/") || server.is_passthrough() {
        return None;
    }
    let tls = virtual_service.spec.tls.iter().find(|tls| tls.r#match.iter().any(|m| l4_match::tls(m, server)));
    tls.map(|tls| tls.route.as_slice())
}
