//! `envoy.config.listener.v3.Listener`: which one a connection reaches, and what it finds out about the connection.

mod filter_chain;
mod inspector;
mod matcher_tree;
mod predicate;

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

pub(super) use filter_chain::{FilterChain, choose as choose_filter_chain};
pub(super) use inspector::Inspected;
use matcher_tree::ChainMatcher;
pub(super) use matcher_tree::Connection;

use super::message::{Message, is_type};
use super::network::NetworkFilter;
use super::request::{Direction, Request};
use predicate::Predicate;

/// A listener.
#[derive(Debug)]
pub(super) struct Listener {
    /// Its name.
    pub(super) name: String,
    addresses: Vec<(IpAddr, u16)>,
    binds: bool,
    hands_off: bool,
    restores_destination: bool,
    direction: Option<Direction>,
    filters: Vec<(Inspector, Option<Predicate>)>,
    /// The filter chains, and the default one after them.
    pub(super) chains: Vec<FilterChain>,
    /// Whether the last filter chain is the default one.
    pub(super) has_default: bool,
    /// `filter_chain_matcher`, which chooses filter chains in place of their conditions.
    pub(super) matcher: Option<ChainMatcher>,
    /// It has no address: other listeners and clusters of the proxy hand connections to it.
    is_internal: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inspector {
    Tls,
    Http,
}

impl Listener {
    /// Reads a listener. `extension` finds a filter's configuration by the name under which it is discovered.
    pub(super) fn new(message: Message<'_>, extension: &dyn Fn(&str) -> Option<Value>) -> Self {
        let address = |address: Message<'_>| {
            let socket = address.get("address")?.get("socket_address")?;
            let port = socket.unsigned("port_value").and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
            Some((socket.text("address")?.parse().ok()?, port))
        };
        let addresses = address(message).into_iter().chain(message.list("additional_addresses").filter_map(address));
        let mut restores_destination = false;
        let mut filters = Vec::new();
        for filter in message.list("listener_filters") {
            let name = filter.any("typed_config").map_or(filter.text("name").unwrap_or_default(), |(url, _)| url);
            let disabled = filter.get("filter_disabled").map(Predicate::new);
            if is_type(name, "TlsInspector") || name == "envoy.filters.listener.tls_inspector" {
                filters.push((Inspector::Tls, disabled));
            } else if is_type(name, "HttpInspector") || name == "envoy.filters.listener.http_inspector" {
                filters.push((Inspector::Http, disabled));
            } else if is_type(name, "OriginalDst") || name == "envoy.filters.listener.original_dst" {
                restores_destination = true;
            }
        }
        let chain = |chain: Message<'_>| FilterChain::new(chain, |filter| NetworkFilter::new(filter, extension));
        let default = message.get("default_filter_chain");
        Self {
            name: message.text("name").unwrap_or_default().to_owned(),
            addresses: addresses.collect(),
            binds: message.flag("bind_to_port") != Some(false),
            hands_off: message.is("use_original_dst"),
            restores_destination,
            direction: match message.text("traffic_direction") {
                Some("OUTBOUND") => Some(Direction::Outbound),
                Some("INBOUND") => Some(Direction::Inbound),
                _ => None,
            },
            filters,
            chains: message.list("filter_chains").chain(default).map(chain).collect(),
            has_default: default.is_some(),
            matcher: message.get("filter_chain_matcher").map(ChainMatcher::new),
            is_internal: message.get("internal_listener").is_some(),
        }
    }

    fn listens_at(&self, address: SocketAddr) -> bool {
        self.addresses.iter().any(|(ip, port)| *ip == address.ip() && *port == address.port())
    }

    /// Says whether it listens at all addresses of the family.
    fn listens_everywhere(&self, address: SocketAddr) -> bool {
        let has = |family: fn(&IpAddr) -> bool| {
            self.addresses.iter().any(|(ip, port)| ip.is_unspecified() && family(ip) && *port == address.port())
        };
        if address.is_ipv4() { has(IpAddr::is_ipv4) || has(IpAddr::is_ipv6) } else { has(IpAddr::is_ipv6) }
    }

    /// Says what is found out about a connection before a filter chain is chosen.
    pub(super) fn inspect(&self, request: &Request) -> Inspected {
        let is_on = |wanted: Inspector| {
            let mut of_kind = self.filters.iter().filter(|(kind, _)| *kind == wanted);
            of_kind.any(|(_, disabled)| !disabled.as_ref().is_some_and(|p| p.matches(request.destination.port())))
        };
        Inspected::new(request, is_on(Inspector::Tls), is_on(Inspector::Http))
    }
}

/// Finds the listener of what comes in a tunnel, and the one that ends tunnels.
///
/// istiod: `listener_waypoint.go` `buildWaypointInternal`, `buildConnectTerminateListener`
fn tunnelled(listeners: &[Listener]) -> Option<(&Listener, Option<&Listener>)> {
    let inner = listeners.iter().find(|l| l.is_internal && l.direction == Some(Direction::Inbound))?;
    Some((inner, listeners.iter().find(|l| l.name == "connect_terminate")))
}

/// Finds the listener that a connection reaches, and the one that handed it on, if one did.
///
/// Envoy: `ConnectionHandlerImpl::getBalancedHandlerByAddress`.
pub(super) fn choose<'l>(listeners: &'l [Listener], request: &Request) -> Option<(&'l Listener, Option<&'l Listener>)> {
    let destination = request.destination;
    let at = |of: &dyn Fn(&&Listener) -> bool| {
        let exact = listeners.iter().find(|l| of(l) && l.listens_at(destination));
        exact.or_else(|| listeners.iter().find(|l| of(l) && l.listens_everywhere(destination)))
    };
    match request.direction {
        Direction::Outbound => {
            let captures = |l: &&Listener| l.direction == Some(Direction::Outbound) && l.hands_off;
            let Some(capture) = listeners.iter().find(captures) else {
                return at(&|l| l.binds && !l.is_internal).map(|own| (own, None)).or_else(|| tunnelled(listeners));
            };
            // Those for traffic to the workload are no place for its own.
            match at(&|l| l.direction != Some(Direction::Inbound)) {
                Some(listener) if listener.name != capture.name => Some((listener, Some(capture))),
                _ => Some((capture, None)),
            }
        }
        Direction::Inbound if request.tunnel.is_some() && tunnelled(listeners).is_some() => tunnelled(listeners),
        Direction::Inbound => {
            // One of its own at the very address is for what is not redirected.
            let own = listeners.iter().find(|l| {
                l.binds
                    && l.direction == Some(Direction::Inbound)
                    && !l.restores_destination
                    && l.listens_at(destination)
            });
            let captures =
                |l: &&Listener| l.direction == Some(Direction::Inbound) && l.restores_destination && !l.is_internal;
            let bound = || at(&|l| l.binds && !l.is_internal && l.direction == Some(Direction::Inbound));
            let listener = own.or_else(|| listeners.iter().find(captures)).or_else(bound);
            listener.map(|listener| (listener, None)).or_else(|| tunnelled(listeners))
        }
        Direction::Gateway => Some((at(&|l| l.binds)?, None)),
    }
}
