//! The services that a VirtualService leads to.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::istio::{Destination, HttpRoute, VirtualService};

/// Returns the ports by destination host; port 0 stands for a destination without a port.
///
/// HTTP routes whose matches all ask for other source namespaces are left out, unless `source_namespace` is empty.
///
/// istiod: `pilot/pkg/model/push_context.go` `virtualServiceDestinationsFilteredBySourceNamespace`
pub fn destinations(spec: &VirtualService, source_namespace: &str) -> BTreeMap<String, BTreeSet<u32>> {
    let http = spec.http.iter().filter(|r| is_for(r, source_namespace)).flat_map(http_destinations);
    let tcp = spec.tcp.iter().flat_map(|r| &r.route).filter_map(|r| r.destination.as_ref());
    let tls = spec.tls.iter().flat_map(|r| &r.route).filter_map(|r| r.destination.as_ref());
    let mut out: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for destination in http.chain(tcp).chain(tls) {
        let port = destination.port.as_ref().map_or(0, |p| p.number);
        out.entry(destination.host.clone()).or_default().insert(port);
    }
    out
}

fn http_destinations(route: &HttpRoute) -> impl Iterator<Item = &Destination> {
    let routes = route.route.iter().filter_map(|r| r.destination.as_ref());
    let mirrors = route.mirrors.iter().filter_map(|m| m.destination.as_ref());
    routes.chain(&route.mirror).chain(mirrors)
}

/// Says whether a route may be taken from the namespace: some match names it, or none names any. A match without a namespace
/// beside one with another does not admit, though requests would match it.
fn is_for(route: &HttpRoute, source_namespace: &str) -> bool {
    let mut named = route.r#match.iter().map(|m| m.source_namespace.as_str()).filter(|n| !n.is_empty()).peekable();
    source_namespace.is_empty() || named.peek().is_none() || named.any(|n| n == source_namespace)
}
