//! Selectors of labels, as istioctl writes and matches them.

use std::collections::BTreeMap;

use crate::source::{FieldPath, Step};

/// Labels, or a selector of them.
pub(super) type Labels = BTreeMap<String, String>;

/// Returns `key=value,key=value`. istiod: `labels.Selector.String`
pub(super) fn text(selector: &Labels) -> String {
    selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// Returns the path of a selector's first label, whose line istioctl gives for the whole.
pub(super) fn first_label(path: &str, selector: &Labels) -> FieldPath {
    let mut path = FieldPath::parse(path);
    path.0.extend(selector.keys().next().map(|key| Step::Key(key.clone())));
    path
}
