//! Destinations whose cluster a proxy does not have, though its host and subset are in the mesh.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cause::Cause;
use super::translated::{Proxies, Reach, Translated};
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::istioctl;
use crate::lint::rules;
use crate::mesh::hostname;
use crate::model::istio::VirtualService;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    // Without a port of its own, a destination is looked for on every port by which its host may be called; one is enough.
    let mut all: BTreeMap<(String, String, &str), Clusters<'c, '_>> = BTreeMap::new();
    let destinations = translated.known.destinations();
    // Where no proxy lacks any of the clusters, there is nothing to look for.
    let lacking = destinations.iter().filter(|(_, reach)| !reach.missing.is_empty());
    let lacking =
        lacking.filter_map(|((_, cluster), _)| Target::of(cluster).map(|target| (target.host, target.subset)));
    let lacking: BTreeSet<(&str, &str)> = lacking.collect();
    for ((cause, cluster), reach) in &destinations {
        let Some(target) = Target::of(cluster) else { continue };
        if !lacking.contains(&(target.host, target.subset)) || is_found_already(translated, context, cause, target) {
            continue;
        }
        let mut services = context.virtual_services();
        let root = services.find(|service| service.namespace == cause.namespace && service.name() == cause.name);
        let Some(written) = root.map(|root| place(translated, context, root, target)) else { continue };
        // For a host that does not have port 80, istiod still makes a virtual host there, and its only port is not looked up.
        if !written.has_port && !has_port(translated, target) && has_one_port(translated, target.host) {
            continue;
        }
        let port = if written.has_port { target.port } else { "" };
        let key = (written.service.full_name(), written.path.clone(), port);
        all.entry(key).or_insert_with(|| (written, Vec::new())).1.push((cluster, reach));
    }
    for (written, clusters) in all.into_values() {
        // A proxy that has one of them is served.
        if clusters.iter().all(|(_, reach)| reach.missing.is_empty()) {
            continue;
        }
        let names = |of: fn(&Reach) -> &Vec<Arc<Proxies>>| {
            let lists = clusters.iter().flat_map(move |(_, reach)| of(reach));
            lists.flat_map(|proxies| proxies.iter()).collect::<BTreeSet<&Arc<str>>>()
        };
        let present = names(|reach| &reach.present);
        let mut missing = names(|reach| &reach.missing);
        missing.retain(|proxy| !present.contains(proxy));
        let Some(example) = missing.first() else { continue };
        let lacks = |(_, reach): &&(&str, &Reach)| reach.missing.iter().any(|proxies| proxies.contains(*example));
        let Some((cluster, _)) = clusters.iter().find(lacks) else { continue };
        let one_port = Target::of(cluster).is_some_and(|target| has_one_port(translated, target.host));
        if !present.is_empty() && !written.has_port && !one_port {
            continue;
        }
        let said = translated.is_said(&[&rules::IST0112], written.service.item);
        if !said || written.has_port {
            out.push(finding(&written, cluster, (present.len(), missing.len()), example));
        }
    }
}

/// Whether all services of a host have one port, which a destination then need not say.
fn has_one_port(translated: &Translated<'_>, host: &str) -> bool {
    let services = translated.mesh.services_by_hostname.get(host);
    services.is_some_and(|services| services.values().all(|service| service.ports.len() == 1))
}

/// Whether some service of a host has the port.
fn has_port(translated: &Translated<'_>, Target { port, host, .. }: Target<'_>) -> bool {
    let number = port.parse().unwrap_or_default();
    let services = translated.mesh.services_by_hostname.get(host);
    services.is_some_and(|services| services.values().any(|service| service.port(number).is_some()))
}

/// A destination with the clusters that it may become.
type Clusters<'c, 't> = (Written<'c>, Vec<(&'t str, &'t Reach)>);

/// What the name of an outbound cluster says.
#[derive(Debug, Clone, Copy)]
struct Target<'n> {
    port: &'n str,
    subset: &'n str,
    host: &'n str,
}

impl<'n> Target<'n> {
    fn of(cluster: &'n str) -> Option<Self> {
        let mut parts = cluster.split('|');
        let outbound = parts.next() == Some("outbound");
        let (port, subset, host) = (parts.next()?, parts.next()?, parts.next()?);
        outbound.then_some(Self { port, subset, host })
    }
}

/// Where a destination is written.
struct Written<'c> {
    service: Typed<'c, VirtualService>,
    path: String,
    /// Whether it says its port.
    has_port: bool,
}

/// Whether the host, port or subset is nowhere: the rules of istioctl say so, or why that cannot be said.
fn is_found_already(
    translated: &Translated<'_>,
    context: &LintContext<'_>,
    cause: &Cause,
    Target { port, subset, host }: Target<'_>,
) -> bool {
    let hosts = &translated.mesh.services_by_hostname;
    let mut services =
        hosts.iter().filter(|(known, _)| hostname::subset_of(host, known)).flat_map(|(_, m)| m.values()).peekable();
    if services.peek().is_none() {
        return true;
    }
    let number = port.parse().unwrap_or_default();
    let asked = context.virtual_services().any(|service| {
        let places = istioctl::destinations(&service);
        let mut destinations = places.iter().map(|(destination, _)| destination);
        service.namespace == cause.namespace
            && destinations.any(|d| {
                translated.full_host(&service.namespace, &d.host) == host
                    && d.port.as_ref().is_some_and(|p| p.number == number)
            })
    });
    let has_port = services.any(|service| service.port(number).is_some());
    let has_subset = subset.is_empty()
        || context.destination_rules().any(|rule| {
            hostname::subset_of(host, &translated.full_host(&rule.namespace, &rule.spec.host))
                && rule.spec.subsets.iter().any(|known| known.name == subset)
        });
    (!has_port && asked) || !has_subset
}

/// Returns where the destination is written: in the VirtualService, or in one of its delegates.
fn place<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    root: Typed<'c, VirtualService>,
    target: Target<'_>,
) -> Written<'c> {
    let find = |service: Typed<'c, VirtualService>| {
        let all = istioctl::destinations(&service).into_iter();
        let mut same = all.filter(|(destination, _)| {
            translated.full_host(&service.namespace, &destination.host) == target.host
                && destination.subset == target.subset
                && destination.port.as_ref().is_none_or(|port| port.number.to_string() == target.port)
        });
        same.next().map(|(destination, path)| Written { service, path, has_port: destination.port.is_some() })
    };
    let mut delegates = context.virtual_services().filter(|service| service.spec.hosts.is_empty());
    let found = find(root).or_else(|| delegates.find_map(find));
    found.unwrap_or_else(|| Written { service: root, path: "spec".to_owned(), has_port: false })
}

fn finding<'c>(written: &Written<'c>, cluster: &str, (present, missing): (usize, usize), example: &str) -> Finding<'c> {
    let (rule, who) = if present == 0 {
        (&rules::MESHC0102, format!("no proxy that has the route has the cluster (such as {example})"))
    } else {
        let all = present + missing;
        let who = format!("{missing} of {all} proxies that have the route do not have the cluster (such as {example})");
        (&rules::MESHC0103, who)
    };
    let message = format!("requests fail with 503: {who} {cluster}");
    Finding::new(rule, written.service.item, message)
        .point(&written.path)
        .help("check the destination's `exportTo`, its ports, the Sidecars of the callers, and the namespace of the DestinationRule")
}
