//! Envoy judges meshc: it refuses the resources that `meshc::rejection` names, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use meshc::rejection::{self, Rejection};
use serde_json::Value;

use crate::asked::{self, Asked};
use crate::oracle::{DEATH, Kind, Oracle};

/// How many resources Envoy is asked for at once.
const BATCH: usize = 100;

/// What Envoy says of a resource that it refuses only for what this host lacks.
const HOST: &[&str] = &["No such file or directory", "unable to open file", "cannot bind", "Invalid path: ", "does not exist", "from path: "];

/// Compares what Envoy says of all resources recorded in these folders with what meshc says of them.
pub(crate) fn run(binary: &Path, work: &Path, admin: u16, folders: &[PathBuf]) -> Vec<(String, Result<String, String>)> {
    let mut oracle = match Oracle::start(binary, &work.join("oracle"), admin) {
        Ok(oracle) => oracle,
        Err(problem) => return vec![("rejections".into(), Err(problem))],
    };
    let mut asked = recorded(folders);
    asked.sort_by_key(|asked| asked.kind);
    let verdicts = verdicts(&mut oracle, &asked);
    let mut refused = 0;
    let mut apart = 0;
    let mut out = Vec::new();
    for (index, asked) in asked.iter().enumerate() {
        let rejections = rejection::check(&asked.body).rejections;
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

/// Compares what meshc says of the resources in a file of cases with what Envoy said of them when they were asked.
pub(crate) fn cases(file: &Path) -> Vec<(String, Result<String, String>)> {
    let text = std::fs::read_to_string(file).expect("a file of cases");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("a list of cases");
    let mut out = Vec::new();
    for case in &cases {
        let checked = rejection::check(&case["body"]);
        let said = case["said"].as_str();
        if said.is_some_and(|said| HOST.iter().any(|host| said.contains(host))) {
            continue;
        }
        let references = checked.references.iter().map(|r| Rejection {
            path: r.path.clone(),
            message: r.message.clone(),
            extent: rejection::Extent::Resource,
        });
        let unknown = references.filter(|r| !r.message.contains("'sds-grpc'"));
        let rejections: Vec<Rejection> = checked.rejections.iter().cloned().chain(unknown).collect();
        let title = case["name"].as_str().unwrap_or_default().to_owned();
        out.extend(compare(said, &rejections).map(|problem| (title, Err(problem))));
    }
    out.push((file.display().to_string(), Ok(format!("{} cases", cases.len()))));
    out
}

/// Says where Envoy and meshc differ.
pub(crate) fn compare(said: Option<&str>, rejections: &[Rejection]) -> Option<String> {
    match (said, rejections) {
        (None, []) => None,
        (Some(_), [_, ..]) => None,
        (Some(said), []) => Some(format!("Envoy refuses it, meshc does not: {}", shortened(said))),
        (None, [first, ..]) => Some(format!("meshc refuses it, Envoy does not: {}: {}", first.path, first.message)),
    }
}

/// Returns the last part of what Envoy says, which has the reason.
pub(crate) fn shortened(said: &str) -> String {
    let told = said.lines().rfind(|line| line.contains("ejected") || line.contains("ailed") || line.contains(DEATH));
    let text = told.unwrap_or(said);
    let text = text.rsplit_once("config rejected: ").map_or(text, |(_, reason)| reason);
    let skip = text.chars().count().saturating_sub(600);
    text.chars().skip(skip).collect()
}

/// Returns what Envoy says of those that it refuses, by their place.
pub(crate) fn verdicts(oracle: &mut Oracle, asked: &[Asked]) -> BTreeMap<usize, String> {
    let mut verdicts = BTreeMap::new();
    for kind in Kind::ALL {
        let places: Vec<usize> = (0..asked.len()).filter(|place| asked[*place].kind == kind).collect();
        // One route configuration or endpoint assignment at a time: the listener and the cluster that ask for it know one name.
        let size = if matches!(kind, Kind::Cluster | Kind::Listener) { BATCH } else { 1 };
        for batch in places.chunks(size) {
            judge(oracle, kind, asked, batch, &mut verdicts);
        }
        if size > 1 {
            let _ = oracle.ask(kind, &[]);
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
pub(crate) fn recorded(folders: &[PathBuf]) -> Vec<Asked> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for folder in folders {
        for file in json_files(folder) {
            let text = std::fs::read_to_string(&file).expect("a readable recording");
            let dump: Value = serde_json::from_str(&text).expect("a recording is JSON");
            let origin = file.strip_prefix(folder.parent().unwrap_or(folder)).unwrap_or(&file).display().to_string();
            for section in dump["configs"].as_array().into_iter().flatten() {
                for (list, kind, path) in [
                    ("dynamic_active_clusters", Kind::Cluster, "/cluster"),
                    ("dynamic_listeners", Kind::Listener, "/active_state/listener"),
                    ("dynamic_route_configs", Kind::Route, "/route_config"),
                    ("dynamic_endpoint_configs", Kind::Endpoint, "/endpoint_config"),
                ] {
                    for body in section[list].as_array().into_iter().flatten().filter_map(|entry| entry.pointer(path)) {
                        if seen.insert((kind, body.to_string())) {
                            out.push(Asked { kind, origin: origin.clone(), body: body.clone() });
                        }
                    }
                }
            }
        }
    }
    out
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
