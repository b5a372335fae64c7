//! The HTTP routes of a VirtualService. istiod: `validateHTTPRoute`

use crate::model::istio::{
    Destination, Headers, HttpMatchRequest, HttpMirrorPolicy, HttpRewrite, HttpRoute, HttpRouteDestination, Percent,
    StringMatch, StringMatchType,
};

use super::destination_rule::subset_name;
use super::finding::{At, Findings};
use super::name::{self, check_duration, check_labels};
use super::{header, http_policy, regex, virtual_service};

pub(super) fn check(route: &HttpRoute, delegate: bool, at: &At<'_>, findings: &mut Findings<'_>) {
    check_conflicts(route, delegate, at, findings);
    let list = at.field("match");
    for (index, request) in route.r#match.iter().enumerate() {
        check_match(request, &list.item(index), findings);
    }
    header::check_operations(route.headers.as_ref(), at, findings);
    http_policy::check_cors(route.cors_policy.as_ref(), &at.field("corsPolicy"), findings);
    http_policy::check_fault(route.fault.as_ref(), &at.field("fault"), findings);
    if let Some(percent) = route.mirror_percent {
        let at = at.field("mirrorPercent");
        if percent > 100 {
            findings.error(&at, "the percentage must be at most 100");
        }
        findings.warning("deprecated-field", &at, "`mirrorPercentage` takes the place of this field");
    }
    check_share(route.mirror_percentage.as_ref(), &at.field("mirrorPercentage"), findings);
    check_destination(route.mirror.as_ref(), &at.field("mirror"), findings);
    check_mirrors(&route.mirrors, at, findings);
    http_policy::check_redirect(route.redirect.as_ref(), &at.field("redirect"), findings);
    http_policy::check_direct_response(route.direct_response.as_ref(), &at.field("directResponse"), findings);
    http_policy::check_retries(route.retries.as_ref(), &at.field("retries"), findings);
    check_rewrite(route.rewrite.as_ref(), &at.field("rewrite"), findings);
    check_authority(route.rewrite.as_ref(), route.headers.as_ref(), at, findings);
    check_destinations(&route.route, at, findings);
    check_duration(route.timeout, &at.field("timeout"), findings);
}

/// What excludes each other in a route. istiod: `validateHTTPRouteConflict`
fn check_conflicts(route: &HttpRoute, delegate: bool, at: &At<'_>, findings: &mut Findings<'_>) {
    let fields = [
        ("redirect", route.redirect.is_some()),
        ("directResponse", route.direct_response.is_some()),
        ("route", !route.route.is_empty()),
        ("fault", route.fault.is_some()),
        ("rewrite", route.rewrite.is_some()),
    ];
    let mut exclude = |one: &str, others: &[&str]| {
        for (field, _) in fields.iter().filter(|(field, set)| *set && others.contains(field)) {
            findings.error(&at.field(field), format!("`{one}` and `{field}` exclude each other"));
        }
    };
    if route.delegate.is_some() && !delegate {
        exclude("delegate", &["redirect", "route"]);
        return;
    }
    if route.redirect.is_some() {
        exclude("redirect", &["route", "fault", "rewrite", "directResponse"]);
    } else if route.direct_response.is_some() {
        exclude("directResponse", &["route", "fault", "rewrite"]);
    } else if route.route.is_empty() {
        findings.error(at, "a route requires `route`, `redirect` or `directResponse`");
    }
    if route.delegate.is_some() {
        findings.error(&at.field("delegate"), "a delegate must not delegate further");
    }
    if route.mirror.is_some() && !route.mirrors.is_empty() {
        findings.error(&at.field("mirrors"), "`mirror` and `mirrors` exclude each other");
    }
}

/// istiod: `validateHTTPRouteMatchRequest`
fn check_match(request: &HttpMatchRequest, at: &At<'_>, findings: &mut Findings<'_>) {
    let headers = at.field("headers");
    for (name, value) in &request.headers {
        findings.check(&headers.field(name), header::matched(name));
        findings.check(&headers.field(name), string_match(value));
    }
    let headers = at.field("withoutHeaders");
    for (name, value) in &request.without_headers {
        findings.check(&headers.field(name), header::matched(name));
        // `*` is no regular expression here: it asks for presence.
        if value.match_type != Some(StringMatchType::Regex("*".to_owned())) {
            findings.check(&headers.field(name), string_match(value));
        }
    }
    if let Some(uri) = &request.uri {
        // An empty prefix is allowed in a path.
        findings.check(&at.field("uri"), regex_match(uri));
    }
    for (field, value) in [("scheme", &request.scheme), ("method", &request.method), ("authority", &request.authority)]
    {
        if let Some(value) = value {
            findings.check(&at.field(field), string_match(value));
        }
    }
    let parameters = at.field("queryParams");
    for (name, value) in &request.query_params {
        findings.check(&parameters.field(name), string_match(value));
    }
    if request.port != 0 {
        findings.check(&at.field("port"), name::port(request.port));
    }
    check_labels(&request.source_labels, &at.field("sourceLabels"), findings);
    virtual_service::check_gateways(&request.gateways, at, findings);
    if !request.source_namespace.is_empty() && !name::is_label(&request.source_namespace) {
        findings
            .error(&at.field("sourceNamespace"), format!("`{}` is not a valid namespace", request.source_namespace));
    }
}

/// istiod: `validateStringMatch`
fn string_match(value: &StringMatch) -> Result<(), String> {
    match &value.match_type {
        Some(StringMatchType::Prefix(prefix)) if prefix.is_empty() => Err("the prefix is empty".to_owned()),
        _ => regex_match(value),
    }
}

/// istiod: `validateStringMatchRegexp`
pub(super) fn regex_match(value: &StringMatch) -> Result<(), String> {
    match &value.match_type {
        Some(StringMatchType::Regex(regex)) if regex.is_empty() => Err("the regular expression is empty".to_owned()),
        Some(StringMatchType::Regex(regex)) => regex::regex(regex),
        _ => Ok(()),
    }
}

/// istiod: `validateDestination`
pub(super) fn check_destination(destination: Option<&Destination>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(Destination { host, subset, port }) = destination else { return };
    if host == "*" {
        findings.error(&at.field("host"), "a destination cannot be `*`");
    } else {
        findings.check(&at.field("host"), name::wildcard_domain(host));
    }
    if !subset.is_empty() {
        findings.check(&at.field("subset"), subset_name(subset));
    }
    if let Some(port) = port {
        findings.check(&at.field("port"), name::port(port.number));
    }
}

/// Checks the `destination` of a place that has to have one.
pub(super) fn check_required_destination(destination: Option<&Destination>, at: &At<'_>, findings: &mut Findings<'_>) {
    match destination {
        None => findings.error(at, "the `destination` is missing"),
        some => check_destination(some, &at.field("destination"), findings),
    }
}

/// istiod: `validateHTTPRouteDestinations`
fn check_destinations(destinations: &[HttpRouteDestination], at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("route");
    for (index, destination) in destinations.iter().enumerate() {
        let at = list.item(index);
        header::check_operations(destination.headers.as_ref(), &at, findings);
        check_required_destination(destination.destination.as_ref(), &at, findings);
        if destination.weight < 0 {
            findings.error(&at.field("weight"), "the weight must not be negative");
        }
    }
    check_weights(destinations.iter().map(|destination| destination.weight), &list, findings);
}

/// Several destinations have a weight in all.
pub(super) fn check_weights(weights: impl Iterator<Item = i32>, at: &At<'_>, findings: &mut Findings<'_>) {
    let (mut count, mut total) = (0, 0i64);
    for weight in weights {
        count += 1;
        total += i64::from(weight);
    }
    if count > 1 && total == 0 {
        findings.error(at, "the weights add up to zero");
    }
}

/// istiod: `validateHTTPMirrors`
fn check_mirrors(mirrors: &[HttpMirrorPolicy], at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("mirrors");
    for (index, HttpMirrorPolicy { destination, percentage }) in mirrors.iter().enumerate() {
        let at = list.item(index);
        if destination.is_none() {
            findings.error(&at, "a mirror requires a `destination`");
            continue;
        }
        check_destination(destination.as_ref(), &at.field("destination"), findings);
        check_share(percentage.as_ref(), &at.field("percentage"), findings);
    }
}

fn check_share(share: Option<&Percent>, at: &At<'_>, findings: &mut Findings<'_>) {
    if share.is_some_and(|share| !(0.0..=100.0).contains(&share.value)) {
        findings.error(at, "the percentage must be between 0 and 100");
    }
}

/// istiod: `validateHTTPRewrite`, `validateURIRegexRewrite`
fn check_rewrite(rewrite: Option<&HttpRewrite>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(HttpRewrite { uri, authority, uri_regex_rewrite }) = rewrite else { return };
    if uri.is_empty() && authority.is_empty() && uri_regex_rewrite.is_none() {
        findings.error(at, "a rewrite requires `uri`, `uriRegexRewrite` or `authority`");
    }
    let Some(regex) = uri_regex_rewrite else { return };
    let at_regex = at.field("uriRegexRewrite");
    if !uri.is_empty() {
        findings.error(&at_regex, "`uri` and `uriRegexRewrite` exclude each other");
    } else if regex.r#match.is_empty() || regex.rewrite.is_empty() {
        findings.error(&at_regex, "both `match` and `rewrite` are required");
    } else {
        findings.check(&at_regex.field("match"), regex::regex(&regex.r#match));
    }
}

/// The authority is set in one place only. istiod: `validateAuthorityRewrite`
fn check_authority(rewrite: Option<&HttpRewrite>, headers: Option<&Headers>, at: &At<'_>, findings: &mut Findings<'_>) {
    let mut taken = rewrite.is_some_and(|rewrite| !rewrite.authority.is_empty());
    let Some(request) = headers.and_then(|headers| headers.request.as_ref()) else { return };
    let at = at.field("headers");
    let at = at.field("request");
    for (field, changes) in [("set", &request.set), ("add", &request.add)] {
        let at = at.field(field);
        for (name, value) in changes.iter().filter(|(name, _)| header::is_authority(name)) {
            if taken {
                findings.error(&at.field(name), "the authority is set in two places");
                return;
            }
            taken = !value.is_empty();
        }
    }
}
