//! `explain.json` of a scenario: what a real Envoy answered to requests, with the configuration that istiod served it.
//!
//! Each request is one for `meshc explain`, which must agree in every field.
//!
//! A recording shows one of several answers where chance decides, and its Envoy was not reached quite as in a mesh (see [`Setup`]): an
//! answer counts when it is the one of the same configuration with the dice fallen otherwise, or reached the recording's way.

use std::collections::BTreeMap;

use meshc::{diff, evaluate, explain};
use serde::Deserialize;
use serde_json::{Value, json};

/// A request, and what Envoy answered.
#[derive(Debug, Deserialize)]
struct Case {
    #[serde(flatten)]
    asked: explain::Asked,
    expect: BTreeMap<String, Value>,
}

/// What is otherwise than in a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Setup {
    /// As in a mesh.
    Mesh,
    /// Listeners were bound to ports of their own, so policies about the destination's port or address saw another one.
    OtherPort,
    /// Listeners had both inspectors, also where an EnvoyFilter had taken them away.
    BothInspectors,
}

/// How often the dice may fall: as many clusters as the largest set of weights has.
const FALLS: usize = 4;

/// A listener on a socket of the file system has no port; its requests were recorded under one that another listener has.
fn has_no_address(case: &Case) -> bool {
    case.expect.get("listener").and_then(Value::as_str).is_some_and(|name| name.starts_with("unix://"))
}

/// Checks all requests of a scenario on the dumps of its proxies.
pub(crate) fn check(text: &[u8], dumps: &BTreeMap<String, Value>) -> Result<(), String> {
    let cases: Vec<Case> = serde_json::from_slice(text).map_err(|e| format!("explain.json: {e}"))?;
    let mut proxies: BTreeMap<(String, Way), evaluate::Proxy> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| !has_no_address(case)) {
        let name = &case.asked.proxy;
        let dump = dumps.get(name).ok_or_else(|| format!("explain.json: no proxy matches {name}"))?;
        let mut first = None;
        let agrees = ways().any(|way| {
            let key = (name.clone(), way);
            let proxy = proxies.entry(key).or_insert_with(|| loaded(dump, way));
            let problem = compare(proxy, case);
            let agrees = problem.is_none();
            if first.is_none() {
                first = problem;
            }
            agrees
        });
        if !agrees {
            wrong.push(format!("{name} {}: {}", json!(case.asked.request), first.unwrap_or_default()));
        }
    }
    match wrong.len() {
        0 => Ok(()),
        count => {
            wrong.truncate(10);
            Err(format!("{count} of {} requests disagree with Envoy\n{}", cases.len(), wrong.join("\n")))
        }
    }
}

/// How Envoy was reached, and how the dice fell: not at all, or on this one of several.
type Way = (Setup, usize);

fn ways() -> impl Iterator<Item = Way> {
    let setups = [Setup::Mesh, Setup::OtherPort, Setup::BothInspectors];
    setups.into_iter().flat_map(|setup| (0..=4 * FALLS).map(move |fall| (setup, fall)))
}

fn loaded(dump: &Value, (setup, fall): Way) -> evaluate::Proxy {
    let mut dump = dump.clone();
    if fall > 0 {
        let (faults, cluster) = ((fall - 1) % 4, (fall - 1) / 4);
        throw(&mut dump, &[("abort", faults & 1 == 1), ("delay", faults & 2 == 2)], cluster);
    }
    match setup {
        Setup::Mesh => {}
        Setup::OtherPort => other_port(&mut dump),
        Setup::BothInspectors => both_inspectors(&mut dump),
    }
    let text = dump.to_string();
    let dumps = diff::read(&text).expect("a dump").expect("a dump");
    explain::of_dump(&dumps[0].1)
}

/// Lets chance fall in one way: faults happen or not, and all requests go to one of several clusters.
fn throw(value: &mut Value, faults: &[(&str, bool)], cluster: usize) {
    match value {
        Value::Object(fields) => {
            for (name, happens) in faults {
                if let Some(percentage) = fields.get_mut(*name).and_then(|fault| fault.get_mut("percentage"))
                    && percentage["numerator"].as_f64().is_some_and(|numerator| numerator > 0.0)
                {
                    *percentage = json!({ "numerator": if *happens { 100 } else { 0 } });
                }
            }
            let weighted = fields.get_mut("weighted_clusters").and_then(|w| w.get_mut("clusters"));
            if let Some(clusters) = weighted.and_then(Value::as_array_mut) {
                let chosen = cluster % clusters.len().max(1);
                for (index, cluster) in clusters.iter_mut().enumerate() {
                    cluster["weight"] = json!(u32::from(index == chosen));
                }
            }
            fields.values_mut().for_each(|value| throw(value, faults, cluster));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| throw(value, faults, cluster)),
        _ => {}
    }
}

fn other_port(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(permissions) = fields.get_mut("permissions") {
                elsewhere(permissions);
            }
            fields.values_mut().for_each(other_port);
        }
        Value::Array(list) => list.iter_mut().for_each(other_port),
        _ => {}
    }
}

fn elsewhere(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(port) = fields.get_mut("destination_port") {
                *port = json!(1);
            }
            fields.values_mut().for_each(elsewhere);
        }
        Value::Array(list) => list.iter_mut().for_each(elsewhere),
        _ => {}
    }
}

fn both_inspectors(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(listener)) = fields.get_mut("listener") {
                let names = ["envoy.filters.listener.tls_inspector", "envoy.filters.listener.http_inspector"];
                let filters = names.map(|name| json!({ "name": name }));
                listener.entry("listener_filters").or_insert_with(|| json!(filters));
            }
            fields.values_mut().for_each(both_inspectors);
        }
        Value::Array(list) => list.iter_mut().for_each(both_inspectors),
        _ => {}
    }
}

/// Says in what an answer is other than Envoy's.
fn compare(proxy: &evaluate::Proxy, case: &Case) -> Option<String> {
    case.asked.check().err().map(|error| error.to_string()).or_else(|| {
        let report = explain::one_proxy(proxy, &case.asked.proxy, &case.asked);
        let report = serde_json::to_value(&report).ok()?;
        let (hop, outcome) = (&report["hops"][0], &report["outcome"]);
        let mut found: BTreeMap<&str, Value> = BTreeMap::new();
        let mut put = |key: &'static str, value: &Value| {
            if !value.is_null() {
                found.insert(key, value.clone());
            }
        };
        for key in ["listener", "route_config", "virtual_host"] {
            put(key, &hop[key]);
        }
        for key in ["status", "flags", "details", "location"] {
            put(key, &outcome[key]);
        }
        put("route", &hop["route"]["index"]);
        let chain = &hop["filter_chain"];
        put("filter_chain", &json!({ "match": chain["match"], "name": chain["name"] }));
        let upstream = &hop["upstream"];
        // Nothing is recorded of what reached nobody, and of an answer without a body.
        if case.expect.contains_key("upstream") && !upstream.is_null() {
            put("upstream", &json!({ "path": upstream["path"], "authority": upstream["authority"] }));
        }
        let keys = case.expect.keys().map(String::as_str).chain(found.keys().copied());
        let differs = |key: &&str| case.expect.get(*key) != found.get(key);
        let key = keys.into_iter().find(differs)?;
        Some(format!("{key} is {:?}, and {:?} with Envoy", found.get(key), case.expect.get(key)))
    })
}
