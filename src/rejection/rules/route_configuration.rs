//! Route configurations and virtual hosts: `RouteMatcher` and `ConfigImpl` of `source/common/router/config_impl.cc`.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Rule, header, route};
use crate::rejection::finding::{Findings, Step};
use crate::rejection::json::{has, list, number, text};

pub(super) const RULES: &[Rule] = &[domains, bodies, clusters, plugins, header::check_removed, route::per_filter];
pub(super) const VIRTUAL_HOST: &[Rule] = &[matcher, virtual_clusters, header::check_removed, route::per_filter];

/// `RouteMatcher`: a domain belongs to one virtual host, whatever its case.
fn domains<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let name = text(config, "name");
    let mut seen = BTreeSet::new();
    found.each(config, "virtual_hosts", |host, found| {
        found.each(host, "domains", |domain, found| {
            let domain = domain.as_str().unwrap_or_default().to_ascii_lowercase();
            if !seen.insert(domain.clone()) {
                found.reject(if domain == "*" {
                    format!("Only a single wildcard domain is permitted in route {name}")
                } else {
                    format!("Only unique values for domains are permitted. Duplicate entry of domain {domain} in route {name}")
                });
            }
        });
    });
}

/// `DirectResponseEntryImpl`: bodies have at most 4096 bytes unless the configuration says otherwise.
fn bodies<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let maximum = number(config, "max_direct_response_body_size_bytes").unwrap_or(4096);
    each_route(config, found, |route, found| {
        found.field(route, "direct_response", |response, found| {
            found.field(response, "body", |body, found| {
                let size = match body.get("inline_bytes").and_then(Value::as_str) {
                    Some(bytes) => STANDARD.decode(bytes).map_or(0, |bytes| bytes.len()),
                    None => text(body, "inline_string").len(),
                };
                if size as u64 > maximum {
                    found.reject(format!("response body size is {size} bytes; maximum is {maximum}"));
                }
            });
        });
    });
}

/// `ConfigImpl`: clusters must be there where the configuration asks for it, which one inside of a listener does unless it says no.
fn clusters<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let is_discovered = has(config, "@type");
    let asks = config.get("validate_clusters").and_then(Value::as_bool).unwrap_or(!is_discovered);
    if !asks {
        return;
    }
    each_route(config, found, |route, found| {
        found.field(route, "route", |action, found| {
            refer(action, "cluster", "cluster", found);
            found.field(action, "weighted_clusters", |weighted, found| {
                found.each(weighted, "clusters", |entry, found| refer(entry, "name", "weighted cluster", found));
            });
            found.each(action, "request_mirror_policies", |mirror, found| {
                refer(mirror, "cluster", "shadow cluster", found);
            });
        });
    });
}

/// `ConfigImpl`: a plugin that chooses the cluster is one of the configuration's.
fn plugins<'a>(config: &'a Value, found: &mut Findings<'a>) {
    let plugins = list(config, "cluster_specifier_plugins").iter().filter_map(|plugin| plugin.get("extension"));
    let names: Vec<&str> = plugins.map(|extension| text(extension, "name")).collect();
    each_route(config, found, |route, found| {
        found.field(route, "route", |action, found| {
            let name = text(action, "cluster_specifier_plugin");
            if !name.is_empty() && !names.contains(&name) {
                let message = format!("Unknown cluster specifier plugin name: {name} is used in the route");
                found.reject_field("cluster_specifier_plugin", message);
            }
        });
    });
}

fn refer<'a>(message: &'a Value, field: &'a str, what: &str, found: &mut Findings<'a>) {
    let name = text(message, field);
    if !name.is_empty() {
        let told = format!("route: unknown {what} '{name}'");
        found.within(Step::Field(field), |found| found.reference(name, told));
    }
}

fn each_route<'a>(config: &'a Value, found: &mut Findings<'a>, look: impl Fn(&'a Value, &mut Findings<'a>)) {
    found.each(config, "virtual_hosts", |host, found| {
        found.each(host, "routes", |route, found| look(route, found));
    });
}

/// `VirtualHostImpl`: routes, or a matcher.
fn matcher<'a>(host: &'a Value, found: &mut Findings<'a>) {
    if has(host, "matcher") && !list(host, "routes").is_empty() {
        found.reject("cannot set both matcher and routes on virtual host");
    }
}

/// `VirtualClusterEntry`.
fn virtual_clusters<'a>(host: &'a Value, found: &mut Findings<'a>) {
    found.each(host, "virtual_clusters", |cluster, found| {
        if list(cluster, "headers").is_empty() {
            found.reject("virtual clusters must define 'headers'");
        }
    });
}
