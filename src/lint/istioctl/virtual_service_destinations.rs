//! Destinations that are not there, or lack a port or a subset.
//!
//! istiod: `analyzers/virtualservice/{destinationhosts,destinationrules}.go`

use std::collections::{BTreeMap, BTreeSet};

use super::destinations::{self, Place};
use super::hosts::{self, Hosts, Known};
use super::judge;
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::istio::VirtualService;

/// Finds destinations whose host or port nobody has, or whose port is missing.
pub(super) fn check_hosts<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let known = Hosts::new(context);
    let with_subsets = with_subsets(context);
    for service in context.virtual_services() {
        for place in destinations::all(&service) {
            let host = &place.destination.host;
            match known.find(&service.namespace, &service.spec.export_to, host) {
                None => {
                    let what = if place.is_mirror { "mirror host" } else { "host" };
                    let message = format!("no Service or ServiceEntry defines the {what} `{host}`");
                    let finding = at(Finding::new(&rules::IST0101, service.item, message), &place, "host");
                    let finding = match hosts::meant(context, &service.namespace, host) {
                        Some(name) => finding.help(format!("did you mean `{name}`?")),
                        None => finding,
                    };
                    let reason = if host.is_empty() {
                        Some("the destination is left out: that is found already")
                    } else {
                        judge::host(context, &service.namespace, host)
                    };
                    out.push(finding.false_alarm_if(reason));
                }
                Some(known) => out.extend(port(context, &service, &place, known)),
            }
        }
        subsets_without_effect(&service, &with_subsets, out);
    }
}

fn at<'c>(finding: Finding<'c>, place: &Place<'_>, field: &str) -> Finding<'c> {
    finding.at(&place.istioctl_path).point(&format!("{}.{field}", place.path))
}

/// istiod: `checkServiceEntryPorts`
fn port<'c>(
    context: &LintContext<'_>,
    service: &Typed<'c, VirtualService>,
    place: &Place<'_>,
    known: &Known<'_>,
) -> Option<Finding<'c>> {
    let host = &place.destination.host;
    let Some(port) = &place.destination.port else {
        if known.ports.len() < 2 {
            return None;
        }
        let ports = known.ports.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let message = format!("`{host}` has several ports ({ports}); the destination must name one");
        let finding = Finding::new(&rules::IST0112, service.item, message).help("set `port.number` of the destination");
        let in_mesh = service.spec.gateways.iter().all(|gateway| gateway == "mesh");
        let own_hosts = if in_mesh { service.spec.hosts.as_slice() } else { &[] };
        let reason = judge::any_port(context, &known.ports, &service.namespace, own_hosts);
        return Some(at(finding, place, "host").false_alarm_if(reason));
    };
    if known.ports.contains(&port.number) {
        return None;
    }
    let message = format!("`{host}` has no port {0}; `{host}:{0}` does not exist", port.number);
    let reason = judge::port(context, &service.namespace, host, port.number);
    Some(at(Finding::new(&rules::IST0101, service.item, message), place, "port.number").false_alarm_if(reason))
}

/// VirtualServices that route to a subset of one of their own hosts, with these hosts. istiod: `initVirtualServiceDestinations`
fn with_subsets<'c>(context: &'c LintContext<'_>) -> BTreeMap<String, (Typed<'c, VirtualService>, BTreeSet<&'c str>)> {
    let mut out = BTreeMap::new();
    for service in context.virtual_services() {
        let spec: &'c VirtualService = service.spec;
        let destinations = spec.http.iter().flat_map(|rule| &rule.route).filter_map(|to| to.destination.as_ref());
        let hosts: BTreeSet<&str> = destinations
            .filter(|destination| !destination.subset.is_empty() && spec.hosts.contains(&destination.host))
            .map(|destination| destination.host.as_str())
            .collect();
        if !hosts.is_empty() {
            out.insert(service.full_name(), (service, hosts));
        }
    }
    out
}

/// istiod: `analyzeSubset`
fn subsets_without_effect<'c>(
    service: &Typed<'c, VirtualService>,
    with_subsets: &BTreeMap<String, (Typed<'c, VirtualService>, BTreeSet<&'c str>)>,
    out: &mut Vec<Finding<'c>>,
) {
    if service.spec.gateways.is_empty() {
        return;
    }
    for (i, rule) in service.spec.http.iter().enumerate() {
        for (j, to) in rule.route.iter().enumerate() {
            let Some(destination) = to.destination.as_ref().filter(|to| to.subset.is_empty()) else { continue };
            for (name, (other, hosts)) in with_subsets {
                if !hosts.contains(destination.host.as_str()) {
                    continue;
                }
                let message = format!(
                    "requests through the gateways of {} ignore the subsets that {name} defines for {}",
                    service.full_name(),
                    destination.host
                );
                let path = format!("route[{j}].destination.host");
                let finding = Finding::new(&rules::IST0140, service.item, message)
                    // It takes the rule's name for the kind of rule.
                    .at(&format!("spec.{}[{i}].{path}", rule.name))
                    .point(&format!("spec.http[{i}].{path}"))
                    .related(other.item, "spec.http", "the subsets are here")
                    .help("name the subset here too");
                let in_mesh = service.spec.gateways.iter().all(|gateway| gateway == "mesh");
                let reason = (in_mesh && !std::ptr::eq(other.item, service.item))
                    .then_some("no gateway has this VirtualService")
                    .or(std::ptr::eq(other.item, service.item)
                        .then_some("the subsets are in this VirtualService itself"));
                out.push(finding.false_alarm_if(reason));
            }
        }
    }
}

/// Finds subsets that no DestinationRule has.
pub(super) fn check_subsets<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mut known: BTreeSet<((String, String), &str)> = BTreeSet::new();
    for rule in context.destination_rules() {
        let host = hosts::resource_name(&rule.namespace, &rule.spec.host);
        let spec: &'c crate::model::istio::DestinationRule = rule.spec;
        known.extend(spec.subsets.iter().map(|subset| (host.clone(), subset.name.as_str())));
    }
    for service in context.virtual_services() {
        for place in destinations::all(&service) {
            let (host, subset) = (&place.destination.host, &place.destination.subset);
            let key = (hosts::resource_name(&service.namespace, host), subset.as_str());
            if subset.is_empty() || known.contains(&key) {
                continue;
            }
            let whose = if place.is_mirror { "mirror" } else { "host" };
            let message =
                format!("no DestinationRule defines subset {subset} for the {whose} {host} (`{host}+{subset}`)");
            let reason = judge::subset(context, &service.namespace, host, subset);
            out.push(at(Finding::new(&rules::IST0101, service.item, message), &place, "subset").false_alarm_if(reason));
        }
    }
}
