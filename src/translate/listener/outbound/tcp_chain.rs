//! The chains of a TCP port.

use super::chain::{Chain, ChainFilters};
use super::listener_table::Wanted;
use super::place::Place;
use super::{conflict, default_destination, virtual_service};
use crate::diagnostic::Diagnostics;
use crate::model::Config;
use crate::model::istio::{TcpRoute, VirtualService};
use crate::translate::listener::chain_match::ChainMatch;
use crate::translate::listener::{ListenerView, metadata, tcp_destination};

/// `VirtualService.tcp` -> `Listener.filter_chains`
///
/// Routes by destination subnet come first; the first that takes all connections ends the list, else a chain to the service
/// itself does.
///
/// istiod: `tls.go` `buildSidecarOutboundTCPFilterChainOpts`
pub(super) fn chains(
    view: &ListenerView<'_>,
    wanted: &Wanted<'_>,
    place: &Place,
    diagnostics: &mut Diagnostics,
) -> Vec<Chain> {
    let chain = |destination_cidrs: Vec<String>, metadata, filters| Chain {
        matches: ChainMatch { destination_cidrs, ..ChainMatch::default() },
        metadata,
        filters: ChainFilters::Network(filters),
    };
    let mut chains = Vec::new();
    let mut has_default = false;
    let mut configs = virtual_service::for_service(wanted);
    while let Some(config) = configs.next() {
        for (route_place, tcp) in config.spec.tcp.iter().enumerate() {
            let filters = || tcp_destination::routes(view, &tcp.route, wanted.port, &config.meta, false);
            match taken(view, wanted, tcp) {
                Taken::All => {
                    let metadata = Some(metadata::config("virtual-service", &config.meta));
                    chains.push(chain(place.cidrs.clone(), metadata, filters()));
                    let path = format!("spec.tcp[{route_place}]");
                    for (behind, behind_path) in configs.filter_map(|config| route_of(view, wanted, config)) {
                        diagnostics.push(conflict::tcp_route(wanted, (behind, &behind_path), (config, &path)));
                    }
                    return chains;
                }
                Taken::Subnets(subnets) => {
                    has_default |= same(&subnets, &place.cidrs);
                    chains.push(chain(subnets, None, filters()));
                }
                Taken::None => {}
            }
        }
    }
    if !has_default {
        chains.push(chain(place.cidrs.clone(), None, default_destination::filters(view, wanted)));
    }
    chains
}

/// Returns the first route of a VirtualService that takes some connections.
fn route_of<'m>(
    view: &ListenerView<'_>,
    wanted: &Wanted<'_>,
    config: &'m Config<VirtualService>,
) -> Option<(&'m Config<VirtualService>, String)> {
    let takes = |tcp: &TcpRoute| !matches!(taken(view, wanted, tcp), Taken::None);
    let place = config.spec.tcp.iter().position(takes)?;
    Some((config, format!("spec.tcp[{place}]")))
}

/// Which connections a route takes.
enum Taken {
    All,
    Subnets(Vec<String>),
    None,
}

/// A match without subnets takes all connections, and every match does on a Unix domain socket.
fn taken(view: &ListenerView<'_>, wanted: &Wanted<'_>, tcp: &TcpRoute) -> Taken {
    if tcp.r#match.is_empty() {
        return Taken::All;
    }
    let mut subnets = Vec::new();
    for attributes in &tcp.r#match {
        if !virtual_service::tcp_match_applies(view, wanted, attributes) {
            continue;
        }
        if attributes.destination_subnets.is_empty() || wanted.port.number == 0 {
            return Taken::All;
        }
        subnets.extend(attributes.destination_subnets.iter().cloned());
    }
    if subnets.is_empty() { Taken::None } else { Taken::Subnets(subnets) }
}

/// Envoy refuses two chains with the same ranges.
fn same(subnets: &[String], cidrs: &[String]) -> bool {
    let sorted = |texts: &[String]| {
        let mut texts = texts.to_vec();
        texts.sort();
        texts
    };
    sorted(subnets) == sorted(cidrs)
}
