//! Labels and the selectors over them.

use std::collections::BTreeMap;

/// Says whether every label of the selector is among the labels; an empty selector selects everything.
///
/// istiod: `pkg/config/labels` `Instance.SubsetOf`
pub fn subset(selector: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The same, but an empty selector selects nothing: a Kubernetes Service's selector.
///
/// istiod: `pkg/config/labels` `Instance.Match`
pub fn matches(selector: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> bool {
    !selector.is_empty() && subset(selector, labels)
}
