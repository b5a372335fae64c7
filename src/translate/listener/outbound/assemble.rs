//! `Listener`, from its chains.

use super::catch_all;
use super::chain::Chain;
use crate::envoy::{Duration, Filter, FilterChain, FilterChainMatch, Listener, ListenerFilter, TrafficDirection};
use crate::translate::duration::duration;
use crate::translate::listener::bind::Bind;
use crate::translate::listener::limits::{max_connections_per_socket_event, transport_socket_connect_timeout};
use crate::translate::listener::{ListenerClass, ListenerView, connection_balance, listener_filters, network_filters};

/// Builds the listener of an address and port. istiod: `listener.go` `buildListenerFromEntry`
pub(super) fn listener(view: &ListenerView<'_>, bind: &Bind, port: u32, chains: &[Chain]) -> Listener {
    let needs_http_inspector = chains.iter().any(Chain::needs_http_inspector);
    let listener_filters = inspectors(chains, needs_http_inspector);
    let (filter_chains, default_filter_chain) = filter_chains(view, port, chains);
    let exact_balance = view.metadata_is_true("OUTBOUND_LISTENER_EXACT_BALANCE");
    Listener {
        name: bind.listener_name(port),
        address: Some(bind.address(port)),
        filter_chains,
        listener_filters,
        // A server that speaks first would wait for as long as the inspector does.
        listener_filters_timeout: if needs_http_inspector {
            view.outbound.mesh.config.protocol_detection_timeout.map(duration)
        } else {
            Some(Duration::seconds(0))
        },
        traffic_direction: TrafficDirection::Outbound,
        continue_on_listener_filters_timeout: true,
        connection_balance_config: exact_balance.then(connection_balance::exact),
        default_filter_chain,
        bind_to_port: (!bind.to_port).then_some(false),
        additional_addresses: bind.additional_addresses(port),
        max_connections_to_accept_per_socket_event: bind
            .to_port
            .then(|| max_connections_per_socket_event(view.outbound.mesh.features()))
            .flatten(),
        ..Listener::default()
    }
}

fn inspectors(chains: &[Chain], needs_http_inspector: bool) -> Vec<ListenerFilter> {
    let tls = chains.iter().any(Chain::needs_tls_inspector).then(listener_filters::tls_inspector);
    let http = needs_http_inspector.then(listener_filters::http_inspector);
    tls.into_iter().chain(http).collect()
}

/// A chain that takes everything is the default one, unless it is the only one. Without such a chain, what no chain takes goes
/// where connections go that are for no service.
fn filter_chains(view: &ListenerView<'_>, port: u32, chains: &[Chain]) -> (Vec<FilterChain>, Option<FilterChain>) {
    let first_http = chains.iter().find(|chain| chain.is_http());
    let filter_chain = |chain: &Chain| {
        let is_first = first_http.is_some_and(|first| std::ptr::eq(first, chain));
        let before = is_first.then(|| network_filters::before_http(view, ListenerClass::SidecarOutbound, port));
        self::filter_chain(view, chain, before.unwrap_or_default())
    };
    let (defaults, others): (Vec<_>, Vec<_>) = chains.iter().partition(|chain| chain.matches.is_match_all());
    // Of several that take everything, the last one counts.
    let default = defaults.into_iter().last().map(filter_chain);
    let others: Vec<FilterChain> = others.into_iter().map(filter_chain).collect();
    match default {
        Some(only) if others.is_empty() => (vec![only], None),
        Some(default) => (others, Some(default)),
        None => (others, Some(pass_through(view))),
    }
}

fn filter_chain(view: &ListenerView<'_>, chain: &Chain, before_http: Vec<Filter>) -> FilterChain {
    FilterChain {
        filter_chain_match: chain.matches.filter_chain_match(),
        filters: chain.filters.build(view, before_http),
        metadata: chain.metadata.clone(),
        transport_socket_connect_timeout: transport_socket_connect_timeout(view.outbound.mesh.features()),
        ..FilterChain::default()
    }
}

fn pass_through(view: &ListenerView<'_>) -> FilterChain {
    FilterChain {
        filter_chain_match: Some(FilterChainMatch::default()),
        filters: catch_all::filters(view),
        name: "PassthroughFilterChain".to_owned(),
        ..FilterChain::default()
    }
}
