//! `Listener.filter_chain_matcher`: a tree that leads to the name of a filter chain.
//!
//! Envoy: `matching/inputs`, `common/matcher/matcher.h`. An input whose value is not known does not match.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::Inspected;
use crate::evaluate::cidr::Cidr;
use crate::evaluate::message::{Message, is_type};
use crate::evaluate::request::Tunnel;

/// A tree.
#[derive(Debug)]
pub(in crate::evaluate) struct ChainMatcher {
    lookup: Lookup,
    otherwise: Option<Box<OnMatch>>,
}

/// What a value leads to.
#[derive(Debug)]
enum OnMatch {
    Chain(String),
    Matcher(ChainMatcher),
}

#[derive(Debug)]
enum Lookup {
    /// A text that must be one of these.
    Exact(Input, BTreeMap<String, OnMatch>),
    /// An address, each range with what it leads to.
    Ranges(Vec<(Cidr, usize)>, Vec<OnMatch>),
    /// What is not evaluated.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    DestinationPort,
    ApplicationProtocol,
    /// What the tunnel's CONNECT asked for.
    Authority,
    /// Something else that filters noted.
    Unknown,
}

/// What is known of a connection.
#[derive(Debug, Clone, Copy)]
pub(in crate::evaluate) struct Connection<'c> {
    pub(in crate::evaluate) destination: SocketAddr,
    pub(in crate::evaluate) inspected: &'c Inspected,
    pub(in crate::evaluate) tunnel: Option<&'c Tunnel>,
}

impl ChainMatcher {
    /// Reads a tree.
    pub(super) fn new(message: Message<'_>) -> Self {
        let lookup = message.get("matcher_tree").map_or(Lookup::Unknown, Lookup::new);
        Self { lookup, otherwise: message.get("on_no_match").and_then(OnMatch::new).map(Box::new) }
    }

    /// Returns the name of the filter chain to which a connection is led.
    pub(in crate::evaluate) fn choose(&self, connection: &Connection<'_>) -> Option<&str> {
        let found = self.lookup.find(connection).and_then(|found| found.chain(connection));
        found.or_else(|| self.otherwise.as_ref()?.chain(connection))
    }
}

impl OnMatch {
    fn new(message: Message<'_>) -> Option<Self> {
        if let Some(matcher) = message.get("matcher") {
            return Some(Self::Matcher(ChainMatcher::new(matcher)));
        }
        let (_, value) = message.get("action")?.any("typed_config")?;
        Some(Self::Chain(value.text("value")?.to_owned()))
    }

    fn chain(&self, connection: &Connection<'_>) -> Option<&str> {
        match self {
            Self::Chain(name) => Some(name),
            Self::Matcher(matcher) => matcher.choose(connection),
        }
    }
}

impl Lookup {
    fn new(tree: Message<'_>) -> Self {
        if let Some(map) = tree.get("exact_match_map") {
            let input =
                tree.get("input").and_then(|input| input.any("typed_config")).map_or(Input::Unknown, Input::new);
            let entries = map.entries("map").filter_map(|(key, value)| Some((key.to_owned(), OnMatch::new(value)?)));
            return Self::Exact(input, entries.collect());
        }
        let Some((_, custom)) = tree.get("custom_match").and_then(|custom| custom.any("typed_config")) else {
            return Self::Unknown;
        };
        let (mut ranges, mut targets) = (Vec::new(), Vec::new());
        for matcher in custom.list("range_matchers") {
            let Some(target) = matcher.get("on_match").and_then(OnMatch::new) else { continue };
            ranges.extend(matcher.list("ranges").filter_map(Cidr::new).map(|range| (range, targets.len())));
            targets.push(target);
        }
        Self::Ranges(ranges, targets)
    }

    fn find(&self, connection: &Connection<'_>) -> Option<&OnMatch> {
        match self {
            Self::Exact(input, map) => map.get(&input.value(connection)?),
            Self::Ranges(ranges, targets) => {
                let around = ranges.iter().filter(|(range, _)| range.contains(connection.destination.ip()));
                // The narrowest; of several, the first.
                let (_, target) = around.rev().max_by_key(|(range, _)| range.length())?;
                targets.get(*target)
            }
            Self::Unknown => None,
        }
    }
}

impl Input {
    fn new((url, config): (&str, Message<'_>)) -> Self {
        if is_type(url, "DestinationPortInput") {
            Self::DestinationPort
        } else if is_type(url, "ApplicationProtocolInput") {
            Self::ApplicationProtocol
        } else if is_type(url, "FilterStateInput") && config.text("key") == Some("io.istio.connect_authority") {
            Self::Authority
        } else {
            Self::Unknown
        }
    }

    fn value(self, connection: &Connection<'_>) -> Option<String> {
        match self {
            Self::DestinationPort => Some(connection.destination.port().to_string()),
            Self::ApplicationProtocol => {
                let protocols = &connection.inspected.application_protocols;
                let quoted: Vec<String> = protocols.iter().map(|protocol| format!("'{protocol}'")).collect();
                (!quoted.is_empty()).then(|| quoted.join(","))
            }
            Self::Authority => connection.tunnel.map(|tunnel| tunnel.authority.clone()),
            Self::Unknown => None,
        }
    }
}
