//! The fixtures, and what becomes of their dumps when a field is taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use meshc::diagnostic::Severity;
use meshc::options::{IstioOptions, Options, Stated};
use meshc::{input::Input, pipeline, proxy, source::SourceFile};
use serde::Deserialize;
use serde_json::Value;

use crate::fields::{KINDS, camel_case};

/// Values from elsewhere that are tried.
const OTHERS: usize = 3;

/// A fixture.
pub(crate) struct Scenario {
    pub(crate) name: String,
    objects: Vec<Value>,
    /// The recorded proxies.
    proxies: BTreeSet<String>,
    /// What istiod fetched, by URI.
    jwks: BTreeMap<String, String>,
    /// The release that was recorded.
    release: String,
    baseline: OnceLock<Outcome>,
}

/// What becomes of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Outcome {
    /// A hash of the dumps.
    dumps: u64,
    /// How many objects are rejected, or wrong in part.
    errors: usize,
}

/// A field that an object of a scenario has.
pub(crate) struct Use<'s> {
    pub(crate) scenario: &'s Scenario,
    object: usize,
    /// Where, in the object: keys and indices. Through the text of a ConfigMap's key, for the mesh config.
    at: Vec<Step>,
}

#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
    /// The value is YAML in a string.
    Text,
}

impl Scenario {
    /// Reads all fixtures, the smallest first.
    pub(crate) fn all(fixtures: &Path) -> Vec<Self> {
        let mut folders = children(fixtures);
        folders.retain(|folder| folder.is_dir());
        let mut read: Vec<(usize, Self)> = folders
            .iter()
            .map(|folder| {
                let about = std::fs::read_to_string(folder.join("scenario.yaml")).expect("a text");
                let about: Value = serde_yaml::from_str(&about).expect("a map");
                let proxies = about["proxies"].as_array().expect("names").iter();
                let proxies: BTreeSet<String> = proxies.filter_map(Value::as_str).map(str::to_owned).collect();
                let jwks = about["jwks"].as_object().into_iter().flatten().map(|(uri, file)| {
                    let file = folder.join("jwks").join(file.as_str().expect("a name"));
                    (uri.clone(), std::fs::read_to_string(file).expect("a text"))
                });
                let files = children(&folder.join("manifests"));
                let texts: Vec<String> =
                    files.iter().map(|file| std::fs::read_to_string(file).expect("a text")).collect();
                let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let release = about["istio"].as_str().unwrap_or_default().to_owned();
                let scenario = Self { release, ..Self::new(name, &texts, proxies, jwks.collect()) };
                (texts.iter().map(String::len).sum(), scenario)
            })
            .collect();
        read.sort_by_key(|(size, _)| *size);
        read.into_iter().map(|(_, scenario)| scenario).collect()
    }

    fn new(name: String, texts: &[String], proxies: BTreeSet<String>, jwks: BTreeMap<String, String>) -> Self {
        let documents = texts.iter().flat_map(|text| serde_yaml::Deserializer::from_str(text));
        let objects = documents.filter_map(|document| Value::deserialize(document).ok());
        let flat = objects.flat_map(|object| match object.get("items") {
            Some(Value::Array(items)) if object["kind"] == "List" => items.clone(),
            _ => vec![object],
        });
        Self { name, objects: flat.collect(), proxies, jwks, release: String::new(), baseline: OnceLock::new() }
    }

    /// Returns each use of a field: its kind, its path, and the use.
    pub(crate) fn uses(&self) -> Vec<(&'static str, String, Use<'_>)> {
        let mut out = Vec::new();
        for (index, object) in self.objects.iter().enumerate() {
            let mut add = |kind: &'static str, value: &Value, at: &[Step]| {
                walk(value, String::new(), &mut at.to_vec(), &mut |path, at| {
                    out.push((kind, path, Use { scenario: self, object: index, at: at.to_vec() }));
                });
            };
            let kind = object["kind"].as_str().unwrap_or_default();
            if kind == "ConfigMap" && object["metadata"]["name"] == "istio" {
                for (kind, key) in [("MeshConfig", "mesh"), ("MeshNetworks", "meshNetworks")] {
                    let text = object["data"][key].as_str().unwrap_or_default();
                    if let Ok(value) = serde_yaml::from_str::<Value>(text) {
                        let key = Step::Key(key.to_owned());
                        add(kind, &value, &[Step::Key("data".to_owned()), key, Step::Text]);
                    }
                }
            } else if let Some(kind) = KINDS.iter().find(|known| **known == kind)
                && object["apiVersion"].as_str().is_some_and(|version| version.contains("istio.io/"))
            {
                add(kind, &object["spec"], &[Step::Key("spec".to_owned())]);
            }
        }
        out
    }

    fn baseline(&self) -> Outcome {
        *self.baseline.get_or_init(|| self.outcome(&self.objects))
    }

    /// Translates the recorded proxies from these objects.
    fn outcome(&self, objects: &[Value]) -> Outcome {
        let files = objects.iter().enumerate().map(|(i, o)| SourceFile::new(format!("{i:05}.json"), o.to_string()));
        let by = "scenario.yaml".to_owned();
        let version = (!self.release.is_empty()).then(|| Stated { value: self.release.clone(), by });
        let istio = IstioOptions { version, ..IstioOptions::default() };
        let options = Options { expand: true, jwks: self.jwks.clone(), istio, ..Options::default() };
        let input = Input::new(files.collect(), &options);
        let mesh = input.mesh();
        let proxies = proxy::proxies(&mesh);
        let chosen: Vec<_> = proxies.iter().filter(|proxy| self.proxies.contains(&proxy.full_name())).collect();
        let hashes = Mutex::new(BTreeSet::new());
        pipeline::translate_all(&mesh, &chosen, |proxy, dump| {
            let mut out = Vec::new();
            dump.write(&mut out).expect("memory can be written");
            let mut hasher = DefaultHasher::new();
            (proxy.full_name(), out).hash(&mut hasher);
            hashes.lock().expect("no other thread panics").insert(hasher.finish());
        });
        let mut hasher = DefaultHasher::new();
        hashes.into_inner().expect("no other thread panics").hash(&mut hasher);
        Outcome { dumps: hasher.finish(), errors: input.diagnostics.count(Severity::Error) }
    }
}

impl Use<'_> {
    /// Says whether any proxy's dump is another without the field, or with another value: one of these, or one much like its own. A
    /// change that istiod would reject tells nothing.
    pub(crate) fn changes_the_output<'v>(&self, others: impl Iterator<Item = &'v Value>) -> bool {
        let without = |object: &mut Value| remove(object, &self.at);
        if self.differs(without) {
            return true;
        }
        let own = self.value();
        let much_like = altered(&own).into_iter();
        let others = others.filter(|other| **other != own).take(OTHERS).cloned();
        much_like.chain(others).any(|value| self.differs(|object| replace(object, &self.at, &value)))
    }

    /// Returns the field's value.
    pub(crate) fn value(&self) -> Value {
        let object = self.scenario.objects.get(self.object);
        object.and_then(|object| find(object, &self.at)).unwrap_or_default()
    }

    fn differs(&self, change: impl FnOnce(&mut Value) -> bool) -> bool {
        let mut objects = self.scenario.objects.clone();
        if !objects.get_mut(self.object).is_some_and(change) {
            return false;
        }
        let (before, after) = (self.scenario.baseline(), self.scenario.outcome(&objects));
        after.dumps != before.dumps && after.errors == before.errors
    }
}

/// Visits every field that holds a plain value, a list of such, or nothing, with its path and place. Keys in snake case are taken for
/// their camel case.
fn walk(value: &Value, path: String, at: &mut Vec<Step>, visit: &mut impl FnMut(String, &[Step])) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            // A map of plain values is one field; whether it is a map or a message is for the definition to say: both are visited.
            if !path.is_empty() && fields.values().all(|v| !v.is_object() && !v.is_array()) {
                visit(path.clone(), at);
            }
            for (key, child) in fields {
                at.push(Step::Key(key.clone()));
                let dot = if path.is_empty() { "" } else { "." };
                walk(child, format!("{path}{dot}{}", camel_case(key)), at, visit);
                // As the value of a map.
                if !path.is_empty() && child.is_object() {
                    walk(child, format!("{path}{{}}"), at, visit);
                }
                at.pop();
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                at.push(Step::Index(index));
                walk(item, format!("{path}[]"), at, visit);
                at.pop();
            }
        }
        _ => visit(path, at),
    }
}

/// Returns values of the same form.
fn altered(value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(value) => vec![Value::Bool(!value)],
        Value::Number(number) => {
            number.as_i64().map(|n| vec![Value::from(n + 1), Value::from(n - 1)]).unwrap_or_default()
        }
        // The last is for durations.
        Value::String(text) => ["x{}", "{}x", "1{}"].map(|form| Value::from(form.replace("{}", text))).to_vec(),
        Value::Array(items) if items.len() > 1 => vec![items.iter().skip(1).cloned().collect()],
        _ => Vec::new(),
    }
}

/// Returns what is at a place.
fn find(value: &Value, at: &[Step]) -> Option<Value> {
    match at {
        [] => Some(value.clone()),
        [Step::Key(key), rest @ ..] => find(value.get(key)?, rest),
        [Step::Index(index), rest @ ..] => find(value.get(index)?, rest),
        [Step::Text, rest @ ..] => find(&serde_yaml::from_str(value.as_str()?).ok()?, rest),
    }
}

/// Puts another value at a place; false if nothing is there.
fn replace(value: &mut Value, at: &[Step], new: &Value) -> bool {
    match (at, value) {
        ([], value) => {
            *value = new.clone();
            true
        }
        ([Step::Key(key), rest @ ..], value) => value.get_mut(key).is_some_and(|child| replace(child, rest, new)),
        ([Step::Index(index), rest @ ..], value) => value.get_mut(index).is_some_and(|child| replace(child, rest, new)),
        ([Step::Text, rest @ ..], Value::String(text)) => {
            let Ok(mut inner) = serde_yaml::from_str::<Value>(text) else { return false };
            let replaced = replace(&mut inner, rest, new);
            *text = inner.to_string();
            replaced
        }
        _ => false,
    }
}

/// Takes out what is at a place; false if nothing is there.
fn remove(value: &mut Value, at: &[Step]) -> bool {
    match (at, value) {
        ([Step::Key(key)], Value::Object(fields)) => fields.remove(key).is_some(),
        ([Step::Index(index)], Value::Array(items)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        ([Step::Text, rest @ ..], Value::String(text)) => {
            let Ok(mut inner) = serde_yaml::from_str::<Value>(text) else { return false };
            let removed = remove(&mut inner, rest);
            *text = inner.to_string();
            removed
        }
        ([Step::Key(key), rest @ ..], Value::Object(fields)) => {
            fields.get_mut(key).is_some_and(|child| remove(child, rest))
        }
        ([Step::Index(index), rest @ ..], Value::Array(items)) => {
            items.get_mut(*index).is_some_and(|child| remove(child, rest))
        }
        _ => false,
    }
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut out: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    out.sort();
    out
}
