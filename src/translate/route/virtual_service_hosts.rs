//! The hosts of a VirtualService: which of them are services of the listener.
//!
//! istiod: `httproute.go` `selectVirtualServices`, `route.go` `separateVSHostsAndServices`

use std::collections::BTreeMap;

use crate::mesh::hostname::{is_wildcard, matches};
use crate::mesh::virtual_service::{RouteSemantics, route_semantics};
use crate::model::Config;
use crate::model::istio::VirtualService;
use crate::translate::route::listener_services::{ListenerService, ListenerServices};

/// Says whether some host of the VirtualService is a service, or a wildcard that covers one, or is covered by one of the services'
/// own wildcards.
///
/// istiod: `httproute.go` `selectVirtualServices`
pub(super) fn names_a_service(spec: &VirtualService, services: &ListenerServices<'_>, wildcards: &[&String]) -> bool {
    spec.hosts.iter().map(|h| h.to_lowercase()).any(|host| {
        if is_wildcard(&host) {
            services.keys().any(|s| matches(&host, s))
        } else {
            services.contains_key(&host) || wildcards.iter().any(|s| matches(&host, s))
        }
    })
}

/// The hosts of a VirtualService, in two parts.
#[derive(Debug, Default)]
pub(super) struct Hosts<'s, 'a> {
    /// Those that are no services of the listener.
    pub(super) other: Vec<String>,
    /// The services.
    pub(super) services: Vec<&'s ListenerService<'a>>,
}

/// Splits the hosts of a VirtualService into services of the listener and others.
///
/// A wildcard stands for the services that it covers, as far as no other VirtualService names them more closely:
/// `most_specific` has namespace and name of the one that does. It stays a host only if it covers none, or belongs to the
/// Gateway API.
///
/// istiod: `route.go` `separateVSHostsAndServices`
pub(super) fn separate<'s, 'a>(
    config: &Config<VirtualService>,
    services: &'s ListenerServices<'a>,
    most_specific: &BTreeMap<String, (String, String)>,
) -> Hosts<'s, 'a> {
    let (wildcards, exact): (Vec<_>, Vec<_>) = config.spec.hosts.iter().partition(|h| is_wildcard(h));
    let mut out = Hosts::default();
    for host in exact {
        match services.get(&host.to_lowercase()) {
            Some(service) => out.services.push(service),
            None => out.other.push(host.clone()),
        }
    }
    let key = (config.meta.namespace.clone(), config.meta.name.clone());
    for wildcard in wildcards.into_iter().map(|h| h.to_lowercase()) {
        if route_semantics(config) == RouteSemantics::Gateway {
            out.other.push(wildcard);
            continue;
        }
        let covered: Vec<_> = services.values().filter(|s| matches(&s.hostname, &wildcard)).collect();
        if covered.is_empty() {
            out.other.push(wildcard);
        }
        out.services.extend(covered.into_iter().filter(|s| most_specific.get(&s.hostname) == Some(&key)));
    }
    out
}
