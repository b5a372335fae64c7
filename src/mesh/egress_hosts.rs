//! `Sidecar.egress[].hosts`: which hosts of which namespaces are imported.

use std::collections::{BTreeMap, BTreeSet};

use crate::installation::{Behaviour, Behaviours};
use crate::mesh::hostname;

/// The hosts imported from one namespace (or, under `*`, from any). istiod: `hostClassification`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EgressHosts {
    /// The hosts without a wildcard.
    pub exact: BTreeSet<String>,
    /// All hosts, in order.
    pub all: Vec<String>,
    /// Hosts that are not imported, whatever else is: those with `~` before the namespace.
    pub excluded: Vec<String>,
}

/// Before a namespace it excludes. istiod: `excludePrefix`.
const EXCLUDE: &str = "~";

/// The key of [`EgressHosts`] for any namespace. istiod: `wildcardNamespace`.
pub const ANY_NAMESPACE: &str = "*";

/// Reads `namespace/dnsName` entries; `.` stands for the config namespace, `~` excludes. istiod: `convertIstioListenerToWrapper`.
pub fn by_namespace(hosts: &[String], config_namespace: &str, behaviours: Behaviours) -> BTreeMap<String, EgressHosts> {
    let mut out: BTreeMap<String, EgressHosts> = BTreeMap::new();
    for entry in hosts.iter().filter(|h| h.matches('/').count() == 1) {
        let (namespace, host) = entry.split_once('/').unwrap_or_default();
        let without =
            namespace.strip_prefix(EXCLUDE).filter(|_| behaviours.contains(Behaviour::ExcludesHostsFromSidecars));
        let namespace = match without.unwrap_or(namespace) {
            "" => ANY_NAMESPACE,
            "." => config_namespace,
            namespace => namespace,
        };
        let hosts = out.entry(namespace.to_owned()).or_default();
        if without.is_some() {
            hosts.excluded.push(host.to_owned());
            continue;
        }
        if !hostname::is_wildcard(host) {
            hosts.exact.insert(host.to_owned());
        }
        hosts.all.push(host.to_owned());
    }
    out
}

/// Says whether a host of a namespace is excluded. istiod: `hostClassification.Excluded`.
pub fn exclude(hosts: &BTreeMap<String, EgressHosts>, namespace: &str, host: &str) -> bool {
    let lists = [namespace, ANY_NAMESPACE].into_iter().filter_map(|namespace| hosts.get(namespace));
    lists.flat_map(|hosts| &hosts.excluded).any(|excluded| hostname::subset_of(host, excluded))
}

/// Says whether all hosts that are imported have no wildcard and a namespace.
pub fn are_exact(hosts: &BTreeMap<String, EgressHosts>) -> bool {
    let is_exact = |(namespace, hosts): (&String, &EgressHosts)| {
        hosts.all.is_empty()
            || (namespace != ANY_NAMESPACE && !hosts.all.iter().any(|host| hostname::is_wildcard(host)))
    };
    hosts.iter().all(is_exact)
}

impl EgressHosts {
    /// Says whether a service's hostname is imported. istiod: `hostClassification.Matches`.
    pub fn matches(&self, host: &str) -> bool {
        self.exact.contains(host) || self.any_wildcard(host, |imported| hostname::subset_of(host, imported))
    }

    /// Says whether a VirtualService's host is imported: also when it is the wider of the two, but for a route of the Gateway API.
    /// istiod: `hostClassification.VSMatches`.
    pub fn virtual_service_matches(&self, host: &str, gateway_semantics: bool) -> bool {
        let matches = |imported: &str| {
            if gateway_semantics { hostname::subset_of(host, imported) } else { hostname::matches(host, imported) }
        };
        self.exact.contains(host) || self.any_wildcard(host, matches)
    }

    /// Tries all hosts where one side has a wildcard.
    fn any_wildcard(&self, host: &str, matches: impl Fn(&str) -> bool) -> bool {
        let wildcard = hostname::is_wildcard(host);
        self.all.iter().any(|imported| (wildcard || hostname::is_wildcard(imported)) && matches(imported))
    }
}
