//! The tree by which a waypoint finds the filter chain of a connection.
//!
//! istiod: `pilot/pkg/networking/core/match/match.go`

use std::collections::BTreeMap;

use crate::envoy::{
    Any, ApplicationProtocolInput, DestinationIpInput, DestinationPortInput, FilterStateInput, XdsCidrRange,
    XdsIpMatcher, XdsIpMatcherIpRangeMatcher, XdsMatcher, XdsMatcherMatcherTree, XdsMatcherMatcherTreeMatchMap,
    XdsMatcherMatcherTreeTreeType, XdsMatcherMatcherType, XdsMatcherOnMatch, XdsMatcherOnMatchOnMatch,
    XdsTypedExtensionConfig,
};
use crate::installation::Features;
use crate::translate::cidr;
use crate::translate::listener::chain_match::plaintext_http_alpn;
use crate::translate::listener::hbone::filter_state;

/// What follows of a value, by value.
pub(super) type Map = BTreeMap<String, XdsMatcherOnMatch>;

/// Takes a chain.
pub(super) fn to_chain(name: &str) -> XdsMatcherOnMatch {
    let action = extension(name, Any::StringValue(name.to_owned()));
    XdsMatcherOnMatch { on_match: Some(XdsMatcherOnMatchOnMatch::Action(action)), ..XdsMatcherOnMatch::default() }
}

/// Asks on.
pub(super) fn to_matcher(matcher: XdsMatcher) -> XdsMatcherOnMatch {
    let matcher = XdsMatcherOnMatchOnMatch::Matcher(Box::new(matcher));
    XdsMatcherOnMatch { on_match: Some(matcher), ..XdsMatcherOnMatch::default() }
}

/// Asks for the protocol that the inspector has found: HTTP in the clear takes one chain, everything else another.
///
/// istiod: `match.go` `NewAppProtocol`
pub(super) fn by_protocol(features: &Features, http: &str, tcp: &str) -> XdsMatcher {
    let quoted = plaintext_http_alpn(features).iter().map(|protocol| format!("'{protocol}'"));
    let map = quoted.map(|protocol| (protocol, to_chain(http))).collect();
    let input = extension("application-protocol", ApplicationProtocolInput::default().into());
    XdsMatcher { on_no_match: Some(Box::new(to_chain(tcp))), ..exact(input, map) }
}

/// Asks for the destination's port.
pub(super) fn by_port(map: Map) -> XdsMatcher {
    exact(extension("port", DestinationPortInput::default().into()), map)
}

/// Asks for the destination as the client of the tunnel has named it, `host:port`.
pub(super) fn by_authority(map: Map) -> XdsMatcher {
    let input = FilterStateInput { key: filter_state::AUTHORITY.to_owned(), ..FilterStateInput::default() };
    exact(extension("authority-filter-state", input.into()), map)
}

/// Asks another way where the first says nothing.
pub(super) fn or_else(first: XdsMatcher, otherwise: XdsMatcher) -> XdsMatcher {
    XdsMatcher { on_no_match: Some(Box::new(to_matcher(otherwise))), ..first }
}

/// Asks who has handled the tunnel before.
pub(super) fn by_request_source(map: Map, otherwise: &str) -> XdsMatcher {
    let input = FilterStateInput { key: filter_state::REQUEST_SOURCE.to_owned(), ..FilterStateInput::default() };
    XdsMatcher {
        on_no_match: Some(Box::new(to_chain(otherwise))),
        ..exact(extension("request-source-filter-state", input.into()), map)
    }
}

/// Asks for the destination's address.
pub(super) fn by_address(range_matchers: Vec<XdsIpMatcherIpRangeMatcher>) -> XdsMatcher {
    let custom = extension("ip", XdsIpMatcher { range_matchers }.into());
    let tree = XdsMatcherMatcherTree {
        input: Some(extension("ip", DestinationIpInput::default().into())),
        tree_type: Some(XdsMatcherMatcherTreeTreeType::CustomMatch(custom)),
    };
    XdsMatcher { matcher_type: Some(XdsMatcherMatcherType::MatcherTree(tree)), ..XdsMatcher::default() }
}

/// What follows for some addresses or ranges.
pub(super) fn addresses(addresses: &[String], on_match: XdsMatcherOnMatch) -> XdsIpMatcherIpRangeMatcher {
    let ranges = addresses
        .iter()
        .filter_map(|address| cidr::parse(address))
        .map(|net| XdsCidrRange { address_prefix: net.addr().to_string(), prefix_len: Some(net.prefix_len().into()) });
    XdsIpMatcherIpRangeMatcher {
        ranges: ranges.collect(),
        on_match: Some(on_match),
        ..XdsIpMatcherIpRangeMatcher::default()
    }
}

fn exact(input: XdsTypedExtensionConfig, map: Map) -> XdsMatcher {
    let tree = XdsMatcherMatcherTree {
        input: Some(input),
        tree_type: Some(XdsMatcherMatcherTreeTreeType::ExactMatchMap(XdsMatcherMatcherTreeMatchMap { map })),
    };
    XdsMatcher { matcher_type: Some(XdsMatcherMatcherType::MatcherTree(tree)), ..XdsMatcher::default() }
}

fn extension(name: &str, config: Any) -> XdsTypedExtensionConfig {
    XdsTypedExtensionConfig { name: name.to_owned(), typed_config: Some(config) }
}
