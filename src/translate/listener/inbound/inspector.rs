//! Inspectors, and the ports on which they must not wait: a server that speaks first would wait with them.

use std::collections::BTreeMap;

use crate::envoy::{
    FilterChain, Int32Range, ListenerFilter, ListenerFilterChainMatchPredicate,
    ListenerFilterChainMatchPredicateMatchSet, ListenerFilterChainMatchPredicateRule,
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
    let tls = needs
        .values()
        .any(|needs| needs.tls)
        .then(|| ListenerFilter { filter_disabled: tls_disabled(&needs), ..tls_inspector() });
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
    Some(if by_default { ports } else { predicate(ListenerFilterChainMatchPredicateRule::NotMatch(Box::new(ports))) })
}

/// Any of these ports; nothing if there is none. istiod: `listener_inbound.go` `listenerPredicateExcludePorts`
pub(in crate::translate::listener) fn on_ports(ports: Vec<u32>) -> Option<ListenerFilterChainMatchPredicate> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envoy::FilterChainMatch;

    fn chain(port: u32, transport_protocol: &str, alpn: &[&str]) -> FilterChain {
        FilterChain {
            filter_chain_match: Some(FilterChainMatch {
                destination_port: Some(port).filter(|port| *port != 0),
                transport_protocol: transport_protocol.to_owned(),
                application_protocols: alpn.iter().map(|&alpn| alpn.to_owned()).collect(),
                ..FilterChainMatch::default()
            }),
            ..FilterChain::default()
        }
    }

    /// Names of the inspectors, each with where it is off.
    fn shown(chains: &[FilterChain]) -> Vec<String> {
        let text = |filter: ListenerFilter| {
            let name = filter.name.rsplit('.').next().unwrap_or_default().to_owned();
            let off = filter.filter_disabled.map(|off| serde_json::to_string(&off).expect("a predicate is JSON"));
            off.map_or(name.clone(), |off| format!("{name} {off}"))
        };
        inspectors(chains).into_iter().map(text).collect()
    }

    #[test]
    fn ports_that_need_no_inspector_switch_it_off() {
        let permissive =
            [chain(15006, "", &[]), chain(0, TLS, &[]), chain(0, "raw_buffer", &["http/1.1"]), chain(80, TLS, &[])];
        assert_eq!(
            shown(&permissive),
            [
                r#"tls_inspector {"destination_port_range":{"start":15006,"end":15007}}"#,
                concat!(
                    r#"http_inspector {"or_match":{"rules":[{"destination_port_range":{"start":80,"end":81}},"#,
                    r#"{"destination_port_range":{"start":15006,"end":15007}}]}}"#
                ),
            ]
        );
    }

    #[test]
    fn ports_that_need_an_inspector_alone_switch_it_off_elsewhere() {
        let plain_but_one = [chain(15006, "", &[]), chain(0, "raw_buffer", &[]), chain(80, TLS, &[])];
        let not_80 = r#"tls_inspector {"not_match":{"destination_port_range":{"start":80,"end":81}}}"#;
        assert_eq!(shown(&plain_but_one), [not_80]);
        assert!(shown(&[chain(80, "raw_buffer", &[])]).is_empty());
    }
}
