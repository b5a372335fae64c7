//! When a match of a delegate contradicts a match of the route that names it.

use std::collections::BTreeMap;

use crate::model::istio::{HttpMatchRequest, StringMatch, StringMatchType};

/// Says whether the delegate's match is not a narrower one of the root's. istiod: `hasConflict`.
pub(super) fn conflict(root: &HttpMatchRequest, delegate: &HttpMatchRequest) -> bool {
    string(root.uri.as_ref(), delegate.uri.as_ref())
        || string(root.scheme.as_ref(), delegate.scheme.as_ref())
        || string(root.method.as_ref(), delegate.method.as_ref())
        || string(root.authority.as_ref(), delegate.authority.as_ref())
        || strings(&root.headers, &delegate.headers)
        || strings(&root.without_headers, &delegate.without_headers)
        || strings(&root.query_params, &delegate.query_params)
        || root.ignore_uri_case != delegate.ignore_uri_case
        || (root.port > 0 && delegate.port > 0 && root.port != delegate.port)
        || (!root.source_namespace.is_empty() && root.source_namespace != delegate.source_namespace)
        || labels(&root.source_labels, &delegate.source_labels)
        || gateways(&root.gateways, &delegate.gateways)
}

fn strings(root: &BTreeMap<String, StringMatch>, delegate: &BTreeMap<String, StringMatch>) -> bool {
    delegate.iter().any(|(key, value)| string(root.get(key), Some(value)))
}

/// A label that both ask for must have one value.
fn labels(root: &BTreeMap<String, String>, delegate: &BTreeMap<String, String>) -> bool {
    delegate.iter().any(|(key, value)| root.get(key).is_some_and(|other| other != value))
}

/// The delegate's gateways must be among the root's.
fn gateways(root: &[String], delegate: &[String]) -> bool {
    let both = !root.is_empty() && !delegate.is_empty();
    both && (root.len() < delegate.len() || delegate.iter().any(|g| !root.contains(g)))
}

/// Says whether two conditions on one text exclude each other, as far as istiod can tell: a regular expression beside any other
/// condition does, a prefix must begin with the root's prefix. An empty text counts as unset, and a root that is present but says
/// nothing contradicts everything.
///
/// istiod: `stringMatchConflict`
fn string(root: Option<&StringMatch>, delegate: Option<&StringMatch>) -> bool {
    let (Some(root), Some(delegate)) = (root, delegate) else { return false };
    match (condition(root), condition(delegate)) {
        (Some(StringMatchType::Exact(root)), Some(StringMatchType::Exact(delegate))) => root != delegate,
        (Some(StringMatchType::Prefix(root)), Some(StringMatchType::Prefix(text) | StringMatchType::Exact(text))) => {
            !text.starts_with(root)
        }
        _ => true,
    }
}

/// Returns the condition, unless its text is empty.
fn condition(text: &StringMatch) -> Option<&StringMatchType> {
    text.match_type.as_ref().filter(|m| match m {
        StringMatchType::Exact(text) | StringMatchType::Prefix(text) | StringMatchType::Regex(text) => !text.is_empty(),
    })
}
