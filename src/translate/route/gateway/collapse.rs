//! One virtual host for all hosts with the same routes.

use std::sync::Arc;

use indexmap::IndexMap;

use super::HostRoutes;
use crate::mesh::hostname;

/// Merges the domains of virtual hosts that have the very same routes: from the same VirtualServices through the same Gateways, in
/// the same order. The most specific host gives the name. Equal routes of different VirtualServices do not count; no routes at all do.
///
/// istiod: `core/gateway.go` `collapseDuplicateRoutes`
pub(super) fn collapse(hosts: IndexMap<String, HostRoutes>) -> Vec<HostRoutes> {
    let mut hosts: Vec<(String, HostRoutes)> = hosts.into_iter().collect();
    hosts.sort_by(|(a, _), (b, _)| hostname::specificity(a, b));
    // istiod looks up the latest virtual host by a hash of the routes alone: one that differs otherwise takes the place.
    let mut latest: IndexMap<Vec<*const crate::envoy::Route>, usize> = IndexMap::new();
    let mut collapsed: Vec<HostRoutes> = Vec::new();
    for (_, host) in hosts {
        let routes: Vec<_> = host.routes.iter().map(Arc::as_ptr).collect();
        match latest.get(&routes).map(|&at| &mut collapsed[at]).filter(|first| is_mergeable(first, &host)) {
            Some(first) => first.domains.extend(host.domains),
            None => {
                latest.insert(routes, collapsed.len());
                collapsed.push(host);
            }
        }
    }
    collapsed
}

/// istiod: `core/gateway.go` `vhostMergeable`
fn is_mergeable(a: &HostRoutes, b: &HostRoutes) -> bool {
    a.include_request_attempt_count == b.include_request_attempt_count && a.require_tls == b.require_tls
}
