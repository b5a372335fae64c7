//! What Envoy refuses only among others: names and addresses that two resources share.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Extent, Rejection};

/// Resources of one type that one proxy is served.
pub type Resources<'a> = &'a [(&'a str, &'a Value)];

/// Checks what one proxy is served: clusters and listeners that get in each other's way. Returns what is refused by the place in its
/// list.
pub fn check_together(clusters: Resources<'_>, listeners: Resources<'_>) -> (Found, Found) {
    (duplicate_names(clusters, "cluster"), duplicate_names(listeners, "listener"))
}

/// Rejections by the place of the resource in its list.
pub type Found = Vec<(usize, Rejection)>;

fn duplicate_names(resources: Resources<'_>, what: &str) -> Found {
    let mut seen = BTreeSet::new();
    let repeated = resources.iter().enumerate().filter(|(_, (name, _))| !seen.insert(*name));
    repeated
        .map(|(index, (name, _))| {
            let message = format!("duplicate {what} {name} found");
            (index, Rejection { path: "name".into(), message, extent: Extent::Response })
        })
        .collect()
}
