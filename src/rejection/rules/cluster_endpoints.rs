//! Endpoints, in a cluster and by themselves: what a cluster's type makes of their addresses.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::{has, list, number, text};
use crate::rejection::syntax::address::ip;

pub(super) const ASSIGNMENT: &[Rule] = &[assignment];

/// The longest path of a Unix socket, `sizeof(sockaddr_un::sun_path)` without the NUL.
const MAX_SOCKET_PATH: usize = 107;

/// `LogicalDnsCluster`, `StrictDnsClusterImpl`, `StaticClusterImpl` and `OriginalDstCluster`.
pub(super) fn of_cluster<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    let kind = if has(cluster, "cluster_type") { "" } else { text(cluster, "type") };
    if kind == "LOGICAL_DNS" && !has(cluster, "load_assignment") {
        found.reject("LOGICAL_DNS clusters must have a single host");
    }
    found.field(cluster, "load_assignment", |assignment, found| match kind {
        "LOGICAL_DNS" => {
            let localities = list(assignment, "endpoints");
            if localities.len() != 1 || list(&localities[0], "lb_endpoints").len() != 1 {
                found.reject("LOGICAL_DNS clusters must have a single locality_lb_endpoint and a single lb_endpoint");
            }
            resolved(assignment, kind, found);
        }
        "STRICT_DNS" => resolved(assignment, kind, found),
        "ORIGINAL_DST" => found.reject("ORIGINAL_DST clusters must have no load assignment configured"),
        // An assignment in the cluster is not used where endpoints are discovered.
        "STATIC" | "" if !has(cluster, "cluster_type") => found_endpoints(assignment, found),
        _ => {}
    });
}

/// `EdsClusterImpl::onConfigUpdate`. A cluster's own assignment is its type's matter: see [`of_cluster`].
fn assignment<'a>(assignment: &'a Value, found: &mut Findings<'a>) {
    if !text(assignment, "@type").is_empty() {
        found_endpoints(assignment, found);
        let policy = assignment.get("policy").unwrap_or(&Value::Null);
        let overloads = list(policy, "drop_overloads").len();
        if overloads > 1 {
            let message = format!("Cluster drop_overloads config has {overloads} categories. Envoy only support one.");
            found.reject_field("policy", message);
        }
        found.each(assignment, "endpoints", |locality, found| {
            if has(locality, "leds_cluster_locality_config") && !list(locality, "lb_endpoints").is_empty() {
                found.reject("A ClusterLoadAssignment cannot include both LEDS and a list of endpoints.");
            }
        });
    }
}

/// Names are resolved: no resolver of its own.
fn resolved<'a>(assignment: &'a Value, kind: &str, found: &mut Findings<'a>) {
    each_endpoint(assignment, found, |endpoint, found| {
        found.field(endpoint, "address", |address, found| {
            found.field(address, "socket_address", |socket, found| {
                if !text(socket, "resolver_name").is_empty() {
                    found.reject(format!("{kind} clusters must NOT have a custom resolver name set"));
                }
            });
        });
    });
}

/// Addresses are used as they are.
fn found_endpoints<'a>(assignment: &'a Value, found: &mut Findings<'a>) {
    found.each(assignment, "endpoints", |locality, found| {
        found.each(locality, "lb_endpoints", |entry, found| {
            if !entry.get("endpoint").is_some_and(|endpoint| has(endpoint, "address")) {
                found.reject("Address must be set");
            }
        });
    });
    each_endpoint(assignment, found, |endpoint, found| {
        found.field(endpoint, "address", |address, found| {
            found.field(address, "socket_address", |socket, found| {
                let host = text(socket, "address");
                let advice = "Consider setting resolver_name or setting cluster type to 'STRICT_DNS' or 'LOGICAL_DNS'";
                if !text(socket, "resolver_name").is_empty() {
                    return;
                }
                if has(socket, "named_port") {
                    found.reject_field(
                        "named_port",
                        format!("IP resolver can't handle port specifier type 4. {advice}"),
                    );
                } else if ip(host).is_none() {
                    found.reject_field("address", format!("malformed IP address: {host}. {advice}"));
                }
            });
            found.field(address, "pipe", |pipe, found| {
                let path = text(pipe, "path");
                if path.len() > MAX_SOCKET_PATH {
                    let message =
                        format!("Path \"{path}\" exceeds maximum UNIX domain socket path size of {MAX_SOCKET_PATH}.");
                    found.reject_field("path", message);
                }
            });
        });
        let checked =
            endpoint.get("health_check_config").and_then(|check| number(check, "port_value")).unwrap_or_default();
        let is_ip = endpoint.pointer("/address/socket_address").is_some();
        if checked != 0 && !is_ip {
            found.reject_field("health_check_config", "Invalid host configuration: non-zero port for non-IP address");
        }
    });
}

fn each_endpoint<'a>(assignment: &'a Value, found: &mut Findings<'a>, look: impl Fn(&'a Value, &mut Findings<'a>)) {
    found.each(assignment, "endpoints", |locality, found| {
        found.each(locality, "lb_endpoints", |entry, found| {
            found.field(entry, "endpoint", |endpoint, found| look(endpoint, found));
        });
    });
}
