//! The order of containers in an injected Pod.
//!
//! istiod: `webhook.go` `reorderPod`

use serde_json::{Map, Value};

use super::{PROXY, list, named};

/// Moves the proxy, and what sets it up, to where it has to start. A proxy that holds the application is the first container, else it is the
/// last; a native one comes before all init containers but those that redirect traffic for it.
pub(super) fn reorder(spec: &mut Map<String, Value>, holds_application: bool) {
    let last = !holds_application;
    place(spec, "containers", PROXY, last);
    let moves: &[(&str, bool)] = if named(list(spec, "initContainers"), PROXY).is_some() {
        &[("enable-core-dump", false), (PROXY, false), ("istio-validation", false), ("istio-init", false)]
    } else {
        &[("istio-validation", false), ("istio-init", true), ("enable-core-dump", true)]
    };
    for (name, last) in moves {
        place(spec, "initContainers", name, *last);
    }
    if list(spec, "initContainers").is_empty() {
        spec.remove("initContainers");
    }
}

fn place(spec: &mut Map<String, Value>, field: &str, name: &str, last: bool) {
    let Some(Value::Array(all)) = spec.get_mut(field) else { return };
    let Some(at) = all.iter().position(|container| container.get("name").and_then(Value::as_str) == Some(name)) else {
        return;
    };
    let container = all.remove(at);
    all.insert(if last { all.len() } else { 0 }, container);
}
