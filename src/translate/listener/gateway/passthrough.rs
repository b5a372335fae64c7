//! Servers that forward TLS as it is, by SNI.

use super::chain::Chain;
use super::context::Context;
use super::{auto_passthrough, conflict, l4_match};
use crate::mesh::gateway::{GatewayServer, check_duplicates};
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::translate::listener::chain_match::ChainMatch;

/// `VirtualService.tls` of the VirtualServices that share a host with the server -> one filter chain for each match
///
/// A match with an SNI host that the port and address have already is left out.
///
/// istiod: `core/gateway.go` `buildGatewayNetworkFiltersFromTLSRoutes`
pub(super) fn chains(context: &mut Context<'_>, server: &GatewayServer, listening_port: u32) -> Vec<Chain> {
    if server.is_auto_passthrough() {
        return auto_passthrough::chains(context, server);
    }
    let virtual_services = context.virtual_services(server);
    let shared = virtual_services.iter().filter(|v| l4_match::shares_host(server, v));
    shared.flat_map(|v| virtual_service_chains(context, server, listening_port, v)).collect()
}

fn virtual_service_chains(
    context: &mut Context<'_>,
    server: &GatewayServer,
    listening_port: u32,
    virtual_service: &Config<VirtualService>,
) -> Vec<Chain> {
    let mut chains = Vec::new();
    for (route_index, route) in virtual_service.spec.tls.iter().enumerate() {
        for (match_index, tls_match) in route.r#match.iter().enumerate().filter(|(_, m)| l4_match::tls(m, server)) {
            let known = context.sni_hosts.entry(listening_port).or_default();
            let duplicates = check_duplicates(&tls_match.sni_hosts, &server.spec.bind, &(), known);
            if !duplicates.is_empty() {
                let hosts: Vec<_> = duplicates.into_iter().map(|(host, ())| host).collect();
                let place = (route_index, match_index);
                context.diagnostics.push(conflict::duplicate_sni_hosts(server, virtual_service, place, &hosts));
                continue;
            }
            chains.push(Chain {
                r#match: ChainMatch { sni_hosts: tls_match.sni_hosts.clone(), ..ChainMatch::default() },
                tls_context: None,
                filters: context.route_filters(&route.route, server, virtual_service, false),
            });
        }
    }
    chains
}
