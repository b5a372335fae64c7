//! The order of filters in a chain: one that ends the chain is the last of it, and no other: `Config::Utility::validateTerminalFilters`.

use serde_json::Value;

use super::discovered_filter;
use crate::rejection::finding::Findings;
use crate::rejection::is_istios_own;
use crate::rejection::json::{flag, list, message_name, text};

/// Network filters that end a chain.
const TERMINAL_NETWORK: &[&str] = &[
    "envoy.extensions.filters.network.direct_response.v3.Config",
    "envoy.extensions.filters.network.dubbo_proxy.v3.DubboProxy",
    "envoy.extensions.filters.network.echo.v3.Echo",
    "envoy.extensions.filters.network.generic_proxy.v3.GenericProxy",
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "envoy.extensions.filters.network.redis_proxy.v3.RedisProxy",
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
    "envoy.extensions.filters.network.thrift_proxy.v3.ThriftProxy",
];

/// HTTP filters that end a chain.
const TERMINAL_HTTP: &[&str] = &["envoy.extensions.filters.http.router.v3.Router"];

/// The filters of a filter chain.
pub(super) fn network<'a>(chain: &'a Value, found: &mut Findings<'a>) {
    order(chain, "filters", TERMINAL_NETWORK, "network", found);
    found.each(chain, "filters", |filter, found| discovered_filter::check(filter, "envoy.filters.network", found));
}

/// The HTTP filters of a connection manager, or of one of its upgrades.
pub(super) fn http<'a>(message: &'a Value, name: &'a str, chain: &str, found: &mut Findings<'a>) {
    order(message, name, TERMINAL_HTTP, chain, found);
    found.each(message, name, |filter, found| discovered_filter::check(filter, "envoy.filters.http", found));
    let last = list(message, name).last().filter(|last| flag(last, "disabled"));
    if let Some(last) = last.filter(|last| TERMINAL_HTTP.contains(&type_of(last))) {
        let message = format!(
            "Error: the last (terminal) filter ({}) in the chain cannot be disabled by default.",
            text(last, "name")
        );
        found.reject_field(name, message);
    }
}

fn order<'a>(message: &'a Value, field: &'a str, terminal: &[&str], chain: &str, found: &mut Findings<'a>) {
    // What only Istio's proxy knows ends no chain, and what is discovered may be anything.
    let last = list(message, field).iter().rposition(|filter| !is_istios_own(type_of(filter)));
    let mut index = 0;
    found.each(message, field, |filter, found| {
        let (name, kind) = (text(filter, "name"), type_of(filter));
        let is_last = last == Some(index);
        index += 1;
        let is_terminal = terminal.contains(&kind);
        if is_terminal && !is_last {
            found.reject(format!(
                "Error: terminal filter named {name} must be the last filter in a {chain} filter chain."
            ));
        }
        if !is_terminal && is_last && kind.starts_with("envoy.") {
            found.reject(format!(
                "Error: non-terminal filter named {name} is the last filter in a {chain} filter chain."
            ));
        }
    });
}

/// The type of a filter's configuration, also inside of a `TypedStruct`.
fn type_of(filter: &Value) -> &str {
    let config = filter.get("typed_config").unwrap_or(&Value::Null);
    let url = text(config, "type_url");
    if url.is_empty() { message_name(config) } else { url.rsplit('/').next().unwrap_or(url) }
}
