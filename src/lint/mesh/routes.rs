//! Routes that are behind those of another VirtualService, or of another delegate, once istiod has put them together.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::Cause;
use super::creation;
use super::translated::Translated;
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::istio::{HttpMatchRequest, HttpRoute, StringMatchType, VirtualService};

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    // Told once, whatever the virtual hosts and proxies.
    type Key<'t> = (&'t Cause, &'t Cause, &'t str, &'t Option<(String, String)>);
    let mut told: BTreeMap<Key<'_>, (&str, &str)> = BTreeMap::new();
    for (shadow, proxy) in &translated.known.shadows {
        told.entry((&shadow.behind, &shadow.by, &shadow.route, &shadow.paths)).or_insert((&shadow.host, proxy));
    }
    for ((behind, by, route, paths), (host, proxy)) in told {
        let find = |cause: &Cause| {
            let mut all = context.virtual_services();
            all.find(|service| service.namespace == cause.namespace && service.name() == cause.name)
        };
        let (Some(service), Some(other)) = (find(behind), find(by)) else { continue };
        let same = behind == by;
        // What is behind another route of its own is what IST0130 is about, but for what delegates bring.
        if same && !has_delegates(service.spec) {
            continue;
        }
        let whose =
            if same { "another delegate".to_owned() } else { format!("{} {}", other.kind(), other.full_name()) };
        let message = match paths {
            Some((own, taker)) if own != taker => {
                format!(
                    "requests for `{own}` of {host} never reach this route (on {proxy}): `{taker}` of {whose} comes first and matches them"
                )
            }
            _ => {
                let route = if route.is_empty() { String::new() } else { format!(" `{route}`") };
                format!(
                    "a route{route} for {host} is never reached (on {proxy}): one of {whose} comes before it and matches its requests"
                )
            }
        };
        let path = place(service.spec, route, paths.as_ref().map(|(own, _)| own.as_str()));
        let mut finding = Finding::new(&rules::MESHC0101, service.item, message).point(&path);
        if !same {
            finding = finding.related(other.item, "spec.http", "comes before");
        }
        out.push(finding.help(
            "add a condition that the other route does not have, or put both into one VirtualService, the longer path first",
        ));
        if !same && [service.item, other.item].iter().any(|item| creation::lacks_time(item)) {
            let message = format!(
                "whether its routes or those of {whose} come first depends on their age; the files have no creationTimestamp, so meshc orders them by name"
            );
            out.push(Finding::new(&rules::MESHC0111, service.item, message).point("metadata"));
        }
    }
    by_port(context, out);
}

/// Returns the place of a route: by its name, else by its path.
fn place(service: &VirtualService, route: &str, path: Option<&str>) -> String {
    let by_name = service
        .http
        .iter()
        .position(|http| !route.is_empty() && route.starts_with(&http.name) && !http.name.is_empty());
    let by_path = || {
        service.http.iter().enumerate().find_map(|(i, http)| {
            let of_path =
                |condition: &HttpMatchRequest| match condition.uri.as_ref().and_then(|uri| uri.match_type.as_ref()) {
                    Some(StringMatchType::Prefix(text) | StringMatchType::Exact(text)) => Some(text.as_str()) == path,
                    _ => false,
                };
            Some((i, http.r#match.iter().position(of_path)?))
        })
    };
    match (by_name, by_path()) {
        (_, Some((i, j))) => format!("spec.http[{i}].match[{j}].uri"),
        (Some(i), None) => format!("spec.http[{i}]"),
        (None, None) => "spec.http".to_owned(),
    }
}

/// Finds routes behind others that take all requests of each port of their Gateways.
fn by_port<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for service in context.virtual_services().filter(|service| context.is_taken(service.item)) {
        let Some(ports) = ports(context, &service) else { continue };
        let all = &service.spec.http;
        for (index, route) in all.iter().enumerate() {
            let of_match = || route.r#match.iter().map(|one| one.port);
            let is_for_any = route.r#match.is_empty() || of_match().any(|port| port == 0);
            let own: BTreeSet<u32> =
                if is_for_any { ports.clone() } else { of_match().filter(|port| ports.contains(port)).collect() };
            let earlier = || all.iter().take(index).enumerate();
            let taken = |port: u32| earlier().find(|(_, other)| takes_port(other, port)).map(|(index, _)| index);
            let takers: Option<Vec<usize>> = own.iter().map(|port| taken(*port)).collect();
            let Some(first) = takers.as_ref().and_then(|takers| takers.first()) else { continue };
            // What takes everything whatever the port is what IST0130 is about.
            let by_port =
                takers.iter().flatten().any(|taker| all.get(*taker).is_some_and(|other| !other.r#match.is_empty()));
            if !by_port || route.delegate.is_some() {
                continue;
            }
            let numbers = own.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            let ports_text =
                if own.len() == 1 { format!("port {numbers}, the only one") } else { format!("ports {numbers}, all") };
            let message =
                format!("the route is on no proxy: `http[{first}]` takes all requests of {ports_text} of its Gateways");
            out.push(
                Finding::new(&rules::MESHC0101, service.item, message)
                    .point(&format!("spec.http[{index}]"))
                    .related(
                        service.item,
                        &format!("spec.http[{first}].match"),
                        "a port is no condition beyond the listener",
                    )
                    .help("put it before the route that takes everything"),
            );
        }
    }
}

/// Returns the ports of a VirtualService's Gateways; nothing if one is not there, or sidecars have it too.
fn ports(context: &LintContext<'_>, service: &Typed<'_, VirtualService>) -> Option<BTreeSet<u32>> {
    let gateways = &service.spec.gateways;
    let mut out = BTreeSet::new();
    for name in gateways {
        let (namespace, name) = name.split_once('/').unwrap_or((&service.namespace, name));
        let gateway = context.gateways().find(|one| one.namespace == namespace && one.name() == name)?;
        out.extend(gateway.spec.servers.iter().filter_map(|server| server.port.as_ref()).map(|port| port.number));
    }
    (!out.is_empty()).then_some(out)
}

/// Whether a rule takes all requests of a port.
fn takes_port(route: &HttpRoute, port: u32) -> bool {
    let of_port = |one: &HttpMatchRequest| {
        let bare = HttpMatchRequest {
            port: one.port,
            name: one.name.clone(),
            stat_prefix: one.stat_prefix.clone(),
            uri: one.uri.clone(),
            ..HttpMatchRequest::default()
        };
        let all_paths = one
            .uri
            .as_ref()
            .is_none_or(|uri| matches!(&uri.match_type, Some(StringMatchType::Prefix(prefix)) if prefix == "/"));
        bare == *one && all_paths && [0, port].contains(&one.port)
    };
    route.r#match.is_empty() || route.r#match.iter().any(of_port)
}

fn has_delegates(service: &VirtualService) -> bool {
    service.http.iter().any(|route| route.delegate.is_some())
}
