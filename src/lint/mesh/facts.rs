//! What the rules need to know of one resource of a proxy.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cause::Cause;
use crate::rejection::{self, Checked};
use crate::translate::Resource;

/// Which of Envoy's discovery services serves a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Discovery {
    /// CDS.
    Cluster,
    /// LDS.
    Listener,
    /// RDS.
    Route,
    /// EDS.
    Endpoint,
}

/// Routes of one VirtualService that are behind those of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shadow {
    /// Whose route is never reached.
    pub(super) behind: Cause,
    /// The name of that route; empty if it has none.
    pub(super) route: String,
    /// Whose route takes its requests.
    pub(super) by: Cause,
    /// The virtual host.
    pub(super) host: String,
}

/// What is to be known of one resource.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The manifests that have a part in it.
    pub(super) causes: BTreeSet<Cause>,
    /// Clusters that it leads to, each with the VirtualService that says so.
    pub(super) destinations: BTreeSet<(Cause, String)>,
    /// Routes that are never reached.
    pub(super) shadows: BTreeSet<Shadow>,
    /// What Envoy says of it.
    pub(super) checked: Checked,
    /// Of a listener, its addresses.
    pub(super) addresses: Vec<String>,
}

impl Facts {
    /// Looks at a resource.
    pub(super) fn of(discovery: Discovery, resource: &Resource) -> Self {
        let mut facts = Self::default();
        // As Envoy's admin page prints it.
        let json = resource.body().to_value();
        match discovery {
            Discovery::Cluster => facts.causes.extend(Cause::of(&json)),
            Discovery::Listener | Discovery::Route => facts.walk(&json, None),
            Discovery::Endpoint => {}
        }
        facts.checked = rejection::check(&json);
        if discovery == Discovery::Listener {
            facts.addresses = rejection::listener_addresses(&json);
        }
        facts
    }

    /// Says whether there is anything that is to be told by proxy.
    pub(super) fn depend_on_the_proxy(&self) -> bool {
        !self.destinations.is_empty() || !self.shadows.is_empty() || self.checked != Checked::default()
    }

    fn walk(&mut self, value: &Value, cause: Option<&Cause>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, cause)),
            Value::Object(fields) => {
                let own = Cause::of(value);
                self.causes.extend(own.clone());
                let cause = own.as_ref().or(cause);
                if let Some(cause) = cause.filter(|cause| cause.kind == "virtual-service") {
                    self.destinations.extend(destinations(value).map(|cluster| (cause.clone(), cluster.to_owned())));
                }
                if let Some(hosts) = fields.get("virtual_hosts").and_then(Value::as_array) {
                    for host in hosts {
                        self.shadows(host);
                    }
                }
                fields.values().for_each(|field| self.walk(field, cause));
            }
            _ => {}
        }
    }

    /// Finds routes behind one that takes everything, or has the same condition.
    fn shadows(&mut self, host: &Value) {
        let routes = host.get("routes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (index, route) in routes.iter().enumerate() {
            let Some(behind) = Cause::of(route) else { continue };
            let condition = &route["match"];
            let earlier = routes.iter().take(index);
            let mut takers = earlier.filter(|other| takes_all(&other["match"]) || other["match"] == *condition);
            let Some(by) = takers.find_map(Cause::of) else { continue };
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            self.shadows.insert(Shadow { behind, route: text(&route["name"]), by, host: text(&host["name"]) });
        }
    }
}

/// Whether a condition is about the path only, and takes every path.
fn takes_all(condition: &Value) -> bool {
    let Some(fields) = condition.as_object() else { return false };
    let all_paths = fields.get("prefix").is_some_and(|prefix| prefix == "/");
    all_paths && fields.keys().all(|key| matches!(key.as_str(), "prefix" | "case_sensitive"))
}

/// Returns the clusters that a route action or TCP proxy names.
fn destinations(value: &Value) -> impl Iterator<Item = &str> {
    let one = value.get("cluster").and_then(Value::as_str);
    let weighted =
        value.get("weighted_clusters").and_then(|weighted| weighted.get("clusters")).and_then(Value::as_array);
    one.into_iter().chain(weighted.into_iter().flatten().filter_map(|cluster| cluster.get("name")?.as_str()))
}
