//! `HTTPMatchRequest`: which requests a route is for.
//!
//! istiod: `route.go` `TranslateRouteMatch`

use crate::envoy::{
    HeaderMatcher, HeaderMatcherHeaderMatchSpecifier, MetadataMatcher, QueryParameterMatcher,
    QueryParameterMatcherQueryParameterMatchSpecifier, Route, RouteMatch, RouteMatchPathSpecifier,
};
use crate::mesh::virtual_service::RouteSemantics;
use crate::model::istio::{HttpMatchRequest, StringMatch, StringMatchType};
use crate::translate::route::jwt_claim;
use crate::translate::string_match::{regex_matcher, string_matcher};

/// `VirtualService.http[].match[]` -> `Route.match`
///
/// Headers are sorted by name; method, authority and scheme follow as pseudo headers. Headers that name JWT claims become matches
/// on dynamic metadata.
///
/// istiod: `route.go` `TranslateRouteMatch`
pub(super) fn route_match(request: Option<&HttpMatchRequest>, semantics: RouteSemantics) -> RouteMatch {
    let Some(request) = request else { return everything() };
    let pseudo_headers =
        [(":method", &request.method), (":authority", &request.authority), (":scheme", &request.scheme)];
    let mut headers = headers(request);
    headers.extend(pseudo_headers.into_iter().filter_map(|(name, text)| Some(header(name, text.as_ref()?))));
    RouteMatch {
        path_specifier: Some(path_specifier(request.uri.as_ref(), semantics)),
        case_sensitive: Some(!request.ignore_uri_case),
        headers,
        query_parameters: request.query_params.iter().map(|(name, text)| query_parameter(name, text)).collect(),
        dynamic_metadata: dynamic_metadata(request),
        ..RouteMatch::default()
    }
}

/// Matches every request.
pub(super) fn everything() -> RouteMatch {
    RouteMatch { path_specifier: Some(RouteMatchPathSpecifier::Prefix("/".to_owned())), ..RouteMatch::default() }
}

/// `match.uri` -> `RouteMatch.prefix`, `path`, `safe_regex`, `path_separated_prefix`
///
/// A prefix of an Ingress or of the Gateway API matches whole path segments.
fn path_specifier(uri: Option<&StringMatch>, semantics: RouteSemantics) -> RouteMatchPathSpecifier {
    match uri.and_then(|u| u.match_type.as_ref()) {
        Some(StringMatchType::Exact(path)) => RouteMatchPathSpecifier::Path(path.clone()),
        Some(StringMatchType::Prefix(prefix)) if prefix != "/" && semantics != RouteSemantics::VirtualService => {
            RouteMatchPathSpecifier::PathSeparatedPrefix(prefix.strip_suffix('/').unwrap_or(prefix).to_owned())
        }
        Some(StringMatchType::Prefix(prefix)) => RouteMatchPathSpecifier::Prefix(prefix.clone()),
        Some(StringMatchType::Regex(regex)) => RouteMatchPathSpecifier::SafeRegex(regex_matcher(regex.clone())),
        None => RouteMatchPathSpecifier::Prefix("/".to_owned()),
    }
}

/// `match.headers`, `withoutHeaders` -> `RouteMatch.headers`
fn headers(request: &HttpMatchRequest) -> Vec<HeaderMatcher> {
    let with = request.headers.iter().map(|(name, text)| (name, header(name, text)));
    let without = request.without_headers.iter().map(|(name, text)| {
        let treat_missing_header_as_empty = !is_present_match(text);
        (name, HeaderMatcher { invert_match: true, treat_missing_header_as_empty, ..header(name, text) })
    });
    let mut headers: Vec<_> =
        with.chain(without).filter(|(name, _)| jwt_claim::claims(name).is_none()).map(|(_, matcher)| matcher).collect();
    headers.sort_by(|a, b| a.name.cmp(&b.name));
    headers
}

/// `match.headers["@request.auth.claims..."]`, `withoutHeaders` -> `RouteMatch.dynamic_metadata`
fn dynamic_metadata(request: &HttpMatchRequest) -> Vec<MetadataMatcher> {
    let with = request.headers.iter().map(|header| (header, false));
    let without = request.without_headers.iter().map(|header| (header, true));
    with.chain(without)
        .filter_map(|((name, text), invert)| {
            Some(MetadataMatcher { invert, ..jwt_claim::metadata_matcher(name, text)? })
        })
        .collect()
}

/// istiod: `route.go` `translateHeaderMatch`
fn header(name: &str, text: &StringMatch) -> HeaderMatcher {
    let specifier = if is_present_match(text) {
        Some(HeaderMatcherHeaderMatchSpecifier::PresentMatch(true))
    } else {
        string_matcher(text).map(HeaderMatcherHeaderMatchSpecifier::StringMatch)
    };
    HeaderMatcher { name: name.to_owned(), header_match_specifier: specifier, ..HeaderMatcher::default() }
}

/// `match.queryParams` -> `RouteMatch.query_parameters`
///
/// istiod: `route.go` `translateQueryParamMatch`
fn query_parameter(name: &str, text: &StringMatch) -> QueryParameterMatcher {
    let specifier = if is_present_match(text) {
        Some(QueryParameterMatcherQueryParameterMatchSpecifier::PresentMatch(true))
    } else {
        string_matcher(text).map(QueryParameterMatcherQueryParameterMatchSpecifier::StringMatch)
    };
    QueryParameterMatcher { name: name.to_owned(), query_parameter_match_specifier: specifier }
}

/// An empty condition, and the regular expression `*`, which is none, ask only for presence.
///
/// istiod: `route.go` `canBeConvertedToPresentMatch`
fn is_present_match(text: &StringMatch) -> bool {
    match &text.match_type {
        None => true,
        Some(StringMatchType::Regex(regex)) => regex == "*",
        Some(StringMatchType::Exact(_) | StringMatchType::Prefix(_)) => false,
    }
}

/// Says whether a route takes every request, so that those after it take none.
///
/// istiod: `route.go` `IsCatchAllRoute`
pub(super) fn is_catch_all(route: &Route) -> bool {
    let Some(RouteMatch { path_specifier, headers, query_parameters, dynamic_metadata, .. }) = &route.r#match else {
        return false;
    };
    let every_path = match path_specifier {
        Some(RouteMatchPathSpecifier::Prefix(prefix) | RouteMatchPathSpecifier::PathSeparatedPrefix(prefix)) => {
            prefix == "/"
        }
        Some(RouteMatchPathSpecifier::SafeRegex(regex)) => regex.regex == ".*",
        _ => false,
    };
    every_path && headers.is_empty() && query_parameters.is_empty() && dynamic_metadata.is_empty()
}
