//! Routes that never match, since one before them takes all.
//!
//! istiod: `analyzeUnreachableHTTPRules` and its likes for TCP and TLS

use crate::model::istio::{HttpMatchRequest, HttpRoute, StringMatch, StringMatchType, VirtualService};

use super::finding::{At, Findings};

pub(super) fn check(service: &VirtualService, findings: &mut Findings<'_>) {
    let unnamed = |condition: &HttpMatchRequest| HttpMatchRequest { name: String::new(), ..condition.clone() };
    let http: Vec<Vec<_>> = service.http.iter().map(|route| route.r#match.iter().map(unnamed).collect()).collect();
    let tcp: Vec<Vec<_>> = service.tcp.iter().map(|route| route.r#match.clone()).collect();
    let tls: Vec<Vec<_>> = service.tls.iter().map(|route| route.r#match.clone()).collect();
    check_routes(&http, &At::SPEC.field("http"), findings);
    check_prefixes(&service.http, &At::SPEC.field("http"), findings);
    check_routes(&tcp, &At::SPEC.field("tcp"), findings);
    check_routes(&tls, &At::SPEC.field("tls"), findings);
}

/// Finds routes after one without conditions, and conditions that are there twice.
fn check_routes<M: PartialEq>(routes: &[Vec<M>], at: &At<'_>, findings: &mut Findings<'_>) {
    let mut seen: Vec<&M> = Vec::new();
    let mut all_taken = false;
    for (index, conditions) in routes.iter().enumerate() {
        let at = at.item(index);
        if all_taken {
            findings.warning("unreachable-route", &at, "a route without conditions comes before this one");
            continue;
        }
        if conditions.is_empty() {
            all_taken = true;
            continue;
        }
        let list = at.field("match");
        let mut twice = 0;
        for (index, condition) in conditions.iter().enumerate() {
            if seen.contains(&condition) {
                twice += 1;
                findings.warning("ineffective-match", &list.item(index), "the same condition comes before");
            } else {
                seen.push(condition);
            }
        }
        if twice == conditions.len() {
            findings.warning("unreachable-route", &at, "all conditions of this route come before");
        }
    }
}

/// Finds prefixes of paths that a shorter one before them covers.
fn check_prefixes(routes: &[HttpRoute], at: &At<'_>, findings: &mut Findings<'_>) {
    let mut before: Vec<(&str, &HttpMatchRequest)> = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        // What comes after a route without conditions is reported already.
        if route.r#match.is_empty() {
            return;
        }
        let at = at.item(index);
        let list = at.field("match");
        for (index, condition) in route.r#match.iter().enumerate() {
            let Some(StringMatchType::Prefix(prefix)) = condition.uri.as_ref().and_then(|uri| uri.match_type.as_ref())
            else {
                continue;
            };
            if prefix.is_empty() {
                continue;
            }
            let covering = before
                .iter()
                .find(|(other, earlier)| *other != prefix && prefix.starts_with(other) && covers(earlier, condition));
            if let Some((other, _)) = covering {
                let message = format!("the prefix `{other}` comes before and covers `{prefix}`");
                findings.warning("ineffective-match", &list.item(index), message);
            }
            before.push((prefix, condition));
        }
    }
}

/// Whether all but the path of a condition is covered by an earlier one. istiod: `coveredValidation`
fn covers(earlier: &HttpMatchRequest, later: &HttpMatchRequest) -> bool {
    let method = |condition: &HttpMatchRequest| match text(condition.method.as_ref()) {
        method if method.is_empty() => "exact:GET".to_owned(),
        method => method,
    };
    let maps = [
        (&earlier.headers, &later.headers),
        (&earlier.query_params, &later.query_params),
        (&earlier.without_headers, &later.without_headers),
    ];
    earlier.port == later.port
        && method(earlier).starts_with(&method(later))
        && text(earlier.authority.as_ref()).starts_with(&text(later.authority.as_ref()))
        && maps.iter().all(|(earlier, later)| {
            earlier.len() == later.len()
                && earlier.iter().all(|(name, value)| {
                    later.get(name).is_some_and(|other| text(Some(value)).starts_with(&text(Some(other))))
                })
        })
}

/// An exact or prefix match as one text; nothing for the others. istiod: `assignExactOrPrefix`
fn text(value: Option<&StringMatch>) -> String {
    match value.and_then(|value| value.match_type.as_ref()) {
        Some(StringMatchType::Exact(text)) if !text.is_empty() => format!("exact:{text}"),
        Some(StringMatchType::Prefix(text)) if !text.is_empty() => format!("prefix:{text}"),
        _ => String::new(),
    }
}
