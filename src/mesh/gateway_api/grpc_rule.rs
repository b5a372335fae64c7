//! One rule of a GRPCRoute -> `VirtualService.http[]`.

use crate::mesh::gateway_api::backend::{self, Route};
use crate::mesh::gateway_api::finding::Problem;
use crate::mesh::gateway_api::{filter, http_match, http_rule};
use crate::model::gateway_api::{GrpcRouteMatch, GrpcRouteRule};
use crate::model::istio::{HttpDirectResponse, HttpRoute};

/// Converts a rule, for one of its conditions; fails if istiod serves nothing of the route because of it.
///
/// istiod: `conversion.go` `convertGRPCRoute`
pub(super) fn convert(
    route: &Route<'_>,
    rule: &GrpcRouteRule,
    index: usize,
    r#match: Option<&GrpcRouteMatch>,
    problems: &mut Vec<Problem>,
) -> Result<HttpRoute, Problem> {
    // What istiod ignores is said once, in `route`.
    let GrpcRouteRule { name, matches: _, filters, backend_refs, session_persistence: _ } = rule;
    let path = format!("spec.rules[{index}]");
    let mut out = HttpRoute {
        name: name.clone().unwrap_or_else(|| format!("{}.{}.{index}", route.namespace, route.name)),
        r#match: r#match.map(http_match::grpc_match).into_iter().collect(),
        ..HttpRoute::default()
    };
    for (at, filter) in filters.iter().enumerate() {
        let path = format!("{path}.filters[{at}]");
        if filter::modify_headers(filter, &path, &mut out.headers)? {
            continue;
        }
        match (filter.r#type.as_str(), &filter.request_mirror) {
            ("RequestMirror", Some(mirror)) => out.mirrors.push(filter::mirror(route, mirror, &path)?),
            _ => return Err(filter::unsupported(filter, &path)),
        }
    }
    if http_rule::weight_sum(backend_refs) == 0 {
        out.direct_response = Some(HttpDirectResponse { status: 500, body: None });
    } else {
        out.route = backend::http_destinations(route, backend_refs, &path, problems)?;
    }
    Ok(out)
}
