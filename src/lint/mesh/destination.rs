//! Destinations whose cluster a proxy does not have, though its host and subset are in the mesh.

use super::cause::Cause;
use super::translated::{Reach, Translated};
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::istioctl;
use crate::lint::rules;
use crate::mesh::hostname;
use crate::model::istio::VirtualService;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for ((cause, cluster), reach) in &translated.known.destinations {
        if reach.missing == 0 || cause.kind != "virtual-service" {
            continue;
        }
        let mut parts = cluster.split('|');
        let (Some("outbound"), Some(port), Some(subset), Some(host)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if is_found_already(translated, context, cause, (host, port, subset)) {
            continue;
        }
        let mut all = context.virtual_services();
        let Some(root) = all.find(|s| s.namespace == cause.namespace && s.name() == cause.name) else { continue };
        let (service, path) = place(context, root, (host, port, subset));
        out.push(finding(service, &path, cluster, reach));
    }
}

/// Whether the host, port or subset is nowhere: the rules of istioctl say so, or why that cannot be said.
fn is_found_already(
    translated: &Translated<'_>,
    context: &LintContext<'_>,
    cause: &Cause,
    (host, port, subset): (&str, &str, &str),
) -> bool {
    let hosts = &translated.mesh.services_by_hostname;
    let mut services = hosts.iter().filter(|(known, _)| hostname::subset_of(host, known)).flat_map(|(_, m)| m.values()).peekable();
    if services.peek().is_none() {
        return true;
    }
    let number = port.parse().unwrap_or_default();
    let asked = context.virtual_services().any(|service| {
        let places = istioctl::destinations(&service);
        let mut destinations = places.iter().map(|(destination, _)| destination);
        service.namespace == cause.namespace
            && destinations.any(|d| istioctl::full_host(&service.namespace, &d.host) == host && d.port.as_ref().is_some_and(|p| p.number == number))
    });
    let has_port = services.any(|service| service.port(number).is_some());
    let has_subset = subset.is_empty()
        || context.destination_rules().any(|rule| {
            hostname::subset_of(host, &istioctl::full_host(&rule.namespace, &rule.spec.host))
                && rule.spec.subsets.iter().any(|known| known.name == subset)
        });
    (!has_port && asked) || !has_subset
}

/// Returns where the destination is written: in the VirtualService, or in one of its delegates.
fn place<'c>(
    context: &'c LintContext<'_>,
    root: Typed<'c, VirtualService>,
    (host, port, subset): (&str, &str, &str),
) -> (Typed<'c, VirtualService>, String) {
    let find = |service: &Typed<'c, VirtualService>| {
        let all = istioctl::destinations(service).into_iter();
        let mut same = all.filter(|(destination, _)| {
            istioctl::full_host(&service.namespace, &destination.host) == host
                && destination.subset == subset
                && destination.port.as_ref().is_none_or(|number| number.number.to_string() == port)
        });
        same.next().map(|(_, path)| path)
    };
    if let Some(path) = find(&root) {
        return (root, path);
    }
    let mut delegates = context.virtual_services().filter(|service| service.spec.hosts.is_empty());
    let delegate = delegates.find_map(|service| Some((service, find(&service)?)));
    delegate.unwrap_or((root, "spec".to_owned()))
}

fn finding<'c>(service: Typed<'c, VirtualService>, path: &str, cluster: &str, reach: &Reach) -> Finding<'c> {
    let Reach { present, missing, example } = reach;
    let (rule, who) = if *present == 0 {
        (&rules::MESHC0102, format!("no proxy that has the route has the cluster (such as {example})"))
    } else {
        (&rules::MESHC0103, format!("{missing} of {} proxies that have the route do not have the cluster (such as {example})", present + missing))
    };
    let message = format!("requests get a 503: {who} {cluster}");
    Finding::new(rule, service.item, message)
        .point(path)
        .help("see to the destination's `exportTo`, its ports, the Sidecars of the callers, and the namespace of the DestinationRule")
}
