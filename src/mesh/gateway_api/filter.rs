//! Filters that requests and calls have alike: headers and mirrors.

use std::collections::BTreeMap;

use crate::mesh::gateway_api::backend::{self, Route};
use crate::mesh::gateway_api::finding::{Problem, Reason};
use crate::model::gateway_api::{HttpHeader, HttpHeaderFilter, HttpRequestMirrorFilter, HttpRouteFilter};
use crate::model::istio::{Headers, HeadersHeaderOperations, HttpMirrorPolicy, Percent};

/// `filters` of a backend -> `HTTPRoute.route[].headers`: no other filter is served there
///
/// istiod: `conversion.go` `buildHTTPDestination`
pub(super) fn headers(filters: &[HttpRouteFilter], path: &str) -> Result<Option<Headers>, Problem> {
    let mut out = None;
    for (index, filter) in filters.iter().enumerate() {
        let path = format!("{path}.filters[{index}]");
        if !modify_headers(filter, &path, &mut out)? {
            return Err(unsupported(filter, &path));
        }
    }
    Ok(out)
}

/// Adds what a filter does to headers; false if it is of another type.
pub(super) fn modify_headers(
    filter: &HttpRouteFilter,
    path: &str,
    headers: &mut Option<Headers>,
) -> Result<bool, Problem> {
    match filter.r#type.as_str() {
        "RequestHeaderModifier" => {
            if let Some(operations) = operations(filter.request_header_modifier.as_ref(), path)? {
                headers.get_or_insert_default().request = Some(operations);
            }
        }
        "ResponseHeaderModifier" => {
            if let Some(operations) = operations(filter.response_header_modifier.as_ref(), path)? {
                headers.get_or_insert_default().response = Some(operations);
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// istiod serves nothing of a route with such a filter.
pub(super) fn unsupported(filter: &HttpRouteFilter, path: &str) -> Problem {
    let message =
        format!("istiod has no filter of the type {} here, and so serves nothing of the route", filter.r#type);
    Problem::new(Reason::InvalidFilter, format!("{path}.type"), message)
}

/// istiod: `conversion.go` `createHeadersFilter`
fn operations(filter: Option<&HttpHeaderFilter>, path: &str) -> Result<Option<HeadersHeaderOperations>, Problem> {
    let Some(HttpHeaderFilter { set, add, remove }) = filter else { return Ok(None) };
    let is_valid = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    if let Some(header) = set.iter().chain(add).find(|header| !header.value.bytes().all(is_valid)) {
        let message = format!("the value of the header `{}` has a character that no header has", header.name);
        return Err(Problem::new(Reason::InvalidFilter, path, message));
    }
    Ok(Some(HeadersHeaderOperations { set: values(set), add: values(add), remove: remove.clone() }))
}

/// Of headers with one name, the first counts. istiod: `conversion.go` `headerListToMap`.
fn values(headers: &[HttpHeader]) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for HttpHeader { name, value } in headers {
        out.entry(name.to_lowercase()).or_insert_with(|| value.clone());
    }
    out
}

/// `requestMirror` -> `HTTPRoute.mirrors[]`; fails if there is no such backend
///
/// istiod: `conversion.go` `createMirrorFilter`
pub(super) fn mirror(
    route: &Route<'_>,
    filter: &HttpRequestMirrorFilter,
    path: &str,
) -> Result<HttpMirrorPolicy, Problem> {
    let HttpRequestMirrorFilter { backend_ref, percent, fraction } = filter;
    let path = format!("{path}.requestMirror");
    let mut problems = Vec::new();
    let destination = backend::destination(route, backend_ref, &format!("{path}.backendRef"), &mut problems)?;
    if let Some(problem) = problems.pop() {
        let message = problem.message.replace("requests get status 500", "nothing is mirrored");
        return Err(Problem { message: message.replace("they get status 500", "nothing is mirrored"), ..problem });
    }
    let value = match (fraction, percent) {
        (Some(fraction), _) => Some(100.0 * f64::from(fraction.numerator) / f64::from(fraction.denominator)),
        (None, percent) => percent.map(f64::from),
    };
    Ok(HttpMirrorPolicy { destination: Some(destination), percentage: value.map(|value| Percent { value }) })
}
