//! One rule of a TCPRoute -> `VirtualService.tcp[]`.

use crate::mesh::gateway_api::backend::{self, Route};
use crate::mesh::gateway_api::finding::Problem;
use crate::mesh::gateway_api::tls_rule;
use crate::model::gateway_api::TcpRouteRule;
use crate::model::istio::{L4MatchAttributes, TcpRoute};

/// Converts a rule; fails if istiod serves nothing of the route because of it.
///
/// istiod: `conversion.go` `convertTCPRoute`
pub(super) fn convert(
    route: &Route<'_>,
    rule: &TcpRouteRule,
    index: usize,
    problems: &mut Vec<Problem>,
) -> Result<TcpRoute, Problem> {
    let backends = &rule.backend_refs;
    let route = if tls_rule::has_no_share(backends) {
        vec![tls_rule::nowhere()]
    } else {
        backend::destinations(route, backends, &format!("spec.rules[{index}]"), problems)?
    };
    Ok(TcpRoute { r#match: Vec::new(), route })
}

/// Routes for sidecars: with the port that the route names.
///
/// istiod: `conversion.go` `augmentTCPPortMatch`
pub(super) fn for_mesh(routes: &[TcpRoute], port: Option<u32>) -> Vec<TcpRoute> {
    let mut out = routes.to_vec();
    for route in &mut out {
        let Some(port) = port else { continue };
        if route.r#match.is_empty() {
            route.r#match.push(L4MatchAttributes::default());
        }
        route.r#match.iter_mut().for_each(|r#match| r#match.port = port);
    }
    out
}
