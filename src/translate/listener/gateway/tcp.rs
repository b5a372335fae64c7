//! TCP servers: in the clear, or after TLS is terminated.

use super::chain::Chain;
use super::context::Context;
use super::{conflict, l4_match, tls};
use crate::envoy::Filter;
use crate::mesh::gateway::GatewayServer;
use crate::model::Config;
use crate::model::istio::{RouteDestination, ServerTlsSettingsTlsMode, VirtualService};
use crate::translate::listener::chain_match::ChainMatch;

/// `VirtualService.tcp` of the VirtualServices that share a host with the server -> a filter chain; none if no route matches
///
/// istiod: `core/gateway.go` `createGatewayTCPFilterChainOpts`
pub(super) fn chain(context: &mut Context<'_>, server: &GatewayServer) -> Option<Chain> {
    Some(Chain {
        filters: filters(context, server)?,
        r#match: ChainMatch { sni_hosts: server.sni_hosts.clone(), ..ChainMatch::default() },
        tls_context: tls::context(context, server),
    })
}

/// The first route that matches wins, whichever VirtualService it is in.
///
/// istiod: `core/gateway.go` `buildGatewayNetworkFiltersFromTCPRoutes`
fn filters(context: &mut Context<'_>, server: &GatewayServer) -> Option<Vec<Filter>> {
    let exchange_metadata = server.spec.tls.as_ref().is_some_and(|t| t.mode == ServerTlsSettingsTlsMode::IstioMutual);
    let virtual_services = context.virtual_services(server);
    let shared = virtual_services.iter().filter(|v| l4_match::shares_host(server, v));
    let mut matching = shared.filter_map(|v| Some((v, route(server, v)?)));
    let (first, found) = matching.next()?;
    for (behind, route) in matching {
        context.diagnostics.push(conflict::tcp_route(server, (behind, &route.path), (first, &found.path)));
    }
    Some(context.route_filters(found.route, server, first, exchange_metadata))
}

/// A route of a VirtualService, with the way to it.
struct Found<'v> {
    route: &'v [RouteDestination],
    path: String,
}

fn route<'v>(server: &GatewayServer, virtual_service: &'v Config<VirtualService>) -> Option<Found<'v>> {
    let mut tcp = virtual_service.spec.tcp.iter().enumerate();
    let tcp = tcp.find(|(_, tcp)| l4_match::any_tcp(&tcp.r#match, server));
    let tcp = tcp.map(|(place, tcp)| Found { route: &tcp.route, path: format!("spec.tcp[{place}]") });
    tcp.or_else(|| terminated_tls_route(server, virtual_service))
}

/// A TLSRoute of the Gateway API on a listener that terminates TLS has `tls` routes only.
fn terminated_tls_route<'v>(server: &GatewayServer, virtual_service: &'v Config<VirtualService>) -> Option<Found<'v>> {
    let parents = virtual_service.meta.annotations.get("internal.istio.io/parents")?;
    if !parents.starts_with("TLSRoute/") || server.is_passthrough() {
        return None;
    }
    let mut tls = virtual_service.spec.tls.iter().enumerate();
    let tls = tls.find(|(_, tls)| tls.r#match.iter().any(|m| l4_match::tls(m, server)));
    tls.map(|(place, tls)| Found { route: &tls.route, path: format!("spec.tls[{place}]") })
}
