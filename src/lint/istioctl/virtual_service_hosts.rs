//! VirtualServices with one host, of which Envoy takes one. istiod: `analyzers/virtualservice/conflictingmeshgatewayhosts.go`

use std::collections::{BTreeMap, BTreeSet};

use super::hosts;
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::hostname;
use crate::model::istio::VirtualService;

const ALL: &str = "*";
const OWN: &str = ".";

pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let all = by_host(context);
    let mut reported: BTreeSet<String> = BTreeSet::new();
    for ((scope, host), services) in &all {
        let mut rivals = services.clone();
        if scope != ALL {
            let for_all = all.iter().filter(|((other, name), _)| other == ALL && hostname::matches(host, name));
            rivals.extend(for_all.flat_map(|(_, services)| services));
        }
        if rivals.len() < 2 {
            continue;
        }
        let mut names: Vec<String> = rivals.iter().map(|service| service.full_name()).collect();
        names.sort();
        for service in &rivals {
            if !reported.insert(service.full_name()) {
                continue;
            }
            let message = format!(
                "several VirtualServices on the mesh define the host {scope}/{host}; only one is used: {}",
                names.join(",")
            );
            let mut finding =
                Finding::new(&rules::IST0109, service.item, message).at("metadata.name").point("spec.hosts");
            for other in rivals.iter().filter(|other| !std::ptr::eq(other.item, service.item)).take(3) {
                finding = finding.related(other.item, "spec.hosts", "so has this one");
            }
            // Hosts under a wildcard go before it, and no rule of either is lost.
            let others = || rivals.iter().filter(|other| !std::ptr::eq(other.item, service.item));
            let same =
                |other: &Typed<'_, VirtualService>| full_hosts(other).any(|o| full_hosts(service).any(|h| h == o));
            let nested = (!others().any(same)).then_some("a host goes before the wildcard that covers it: both count");
            let once = (names.iter().collect::<BTreeSet<_>>().len() < 2).then_some("it is the same VirtualService");
            out.push(
                finding
                    .help("merge them into one, or make one a delegate of the other")
                    .false_alarm_if(once.or(nested)),
            );
        }
    }
}

fn full_hosts(service: &Typed<'_, VirtualService>) -> impl Iterator<Item = String> {
    let namespace = service.namespace.clone();
    service.spec.hosts.iter().map(move |host| hosts::full(&namespace, host))
}

type ByHost<'c> = BTreeMap<(String, String), Vec<Typed<'c, VirtualService>>>;

/// istiod: `initMeshGatewayHosts`
fn by_host<'c>(context: &'c LintContext<'_>) -> ByHost<'c> {
    let mut all = ByHost::new();
    for service in context.virtual_services() {
        let gateways = &service.spec.gateways;
        if !gateways.is_empty() && !gateways.iter().any(|gateway| gateway == "mesh") {
            continue;
        }
        let export_to = &service.spec.export_to;
        let scopes: BTreeSet<&str> = if export_to.is_empty() || export_to.iter().any(|to| to == ALL) {
            BTreeSet::from([ALL])
        } else {
            export_to.iter().map(|to| if to == OWN { service.item.namespace.as_str() } else { to }).collect()
        };
        for scope in scopes {
            for host in &service.spec.hosts {
                let key = (scope.to_owned(), hosts::full(&service.namespace, host));
                all.entry(key).or_default().push(service);
            }
        }
    }
    all
}
