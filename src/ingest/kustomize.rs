//! What Kustomize makes of the objects of a folder before anybody applies them, as its `kustomization.yaml` files say.
//!
//! A file that a kustomization lists is not applied as it stands: it gets a namespace, labels and patches first. What decides who an
//! object is (namespace, labels) is done here as Kustomize would; what a patch changes is not known, and so not judged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::{text, yaml};
use crate::source::{Node, SourceFile, SourceId};

/// Names of the file that says what Kustomize does. kustomize: `konfig.RecognizedKustomizationFileNames`
const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The API group of that file; it may leave it out.
const GROUP: &str = "kustomize.config.k8s.io";

/// How deep kustomizations build on each other; who goes deeper goes in a circle.
const DEPTH: usize = 16;

/// How many steps are taken from a file up to the kustomizations that somebody applies.
const STEPS: usize = 4096;

/// Kinds without a namespace, which Kustomize gives none.
const CLUSTER_KINDS: &[&str] = &[
    "Namespace",
    "Node",
    "IngressClass",
    "GatewayClass",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ClusterRole",
    "ClusterRoleBinding",
];

/// One `kustomization.yaml`.
#[derive(Debug, Default, Clone)]
pub(super) struct Kustomization {
    folder: PathBuf,
    /// Files and folders that it builds on.
    resources: Vec<PathBuf>,
    /// Folders whose kustomization changes what this one builds on.
    components: Vec<PathBuf>,
    namespace: Option<String>,
    renames: bool,
    labels: Vec<Labels>,
    patched: Vec<Arc<Target>>,
    /// Files that are no objects.
    pub(super) parts: Vec<PathBuf>,
    /// Secrets that it makes.
    secrets: Vec<String>,
    /// ConfigMaps that it makes.
    config_maps: Vec<String>,
    has_charts: bool,
}

/// Labels that a kustomization adds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Labels {
    pairs: Vec<(String, String)>,
    selectors: bool,
    templates: bool,
}

/// Which objects a patch is for; nothing is any.
#[derive(Debug, Default, Clone)]
pub(crate) struct Target {
    kind: Option<Pattern>,
    name: Option<Pattern>,
}

impl Target {
    fn new(kind: Option<&str>, name: Option<&str>) -> Self {
        Self { kind: kind.map(Pattern::new), name: name.map(Pattern::new) }
    }

    fn matches(&self, kind: &str, name: &str) -> bool {
        let is = |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.matches(text));
        is(&self.kind, kind) && is(&self.name, name)
    }

    fn key(&self) -> (Option<&str>, Option<&str>) {
        (self.kind.as_ref().map(|one| one.text.as_str()), self.name.as_ref().map(|one| one.text.as_str()))
    }
}

/// A name or an expression for names, read once.
#[derive(Debug, Clone)]
struct Pattern {
    text: String,
    /// Nothing for a name, and for what is no expression.
    regex: Option<Regex>,
}

impl Pattern {
    fn new(text: &str) -> Self {
        const SIZE: usize = 1 << 16;
        let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let regex = || RegexBuilder::new(&format!("^(?:{text})$")).size_limit(SIZE).build().ok();
        Self { text: text.to_owned(), regex: if is_name { None } else { regex() } }
    }

    fn matches(&self, text: &str) -> bool {
        self.text == text || self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

/// What becomes of the objects of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kustomized {
    /// The namespace that all of them get.
    namespace: Option<String>,
    /// Whether names or namespaces differ from overlay to overlay, so that nobody knows who the objects are.
    pub(crate) renamed: bool,
    labels: Vec<Labels>,
    patched: Vec<Arc<Target>>,
    /// The kustomizations that somebody applies it with.
    roots: BTreeSet<PathBuf>,
}

impl Kustomized {
    /// Says whether some kustomization has the objects of both files.
    pub(crate) fn is_applied_with(&self, other: &Self) -> bool {
        !self.roots.is_disjoint(&other.roots)
    }

    /// Returns the namespace that all objects get.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Adds targets of patches, each once.
    fn add_patched(&mut self, targets: &[Arc<Target>]) {
        let mut known: BTreeSet<(Option<&str>, Option<&str>)> = self.patched.iter().map(|one| one.key()).collect();
        let new: Vec<Arc<Target>> = targets.iter().filter(|one| known.insert(one.key())).cloned().collect();
        self.patched.extend(new);
    }

    /// Says whether a patch changes an object.
    pub(crate) fn patches(&self, kind: &str, name: &str) -> bool {
        self.patched.iter().any(|target| target.matches(kind, name))
    }

    /// Returns an object as Kustomize would print it, but for patches and names.
    pub(super) fn finish(&self, object: &Value) -> Value {
        let mut object = object.clone();
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(namespace) = self.namespace.as_ref().filter(|_| kind == "Namespace")
            && let Some(metadata) = map_at(&mut object, &["metadata"])
        {
            metadata.insert("name".to_owned(), namespace.clone().into());
        }
        if let Some(namespace) = &self.namespace
            && !CLUSTER_KINDS.contains(&kind.as_str())
            && let Some(metadata) = map_at(&mut object, &["metadata"])
        {
            metadata.insert("namespace".to_owned(), namespace.clone().into());
        }
        for path in [&["metadata"][..], &["spec", "template", "metadata"]] {
            for field in ["labels", "annotations"] {
                let Some(map) = path.iter().try_fold(&mut object, |value, key| value.get_mut(key)) else { continue };
                map.get_mut(field).into_iter().for_each(quote);
            }
        }
        for labels in &self.labels {
            labels.add(&kind, &mut object);
        }
        object
    }
}

impl Labels {
    /// kustomize: `builtinpluginconsts.commonLabelFieldSpecs`
    fn add(&self, kind: &str, object: &mut Value) {
        let mut put = |path: &[&str]| {
            if let Some(map) = map_at(object, path) {
                map.extend(self.pairs.iter().map(|(key, value)| (key.clone(), value.clone().into())));
            }
        };
        put(&["metadata", "labels"]);
        let is_workload = matches!(kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job");
        if (self.selectors || self.templates) && is_workload {
            put(&["spec", "template", "metadata", "labels"]);
        }
        if (self.selectors || self.templates) && kind == "CronJob" {
            put(&["spec", "jobTemplate", "metadata", "labels"]);
            put(&["spec", "jobTemplate", "spec", "template", "metadata", "labels"]);
        }
        if self.selectors && is_workload && kind != "Job" {
            put(&["spec", "selector", "matchLabels"]);
        }
        // A Service without selector gets one too.
        if self.selectors && matches!(kind, "Service" | "ReplicationController") {
            put(&["spec", "selector"]);
        }
        if self.selectors && kind == "ReplicationController" {
            put(&["spec", "template", "metadata", "labels"]);
        }
    }
}

/// Puts numbers and booleans in quotes, as Kustomize does in labels and annotations.
fn quote(map: &mut Value) {
    for value in map.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if value.is_number() || value.is_boolean() {
            *value = Value::String(value.to_string());
        }
    }
}

fn map_at<'o>(object: &'o mut Value, path: &[&str]) -> Option<&'o mut Map<String, Value>> {
    path.iter()
        .try_fold(object, |value, key| {
            let map = value.as_object_mut()?;
            let entry = map.entry(*key).or_insert_with(|| Value::Object(Map::new()));
            if entry.is_null() {
                *entry = Value::Object(Map::new());
            }
            Some(entry)
        })?
        .as_object_mut()
}

/// What is known of all kustomizations of the input.
#[derive(Debug, Default)]
pub(super) struct Kustomizations {
    all: BTreeMap<PathBuf, Kustomization>,
    /// Which kustomizations build on a file or a folder.
    users: BTreeMap<PathBuf, Vec<PathBuf>>,
}

/// What a kustomization stands for, for those who say how to lint it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// The folder that nothing else builds on: what somebody applies.
    pub folder: String,
    /// Whether it changes what it lists.
    pub changes: bool,
    /// Secrets and ConfigMaps that it generates, by name.
    pub generated: BTreeSet<String>,
    /// Whether a chart is part of it.
    pub has_charts: bool,
    /// The namespace that it sets.
    pub namespace: Option<String>,
}

impl Kustomizations {
    /// Reads the kustomizations among files.
    pub(super) fn new(files: &[SourceFile]) -> Self {
        let texts: BTreeMap<PathBuf, &SourceFile> =
            files.iter().map(|file| (clean(Path::new(&file.path)), file)).collect();
        let all: BTreeMap<PathBuf, Kustomization> = files
            .iter()
            .filter(|file| is_kustomization(Path::new(&file.path)))
            .filter_map(|file| read(file, &texts))
            .map(|one| (one.folder.clone(), one))
            .collect();
        let mut users: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for one in all.values() {
            for used in one.resources.iter().chain(&one.components) {
                users.entry(used.clone()).or_default().push(one.folder.clone());
            }
        }
        Self { all, users }
    }

    /// Returns the files that hold no objects, because kustomizations name them as something else.
    pub(super) fn parts(&self) -> BTreeSet<PathBuf> {
        let parts = self.all.values().flat_map(|one| &one.parts);
        parts.filter(|path| !self.users.contains_key(*path)).cloned().collect()
    }

    /// Returns what becomes of the objects of a file; nothing if they stay as they are.
    pub(super) fn of(&self, path: &Path) -> Option<Arc<Kustomized>> {
        let path = clean(path);
        let mut ways = Vec::new();
        let Some(users) = self.users.get(&path) else {
            // Beside a kustomization that does not list it, a file is applied by nobody.
            let is_beside = path.parent().is_some_and(|folder| self.all.contains_key(folder));
            return is_beside.then(|| Arc::new(Kustomized { renamed: true, ..Kustomized::default() }));
        };
        let mut steps = STEPS;
        for user in users {
            self.ways(user, &mut Vec::new(), &mut ways, &mut steps);
        }
        let mut all = ways.iter().map(|way| self.along(way));
        let mut first = all.next()?;
        for other in all {
            first.renamed |= other.renamed || other.namespace != first.namespace;
            first.add_patched(&other.patched);
            if first.labels != other.labels {
                first.labels.clear();
            }
        }
        if first.renamed {
            first.namespace = None;
        }
        first.roots = ways.iter().filter_map(|way| way.last().cloned()).collect();
        Some(Arc::new(first))
    }

    /// Collects the ways from a kustomization up to those that nothing builds on.
    ///
    /// `steps` are those that may still be taken: in a net of circles the ways are without number, and few of them lead up.
    fn ways(&self, folder: &Path, way: &mut Vec<PathBuf>, out: &mut Vec<Vec<PathBuf>>, steps: &mut usize) {
        if way.len() >= DEPTH || *steps == 0 || way.iter().any(|known| known == folder) || out.len() > 256 {
            return;
        }
        *steps -= 1;
        way.push(folder.to_owned());
        match self.users.get(folder) {
            Some(users) => users.iter().for_each(|user| self.ways(user, way, out, steps)),
            None => out.push(way.clone()),
        }
        way.pop();
    }

    /// Puts together what the kustomizations of a way do, the inner ones first.
    fn along(&self, way: &[PathBuf]) -> Kustomized {
        let mut out = Kustomized::default();
        let steps = way.iter().filter_map(|folder| self.all.get(folder));
        let with_components =
            steps.flat_map(|one| one.components.iter().filter_map(|folder| self.all.get(folder)).chain([one]));
        for one in with_components {
            if one.namespace.is_some() {
                out.namespace.clone_from(&one.namespace);
            }
            out.renamed |= one.renames;
            out.labels.extend(one.labels.iter().cloned());
            out.add_patched(&one.patched);
        }
        out
    }

    /// Returns the kustomizations that nothing else builds on.
    pub(super) fn overlays(&self) -> Vec<Overlay> {
        let components: BTreeSet<&PathBuf> = self.all.values().flat_map(|one| &one.components).collect();
        let roots =
            self.all.values().filter(|one| !self.users.contains_key(&one.folder) && !components.contains(&one.folder));
        let overlay = |root: &Kustomization| {
            let below = self.below(&root.folder);
            Overlay {
                folder: shown(&root.folder),
                changes: below.iter().any(|one| one.changes()),
                generated: below.iter().flat_map(|one| one.secrets.iter().chain(&one.config_maps).cloned()).collect(),
                has_charts: below.iter().any(|one| one.has_charts),
                namespace: root.namespace.clone(),
            }
        };
        roots.map(overlay).collect()
    }

    fn below(&self, folder: &Path) -> Vec<&Kustomization> {
        let mut out: Vec<&Kustomization> = Vec::new();
        let mut todo = vec![folder.to_owned()];
        while let Some(folder) = todo.pop() {
            let Some(one) = self.all.get(&folder) else { continue };
            if out.iter().any(|known| known.folder == one.folder) {
                continue;
            }
            out.push(one);
            todo.extend(one.resources.iter().chain(&one.components).cloned());
        }
        out
    }
}

impl Kustomization {
    /// Says whether what it builds on is changed in a way that this module does not follow.
    fn changes(&self) -> bool {
        self.renames
            || self.has_charts
            || !self.patched.is_empty()
            || !self.secrets.is_empty()
            || !self.config_maps.is_empty()
            || self.namespace.is_some()
            || !self.labels.is_empty()
            || !self.components.is_empty()
    }
}

fn shown(folder: &Path) -> String {
    let text = folder.display().to_string();
    if text.is_empty() { ".".to_owned() } else { text }
}

/// Says whether a file is named as one that tells Kustomize what to do.
pub(super) fn is_kustomization(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| NAMES.contains(&name))
}

fn read(file: &SourceFile, files: &BTreeMap<PathBuf, &SourceFile>) -> Option<Kustomization> {
    let path = Path::new(&file.path);
    let folder = clean(path.parent().unwrap_or(Path::new("")));
    let bytes = file.content.as_ref().ok()?;
    let text = text::decode(bytes.clone()).text;
    let mut out = None;
    for tree in text::documents(&text).into_iter().filter_map(|range| yaml::parse(&text, range).ok()) {
        let root = tree.root(SourceId::default(), &text);
        // Flux has a kind of that name, which is an object.
        if root.get("apiVersion").and_then(Node::as_str).is_none_or(|version| version.starts_with(GROUP)) {
            out = Some(kustomization(root, &folder, files));
        }
    }
    out
}

fn kustomization(root: Node<'_>, folder: &Path, files: &BTreeMap<PathBuf, &SourceFile>) -> Kustomization {
    let items = |field: &str| root.get(field).map(|list| list.items().collect::<Vec<_>>()).unwrap_or_default();
    let text = |node: Node<'_>| node.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let inside = |name: String| clean(&folder.join(name));
    let paths = |field: &str| items(field).into_iter().filter_map(text).map(inside).collect::<Vec<PathBuf>>();
    let mut out = Kustomization { folder: folder.to_owned(), ..Kustomization::default() };
    out.resources = [paths("resources"), paths("bases")].concat();
    out.components = paths("components");
    out.namespace = root.get("namespace").and_then(text);
    out.renames = ["namePrefix", "nameSuffix"].iter().any(|field| root.get(field).and_then(text).is_some());
    out.has_charts = !items("helmCharts").is_empty() || root.get("helmChartInflationGenerator").is_some();
    if let Some(pairs) = root.get("commonLabels") {
        out.labels.push(Labels { pairs: pairs_of(pairs), selectors: true, templates: true });
    }
    for labels in items("labels") {
        let is = |field: &str| {
            labels.get(field).is_some_and(|node| matches!(node.kind(), crate::source::NodeKind::Bool(true)))
        };
        let pairs = labels.get("pairs").map(pairs_of).unwrap_or_default();
        out.labels.push(Labels { pairs, selectors: is("includeSelectors"), templates: is("includeTemplates") });
    }
    for field in ["patches", "patchesJson6902", "patchesStrategicMerge"] {
        for item in items(field) {
            // Of the oldest form, each item is a path or the patch itself.
            let path = item.get("path").and_then(text).or_else(|| text(item).filter(|text| !text.contains('\n')));
            let inline = item.get("patch").and_then(text).or_else(|| text(item).filter(|text| text.contains('\n')));
            let path = path.map(inside);
            out.parts.extend(path.clone());
            if let Some(target) = item.get("target") {
                out.patched.push(Arc::new(target_of(target)));
                continue;
            }
            let of_file = path.and_then(|path| files.get(&path)?.content.as_ref().ok());
            let text = inline.or_else(|| of_file.map(|bytes| text::decode(bytes.clone()).text));
            let targets = text.map_or_else(|| vec![Target::default()], |text| targets_of_patch(&text));
            out.patched.extend(targets.into_iter().map(Arc::new));
        }
    }
    for replacement in items("replacements") {
        if let Some(path) = replacement.get("path").and_then(text).map(inside) {
            out.parts.push(path);
            out.patched.push(Arc::default());
        }
        for target in replacement.get("targets").into_iter().flat_map(Node::items) {
            out.patched.extend(target.get("select").map(target_of).map(Arc::new));
        }
    }
    for field in ["configurations", "crds", "transformers", "generators", "validators"] {
        out.parts.extend(paths(field));
    }
    if !items("transformers").is_empty() || !items("vars").is_empty() {
        out.patched.push(Arc::default());
    }
    for (field, is_secret) in [("configMapGenerator", false), ("secretGenerator", true)] {
        for generator in items(field) {
            let name = generator.get("name").and_then(text);
            if is_secret {
                out.secrets.extend(name);
            } else {
                out.config_maps.extend(name);
            }
            let files = ["files", "envs"].into_iter().filter_map(|list| generator.get(list)).flat_map(Node::items);
            let files = files.filter_map(Node::as_str);
            let path = |file: &str| inside(file.split_once('=').map_or(file, |(_, path)| path).to_owned());
            out.parts.extend(files.map(path));
        }
    }
    for chart in items("helmCharts") {
        out.parts.extend(chart.get("valuesFile").and_then(text).map(inside));
        let more = chart.get("additionalValuesFiles").into_iter().flat_map(Node::items);
        out.parts.extend(more.filter_map(text).map(inside));
    }
    // A patch that is switched off, as scaffolds leave many: `#- webhook_patch.yaml`.
    let beside = files.keys().filter(|path| path.parent() == Some(folder) && is_patch(path));
    out.parts.extend(beside.cloned());
    out
}

/// Whether a file is a patch by its name: `manager_auth_proxy_patch.yaml`, `patch-replicas.yaml`.
fn is_patch(path: &Path) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    stem.split(['-', '_', '.']).any(|word| word == "patch")
}

fn pairs_of(node: Node<'_>) -> Vec<(String, String)> {
    let text = |node: Node<'_>| match node.to_json() {
        Value::String(text) => text,
        other => other.to_string(),
    };
    node.entries().map(|(key, value)| (key.as_str().unwrap_or_default().to_owned(), text(value))).collect()
}

fn target_of(node: Node<'_>) -> Target {
    let text = |field: &str| node.get(field).and_then(Node::as_str);
    Target::new(text("kind"), text("name"))
}

/// Which objects a strategic merge patch is for, as it says itself.
fn targets_of_patch(text: &str) -> Vec<Target> {
    let trees = text::documents(text).into_iter().filter_map(|range| yaml::parse(text, range).ok());
    trees
        .map(|tree| {
            let root = tree.root(SourceId::default(), text);
            let name = root.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_str);
            Target::new(root.get("kind").and_then(Node::as_str), name)
        })
        .collect()
}

/// Returns a path without `.` and `x/..`.
pub(super) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for step in path.components() {
        match step {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
