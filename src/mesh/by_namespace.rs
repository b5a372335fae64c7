//! Rules of one kind by the namespace that they are in.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Config;

/// Rules of one kind by namespace, each list in the order in which it was given.
#[derive(Debug)]
pub struct ByNamespace<T>(BTreeMap<String, Vec<Arc<Config<T>>>>);

impl<T> ByNamespace<T> {
    /// Sorts rules into their namespaces.
    pub fn new(rules: Vec<Arc<Config<T>>>) -> Self {
        let mut by_namespace: BTreeMap<String, Vec<Arc<Config<T>>>> = BTreeMap::new();
        for rule in rules {
            by_namespace.entry(rule.meta.namespace.clone()).or_default().push(rule);
        }
        Self(by_namespace)
    }

    /// Returns the rules of a namespace.
    pub fn of(&self, namespace: &str) -> &[Arc<Config<T>>] {
        self.0.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// Returns all rules, by namespace.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Config<T>>> {
        self.0.values().flatten()
    }

    /// Returns whether there are no rules at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
