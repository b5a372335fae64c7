//! Servers that forward TLS to the service port that the SNI names: what joins networks.

use super::chain::Chain;
use super::context::Context;
use crate::mesh::gateway::GatewayServer;
use crate::mesh::hostname;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Service};
use crate::model::istio::DestinationRule;
use crate::translate::listener::chain_match::{ChainMatch, MESH_ALPN};
use crate::translate::listener::tcp_destination::{self, SingleDestination};
use crate::translate::security::authorization::ChainPolicies;
use crate::translate::{name, stat_name};

/// `Gateway.servers[].tls.mode: AUTO_PASSTHROUGH` -> one filter chain for each service port that the server's hosts cover, and for
/// each subset of it
///
/// No policies apply: the TLS connection is between the workloads.
///
/// istiod: `core/gateway.go` `builtAutoPassthroughFilterChains`
pub(super) fn chains(context: &Context<'_>, server: &GatewayServer) -> Vec<Chain> {
    let services = &context.view.outbound.scope.services;
    let covered = |s: &Service| server.sni_hosts.iter().any(|h| hostname::subset_of(&s.hostname, h));
    services
        .iter()
        .filter(|s| !s.mesh_external && covered(s))
        .flat_map(|s| s.ports.iter().filter(|p| p.protocol != Protocol::Udp).flat_map(|p| port_chains(context, s, p)))
        .collect()
}

fn port_chains(context: &Context<'_>, service: &Service, port: &Port) -> Vec<Chain> {
    let rule = context.view.outbound.destination_rule(&service.hostname).map(|r| &r.rule.spec);
    let subsets = rule.iter().flat_map(|r| &r.subsets).map(|s| s.name.as_str());
    std::iter::once("").chain(subsets).map(|subset| chain(context, service, port, subset, rule)).collect()
}

/// The SNI is the name of the cluster.
fn chain(context: &Context<'_>, service: &Service, port: &Port, subset: &str, rule: Option<&DestinationRule>) -> Chain {
    let cluster = name::sni_dnat_cluster(port.number, subset, &service.hostname);
    let pattern = &context.view.outbound.mesh.config.outbound_cluster_stat_name;
    let stat_prefix =
        if pattern.is_empty() { cluster.clone() } else { stat_name::cluster(pattern, service.into(), subset, port, 0) };
    let to = SingleDestination {
        stat_prefix: &stat_prefix,
        cluster: &cluster,
        subset,
        port,
        rule,
        tunnel: false,
        metadata_exchange: false,
        policies: ChainPolicies::None,
        dynamic_forward_proxy: None,
    };
    Chain {
        filters: tcp_destination::single(&context.listener_view, to),
        r#match: ChainMatch { sni_hosts: vec![cluster], application_protocols: MESH_ALPN, ..ChainMatch::default() },
        tls_context: None,
    }
}
