//! Envoy judges meshc: it refuses the resources that `meshc::rejection` names, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use meshc::rejection::{self, Checked, Extent, Rejection};
use serde_json::{Value, json};

use crate::asked::{self, Asked};
use crate::case;
use crate::oracle::{DEATH, Kind, Oracle};

/// How many resources Envoy is asked for at once.
const BATCH: usize = 100;

const CLUSTER: &str = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

/// What Envoy says of a resource that it refuses only for what this host lacks.
const HOST: &[&str] = &[
    "No such file or directory",
    "unable to open file",
    "cannot bind",
    "Invalid path: ",
    "does not exist",
    "from path: ",
    // Istio's proxy has these keys of the filter state, a stock Envoy has not.
    "'io.istio.connect_authority' does not have an object factory",
    "'istio.double_hbone.hbone_target_address' does not have an object factory",
    // One Envoy judges the resources of all proxies, whose DNS caches have one name and the settings of their own addresses.
    "config specified DNS cache 'allow_any_dfp_dns_cache' with different settings",
];

/// Compares what Envoy says of all resources recorded in these folders with what meshc says of them.
pub(crate) fn run(
    binary: &Path,
    work: &Path,
    admin: u16,
    folders: &[PathBuf],
) -> Vec<(String, Result<String, String>)> {
    let mut oracle = match Oracle::start(binary, &work.join("oracle"), admin) {
        Ok(oracle) => oracle,
        Err(problem) => return vec![("rejections".into(), Err(problem))],
    };
    let mut asked = recorded(folders);
    asked.sort_by_key(|asked| asked.kind);
    let checked: Vec<Checked> = asked.iter().map(|asked| rejection::check(&asked.body)).collect();
    let named = |(asked, checked): (&Asked, &Checked)| {
        let there = checked.references.iter().filter(|r| asked.clusters.contains(&r.cluster));
        there.map(|r| r.cluster.clone()).collect::<Vec<_>>()
    };
    let wanted: BTreeSet<String> = asked.iter().zip(&checked).flat_map(named).collect();
    let verdicts = verdicts(&mut oracle, &asked, &wanted);
    let mut refused = 0;
    let mut apart = 0;
    let mut out = Vec::new();
    for (index, (asked, checked)) in asked.iter().zip(checked).enumerate() {
        let missing = checked.references.into_iter().filter(|r| !asked.clusters.contains(&r.cluster));
        let missing = missing.map(|r| Rejection { path: r.path, message: r.message, extent: Extent::Resource });
        let rejections: Vec<Rejection> = checked.rejections.into_iter().chain(missing).collect();
        let title = format!("{:?} {} of {}", asked.kind, asked.name(), asked.origin);
        match verdicts.get(&index) {
            Some(said) if HOST.iter().any(|host| said.contains(host)) => apart += 1,
            said => {
                refused += usize::from(said.is_some());
                out.extend(compare(said.map(String::as_str), &rejections).map(|problem| (title, Err(problem))));
            }
        }
    }
    let text = format!("{} resources: {refused} refused by both, {apart} for what this host lacks", asked.len());
    out.push(("rejections".into(), Ok(text)));
    out
}

/// Asks Envoy for the cases; what meshc says of them, a test without Envoy compares.
pub(crate) fn cases(binary: &Path, work: &Path, admin: u16) -> Result<String, String> {
    let mut oracle = Oracle::start(binary, work, admin)?;
    let cases = case::all();
    let mut wrong = Vec::new();
    for (what, case) in &cases {
        let body = case::resource(what, &case.with);
        let kind = match body["@type"].as_str().and_then(|url| url.rsplit('.').next()) {
            Some("Cluster") => Kind::Cluster,
            Some("Listener") => Kind::Listener,
            Some("RouteConfiguration") => Kind::Route,
            _ => Kind::Endpoint,
        };
        let said = oracle.ask(kind, &[body]).err();
        if said.is_none() && matches!(kind, Kind::Cluster | Kind::Listener) {
            // Some Envoys abort when they take a resource down: it was accepted all the same, and a new one starts empty.
            drop(oracle.ask(kind, &[]));
        }
        if said.is_some() != case.rejected.is_some() {
            let said = said.as_deref().map(shortened);
            wrong.push(format!("{what} {}: {said:?} instead of {:?}", case.with, case.rejected));
        }
    }
    if wrong.is_empty() { Ok(format!("{} cases", cases.len())) } else { Err(wrong.join("\n")) }
}

/// Says where Envoy and meshc differ.
fn compare(said: Option<&str>, rejections: &[Rejection]) -> Option<String> {
    match (said, rejections) {
        (None, []) | (Some(_), [_, ..]) => None,
        (Some(said), []) => Some(format!("Envoy refuses it, meshc does not: {}", shortened(said))),
        (None, [first, ..]) => Some(format!("meshc refuses it, Envoy does not: {}: {}", first.path, first.message)),
    }
}

/// Returns the last part of what Envoy says, which has the reason.
fn shortened(said: &str) -> String {
    let told = said.lines().rfind(|line| line.contains("ejected") || line.contains("ailed") || line.contains(DEATH));
    let text = told.unwrap_or(said);
    let text = text.rsplit_once("config rejected: ").map_or(text, |(_, reason)| reason);
    let skip = text.chars().count().saturating_sub(600);
    text.chars().skip(skip).collect()
}

/// Returns what Envoy says of those that it refuses, by their place. Listeners come after these clusters, which they name.
fn verdicts(oracle: &mut Oracle, asked: &[Asked], clusters: &BTreeSet<String>) -> BTreeMap<usize, String> {
    let mut verdicts = BTreeMap::new();
    for kind in Kind::ALL {
        let places: Vec<usize> = (0..asked.len()).filter(|place| asked[*place].kind == kind).collect();
        // One route configuration or endpoint assignment at a time: the listener and the cluster that ask for it know one name.
        let size = if matches!(kind, Kind::Cluster | Kind::Listener) { BATCH } else { 1 };
        for batch in places.chunks(size) {
            judge(oracle, kind, asked, batch, &mut verdicts);
        }
        match kind {
            Kind::Cluster => {
                let stub = |name: &String| json!({ "@type": CLUSTER, "name": name, "connect_timeout": "1s" });
                let stubs: Vec<Value> = clusters.iter().map(stub).collect();
                let _ = oracle.ask(kind, &stubs);
            }
            Kind::Listener => drop(oracle.ask(kind, &[])),
            Kind::Route | Kind::Endpoint => {}
        }
    }
    verdicts
}

fn judge(oracle: &mut Oracle, kind: Kind, asked: &[Asked], places: &[usize], verdicts: &mut BTreeMap<usize, String>) {
    let resources: Vec<Value> = places.iter().map(|place| asked[*place].loadable(*place)).collect();
    let Err(said) = oracle.ask(kind, &resources) else { return };
    if let [place] = places {
        verdicts.insert(*place, said);
        return;
    }
    let refused = asked::refused(&said);
    if !refused.is_empty() && !said.starts_with(DEATH) {
        // Each by itself, for its reason alone; the others were taken.
        for place in refused {
            judge(oracle, kind, asked, &[place], verdicts);
        }
        return;
    }
    // The whole response was refused: whose fault it is, halves tell.
    let (left, right) = places.split_at(places.len() / 2);
    judge(oracle, kind, asked, left, verdicts);
    judge(oracle, kind, asked, right, verdicts);
}

/// Reads the recordings below folders; equal resources count once.
fn recorded(folders: &[PathBuf]) -> Vec<Asked> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for folder in folders {
        for file in json_files(folder) {
            let text = std::fs::read_to_string(&file).expect("a readable recording");
            let dump: Value = serde_json::from_str(&text).expect("a recording is JSON");
            let origin = file.strip_prefix(folder.parent().unwrap_or(folder)).unwrap_or(&file).display().to_string();
            let names = clusters(&dump);
            for section in dump["configs"].as_array().into_iter().flatten() {
                for (list, kind, path) in [
                    ("dynamic_active_clusters", Kind::Cluster, "/cluster"),
                    ("dynamic_listeners", Kind::Listener, "/active_state/listener"),
                    ("dynamic_route_configs", Kind::Route, "/route_config"),
                    ("dynamic_endpoint_configs", Kind::Endpoint, "/endpoint_config"),
                ] {
                    for body in section[list].as_array().into_iter().flatten().filter_map(|entry| entry.pointer(path)) {
                        if seen.insert((kind, body.to_string())) {
                            out.push(Asked {
                                kind,
                                origin: origin.clone(),
                                body: body.clone(),
                                clusters: names.clone(),
                            });
                        }
                    }
                }
            }
        }
    }
    out
}

/// The names of a dump's clusters.
fn clusters(dump: &Value) -> Rc<BTreeSet<String>> {
    let sections = dump["configs"].as_array().into_iter().flatten();
    let entries = sections.flat_map(|section| section["dynamic_active_clusters"].as_array().into_iter().flatten());
    Rc::new(entries.filter_map(|entry| entry.pointer("/cluster/name")?.as_str().map(str::to_owned)).collect())
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|e| e == "json") && folder.ends_with("istiod") {
            files.push(path);
        }
    }
    files.sort();
    files
}
