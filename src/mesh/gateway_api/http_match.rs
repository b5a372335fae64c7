//! `matches` of HTTPRoutes and GRPCRoutes -> `HTTPRoute.match`.

use std::collections::BTreeMap;

use crate::model::gateway_api::{GrpcMethodMatch, GrpcRouteMatch, HttpPathMatch, HttpRouteMatch, HttpValueMatch};
use crate::model::istio::{HttpMatchRequest, StringMatch, StringMatchType};

/// One condition of an HTTPRoute.
///
/// istiod: `conversion.go` `createURIMatch`, `createHeadersMatch`, `createQueryParamsMatch`, `createMethodMatch`
pub(super) fn http_match(r#match: &HttpRouteMatch) -> HttpMatchRequest {
    let HttpRouteMatch { path, headers, query_params, method } = r#match;
    HttpMatchRequest {
        uri: Some(string_match(path_match(path))),
        headers: values(headers),
        query_params: values(query_params),
        method: method.clone().map(|method| string_match(StringMatchType::Exact(method))),
        ..HttpMatchRequest::default()
    }
}

/// One condition of a GRPCRoute.
///
/// istiod: `conversion.go` `createGRPCURIMatch`, `createGRPCHeadersMatch`
pub(super) fn grpc_match(r#match: &GrpcRouteMatch) -> HttpMatchRequest {
    let GrpcRouteMatch { method, headers } = r#match;
    HttpMatchRequest {
        uri: method.as_ref().and_then(method_match).map(string_match),
        headers: values(headers),
        ..HttpMatchRequest::default()
    }
}

/// A slash at the end of a prefix does not count.
fn path_match(path: &HttpPathMatch) -> StringMatchType {
    let HttpPathMatch { r#type, value } = path;
    match r#type.as_str() {
        "Exact" => StringMatchType::Exact(value.clone()),
        "RegularExpression" => StringMatchType::Regex(value.clone()),
        _ if value == "/" => StringMatchType::Prefix(value.clone()),
        _ => StringMatchType::Prefix(value.strip_suffix('/').unwrap_or(value).to_owned()),
    }
}

/// A call's path is `/<service>/<method>`.
fn method_match(method: &GrpcMethodMatch) -> Option<StringMatchType> {
    let GrpcMethodMatch { r#type, service, method } = method;
    let is_regex = r#type == "RegularExpression";
    Some(match (service, method) {
        (None, None) => return None,
        (Some(service), None) if is_regex => StringMatchType::Regex(format!("/{service}/.+")),
        (Some(service), None) => StringMatchType::Prefix(format!("/{service}/")),
        (None, Some(method)) => StringMatchType::Regex(format!("/[^/]+/{method}")),
        (Some(service), Some(method)) if is_regex => StringMatchType::Regex(format!("/{service}/{method}")),
        (Some(service), Some(method)) => StringMatchType::Exact(format!("/{service}/{method}")),
    })
}

/// Of conditions on one name, the last counts.
fn values(matches: &[HttpValueMatch]) -> BTreeMap<String, StringMatch> {
    let value = |HttpValueMatch { r#type, name, value }: &HttpValueMatch| {
        let value = match r#type.as_str() {
            "RegularExpression" => StringMatchType::Regex(value.clone()),
            _ => StringMatchType::Exact(value.clone()),
        };
        (name.clone(), string_match(value))
    };
    matches.iter().map(value).collect()
}

fn string_match(match_type: StringMatchType) -> StringMatch {
    StringMatch { match_type: Some(match_type) }
}
