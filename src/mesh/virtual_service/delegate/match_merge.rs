//! The matches of a route and those of its delegate, each pair in one.

use std::collections::BTreeMap;

use crate::mesh::virtual_service::delegate::match_conflict;
use crate::model::istio::HttpMatchRequest;

/// Combines every match of the delegate with every match of the root that it does not contradict.
///
/// # Errors
///
/// One of the delegate's matches, by its place, contradicts all of the root's.
///
/// istiod: `mergeHTTPMatchRequests`
pub(super) fn merge_all(
    root: &[HttpMatchRequest],
    delegate: &[HttpMatchRequest],
) -> Result<Vec<HttpMatchRequest>, usize> {
    if root.is_empty() {
        return Ok(delegate.to_vec());
    }
    if delegate.is_empty() {
        return Ok(root.to_vec());
    }
    let mut out = Vec::new();
    for (index, own) in delegate.iter().enumerate() {
        let compatible: Vec<_> = root.iter().filter(|r| !match_conflict::conflict(r, own)).collect();
        if compatible.is_empty() {
            return Err(index);
        }
        out.extend(compatible.into_iter().map(|r| merge(r, own)));
    }
    Ok(out)
}

/// Combines two matches: what the delegate sets holds, maps are united.
///
/// istiod: `mergeHTTPMatchRequest`
fn merge(root: &HttpMatchRequest, delegate: &HttpMatchRequest) -> HttpMatchRequest {
    let text = |own: &String, inherited: &String| if own.is_empty() { inherited.clone() } else { own.clone() };
    HttpMatchRequest {
        name: join_names(&root.name, &delegate.name),
        uri: delegate.uri.clone().or_else(|| root.uri.clone()),
        scheme: delegate.scheme.clone().or_else(|| root.scheme.clone()),
        method: delegate.method.clone().or_else(|| root.method.clone()),
        authority: delegate.authority.clone().or_else(|| root.authority.clone()),
        headers: unite(&root.headers, &delegate.headers),
        port: if delegate.port == 0 { root.port } else { delegate.port },
        source_labels: unite(&root.source_labels, &delegate.source_labels),
        gateways: if delegate.gateways.is_empty() { root.gateways.clone() } else { delegate.gateways.clone() },
        query_params: unite(&root.query_params, &delegate.query_params),
        ignore_uri_case: delegate.ignore_uri_case,
        without_headers: unite(&root.without_headers, &delegate.without_headers),
        source_namespace: text(&delegate.source_namespace, &root.source_namespace),
        stat_prefix: text(&delegate.stat_prefix, &root.stat_prefix),
    }
}

/// `root-delegate`, or the one that there is.
pub(super) fn join_names(root: &str, delegate: &str) -> String {
    match (root, delegate) {
        (only, "") | ("", only) => only.to_owned(),
        (root, delegate) => format!("{root}-{delegate}"),
    }
}

fn unite<V: Clone>(root: &BTreeMap<String, V>, delegate: &BTreeMap<String, V>) -> BTreeMap<String, V> {
    root.iter().chain(delegate).map(|(key, value)| (key.clone(), value.clone())).collect()
}
