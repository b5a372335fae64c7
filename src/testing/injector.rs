//! The Pods that istiod's own tests of its injector expect (`pkg/kube/inject/testdata/inject`), by release, as facts that `expand` must agree with:
//! see `injector/README.md`.

use std::collections::BTreeMap;
use std::path::Path;

use meshc::input::Input;
use meshc::installation::{KNOWN, Release};
use meshc::options::{IstioOptions, Options, Stated};
use meshc::source::SourceFile;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const FOLDER: &str = "src/testing/injector";

/// Labels that the controllers of workloads write, not the injector.
const OF_CONTROLLERS: [&str; 5] = [
    "pod-template-hash",
    "apps.kubernetes.io/pod-index",
    "statefulset.kubernetes.io/pod-name",
    "batch.kubernetes.io/job-name",
    "job-name",
];

/// Texts that hold JSON.
const JSON_ANNOTATIONS: [&str; 2] = ["proxy.istio.io/overrides", "sidecar.istio.io/status"];
const JSON_VARIABLES: [&str; 4] =
    ["PROXY_CONFIG", "ISTIO_META_POD_PORTS", "ISTIO_KUBE_APP_PROBERS", "ISTIO_PROMETHEUS_ANNOTATIONS"];

/// An input of the injector's tests, how istiod is installed, and what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    /// The file with istio's result.
    golden: String,
    /// The first release whose tests have it.
    #[serde(default)]
    since: Option<String>,
    /// Values of the chart.
    #[serde(default)]
    values: Value,
    /// The mesh config.
    #[serde(default)]
    mesh: Value,
    #[serde(default)]
    istiod_env: BTreeMap<String, String>,
    manifests: Vec<Value>,
    /// By namespace, kind and name of the workload.
    expect: BTreeMap<String, Expected>,
    /// What releases make otherwise, likewise.
    #[serde(default)]
    releases: Releases<BTreeMap<String, Map<String, Value>>>,
}

/// By minor version.
type Releases<T> = BTreeMap<String, T>;

/// What the default install makes of a Pod.
#[derive(Debug, Deserialize)]
struct Base {
    /// What releases make otherwise.
    #[serde(default)]
    releases: Releases<Value>,
    #[serde(flatten)]
    facts: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Expected {
    Fate(Fate),
    Facts(Map<String, Value>),
}

/// What becomes of a Pod that gets no proxy.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    NotInjected,
    Refused,
}

#[test]
fn pods_are_injected_as_istiods_tests_expect() {
    let mut paths: Vec<_> =
        std::fs::read_dir(FOLDER).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    let bases: BTreeMap<&str, Base> =
        ["sidecar", "gateway"].map(|name| (name, read(&Path::new(FOLDER).join(format!("{name}.base.yaml"))))).into();
    paths.retain(|path| !path.to_string_lossy().ends_with(".base.yaml"));
    let mut wrong = Vec::new();
    let mut counts = BTreeMap::new();
    for path in &paths {
        let pair: Pair = read(path);
        for release in KNOWN.into_iter().filter(|release| pair.is_of(*release)) {
            *counts.entry(release.minor).or_insert(0) += 1;
            wrong.extend(differences(&pair, release, &bases));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(counts, BTreeMap::from([(28, 112), (29, 114), (30, 115), (31, 118)]));
}

impl Pair {
    /// Says whether the tests of a release have it.
    fn is_of(&self, release: Release) -> bool {
        let since = self.since.as_deref().map(|since| Release::parse(since).expect("a release"));
        since.is_none_or(|since| since.minor <= release.minor)
    }
}

fn key(release: Release) -> String {
    format!("1.{}", release.minor)
}

fn read<T: for<'d> Deserialize<'d>>(path: &Path) -> T {
    let text = String::from_utf8(std::fs::read(path).expect("a file")).expect("is text");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn differences(pair: &Pair, release: Release, bases: &BTreeMap<&str, Base>) -> Vec<String> {
    let pods = expanded(pair, release);
    let golden = format!("{} of {release}", pair.golden);
    let mut out = Vec::new();
    for (workload, expected) in &pair.expect {
        let mut parts = workload.split('/');
        let (namespace, kind, name) =
            (parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let names = [name.to_owned(), format!("{name}-0"), format!("{name}-{}", kind.to_ascii_lowercase())];
        let mut own = pods.iter().filter(|pod| pod.pointer("/metadata/namespace").and_then(Value::as_str) == namespace);
        let pod = own.find(|pod| names.iter().any(|name| pod["metadata"]["name"] == json!(name)));
        let found = match (expected, pod.map(facts)) {
            (Expected::Fate(Fate::Refused), None) => continue,
            (Expected::Fate(Fate::NotInjected), Some(facts)) if facts["spec"].get("istio-proxy").is_none() => continue,
            (Expected::Fate(fate), facts) => {
                out.push(format!("{golden}: {workload} is to be {fate:?} and is {facts:?}"));
                continue;
            }
            (Expected::Facts(_), None) => {
                out.push(format!("{golden}: {workload} has no Pod"));
                continue;
            }
            (Expected::Facts(_), Some(facts)) => facts,
        };
        let Expected::Facts(patch) = expected else { continue };
        let mut patch = patch.clone();
        let base = patch.remove("of").and_then(|of| bases.get(of.as_str()?)).expect("a base");
        let own = pair.releases.get(&key(release)).and_then(|all| all.get(workload)).cloned().map(Value::Object);
        let layers = [base.releases.get(&key(release)).cloned(), Some(Value::Object(patch)), own];
        let expected = layers.into_iter().flatten().fold(Value::Object(base.facts.clone()), patched);
        let mut lines = Vec::new();
        compare(&expected, &found, "", &mut lines);
        out.extend(lines.into_iter().map(|line| format!("{golden}: {workload}: {line}")));
    }
    out
}

/// Returns the Pods that `expand` prints.
fn expanded(pair: &Pair, release: Release) -> Vec<Value> {
    let text: Vec<String> = pair.manifests.iter().map(Value::to_string).collect();
    let stated = |value: &str| Stated { value: value.to_owned(), by: "the test".to_owned() };
    let env = pair.istiod_env.iter().map(|(name, value)| (name.clone(), stated(value))).collect();
    let image = json!({"global": {"hub": "registry.istio.io/testing", "tag": "latest"}});
    let values = patched(image, pair.values.clone());
    let values = Some(SourceFile::new("values.yaml", values.to_string()));
    let mesh_config = Some(&pair.mesh).filter(|mesh| !mesh.is_null());
    let options = Options {
        expand: true,
        mesh_config: mesh_config.map(|mesh| SourceFile::new("mesh.yaml", mesh.to_string())),
        istio: IstioOptions { env, values, version: Some(stated(&release.to_string())), ..IstioOptions::default() },
        ..Options::default()
    };
    let input = Input::new(vec![SourceFile::new("pods.yaml", text.join("\n---\n"))], &options);
    let objects = input.expansion.documents(&input.manifests);
    objects.into_iter().filter(|object| object["kind"] == "Pod").collect()
}

/// What a Pod says that reaches its proxy's metadata, its probes and its containers.
fn facts(pod: &Value) -> Value {
    let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut labels = map(&pod["metadata"]["labels"]);
    labels.retain(|key, _| !OF_CONTROLLERS.contains(&key.as_str()));
    let mut annotations = map(&pod["metadata"]["annotations"]);
    for key in JSON_ANNOTATIONS {
        if let Some(value) = annotations.get_mut(key) {
            *value = parsed(value);
        }
    }
    if let Some(Value::Object(lists)) = annotations.get_mut("proxy.istio.io/overrides") {
        lists.values_mut().for_each(|list| *list = by_name(list));
    }
    let names = |list: &Value| -> Value {
        list.as_array().into_iter().flatten().map(|container| container["name"].clone()).collect()
    };
    let (containers, init) = (&pod["spec"]["containers"], &pod["spec"]["initContainers"]);
    let mut spec = map(&by_name(containers));
    spec.extend(map(&by_name(init)));
    let mut facts = json!({
        "labels": labels,
        "annotations": annotations,
        "containers": names(containers),
        "init_containers": names(init),
        "spec": spec,
    });
    for (field, name) in [("imagePullSecrets", "image_pull_secrets"), ("securityContext", "security_context")] {
        if let Some(value) = pod["spec"].get(field) {
            facts[name] = value.clone();
        }
    }
    facts
}

/// Containers by name, and their variables as well. What is left out is said in the README.
fn by_name(containers: &Value) -> Value {
    let one = |container: &Value| {
        let mut facts = container.as_object().cloned().unwrap_or_default();
        for field in ["name", "volumeMounts", "resources"] {
            facts.remove(field);
        }
        if let Some(variables) = facts.get("env").and_then(Value::as_array) {
            let variables: Map<String, Value> = variables.iter().map(variable).collect();
            facts.insert("env".to_owned(), Value::Object(variables));
        }
        (container["name"].as_str().unwrap_or_default().to_owned(), Value::Object(facts))
    };
    Value::Object(containers.as_array().into_iter().flatten().map(one).collect())
}

fn variable(variable: &Value) -> (String, Value) {
    let name = variable["name"].as_str().unwrap_or_default();
    let value = variable.get("valueFrom").or_else(|| variable.get("value")).cloned().unwrap_or_else(|| json!(""));
    let mut value = if JSON_VARIABLES.contains(&name) { parsed(&value) } else { value };
    if name == "ISTIO_META_POD_PORTS" {
        // The API server has written it into the Pods that istiod sees.
        for port in value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            if port.get("protocol").and_then(Value::as_str) == Some("TCP") {
                port.remove("protocol");
            }
        }
    }
    (name.to_owned(), value)
}

fn parsed(text: &Value) -> Value {
    text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| text.clone())
}

/// Lays facts over others; null takes one out.
fn patched(base: Value, patch: Value) -> Value {
    match (base, patch) {
        (Value::Object(mut base), Value::Object(patch)) => {
            for (key, value) in patch {
                let below = base.remove(&key).unwrap_or(Value::Null);
                if !value.is_null() {
                    base.insert(key, patched(below, value));
                }
            }
            Value::Object(base)
        }
        (base, Value::Null) => base,
        (_, patch) => patch,
    }
}

fn compare(expected: &Value, found: &Value, path: &str, out: &mut Vec<String>) {
    if let (Value::Object(expected), Value::Object(found)) = (expected, found) {
        let keys: std::collections::BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
        for key in keys {
            let at = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
            compare(&at(expected), &at(found), &format!("{path}/{key}"), out);
        }
    } else if expected != found {
        out.push(format!("{path} is {found} instead of {expected}"));
    }
}
