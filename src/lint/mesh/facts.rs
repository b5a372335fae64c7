//! What the rules need to know of one resource of a proxy.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::cause::Cause;
use crate::proxy::Proxy;
use crate::rejection::{self, Checked};
use crate::translate::Resource;

/// Which of Envoy's discovery services serves a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Discovery {
    /// CDS.
    Cluster,
    /// LDS.
    Listener,
    /// RDS.
    Route,
}

/// A resource that istiod would serve, as rules see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TranslatedResource<'t> {
    /// A proxy that has it; others may share it.
    pub(crate) proxy: &'t Proxy,
    /// Who serves it.
    pub(crate) discovery: Discovery,
    /// The resource.
    pub(crate) resource: &'t Resource,
    /// The same as Envoy's admin page prints it.
    pub(crate) json: &'t Value,
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
    /// Clusters that it leads to, each with the manifest that says so.
    pub(super) destinations: BTreeSet<(Cause, String)>,
    /// Routes that are never reached.
    pub(super) shadows: BTreeSet<Shadow>,
    /// What Envoy says of it.
    pub(super) checked: Checked,
    /// The resource, where Envoy refuses it or may do so.
    pub(super) json: Arc<Value>,
    /// Of a listener, its addresses.
    pub(super) addresses: Vec<String>,
}

impl Facts {
    /// Looks at a resource.
    pub(super) fn of(resource: &TranslatedResource<'_>) -> Self {
        let mut facts = Self::default();
        match resource.discovery {
            Discovery::Cluster => facts.causes.extend(Cause::of(resource.json)),
            Discovery::Listener | Discovery::Route => facts.walk(resource.json, None),
        }
        facts.checked = rejection::check(resource.json);
        if facts.checked != Checked::default() {
            facts.json = Arc::new(resource.json.clone());
        }
        if resource.discovery == Discovery::Listener {
            facts.addresses = rejection::listener_addresses(resource.json);
        }
        facts
    }

    fn walk(&mut self, value: &Value, cause: Option<&Cause>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, cause)),
            Value::Object(fields) => {
                let own = Cause::of(value);
                self.causes.extend(own.clone());
                let cause = own.as_ref().or(cause);
                if let Some(cause) = cause {
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
