//! Inspectors, and the ports on which they must not wait: a server that speaks first would wait with them.

use std::collections::BTreeMap;

use crate::envoy::{
    FilterChain, Int32Range, ListenerFilter, ListenerFilterChainMatchPredicate, ListenerFilterChainMatchPredicateMatchSet,
    ListenerFilterChainMatchPredicateRule,
};
use crate::translate::listener::chain_match::{PLAINTEXT_HTTP_ALPN, TLS};
use crate::translate::listener::listener_filters::{http_inspector, tls_inspector};

/// What the chains of one port must know. istiod: `listener_builder.go` `enabledInspector`
#[derive(Debug, Clone, Copy, Default)]
struct Needs {
    tls: bool,
    http: bool,
}

/// Returns the inspectors that the chains need: TLS first, so that HTTP is looked for only in plain text.
///
/// istiod: `listener_inbound.go` `populateListenerFilters`
pub(super) fn inspectors(chains: &[FilterChain]) -> Vec<ListenerFilter> {
    let needs = needs_by_port(chains);
    let tls = needs.values().any(|needs| needs.tls).then(|| ListenerFilter {
        filter_disabled: tls_disabled(&needs),
        ..tls_inspector()
    });
    let http = needs.values().any(|needs| needs.http).then(|| ListenerFilter {
        filter_disabled: on_ports(needs.iter().filter(|(_, needs)| !needs.http).map(|(port, _)| *port).collect()),
        ..http_inspector()
    });
    tls.into_iter().chain(http).collect()
}

/// Port 0 stands for all that have no chain of their own.
fn needs_by_port(chains: &[FilterChain]) -> BTreeMap<u32, Needs> {
    let mut by_port: BTreeMap<u32, Needs> = BTreeMap::new();
    for conditions in chains.iter().map(|chain| chain.filter_chain_match.clone().unwrap_or_default()) {
        let needs = by_port.entry(conditions.destination_port.unwrap_or_default()).or_default();
        needs.tls |= conditions.transport_protocol == TLS;
        needs.http |= conditions.application_protocols.iter().any(|alpn| PLAINTEXT_HTTP_ALPN.contains(&alpn.as_str()));
    }
    by_port
}

/// Where the TLS inspector is off: on the ports that do not need it, or, if it is off by default, on all but those that do.
///
/// istiod: `listener_inbound.go` `buildTLSInspector`
fn tls_disabled(needs: &BTreeMap<u32, Needs>) -> Option<ListenerFilterChainMatchPredicate> {
    let by_default = needs.get(&0).is_some_and(|needs| needs.tls);
    let differ = needs.iter().filter(|(port, needs)| **port != 0 && needs.tls != by_default);
    let ports = on_ports(differ.map(|(port, _)| *port).collect())?;
    Some(if by_default {
        ports
    } else {
        predicate(ListenerFilterChainMatchPredicateRule::NotMatch(Box::new(ports)))
    })
}

/// Any of these ports; nothing if there is none. istiod: `listener_inbound.go` `listenerPredicateExcludePorts`
fn on_ports(ports: Vec<u32>) -> Option<ListenerFilterChainMatchPredicate> {
    let mut rules: Vec<ListenerFilterChainMatchPredicate> = ports.into_iter().map(on_port).collect();
    if rules.len() > 1 {
        let any = ListenerFilterChainMatchPredicateMatchSet { rules };
        return Some(predicate(ListenerFilterChainMatchPredicateRule::OrMatch(any)));
    }
    rules.pop()
}

fn on_port(port: u32) -> ListenerFilterChainMatchPredicate {
    let start = i32::try_from(port).unwrap_or(i32::MAX);
    let range = Int32Range { start, end: start.saturating_add(1) };
    predicate(ListenerFilterChainMatchPredicateRule::DestinationPortRange(range))
}

fn predicate(rule: ListenerFilterChainMatchPredicateRule) -> ListenerFilterChainMatchPredicate {
    ListenerFilterChainMatchPredicate { rule: Some(rule) }
}
