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
        let first = latest.get(&routes).map(|&at| &mut collapsed[at]);
        if let Some(first) = first.filter(|first| is_mergeable(first, &host)) {
            first.domains.extend(host.domains);
        } else {
            latest.insert(routes, collapsed.len());
            collapsed.push(host);
        }
    }
    collapsed
}

/// istiod: `core/gateway.go` `vhostMergeable`
fn is_mergeable(a: &HostRoutes, b: &HostRoutes) -> bool {
    a.include_request_attempt_count == b.include_request_attempt_count && a.require_tls == b.require_tls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envoy::Route;

    fn hosts(hosts: &[(&str, &[&Arc<Route>], bool)]) -> IndexMap<String, HostRoutes> {
        let host = |&(name, routes, require_tls): &(&str, &[&Arc<Route>], bool)| {
            let routes = HostRoutes {
                name: format!("{name}:80"),
                domains: vec![name.to_owned()],
                routes: routes.iter().map(|&route| route.clone()).collect(),
                require_tls,
                include_request_attempt_count: true,
                session: None,
            };
            (name.to_owned(), routes)
        };
        hosts.iter().map(host).collect()
    }

    fn domains(collapsed: &[HostRoutes]) -> Vec<String> {
        collapsed.iter().map(|host| host.domains.join(" ")).collect()
    }

    #[test]
    fn hosts_of_one_virtual_service_share_a_virtual_host() {
        let (a, b) = (Arc::new(Route::default()), Arc::new(Route::default()));
        let collapsed = collapse(hosts(&[
            ("*.example.com", &[&a], false),
            ("x.example.com", &[&a, &b], false),
            ("long.example.com", &[&a], false),
            ("b.example.com", &[&b], false),
            ("y.example.com", &[&a, &b], false),
        ]));
        let expected = ["long.example.com *.example.com", "b.example.com", "x.example.com y.example.com"];
        assert_eq!(domains(&collapsed), expected);
        assert_eq!(collapsed[0].name, "long.example.com:80");
    }

    #[test]
    fn redirects_are_apart_and_hosts_without_routes_are_alike() {
        let a = Arc::new(Route::default());
        let collapsed = collapse(hosts(&[
            ("a.com", &[&a], false),
            ("b.com", &[&a], true),
            ("c.com", &[&a], true),
            ("d.com", &[], true),
            ("e.com", &[], true),
        ]));
        assert_eq!(domains(&collapsed), ["a.com", "b.com c.com", "d.com e.com"]);
    }

    #[test]
    fn a_host_that_differs_otherwise_takes_the_place() {
        let a = Arc::new(Route::default());
        let all = [("a.com", &[&a] as &[_], false), ("b.com", &[&a], true), ("c.com", &[&a], false)];
        assert_eq!(domains(&collapse(hosts(&all))), ["a.com", "b.com", "c.com"]);
    }
}
