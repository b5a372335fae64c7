//! istioctl: `configdump/endpoint.go`

use serde_json::Value;

use super::place::Places;
use super::resources::{at, items, number, of_section, text};
use super::subset_key::SubsetKey;
use super::table::{self, row};
use crate::cli::args::ShowFilters;

/// The assignments with the endpoints that the filters want; those without any are left out.
pub(super) fn list(dump: &Value, filters: &ShowFilters) -> Vec<Value> {
    let lists: [(&str, &[&str]); 2] =
        [("dynamic_endpoint_configs", &["endpoint_config"]), ("static_endpoint_configs", &["endpoint_config"])];
    let mut all = of_section(dump, "EndpointsConfigDump", &lists);
    all.sort_by_key(|assignment| SubsetKey::order(text(assignment, &["cluster_name"])));
    let mut out = Vec::new();
    for assignment in all {
        let cluster = text(assignment, &["cluster_name"]);
        let mut assignment = assignment.clone();
        let mut left = 0;
        for locality in assignment.get_mut("endpoints").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(endpoints) = locality.get_mut("lb_endpoints").and_then(Value::as_array_mut) {
                endpoints.retain(|endpoint| wants(filters, endpoint, cluster));
                left += endpoints.len();
            }
        }
        if left > 0 {
            out.push(assignment);
        }
    }
    out
}

/// istioctl: `EndpointFilter.Verify`
fn wants(filters: &ShowFilters, endpoint: &Value, cluster: &str) -> bool {
    let ShowFilters { address, port, cluster: of_cluster, status, .. } = filters;
    let same = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|w| w.eq_ignore_ascii_case(text));
    let has_address =
        address.as_ref().is_none_or(|wanted| addresses(endpoint).iter().any(|a| a.eq_ignore_ascii_case(wanted)));
    let of_port = number(endpoint, &["endpoint", "address", "socket_address", "port_value"]);
    has_address
        && port.is_none_or(|port| u64::from(port) == of_port)
        && same(of_cluster, cluster)
        && same(status, health(endpoint))
}

fn health(endpoint: &Value) -> &str {
    Some(text(endpoint, &["health_status"])).filter(|status| !status.is_empty()).unwrap_or("UNKNOWN")
}

/// istioctl: `retrieveEndpointAddresses`
fn addresses(endpoint: &Value) -> Vec<String> {
    let first = at(endpoint, &["endpoint", "address"]);
    let more = items(endpoint, &["endpoint", "additional_addresses"]).iter().filter_map(|more| more.get("address"));
    first.into_iter().chain(more).map(address).collect()
}

fn address(address: &Value) -> String {
    if address.get("socket_address").is_some() {
        let port = number(address, &["socket_address", "port_value"]);
        return format!("{}:{port}", text(address, &["socket_address", "address"]));
    }
    let internal = text(address, &["envoy_internal_address", "server_listener_name"]);
    if !internal.is_empty() {
        return format!("envoy://{internal}/{}", text(address, &["envoy_internal_address", "endpoint_id"]));
    }
    match text(address, &["pipe", "path"]) {
        "" => "unknown".to_owned(),
        path => path.to_owned(),
    }
}

/// istiod: `networking/util` `LocalityToString`
fn locality(locality: &Value) -> String {
    let parts = ["region", "zone", "sub_zone"].map(|key| text(locality, &["locality", key]));
    parts.into_iter().take_while(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

pub(super) fn table(dump: &Value, filters: &ShowFilters, places: Option<&Places<'_>>) -> String {
    let mut rows = vec![row(["NAME", "STATUS", "LOCALITY", "CLUSTER"], places.map(|_| Places::TITLE.to_owned()))];
    for assignment in list(dump, filters) {
        let cluster = text(&assignment, &["cluster_name"]);
        let place = places.map(|places| places.of_cluster(cluster).unwrap_or_else(Places::none));
        for group in items(&assignment, &["endpoints"]) {
            for endpoint in items(group, &["lb_endpoints"]) {
                let cells = [&addresses(endpoint).join(","), health(endpoint), &locality(group), cluster];
                rows.push(row(cells, place.clone()));
            }
        }
    }
    table::render(&rows, 5)
}
