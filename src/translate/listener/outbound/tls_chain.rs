//! The chains of a TLS port: by SNI, for connections that pass through.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::chain::{Chain, ChainFilters};
use super::listener_table::Wanted;
use super::place::Place;
use super::{conflict, default_destination, virtual_service};
use crate::diagnostic::Diagnostics;
use crate::installation::Behaviour;
use crate::mesh::hostname;
use crate::mesh::service::{Registry, Resolution, UNSPECIFIED_IP};
use crate::proxy::IpMode;
use crate::translate::listener::address::wildcard;
use crate::translate::listener::chain_match::ChainMatch;
use crate::translate::listener::{ListenerView, metadata, tcp_destination};
use crate::translate::route;

/// `VirtualService.tls` -> `Listener.filter_chains`; without one that applies, a chain to the service itself.
///
/// istiod: `tls.go` `buildSidecarOutboundTLSFilterChainOpts`
pub(super) fn chains(
    view: &ListenerView<'_>,
    wanted: &Wanted<'_>,
    place: &Place,
    diagnostics: &mut Diagnostics,
) -> Vec<Chain> {
    let routed = routed(view, wanted, place, diagnostics);
    if routed.chains.is_empty() {
        return vec![Chain {
            matches: ChainMatch {
                sni_hosts: sni_hosts(view, wanted, &routed.cidrs, place),
                destination_cidrs: routed.cidrs,
                ..ChainMatch::default()
            },
            metadata: None,
            filters: ChainFilters::Network(default_destination::filters(view, wanted)),
        }];
    }
    routed.chains
}

/// Chains by virtual services, and the ranges that hold after them.
struct Routed {
    chains: Vec<Chain>,
    cidrs: Vec<String>,
}

/// One chain for each match that applies; of several that Envoy could not tell apart, the first.
///
/// Subnets of a match replace the service's ranges for all matches that follow too: istiod keeps them in the same variable.
fn routed(view: &ListenerView<'_>, wanted: &Wanted<'_>, place: &Place, diagnostics: &mut Diagnostics) -> Routed {
    let mut cidrs = place.cidrs.clone();
    let mut chains = Vec::new();
    let mut seen = BTreeMap::new();
    for config in virtual_service::for_service(wanted) {
        for (route_place, tls) in config.spec.tls.iter().enumerate() {
            for (match_place, attributes) in tls.r#match.iter().enumerate() {
                if !virtual_service::tls_match_applies(view, wanted, attributes) {
                    continue;
                }
                if !attributes.destination_subnets.is_empty() && wanted.port.number > 0 {
                    cidrs.clone_from(&attributes.destination_subnets);
                }
                let place = (route_place, match_place);
                match seen.entry((&attributes.sni_hosts, &attributes.destination_subnets)) {
                    Entry::Vacant(free) => {
                        free.insert((config, place));
                    }
                    Entry::Occupied(first) => {
                        diagnostics.push(conflict::tls_match((config, place), *first.get()));
                        continue;
                    }
                }
                chains.push(Chain {
                    matches: ChainMatch {
                        sni_hosts: attributes.sni_hosts.clone(),
                        destination_cidrs: cidrs.clone(),
                        ..ChainMatch::default()
                    },
                    metadata: Some(metadata::config("virtual-service", &config.meta)),
                    filters: ChainFilters::Network(tcp_destination::routes(
                        view,
                        &tls.route,
                        wanted.port,
                        &config.meta,
                        false,
                    )),
                });
            }
        }
    }
    Routed { chains, cidrs }
}

/// The service's names as SNI, where its address does not tell it from others: it has a range, it has none, or it listens on all
/// addresses; or where the name decides which host to look up.
fn sni_hosts(view: &ListenerView<'_>, wanted: &Wanted<'_>, cidrs: &[String], place: &Place) -> Vec<String> {
    let (service, client) = (wanted.service.as_ref(), view.outbound.client);
    let address = match view.outbound.service_address(service) {
        range if range.contains('/') => "",
        UNSPECIFIED_IP if service.registry == Registry::External && client.ip_mode == IpMode::Ipv6 => "::",
        address => address,
    };
    let all_addresses = wildcard(client.ip_mode);
    let on_all_addresses = address == all_addresses && place.bind.primary() == all_addresses;
    let dynamic = service.resolution == Resolution::DynamicDns
        && hostname::is_wildcard(&service.hostname)
        && view.outbound.mesh.does(Behaviour::ServesDynamicDnsToSidecars);
    if cidrs.is_empty() && !address.is_empty() && !on_all_addresses && !dynamic {
        return Vec::new();
    }
    let mut hosts = vec![service.hostname.clone()];
    for alias in &service.aliases {
        hosts.push(alias.hostname.clone());
        hosts.extend(route::alternate_domains(
            view.outbound.mesh.features(),
            &alias.hostname,
            None,
            &client.dns_domain,
        ));
    }
    hosts
}
