//! The listener of what is inside of tunnels.

use super::inspector::{self, Ports};
use super::matcher::{self, Map};
use super::{CLASS, http, is_east_west, tcp};
use crate::diagnostic::Diagnostics;
use crate::envoy::{Filter, FilterChain, Listener, TrafficDirection, XdsMatcherOnMatch};
use crate::installation::Behaviour;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Resolution, Service};
use crate::proxy::{ProxyView, WaypointScope};
use crate::translate::listener::hbone::{filter_state, internal};
use crate::translate::listener::inbound::black_hole_proxy;
use crate::translate::listener::{ListenerView, listener_filters};
use crate::translate::name;

/// The chains of workloads that are reached by their own address.
const DIRECT_TCP: &str = "direct-tcp";
const DIRECT_HTTP: &str = "direct-http";

/// Builds the listener.
///
/// istiod: `listener_waypoint.go` `buildWaypointInternal`
pub(super) fn listener(
    view: &ListenerView<'_>,
    proxy: &ProxyView<'_>,
    waypoint: &WaypointScope,
    diagnostics: &mut Diagnostics,
) -> Listener {
    let features = view.outbound.mesh.features();
    let multi_network = features.ambient_multi_network;
    let with_policies = !view.outbound.mesh.does(Behaviour::AppliesNoServicePoliciesAtEastWestGateways);
    let mut parts = Parts::default();
    let mut ranges = Vec::new();
    for service in &waypoint.services {
        let own = ListenerView::for_service(proxy, Some(service), diagnostics);
        let of_service = OfService {
            view: &own,
            tcp_view: if waypoint.east_west && !with_policies { view } else { &own },
            proxy,
            waypoint,
            service,
            addresses: addresses(view, service),
        };
        let mut by_port = Map::new();
        for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
            let Some(on_match) = of_service.port(port, &mut parts) else { continue };
            by_port.insert(port.number.to_string(), on_match.clone());
            if !of_service.addresses.is_empty() {
                parts.by_authority.insert(format!("{}:{}", service.hostname, port.number), on_match);
            }
        }
        if !by_port.is_empty() {
            let on_match = matcher::to_matcher(matcher::by_port(by_port));
            ranges.push(matcher::addresses(&of_service.addresses, on_match));
        }
    }
    let Parts { mut chains, by_authority, ports } = parts;
    if !waypoint.east_west {
        chains.push(chain(DIRECT_TCP, direct(tcp::to_workloads(view))));
        chains.push(chain(DIRECT_HTTP, direct(http::to_workloads(view, proxy))));
        if !waypoint.workload_addresses.is_empty() {
            let on_match = matcher::to_matcher(matcher::by_protocol(features, DIRECT_HTTP, DIRECT_TCP));
            ranges.push(matcher::addresses(&waypoint.workload_addresses, on_match));
        }
    }
    if chains.is_empty() && is_east_west(proxy, waypoint) {
        // Envoy takes no listener without a chain.
        chains.push(chain("virtualInbound-blackhole", vec![black_hole_proxy()]));
    }
    let by_address = matcher::by_address(ranges);
    let inspectors = [Some(ports.http_inspector(waypoint.has_workloads)), inspector::tls_inspector(&waypoint.services)];
    Listener {
        name: name::MAIN_INTERNAL.to_owned(),
        listener_specifier: Some(internal()),
        listener_filters: std::iter::once(listener_filters::original_dst())
            .chain(inspectors.into_iter().flatten())
            .collect(),
        traffic_direction: TrafficDirection::Inbound,
        filter_chains: chains,
        filter_chain_matcher: Some(if !multi_network || by_authority.is_empty() {
            by_address
        } else if view.outbound.mesh.does(Behaviour::MatchesAuthorityBeforeAddress) {
            // Addresses of other networks may be the same, hosts are not.
            matcher::or_else(matcher::by_authority(by_authority), by_address)
        } else {
            matcher::or_else(by_address, matcher::by_authority(by_authority))
        }),
        access_log: view.telemetry.of(CLASS).access_logs.listener.clone(),
        ..Listener::default()
    }
}

/// What the services of a waypoint add up to.
#[derive(Default)]
struct Parts {
    chains: Vec<FilterChain>,
    by_authority: Map,
    ports: Ports,
}

/// One service, with the policies that apply to it.
struct OfService<'a> {
    view: &'a ListenerView<'a>,
    tcp_view: &'a ListenerView<'a>,
    proxy: &'a ProxyView<'a>,
    waypoint: &'a WaypointScope,
    service: &'a Service,
    addresses: Vec<String>,
}

impl OfService<'_> {
    /// Adds the chains of a port, and returns how they are chosen; none if the port has no chain.
    fn port(&self, port: &Port, parts: &mut Parts) -> Option<XdsMatcherOnMatch> {
        let hostname = &self.service.hostname;
        let tcp = name::inbound_vip_cluster(port.number, "tcp", hostname);
        let http = name::inbound_vip_cluster(port.number, "http", hostname);
        let tcp_chain = || chain(&tcp, self.before(port).chain(self.tcp(port)).collect());
        let http_chain = || {
            let filters = http::to_service(self.view, self.proxy, self.waypoint, self.service, port);
            chain(&http, self.before(port).chain(filters).collect())
        };
        if is_east_west(self.proxy, self.waypoint) {
            parts.chains.push(tcp_chain());
            parts.ports.tunnel(port.number);
            return Some(self.by_source(&tcp));
        }
        if port.protocol.is_unsupported() {
            let features = self.view.outbound.mesh.features();
            parts.chains.extend([tcp_chain(), http_chain()]);
            parts.ports.unclear(port.number);
            return Some(matcher::to_matcher(matcher::by_protocol(features, &http, &tcp)));
        }
        if port.protocol.is_http() {
            parts.chains.push(http_chain());
            parts.ports.http(port.number);
            return Some(matcher::to_chain(&http));
        }
        if self.is_tls_of_any_host(port)
            && !self.view.outbound.mesh.installation.features.wildcard_host_service_entries_for_tls
        {
            return None;
        }
        parts.chains.push(tcp_chain());
        parts.ports.tcp(port.number);
        Some(matcher::to_chain(&tcp))
    }

    /// The destination becomes an address, if the client of the tunnel may have named a host.
    fn before(&self, port: &Port) -> impl Iterator<Item = Filter> {
        let multi_network = self.view.outbound.mesh.installation.features.ambient_multi_network;
        let applies = multi_network && !self.waypoint.east_west && !self.addresses.is_empty();
        let address = || format!("{}:{}", self.view.outbound.service_address(self.service), port.number);
        applies.then(|| filter_state::set_dst_address(&address())).into_iter()
    }

    fn tcp(&self, port: &Port) -> Vec<Filter> {
        tcp::to_service(self.tcp_view, self.proxy, self.waypoint, self.service, port)
    }

    fn is_tls_of_any_host(&self, port: &Port) -> bool {
        let is_tls = matches!(port.protocol, Protocol::Tls | Protocol::Https);
        is_tls && self.service.resolution == Resolution::DynamicDns && self.service.hostname.starts_with('*')
    }

    /// How an east-west gateway chooses: a service with a waypoint is reached through it, unless the tunnel comes from one.
    fn by_source(&self, tcp: &str) -> XdsMatcherOnMatch {
        let ambient = &self.view.outbound.mesh.ambient;
        let known = ambient.service(&self.service.namespace, &self.service.hostname);
        let Some((known, waypoint)) = known.and_then(|known| Some((known, ambient.waypoint_hostname(known)?))) else {
            return matcher::to_chain(tcp);
        };
        let waypoint = name::inbound_vip_cluster(15008, "tcp", waypoint);
        let of_gateway = if known.ingress_use_waypoint { &waypoint } else { tcp };
        let tells_kind = self.view.outbound.mesh.does(Behaviour::TellsKindInTunnels);
        let map = [Some(("waypoint", tcp)), tells_kind.then_some(("gateway", of_gateway))];
        let map =
            map.into_iter().flatten().map(|(source, chain)| (source.to_owned(), matcher::to_chain(chain))).collect();
        matcher::to_matcher(matcher::by_request_source(map, &waypoint))
    }
}

/// All addresses of a service, sorted; those of a service that other networks reach among them.
fn addresses(view: &ListenerView<'_>, service: &Service) -> Vec<String> {
    let mut addresses = view.outbound.service_all_addresses(service);
    addresses.extend(view.outbound.global_service_addresses(service));
    addresses.sort();
    addresses.dedup();
    addresses
}

fn chain(name: &str, filters: Vec<Filter>) -> FilterChain {
    FilterChain { name: name.to_owned(), filters, ..FilterChain::default() }
}

fn direct(filters: Vec<Filter>) -> Vec<Filter> {
    std::iter::once(filter_state::connect_authority_network()).chain(filters).collect()
}
