//! Compares what an Envoy prints of its resources with what meshc prints.

use std::collections::BTreeMap;

use meshc::envoy::{Any, json};
use serde_json::Value;
use serde_json::value::RawValue;

/// Compares what was given with what Envoy prints; empty when all is equal.
pub(crate) fn compare(wanted: &[(&str, &Vec<Any>)], dumped: &BTreeMap<(String, String), String>) -> String {
    for (kind, resources) in wanted {
        for resource in *resources {
            let depth = if *kind == "listener" { 6 } else { 5 };
            let ours = json::to_string(resource).unwrap_or_default().replace('\n', &format!("\n{}", " ".repeat(depth)));
            let value: Value = serde_json::from_str(&ours).unwrap_or_default();
            let name = value["name"].as_str().unwrap_or_default().to_owned();
            let Some(theirs) = dumped.get(&((*kind).to_owned(), name.clone())) else {
                return format!("{kind} {name} is not accepted.");
            };
            if ours != *theirs && !equal_but_for_map_order(&ours, theirs) {
                let differs = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
                return format!("{kind} {name} is printed otherwise: {differs:?}");
            }
        }
    }
    String::new()
}

fn equal_but_for_map_order(a: &str, b: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(|l| l.trim_end_matches(',').to_owned()).collect();
        lines.sort();
        lines
    };
    parsed(a) == parsed(b) && lines(a) == lines(b)
}

/// Takes a dump apart: the text of each resource by kind and name.
pub(crate) fn resources(dump: &str) -> Result<BTreeMap<(String, String), String>, String> {
    type Section<'a> = BTreeMap<String, &'a RawValue>;
    let top: BTreeMap<String, Vec<Section<'_>>> = serde_json::from_str(dump).map_err(|e| e.to_string())?;
    let lists = [
        ("dynamic_active_clusters", "cluster", &["cluster"][..]),
        ("dynamic_listeners", "listener", &["active_state", "listener"]),
        ("dynamic_route_configs", "route", &["route_config"]),
    ];
    let mut out = BTreeMap::new();
    for section in top.get("configs").into_iter().flatten() {
        for (list, kind, path) in lists {
            let Some(raw) = section.get(list) else { continue };
            let entries: Vec<Section<'_>> = serde_json::from_str(raw.get()).map_err(|e| e.to_string())?;
            for entry in entries {
                let Some(mut body) = entry.get(path[0]).map(|raw| raw.get()) else { continue };
                if let Some(inner) = path.get(1) {
                    let state: Section<'_> = serde_json::from_str(body).map_err(|e| e.to_string())?;
                    let Some(raw) = state.get(*inner) else { continue };
                    body = raw.get();
                }
                let name: Value = serde_json::from_str(body).map_err(|e| e.to_string())?;
                out.insert((kind.to_owned(), name["name"].as_str().unwrap_or_default().to_owned()), body.to_owned());
            }
        }
    }
    Ok(out)
}
