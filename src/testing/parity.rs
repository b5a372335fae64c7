//! Compares a dump with istiod's recording of it, resource by resource.
//!
//! A resource counts only when it is equal in full: every field, every list order, but for the lists of [`SETS`], which Envoy
//! takes as sets. The order of the resources themselves does not matter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Number, Value};

/// Where resources are in a dump: section, short name, list, path inside of an entry.
const LISTS: &[(&str, &str, &str, &[&str])] = &[
    ("ClustersConfigDump", "cluster", "dynamic_active_clusters", &["cluster"]),
    ("ClustersConfigDump", "cluster", "dynamic_warming_clusters", &["cluster"]),
    ("ListenersConfigDump", "listener", "dynamic_listeners", &["active_state", "listener"]),
    ("RoutesConfigDump", "route", "dynamic_route_configs", &["route_config"]),
    ("EndpointsConfigDump", "endpoint", "dynamic_endpoint_configs", &["endpoint_config"]),
    ("SecretsConfigDump", "secret", "dynamic_active_secrets", &["secret"]),
    ("SecretsConfigDump", "secret", "dynamic_warming_secrets", &["secret"]),
    ("EcdsConfigDump", "extension", "ecds_filters", &["ecds_filter"]),
];

/// Lists whose order means nothing to Envoy and follows a Go map in istiod, with the field by which they are lined up.
const SETS: &[(&str, &str)] =
    &[("filter_chains", "filter_chain_match"), ("query_parameters", "name"), ("lb_endpoints", "endpoint")];

/// What differs from run to run.
const VOLATILE: &[&str] = &["version_info", "last_updated", "client_status"];

/// Kinds of resources that a recording holds only when the proxy had asked for them.
const ONLY_IF_RECORDED: &[&str] = &["secret", "extension"];

/// How far a dump is from a recording.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Resources in either.
    pub(crate) total: usize,
    /// Every difference, a line each.
    pub(crate) differences: Vec<String>,
}

/// Compares a dump with a recording, of which with `changes` another release serves some resources otherwise: those that `differs` lists, and
/// without those that are `gone`.
pub(crate) fn compare_release(recorded: &Value, changes: Option<&Value>, ours: &Value) -> Report {
    let (mut want, got) = (resources(recorded), resources(ours));
    if let Some(changes) = changes {
        let list = |field: &str| changes[field].as_array().cloned().unwrap_or_default();
        let gone: Vec<_> = list("gone").iter().map(|key| (key[0].clone(), key[1].clone())).collect();
        want.retain(|(kind, name), _| !gone.contains(&(Value::from(*kind), Value::from(name.clone()))));
        for change in list("differs") {
            let kind = LISTS.iter().map(|(_, kind, ..)| *kind).find(|kind| change["type"] == *kind).unwrap_or_default();
            let name = change["name"].as_str().unwrap_or_default().to_owned();
            want.insert((kind, name), comparable(&change["resource"]));
        }
    }
    let recorded_kinds: BTreeSet<&str> = want.keys().map(|(kind, _)| *kind).collect();
    let keys: BTreeSet<_> = want.keys().chain(got.keys()).collect();
    let mut report = Report::default();
    for key in keys {
        let (kind, name) = key;
        if ONLY_IF_RECORDED.contains(kind) && !recorded_kinds.contains(kind) {
            continue;
        }
        report.total += 1;
        match (want.get(key), got.get(key)) {
            (Some(want), Some(got)) => {
                let mut found = Vec::new();
                differences(want, got, "", &mut found);
                report.differences.extend(found.into_iter().map(|line| format!("{kind} {name} {line}")));
            }
            (Some(_), None) => report.differences.push(format!("{kind} {name}: missing")),
            _ => report.differences.push(format!("{kind} {name}: surplus")),
        }
    }
    report
}

/// Returns the resources of a dump by kind and name, made comparable.
fn resources(dump: &Value) -> BTreeMap<(&'static str, String), Value> {
    let mut out = BTreeMap::new();
    for section in dump["configs"].as_array().into_iter().flatten() {
        let message = section["@type"].as_str().and_then(|url| url.rsplit('.').next()).unwrap_or_default();
        for (_, kind, list, path) in LISTS.iter().filter(|(section, ..)| *section == message) {
            for entry in section[list].as_array().into_iter().flatten() {
                let resource = path.iter().fold(entry, |at, field| &at[field]);
                if resource.is_null() {
                    continue;
                }
                let name = [&resource["name"], &resource["cluster_name"], &entry["name"]];
                let name = name.into_iter().find_map(|name| name.as_str().filter(|name| !name.is_empty()));
                out.insert((*kind, name.unwrap_or("?").to_owned()), comparable(resource));
            }
        }
    }
    out
}

/// Drops what is volatile, lines up sets, and writes whole numbers in one way.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept: BTreeMap<_, _> = map.iter().filter(|(key, _)| !VOLATILE.contains(&key.as_str())).collect();
            let mut out: Map<String, Value> = kept.into_iter().map(|(k, v)| (k.clone(), comparable(v))).collect();
            for (list, by) in SETS {
                if let Some(Value::Array(items)) = out.get_mut(*list) {
                    items.sort_by_cached_key(|item| (item[by].to_string(), item["name"].to_string(), item.to_string()));
                }
            }
            Value::Object(out)
        }
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Number(number) => Value::Number(whole(number)),
        other => other.clone(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^53 only")]
fn whole(number: &Number) -> Number {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => Number::from(float as i64),
        _ => number.clone(),
    }
}

/// Collects the differences at the shallowest places.
fn differences(want: &Value, got: &Value, path: &str, out: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let path = format!("{path}/{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => differences(a, b, &path, out),
                    (Some(a), None) => out.push(format!("{path}: istiod {}, meshc has none", short(a))),
                    (None, Some(b)) => out.push(format!("{path}: istiod has none, meshc {}", short(b))),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                out.push(format!("{path}: istiod {} items, meshc {}", a.len(), b.len()));
            }
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}/{index}"), out);
            }
        }
        _ if want == got => {}
        _ => out.push(format!("{path}: istiod {}, meshc {}", short(want), short(got))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 110 { text } else { text.chars().take(107).chain("...".chars()).collect() }
}
