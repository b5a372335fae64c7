//! Routes that never match, since one before them takes all.
//!
//! istiod: `analyzeUnreachableHTTPRules` and its likes for TCP and TLS

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::istio::{HttpMatchRequest, HttpRoute, StringMatch, StringMatchType, VirtualService};

use super::finding::{At, Findings};

/// A route, as the rules here see it: what it is called, and what the conditions are and are called.
struct Route<'r, M> {
    name: String,
    conditions: Vec<(String, &'r M)>,
}

pub(super) fn check(service: &VirtualService, findings: &mut Findings<'_>) {
    let unnamed: Vec<Vec<HttpMatchRequest>> = service
        .http
        .iter()
        .map(|route| {
            let plain = |condition: &HttpMatchRequest| HttpMatchRequest { name: String::new(), ..condition.clone() };
            route.r#match.iter().map(plain).collect()
        })
        .collect();
    let http: Vec<Route<'_, HttpMatchRequest>> = service
        .http
        .iter()
        .zip(&unnamed)
        .enumerate()
        .map(|(index, (route, plain))| {
            let names = route.r#match.iter().enumerate().map(|(index, condition)| named(&condition.name, index));
            Route { name: named(&route.name, index), conditions: names.zip(plain).collect() }
        })
        .collect();
    let tcp: Vec<_> = service.tcp.iter().enumerate().map(|(index, route)| numbered(index, &route.r#match)).collect();
    let tls: Vec<_> = service.tls.iter().enumerate().map(|(index, route)| numbered(index, &route.r#match)).collect();
    let again = check_routes(&http, &At::SPEC.field("http"), findings);
    check_prefixes(&service.http, &http, &again, &At::SPEC.field("http"), findings);
    check_routes(&tcp, &At::SPEC.field("tcp"), findings);
    check_routes(&tls, &At::SPEC.field("tls"), findings);
}

/// istiod: `routeName`, `requestName`
fn named(name: &str, index: usize) -> String {
    if name.is_empty() { format!("#{index}") } else { format!("`{name}`") }
}

fn numbered<M>(index: usize, conditions: &[M]) -> Route<'_, M> {
    let conditions = conditions.iter().enumerate().map(|(index, condition)| (named("", index), condition)).collect();
    Route { name: named("", index), conditions }
}

/// Finds routes after one without conditions, and conditions that are there twice; returns the indices of these.
fn check_routes<M: std::fmt::Debug>(
    routes: &[Route<'_, M>],
    at: &At<'_>,
    findings: &mut Findings<'_>,
) -> BTreeSet<(usize, usize)> {
    // By what a condition holds, written out: conditions have no order.
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut again = BTreeSet::new();
    let mut all_taken: Option<&str> = None;
    for (index, Route { name, conditions }) in routes.iter().enumerate() {
        let at = at.item(index);
        if let Some(taker) = all_taken {
            let message = format!("the route {name} is never reached: the route {taker} before it has no conditions");
            findings.warning("unreachable-route", &at, message);
            if conditions.is_empty() {
                all_taken = Some(name);
            }
            continue;
        }
        if conditions.is_empty() {
            all_taken = Some(name);
            continue;
        }
        let list = at.field("match");
        let before = again.len();
        for (number, (condition_name, condition)) in conditions.iter().enumerate() {
            match seen.entry(format!("{condition:?}")) {
                Entry::Occupied(owner) => {
                    let owner = owner.get();
                    let message =
                        format!("the condition {condition_name} of the route {name} is in the route {owner} before it");
                    findings.warning("ineffective-match", &list.item(number), message);
                    again.insert((index, number));
                }
                Entry::Vacant(free) => {
                    free.insert(name);
                }
            }
        }
        if again.len() - before == conditions.len() {
            let message = format!("the route {name} is never reached: all its conditions come before");
            findings.warning("unreachable-route", &at, message);
        }
    }
    again
}

/// A prefix of paths, with what else must hold.
struct Prefix<'r> {
    place: (usize, usize),
    text: &'r str,
    condition: &'r HttpMatchRequest,
}

/// Finds prefixes of paths that a shorter one before them covers.
fn check_prefixes(
    routes: &[HttpRoute],
    names: &[Route<'_, HttpMatchRequest>],
    again: &BTreeSet<(usize, usize)>,
    at: &At<'_>,
    findings: &mut Findings<'_>,
) {
    let mut all: Vec<Prefix<'_>> = Vec::new();
    // What comes after a route without conditions is reported already.
    for (index, route) in routes.iter().enumerate().take_while(|(_, route)| !route.r#match.is_empty()) {
        for (number, condition) in route.r#match.iter().enumerate() {
            let place = (index, number);
            if let Some(StringMatchType::Prefix(prefix)) =
                condition.uri.as_ref().and_then(|uri| uri.match_type.as_ref())
                && !prefix.is_empty()
                && !again.contains(&place)
            {
                all.push(Prefix { place, text: prefix, condition });
            }
        }
    }
    for (index, earlier) in all.iter().enumerate() {
        for later in all.iter().skip(index + 1) {
            let longer = later.text != earlier.text && later.text.starts_with(earlier.text);
            if !longer || !covers(earlier.condition, later.condition) {
                continue;
            }
            let called = |(route, condition): (usize, usize)| {
                let route = names.get(route)?;
                Some((route.name.as_str(), route.conditions.get(condition)?.0.as_str()))
            };
            let (route, condition) = called(later.place).unwrap_or_default();
            let (owner, covering) = called(earlier.place).unwrap_or_default();
            let message = format!(
                "the condition {condition} of the route {route} is never reached: its prefix {} begins with {}, that of {covering} \
                 of the route {owner}",
                later.text, earlier.text
            );
            let (at, number) = (at.item(later.place.0), later.place.1);
            let list = at.field("match");
            findings.warning("ineffective-match", &list.item(number), message);
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
