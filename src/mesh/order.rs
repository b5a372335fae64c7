//! The order of resources: the oldest first, then by name, then by namespace.
//!
//! istiod: `pilot/pkg/model/config.go` `sortConfigByCreationTime`

use std::cmp::Ordering;
use std::sync::Arc;

use crate::model::{Config, ObjectMeta};

/// Compares two resources of a kind. One without creation time counts as the oldest.
pub fn by_creation(a: &ObjectMeta, b: &ObjectMeta) -> Ordering {
    (a.creation_timestamp, &a.name, &a.namespace).cmp(&(b.creation_timestamp, &b.name, &b.namespace))
}

/// Sorts resources of a kind.
pub fn sort<T>(configs: &mut [Arc<Config<T>>]) {
    configs.sort_by(|a, b| by_creation(&a.meta, &b.meta));
}
