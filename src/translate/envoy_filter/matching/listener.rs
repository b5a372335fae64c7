//! `match.listener`

use crate::envoy::DynamicMessage;
use crate::model::istio::{EnvoyFilterApplyTo as ApplyTo, EnvoyFilterListenerMatchFilterMatch};
use crate::translate::envoy_filter::patch::Patch;

/// `match.listener.{name, portNumber}`. In the listeners that take what iptables redirects, the port is that of a chain.
///
/// istiod: `listener_patch.go` `listenerMatch`
pub(in crate::translate::envoy_filter) fn listener(patch: &Patch, listener: &DynamicMessage) -> bool {
    let Some(wanted) = patch.listener() else { return true };
    if !wanted.name.is_empty() && wanted.name != listener.text("name") {
        return false;
    }
    if patch.apply_to != ApplyTo::Listener && is_virtual(listener) {
        return true;
    }
    let socket = listener.message("address").and_then(|address| address.message("socket_address"));
    wanted.port_number == 0 || socket.is_some_and(|socket| socket.number("port_value") == wanted.port_number)
}

fn is_virtual(listener: &DynamicMessage) -> bool {
    matches!(listener.text("name"), "virtualInbound" | "virtualOutbound")
}

/// `match.listener.filterChain.{name, sni, transportProtocol, applicationProtocols, destinationPort}`, of a listener that matches.
///
/// istiod: `listener_patch.go` `filterChainMatch`
pub(in crate::translate::envoy_filter) fn filter_chain(
    patch: &Patch,
    listener: &DynamicMessage,
    chain: &DynamicMessage,
) -> bool {
    let Some(of_listener) = patch.listener() else { return true };
    let condition = chain.message("filter_chain_match");
    let port = condition.map_or(0, |condition| condition.number("destination_port"));
    if of_listener.port_number != 0 && is_virtual(listener) && port != of_listener.port_number {
        return false;
    }
    let Some(wanted) = &of_listener.filter_chain else { return true };
    let has = |list: &str, text: &str| condition.is_some_and(|c| c.texts(list).any(|item| item == text));
    let transport = condition.map_or("", |condition| condition.text("transport_protocol"));
    let has_port = condition.is_some_and(|c| c.message("destination_port").is_some());
    (wanted.name.is_empty() || wanted.name == chain.text("name"))
        && (wanted.sni.is_empty() || has("server_names", &wanted.sni))
        && (wanted.transport_protocol.is_empty() || wanted.transport_protocol == transport)
        && (wanted.application_protocols.is_empty()
            || wanted.application_protocols.split(',').all(|protocol| has("application_protocols", protocol)))
        && (wanted.destination_port == 0 || (has_port && port == wanted.destination_port))
}

/// `match.listener.filterChain.filter.name`, if there is one.
pub(in crate::translate::envoy_filter) fn network_filter_name(patch: &Patch) -> Option<&str> {
    filter(patch).map(|filter| filter.name.as_str())
}

/// `match.listener.filterChain.filter.subFilter.name`, if there is one.
pub(in crate::translate::envoy_filter) fn http_filter_name(patch: &Patch) -> Option<&str> {
    filter(patch)?.sub_filter.as_ref().map(|sub_filter| sub_filter.name.as_str())
}

/// istiod: `listener_patch.go` `networkFilterMatch`
pub(in crate::translate::envoy_filter) fn network_filter(patch: &Patch, filter: &DynamicMessage) -> bool {
    network_filter_name(patch).is_none_or(|name| name == filter.text("name"))
}

fn filter(patch: &Patch) -> Option<&EnvoyFilterListenerMatchFilterMatch> {
    patch.listener()?.filter_chain.as_ref()?.filter.as_ref()
}
