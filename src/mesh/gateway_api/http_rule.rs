//! One rule of an HTTPRoute -> `VirtualService.http[]`.

use crate::installation::Behaviour;
use crate::mesh::gateway_api::backend::{self, Route};
use crate::mesh::gateway_api::finding::Problem;
use crate::mesh::gateway_api::{filter, http_match, redirect};
use crate::model::Duration;
use crate::model::gateway_api::{
    HttpBackendRef, HttpRouteFilter, HttpRouteMatch, HttpRouteRetry, HttpRouteRule, HttpRouteTimeouts,
};
use crate::model::istio::{HttpDirectResponse, HttpRetry, HttpRoute};

/// Failures that count when a rule asks for retries at all.
const RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled";
/// How often, if the rule does not say.
const DEFAULT_ATTEMPTS: i32 = 2;

/// Converts a rule, for one of its conditions; fails if istiod serves nothing of the route because of it.
///
/// istiod: `conversion.go` `convertHTTPRoute`
pub(super) fn convert(
    route: &Route<'_>,
    rule: &HttpRouteRule,
    index: usize,
    r#match: Option<&HttpRouteMatch>,
    problems: &mut Vec<Problem>,
) -> Result<HttpRoute, Problem> {
    // What istiod ignores is said once, in `route`.
    let HttpRouteRule { name, matches: _, filters, backend_refs, timeouts, retry, session_persistence: _ } = rule;
    let path = format!("spec.rules[{index}]");
    let mut out = HttpRoute {
        name: name.clone().unwrap_or_else(|| format!("{}.{}.{index}", route.namespace, route.name)),
        r#match: r#match.map(http_match::http_match).into_iter().collect(),
        retries: retry.as_ref().map(retries),
        ..HttpRoute::default()
    };
    for (at, filter) in filters.iter().enumerate() {
        apply_filter(route, filter, &format!("{path}.filters[{at}]"), &mut out, problems)?;
    }
    if let Some(timeouts) = timeouts {
        apply_timeouts(timeouts, &mut out);
    }
    if out.redirect.is_none() && weight_sum(backend_refs) == 0 {
        let is_404 = route.context.does(Behaviour::AnswersMissingBackendsWith404) && backend_refs.is_empty();
        let status = if is_404 { 404 } else { 500 };
        out.direct_response = Some(HttpDirectResponse { status, body: None });
    } else {
        out.route = backend::http_destinations(route, backend_refs, &path, problems)?;
    }
    Ok(out)
}

/// Adds up the shares, as istiod does.
pub(super) fn weight_sum(backends: &[HttpBackendRef]) -> i32 {
    backends.iter().fold(0, |sum, backend| sum.wrapping_add(backend.backend.weight))
}

fn apply_filter(
    route: &Route<'_>,
    filter: &HttpRouteFilter,
    path: &str,
    out: &mut HttpRoute,
    problems: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if filter::modify_headers(filter, path, &mut out.headers)? {
        return Ok(());
    }
    match filter.r#type.as_str() {
        "RequestRedirect" => out.redirect = filter.request_redirect.as_ref().map(redirect::redirect),
        "RequestMirror" => match filter.request_mirror.as_ref().map(|mirror| filter::mirror(route, mirror, path)) {
            Some(Ok(mirror)) => out.mirrors.push(mirror),
            Some(Err(problem)) => problems.push(problem),
            None => {}
        },
        "URLRewrite" => out.rewrite = filter.url_rewrite.as_ref().and_then(redirect::rewrite),
        "CORS" => out.cors_policy = filter.cors.as_ref().map(redirect::cors),
        _ => return Err(filter::unsupported(filter, path)),
    }
    Ok(())
}

/// `retry` -> `HTTPRoute.retries`
fn retries(retry: &HttpRouteRetry) -> HttpRetry {
    let HttpRouteRetry { codes, attempts, backoff } = retry;
    let attempts = attempts.unwrap_or(DEFAULT_ATTEMPTS);
    let retry_on = std::iter::once(RETRY_ON.to_owned()).chain(codes.iter().map(ToString::to_string));
    let retry_on: Vec<String> = if attempts == 0 { Vec::new() } else { retry_on.collect() };
    HttpRetry {
        attempts,
        retry_on: retry_on.join(","),
        backoff: backoff.as_ref().map(|backoff| Duration::parse(backoff).unwrap_or_default()),
        ..HttpRetry::default()
    }
}

/// `timeouts` -> `HTTPRoute.timeout`, `HTTPRoute.retries.perTryTimeout`
///
/// Without retries, the time for one attempt is that for the whole request. Zero means no limit, as does nothing at all.
fn apply_timeouts(timeouts: &HttpRouteTimeouts, out: &mut HttpRoute) {
    let parse = |text: &Option<String>| text.as_deref().and_then(Duration::parse).filter(|d| !d.is_zero());
    if let Some(request) = parse(&timeouts.request) {
        out.timeout = Some(request);
    }
    if let Some(backend_request) = parse(&timeouts.backend_request) {
        match &mut out.retries {
            Some(retries) => retries.per_try_timeout = Some(backend_request),
            None => out.timeout = Some(backend_request),
        }
    }
}
