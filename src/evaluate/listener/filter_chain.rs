//! `envoy.config.listener.v3.FilterChain`, and which one a connection gets.
//!
//! Envoy: `filter_chain_manager_impl.cc`. Conditions are looked at one after another, in a fixed order; of each only the most specific
//! match is kept, and there is no way back when a later condition does not hold.

use std::net::{IpAddr, SocketAddr};

use serde_json::{Value, json};

use super::Inspected;
use crate::evaluate::cidr::Cidr;
use crate::evaluate::message::{Message, is_type};
use crate::evaluate::network::NetworkFilter;

/// A filter chain.
#[derive(Debug)]
pub(in crate::evaluate) struct FilterChain {
    /// Its name.
    pub(in crate::evaluate) name: String,
    /// Its `filter_chain_match` as written, `{}` without one.
    pub(in crate::evaluate) matching: Value,
    /// The network filters, in order.
    pub(in crate::evaluate) filters: Vec<NetworkFilter>,
    /// The TLS that it ends, if it ends one.
    pub(in crate::evaluate) tls: Option<DownstreamTls>,
    condition: Condition,
}

/// TLS from the client.
#[derive(Debug, Clone, Default)]
pub(in crate::evaluate) struct DownstreamTls {
    /// Whether a client must show a certificate.
    pub(in crate::evaluate) requires_certificate: bool,
}

#[derive(Debug, Default)]
struct Condition {
    port: Option<u32>,
    ranges: Vec<Cidr>,
    server_names: Vec<String>,
    transport_protocol: Option<String>,
    application_protocols: Vec<String>,
    direct_sources: Vec<Cidr>,
    source_type: Option<SourceType>,
    sources: Vec<Cidr>,
    source_ports: Vec<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SourceType {
    SameIpOrLoopback,
    External,
}

/// A filter chain that was not chosen: its index, and why.
pub(in crate::evaluate) type Lost = (usize, String);

impl FilterChain {
    /// Reads a filter chain.
    pub(in crate::evaluate) fn new(message: Message<'_>, filter: impl Fn(Message<'_>) -> NetworkFilter) -> Self {
        let condition = message.get("filter_chain_match");
        Self {
            name: message.text("name").unwrap_or_default().to_owned(),
            matching: condition.map_or_else(|| json!({}), |condition| condition.0.clone()),
            filters: message.list("filters").map(filter).collect(),
            tls: message.get("transport_socket").and_then(DownstreamTls::new),
            condition: condition.map(Condition::new).unwrap_or_default(),
        }
    }
}

impl DownstreamTls {
    fn new(socket: Message<'_>) -> Option<Self> {
        let (url, config) = socket.any("typed_config")?;
        if is_type(url, "QuicDownstreamTransport") {
            return Some(Self::default());
        }
        if !is_type(url, "DownstreamTlsContext") {
            return None;
        }
        Some(Self { requires_certificate: config.is("require_client_certificate") })
    }
}

impl Condition {
    fn new(message: Message<'_>) -> Self {
        let ranges = |name: &str| message.list(name).filter_map(Cidr::new).collect();
        Self {
            port: message.unsigned("destination_port"),
            ranges: ranges("prefix_ranges"),
            server_names: message.texts("server_names").map(server_name).collect(),
            transport_protocol: message.text("transport_protocol").map(str::to_owned),
            application_protocols: message.texts("application_protocols").map(str::to_owned).collect(),
            direct_sources: ranges("direct_source_prefix_ranges"),
            source_type: match message.text("source_type") {
                Some("SAME_IP_OR_LOOPBACK") => Some(SourceType::SameIpOrLoopback),
                Some("EXTERNAL") => Some(SourceType::External),
                _ => None,
            },
            sources: ranges("source_prefix_ranges"),
            source_ports: message
                .list("source_ports")
                .filter_map(|port| u16::try_from(port.0.as_u64()?).ok())
                .collect(),
        }
    }
}

/// `*.example.com` is kept as `.example.com`, `*` as any name.
fn server_name(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix('*') {
        Some(rest) => rest.to_owned(),
        None => name,
    }
}

/// Chooses a filter chain and says why the others lost. `chains` has the default one at its end, if `has_default`.
pub(in crate::evaluate) fn choose(
    chains: &[FilterChain],
    has_default: bool,
    inspected: &Inspected,
    destination: SocketAddr,
    source: IpAddr,
) -> (Option<usize>, Vec<Lost>) {
    let count = chains.len() - usize::from(has_default);
    let mut search = Search { chains, left: (0..count).collect(), lost: Vec::new() };
    let port = u32::from(destination.port());
    let is_some_port = search.has(|c| c.port == Some(port));
    search.keep(
        |c| if is_some_port { c.port == Some(port) } else { c.port.is_none() },
        |c| format!("it is for port {}", c.port.map_or_else(|| "any".to_owned(), |port| port.to_string())),
    );
    search.by_range("destination", |c| &c.ranges, destination.ip());
    search.by_server_name(&inspected.server_name);
    let protocol = inspected.transport_protocol;
    let is_some_protocol = search.has(|c| c.transport_protocol.as_deref() == Some(protocol));
    search.keep(
        |c| c.transport_protocol.as_deref() == is_some_protocol.then_some(protocol),
        |c| format!("it is for transport protocol {}", c.transport_protocol.as_deref().unwrap_or("any")),
    );
    let offered = inspected.application_protocols.iter();
    let spoken = offered.into_iter().find(|p| search.has(|c| c.application_protocols.contains(p))).cloned();
    search.keep(
        |c| match &spoken {
            Some(protocol) => c.application_protocols.contains(protocol),
            None => c.application_protocols.is_empty(),
        },
        |c| match c.application_protocols.as_slice() {
            [] => "another is for the application protocol".to_owned(),
            list => format!("it is for application protocols {}", list.join(", ")),
        },
    );
    search.by_range("direct source", |c| &c.direct_sources, source);
    let is_local = source.is_loopback() || source == destination.ip();
    let wanted = if is_local { SourceType::SameIpOrLoopback } else { SourceType::External };
    let is_some_type = search.has(|c| c.source_type == Some(wanted));
    search.keep(|c| c.source_type == is_some_type.then_some(wanted), |_| "it is for other sources".to_owned());
    search.by_range("source", |c| &c.sources, source);
    // The source port is not known; a chain that asks for one is not chosen.
    search.keep(|c| c.source_ports.is_empty(), |_| "it is for certain source ports".to_owned());

    let Search { left, mut lost, .. } = search;
    let chosen = left.first().copied().or_else(|| has_default.then_some(count));
    if has_default && chosen != Some(count) {
        lost.push((count, "it is for what no other takes".to_owned()));
    }
    lost.sort_by_key(|(index, _)| *index);
    (chosen, lost)
}

struct Search<'c> {
    chains: &'c [FilterChain],
    left: Vec<usize>,
    lost: Vec<Lost>,
}

impl Search<'_> {
    fn has(&self, holds: impl Fn(&Condition) -> bool) -> bool {
        self.left.iter().any(|index| holds(&self.chains[*index].condition))
    }

    fn keep(&mut self, holds: impl Fn(&Condition) -> bool, why: impl Fn(&Condition) -> String) {
        let chains = self.chains;
        let lost = &mut self.lost;
        self.left.retain(|index| {
            let condition = &chains[*index].condition;
            let keeps = holds(condition);
            if !keeps {
                lost.push((*index, why(condition)));
            }
            keeps
        });
    }

    /// Keeps those with the narrowest range around an address; without any, those without ranges.
    fn by_range(&mut self, what: &str, ranges: impl Fn(&Condition) -> &Vec<Cidr>, address: IpAddr) {
        let around = |c: &Condition| ranges(c).iter().filter(|r| r.contains(address)).map(Cidr::length).max();
        let narrowest = self.left.iter().filter_map(|index| around(&self.chains[*index].condition)).max();
        self.keep(
            |c| match narrowest {
                Some(length) => around(c) == Some(length),
                None => ranges(c).is_empty(),
            },
            |c| match ranges(c).as_slice() {
                [] => format!("another is for the {what} address {address}"),
                list => {
                    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                    format!("it is for {what} addresses {}", list.join(", "))
                }
            },
        );
    }

    /// Keeps those for a server name: itself, then the longest wildcard, then none.
    fn by_server_name(&mut self, name: &str) {
        let mut wanted: Option<&str> = None;
        if !name.is_empty() {
            let dots = name.match_indices('.').map(|(at, _)| at).filter(|at| *at > 0 && at + 1 < name.len());
            let candidates = std::iter::once(name).chain(dots.map(|at| &name[at..]));
            wanted = candidates.into_iter().find(|part| self.has(|c| c.server_names.iter().any(|n| n == part)));
        }
        self.keep(
            |c| match wanted {
                Some(wanted) => c.server_names.iter().any(|n| n == wanted),
                None => c.server_names.is_empty() || c.server_names.iter().any(String::is_empty),
            },
            |c| match c.server_names.as_slice() {
                [] => "another is for the server name".to_owned(),
                list => {
                    let list: Vec<String> =
                        list.iter()
                            .map(|name| {
                                if name.starts_with('.') || name.is_empty() { format!("*{name}") } else { name.clone() }
                            })
                            .collect();
                    format!("it is for server names {}", list.join(", "))
                }
            },
        );
    }
}
