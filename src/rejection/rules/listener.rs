//! Listeners: `source/common/listener_manager`.

use serde_json::Value;

use super::{Rule, discovered_filter, filter_chain_match, filters};
use crate::rejection::finding::Findings;
use crate::rejection::json::{flag, has, list, text};
use crate::rejection::syntax::address::ip;

pub(super) const RULES: &[Rule] = &[address, chains, filter_chain_match::check];

/// `ListenerImpl::create` and `ListenerImpl::validateConfig`.
fn address<'a>(listener: &'a Value, found: &mut Findings<'a>) {
    let internal = has(listener, "internal_listener");
    let name = text(listener, "name");
    if has(listener, "api_listener") {
        return;
    }
    let Some(address) = listener.get("address").filter(|_| !internal) else {
        if internal {
            internal_listener(listener, found);
        } else {
            found.reject(format!("error adding listener named '{name}': address is necessary"));
        }
        return;
    };
    if has(address, "envoy_internal_address") {
        let message = format!("error adding listener named '{name}': use internal_listener field instead of address");
        found.reject_field("address", message);
    }
    found.field(listener, "address", |address, found| {
        found.field(address, "socket_address", |socket, found| {
            let text_address = text(socket, "address");
            let resolver = text(socket, "resolver_name");
            if !["", "envoy.ip"].contains(&resolver) {
                found.reject_field("resolver_name", format!("Unknown address resolver: {resolver}"));
            } else if has(socket, "named_port") {
                found.reject_field("named_port", "IP resolver can't handle port specifier type 4");
            } else if ip(text_address).is_none() {
                found.reject_field("address", format!("malformed IP address: {text_address}"));
            }
        });
    });
}

fn internal_listener<'a>(listener: &'a Value, found: &mut Findings<'a>) {
    let name = text(listener, "name");
    if has(listener, "address") {
        let message = format!(
            "error adding listener '{name}': address should not be used when an internal listener config is provided"
        );
        found.reject_field("address", message);
    }
    let unsupported =
        ["tcp_fast_open_queue_length", "transparent", "freebind", "enable_mptcp", "connection_balance_config"];
    let set =
        |name: &&&str| flag(listener, name) || listener.get(**name).is_some_and(|v| v.is_number() || v.is_object());
    if let Some(field) = unsupported.iter().find(set) {
        found
            .reject_field(field, format!("error adding listener named '{name}': has unsupported tcp listener feature"));
    }
}

/// `ListenerImpl::validateFilterChains`, and the filters of each chain.
fn chains<'a>(listener: &'a Value, found: &mut Findings<'a>) {
    let is_udp = listener.pointer("/address/socket_address/protocol").is_some_and(|protocol| protocol == "UDP");
    let has_chain = !list(listener, "filter_chains").is_empty() || has(listener, "default_filter_chain");
    if !has_chain && !is_udp && !has(listener, "api_listener") {
        found.reject("error adding listener: no filter chains specified");
    }
    found.each(listener, "filter_chains", |chain, found| filters::network(chain, found));
    found.field(listener, "default_filter_chain", filters::network);
    found.each(listener, "listener_filters", |filter, found| {
        discovered_filter::check(filter, "envoy.filters.listener", found);
    });
    let bound = listener.get("bind_to_port").and_then(Value::as_bool);
    if is_udp && bound == Some(false) {
        found.reject_field("bind_to_port", "bind_to_port: false is not supported for UDP listeners");
    }
    let unnamed = list(listener, "filter_chains").iter().any(|chain| text(chain, "name").is_empty());
    if has(listener, "filter_chain_matcher") && unnamed {
        found.reject_field("filter_chains", "\"name\" field is required when using a listener matcher");
    }
}
