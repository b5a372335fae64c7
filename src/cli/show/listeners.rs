//! istioctl: `configdump/listener.go`

use serde_json::Value;

use super::chain_matcher;
use super::place::Places;
use super::resources::{at, items, number, of_section, text};
use super::routes::describe_match;
use super::table::{self, row};
use crate::cli::args::ShowFilters;

const HTTP: &str = "envoy.filters.network.http_connection_manager";
const TCP: &str = "envoy.filters.network.tcp_proxy";

/// Protocols that have a name of their own.
const PROTOCOLS: [(&str, &[&str]); 4] = [
    ("App: HTTP TLS", &["http/1.0", "http/1.1", "h2c", "istio-http/1.0", "istio-http/1.1", "istio-h2"]),
    ("App: Istio HTTP Plain", &["istio", "istio-http/1.0", "istio-http/1.1", "istio-h2"]),
    ("App: TCP TLS", &["istio-peer-exchange", "istio"]),
    ("App: HTTP", &["http/1.0", "http/1.1", "h2c"]),
];

/// The listeners that the filters want, by port, address and type.
pub(super) fn list<'d>(dump: &'d Value, filters: &ShowFilters) -> Vec<&'d Value> {
    let lists: [(&str, &[&str]); 2] =
        [("dynamic_listeners", &["active_state", "listener"]), ("static_listeners", &["listener"])];
    let mut all = of_section(dump, "ListenersConfigDump", &lists);
    all.retain(|listener| wants(filters, listener));
    all.sort_by_key(|listener| (port(listener), address(listener), kind(listener)));
    all
}

/// istioctl: `ListenerFilter.Verify`
fn wants(filters: &ShowFilters, listener: &Value) -> bool {
    let ShowFilters { address, port: of_port, r#type, .. } = filters;
    address.as_ref().is_none_or(|wanted| addresses(listener).iter().any(|a| a.eq_ignore_ascii_case(wanted)))
        && of_port.is_none_or(|wanted| u64::from(wanted) == port(listener))
        && r#type.as_ref().is_none_or(|wanted| kind(listener).eq_ignore_ascii_case(wanted))
}

fn port(listener: &Value) -> u64 {
    number(listener, &["address", "socket_address", "port_value"])
}

fn address(listener: &Value) -> &str {
    match text(listener, &["address", "socket_address", "address"]) {
        "" => text(listener, &["address", "pipe", "path"]),
        address => address,
    }
}

fn addresses(listener: &Value) -> Vec<&str> {
    let more = items(listener, &["additional_addresses"]).iter();
    let more = more.map(|more| text(more, &["address", "socket_address", "address"]));
    std::iter::once(address(listener)).chain(more).collect()
}

fn chains(listener: &Value) -> impl Iterator<Item = &Value> {
    items(listener, &["filter_chains"]).iter().chain(listener.get("default_filter_chain"))
}

fn is_black_hole(filter: &Value) -> bool {
    filter.get("typed_config").is_some_and(|config| config.to_string().contains("BlackHoleCluster"))
}

/// istioctl: `retrieveListenerType`
fn kind(listener: &Value) -> &'static str {
    let filters = || chains(listener).flat_map(|chain| items(chain, &["filters"]));
    let has_http = filters().any(|filter| text(filter, &["name"]) == HTTP);
    let has_tcp = filters().any(|filter| text(filter, &["name"]) == TCP && !is_black_hole(filter));
    match (has_http, has_tcp) {
        (true, false) => "HTTP",
        (true, true) => "HTTP+TCP",
        (false, true) => "TCP",
        (false, false) => "UNKNOWN",
    }
}

pub(super) fn table(dump: &Value, filters: &ShowFilters, places: Option<&Places<'_>>) -> String {
    let title = places.map(|_| Places::TITLE.to_owned());
    if filters.waypoint || is_of_waypoint(dump) {
        return of_waypoint(list(dump, filters), title, places);
    }
    let mut rows = vec![if filters.verbose {
        row(["ADDRESSES", "PORT", "MATCH", "DESTINATION"], title)
    } else {
        row(["ADDRESSES", "PORT", "TYPE"], title)
    }];
    for listener in list(dump, filters) {
        let (addresses, number) = (addresses(listener).join(","), port(listener).to_string());
        if !filters.verbose {
            let place = places.map(|places| places.of_port(port(listener)).unwrap_or_else(Places::none));
            rows.push(row([&addresses, &number, kind(listener)], place));
            continue;
        }
        let mut matches: Vec<(String, String)> =
            chains(listener).map(|chain| (describe_chain_match(chain), destination(chain))).collect();
        matches.sort_by(|a, b| b.1.cmp(&a.1));
        for (chain, destination) in matches {
            let place = places.map(|places| {
                let cluster = destination.strip_prefix("Cluster: ").and_then(|cluster| places.of_cluster(cluster));
                cluster.or_else(|| places.of_port(port(listener))).unwrap_or_else(Places::none)
            });
            rows.push(row([&addresses, &number, &chain, &destination], place));
        }
    }
    table::render(&rows, 1)
}

/// Whether the proxy is a waypoint: its listeners are mostly inside of it, without address and port.
fn is_of_waypoint(dump: &Value) -> bool {
    items(dump, &["configs"]).iter().any(|section| text(section, &["bootstrap", "node", "id"]).starts_with("waypoint~"))
}

/// istioctl: `PrintRemoteListenerSummary`
fn of_waypoint(mut listeners: Vec<&Value>, title: Option<String>, places: Option<&Places<'_>>) -> String {
    let is_internal = |listener: &Value| listener.get("internal_listener").is_some();
    let key =
        |listener: &Value| if is_internal(listener) { text(listener, &["name"]).to_owned() } else { String::new() };
    listeners.sort_by_key(|listener| (port(listener), key(listener)));
    let mut rows = vec![row(["LISTENER", "CHAIN", "MATCH", "DESTINATION"], title)];
    for listener in listeners {
        let all: Vec<&Value> = chains(listener).collect();
        let mut name = format!("envoy://{}", text(listener, &["name"]));
        if is_internal(listener) && matches!(all.as_slice(), [only] if text(only, &["name"]) == name) {
            "internal".clone_into(&mut name);
        }
        let ways = chain_matcher::ways(listener);
        for chain in all {
            let (title, destination) = (text(chain, &["name"]), destination(chain));
            let place = places.map(|places| {
                let cluster = destination.strip_prefix("Cluster: ").unwrap_or(title);
                places.of_cluster(cluster).or_else(|| places.of_cluster(title)).unwrap_or_else(Places::none)
            });
            let own = match &ways {
                Some(ways) => ways.get(title).cloned().unwrap_or_else(|| vec!["NONE".to_owned()]),
                None => vec![describe_chain_match(chain)],
            };
            rows.extend(own.iter().map(|way| row([&name, title, way, &destination], place.clone())));
        }
    }
    table::render(&rows, 1)
}

/// istioctl: `getMatches`
fn describe_chain_match(chain: &Value) -> String {
    let matches = chain.get("filter_chain_match").unwrap_or(&Value::Null);
    let texts = |key: &str| items(matches, &[key]).iter().filter_map(Value::as_str).collect::<Vec<_>>();
    let mut out = Vec::new();
    let names = texts("server_names");
    if !names.is_empty() {
        out.push(format!("SNI: {}", names.join(",")));
    }
    let transport = text(matches, &["transport_protocol"]);
    if !transport.is_empty() {
        out.push(format!("Trans: {transport}"));
    }
    let protocols = texts("application_protocols");
    if !protocols.is_empty() {
        let known = PROTOCOLS.iter().find(|(_, all)| *all == protocols.as_slice());
        out.push(known.map_or_else(|| format!("App: {}", protocols.join(",")), |(name, _)| (*name).to_owned()));
    }
    let port = matches.get("destination_port").and_then(Value::as_u64).map(|port| format!(":{port}"));
    let ranges = items(matches, &["prefix_ranges"]).iter();
    let range = |range: &Value| format!("{}/{}", text(range, &["address_prefix"]), number(range, &["prefix_len"]));
    let ranges: Vec<String> = ranges.map(range).collect();
    if !ranges.is_empty() {
        out.push(format!("Addr: {}{}", ranges.join(","), port.unwrap_or_default()));
    } else if let Some(port) = port {
        out.push(format!("Addr: *{port}"));
    }
    if out.is_empty() { "ALL".to_owned() } else { out.join("; ") }
}

/// istioctl: `getFilterType`
fn destination(chain: &Value) -> String {
    for filter in items(chain, &["filters"]) {
        let config = filter.get("typed_config").unwrap_or(&Value::Null);
        match text(filter, &["name"]) {
            HTTP => {
                if let Some(route) = config.get("route_config") {
                    return describe_route(route);
                }
                return match text(config, &["rds", "route_config_name"]) {
                    "" => "HTTP".to_owned(),
                    name => format!("Route: {name}"),
                };
            }
            TCP if !is_black_hole(filter) => return cluster(text(config, &["cluster"])),
            _ => {}
        }
    }
    "Non-HTTP/Non-TCP".to_owned()
}

fn cluster(name: &str) -> String {
    if name.contains("Cluster") { name.to_owned() } else { format!("Cluster: {name}") }
}

/// istioctl: `describeRouteConfig`
fn describe_route(route: &Value) -> String {
    let hosts = items(route, &["virtual_hosts"]);
    let domains =
        |host: &Value| items(host, &["domains"]).iter().filter_map(Value::as_str).collect::<Vec<_>>().join("/");
    if let [host] = hosts
        && domains(host) == "*"
        && let [only] = items(host, &["routes"])
        && text(only, &["match", "prefix"]) == "/"
        && at(only, &["route", "cluster"]).is_some()
    {
        return cluster(text(only, &["route", "cluster"]));
    }
    let describe = |host: &Value| {
        let routes: Vec<String> = items(host, &["routes"]).iter().map(describe_match).collect();
        match domains(host).as_str() {
            "*" | "" => routes.join(", "),
            domains => format!("{domains} {}", routes.join(", ")),
        }
    };
    format!("Inline Route: {}", hosts.iter().map(describe).collect::<Vec<_>>().join("; "))
}
