//! Objects that were read before: whoever completes the same input again and again, each time with another edit, makes mostly the
//! same objects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::kind::Resource;
use crate::source::ResourceRef;

/// Where an object belongs, and its text.
type Key = (ResourceRef, String);

/// Objects that were read, with what they were read as.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownObjects(Arc<Mutex<BTreeMap<Key, Option<Resource>>>>);

/// How many objects are kept.
const KEPT: usize = 10_000;

impl KnownObjects {
    /// Reads an object that the program has made as `read` does, or remembers what it was read as.
    pub(super) fn read(
        &self,
        object: &Value,
        source: ResourceRef,
        read: impl FnOnce(&str) -> Option<Resource>,
    ) -> Option<Resource> {
        let key = (source, object.to_string());
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(&key) {
            return known.clone();
        }
        let resource = read(&key.1).map(|resource| resource.read_at(source));
        let mut known = known();
        if known.len() < KEPT {
            known.insert(key, resource.clone());
        }
        resource
    }
}
