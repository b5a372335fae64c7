//! HTTPRoutes and GRPCRoutes of one parent and host -> one VirtualService, its routes from the most exact on.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::mesh::gateway_api::PARENT_NAMES_ANNOTATION;
use crate::model::Config;
use crate::model::istio::{HttpMatchRequest, HttpRoute, StringMatchType, VirtualService};

/// What one route object comes to for one parent and host.
pub(super) struct Part {
    /// Parent and host, as the VirtualService's name has them.
    pub(super) key: String,
    pub(super) config: Config<VirtualService>,
}

/// Merges what has one parent and host, the oldest first.
///
/// A GRPCRoute and an HTTPRoute of one name are one to istiod's store. So the hosts that only that GRPCRoute has get nothing.
///
/// istiod: `route_collections.go` `mergeHTTPRoutes`, and `controller.go` for what it merges
pub(super) fn merge(http: Vec<Part>, grpc: Vec<Part>) -> Vec<Config<VirtualService>> {
    let names: BTreeSet<(String, String)> = http.iter().map(name).collect();
    let mut keys: BTreeSet<String> = http.iter().map(|part| part.key.clone()).collect();
    keys.extend(grpc.iter().filter(|part| !names.contains(&name(part))).map(|part| part.key.clone()));
    let mut groups: BTreeMap<String, Vec<Config<VirtualService>>> = BTreeMap::new();
    for Part { key, config } in http.into_iter().chain(grpc).filter(|part| keys.contains(&part.key)) {
        groups.entry(key).or_default().push(config);
    }
    groups.into_iter().filter_map(|(key, parts)| merge_parts(&key, parts)).collect()
}

/// Merges the two kinds apart. Of two VirtualServices that come to the same name and namespace, the HTTPRoutes' counts.
///
/// istiod: `controller.go` `NewController` before `httpAndGrpcVS`
pub(super) fn merge_apart(http: Vec<Part>, grpc: Vec<Part>) -> Vec<Config<VirtualService>> {
    let mut out = merge(http, Vec::new());
    let name = |config: &Config<VirtualService>| (config.meta.namespace.clone(), config.meta.name.clone());
    let taken: BTreeSet<_> = out.iter().map(name).collect();
    out.extend(merge(grpc, Vec::new()).into_iter().filter(|config| !taken.contains(&name(config))));
    out
}

fn name(part: &Part) -> (String, String) {
    (part.config.meta.namespace.clone(), part.config.meta.name.clone())
}

fn merge_parts(key: &str, mut parts: Vec<Config<VirtualService>>) -> Option<Config<VirtualService>> {
    let order = |config: &Config<VirtualService>| {
        let meta = &config.meta;
        (meta.creation_timestamp, meta.namespace.clone(), meta.name.clone())
    };
    parts.sort_by_cached_key(order);
    let parents = |config: &Config<VirtualService>| config.meta.annotations.get(PARENT_NAMES_ANNOTATION).cloned();
    let parents: Vec<String> = parts.iter().filter_map(parents).collect();
    let mut parts = parts.into_iter();
    let mut merged = parts.next()?;
    merged.spec.http.extend(parts.flat_map(|part| part.spec.http));
    sort(&mut merged.spec.http);
    merged.meta.name = key.replace('/', "~");
    merged.meta.annotations.insert(PARENT_NAMES_ANNOTATION.to_owned(), parents.join(","));
    Some(merged)
}

/// Sorts routes from the most exact on; those that are equally exact stay as they are.
///
/// istiod: `conversion.go` `sortHTTPRoutes`
pub(super) fn sort(routes: &mut [HttpRoute]) {
    routes.sort_by(|a, b| match (a.r#match.first(), b.r#match.first()) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => exactness(b).cmp(&exactness(a)),
    });
}

/// The kind of path, its length, whether there is a method, how many headers and parameters there are.
fn exactness(request: &HttpMatchRequest) -> (i32, usize, bool, usize, usize) {
    let (kind, length) = match request.uri.as_ref().and_then(|uri| uri.match_type.as_ref()) {
        Some(StringMatchType::Exact(path)) => (3, path.len()),
        Some(StringMatchType::Prefix(path)) => (2, path.len()),
        Some(StringMatchType::Regex(path)) => (1, path.len()),
        None => (-1, 0),
    };
    (kind, length, request.method.is_some(), request.headers.len(), request.query_params.len())
}
