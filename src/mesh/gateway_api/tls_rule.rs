//! One rule of a TLSRoute -> `VirtualService.tls[]`.

use crate::mesh::gateway_api::backend::{self, Route};
use crate::mesh::gateway_api::finding::Problem;
use crate::mesh::hostname;
use crate::model::gateway_api::{BackendRef, TlsRouteRule};
use crate::model::istio::{Destination, PortSelector, RouteDestination, TlsMatchAttributes, TlsRoute};

/// Converts a rule; fails if istiod serves nothing of the route because of it.
///
/// A rule without any share leads to a cluster that is nowhere, and matches nothing.
///
/// istiod: `conversion.go` `convertTLSRoute`
pub(super) fn convert(
    route: &Route<'_>,
    rule: &TlsRouteRule,
    index: usize,
    hostnames: &[String],
    problems: &mut Vec<Problem>,
) -> Result<TlsRoute, Problem> {
    let backends = &rule.backend_refs;
    if has_no_share(backends) {
        return Ok(TlsRoute { r#match: Vec::new(), route: vec![nowhere()] });
    }
    let sni_hosts = if hostnames.is_empty() { vec!["*".to_owned()] } else { hostnames.to_vec() };
    Ok(TlsRoute {
        r#match: vec![TlsMatchAttributes { sni_hosts, ..TlsMatchAttributes::default() }],
        route: backend::destinations(route, backends, &format!("spec.rules[{index}]"), problems)?,
    })
}

/// Says whether all backends have the weight zero. istiod: `conversion.go` `tcpWeightSum`
pub(super) fn has_no_share(backends: &[BackendRef]) -> bool {
    backends.iter().fold(0_i32, |sum, backend| sum.wrapping_add(backend.weight)) == 0
}

/// A destination that is nowhere.
pub(super) fn nowhere() -> RouteDestination {
    let nowhere = Destination {
        host: "internal.cluster.local".to_owned(),
        subset: "zero-weight".to_owned(),
        port: Some(PortSelector { number: 65535 }),
    };
    RouteDestination { destination: Some(nowhere), weight: 0 }
}

/// Narrows routes to the server names of a listener; those that are left with none go.
///
/// istiod: `conversion.go` `constrainTLSRoutesToListenerHost`
pub(super) fn within_listener(routes: &[TlsRoute], listener: &str) -> Vec<TlsRoute> {
    let listener = [listener.to_owned()];
    let mut out = routes.to_vec();
    for r#match in out.iter_mut().flat_map(|route| &mut route.r#match) {
        r#match.sni_hosts = hostname::intersection(&r#match.sni_hosts, &listener);
    }
    out.retain(|route| route.r#match.is_empty() || route.r#match.iter().any(|m| !m.sni_hosts.is_empty()));
    out
}

/// Routes for sidecars: with the port that the route names, and the parent's hosts as server names if it names none.
///
/// istiod: `conversion.go` `augmentTLSPortMatch`
pub(super) fn for_mesh(routes: &[TlsRoute], port: Option<u32>, parent_hosts: &[String]) -> Vec<TlsRoute> {
    let mut out = routes.to_vec();
    for route in &mut out {
        if let [only] = route.r#match.as_mut_slice()
            && only.sni_hosts == ["*"]
        {
            only.sni_hosts = parent_hosts.to_vec();
        }
        for r#match in &mut route.r#match {
            r#match.port = port.unwrap_or(r#match.port);
        }
    }
    out
}

/// Of several server names, keeps those that belong to a host of the parent.
///
/// istiod: `conversion.go` `compatibleRoutesForHost`
pub(super) fn for_host(routes: &[TlsRoute], host: &str) -> Vec<TlsRoute> {
    let mut out = routes.to_vec();
    for route in &mut out {
        if let [only] = route.r#match.as_mut_slice()
            && only.sni_hosts.len() > 1
        {
            only.sni_hosts.retain(|name| hostname::matches(host, name));
        }
    }
    out
}
