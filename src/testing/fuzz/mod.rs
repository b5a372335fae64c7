//! Any bytes for whatever reads text that a stranger wrote: no panic, no hang, nothing printed that acts on a terminal.
//!
//! A target starts from the files of `fuzz/corpus/<target>`, and changes them at random. Without coverage to steer by, it needs no
//! other compiler; the corpus has to know the forms. `MESHC_FUZZ_SECONDS` says for how long.

mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::diff::{self, Dump, Presence, ProxyName, Report, Scope, compare, render};
use crate::ingest::ingest;
use crate::input::Input;
use crate::options::Options;
use crate::source::SourceFile;
use crate::{cli, lint, pipeline, proxy};
use mutate::Mutator;

/// Seconds that a target runs when nobody says for how long.
const SECONDS: u64 = 1;

/// How long one input may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest input.
const SIZE: usize = 16 << 10;

const MESH: &str = "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\"}}
{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"a\", \"namespace\": \"a\"}, \"spec\": {\"clusterIP\": \"10.1.0.1\",
  \"selector\": {\"app\": \"a\"}, \"ports\": [{\"port\": 80, \"name\": \"http\"}]}}
{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\", \"namespace\": \"a\", \"labels\": {\"app\": \"a\"}},
  \"spec\": {\"containers\": [{\"name\": \"a\", \"image\": \"a\"}, {\"name\": \"istio-proxy\", \"image\": \"p\", \"args\": [\"proxy\", \"sidecar\"]}]},
  \"status\": {\"podIP\": \"10.0.0.1\", \"phase\": \"Running\"}}
";

/// Runs a target over its corpus, and over changes of it until the time is up.
fn run(name: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("every target has a corpus").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let corpus: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).expect("it can be read")).collect();
    assert!(!corpus.is_empty(), "{name} has no corpus");
    for input in &corpus {
        try_one(name, input, &target);
    }
    let seconds =
        std::env::var_os("MESHC_FUZZ_SECONDS").and_then(|text| text.to_str()?.parse().ok()).unwrap_or(SECONDS);
    let started = Instant::now();
    let mut mutator = Mutator::new();
    while started.elapsed() < Duration::from_secs(seconds) {
        try_one(name, &mutator.input(&corpus, SIZE), &target);
    }
}

fn try_one(name: &str, input: &[u8], target: &impl Fn(&[u8])) {
    let started = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| target(input)));
    if ended.is_err() || started.elapsed() > PATIENCE {
        let path = std::env::temp_dir().join(format!("meshc-fuzz-{name}-{}", std::process::id()));
        let _ = std::fs::write(&path, input);
        panic!("{name} does not hold for {}, after {:?}", path.display(), started.elapsed());
    }
}

/// Objects of the mesh, and one more, through the whole way.
fn translate(object: &Value) {
    let file = SourceFile::new("a.json", format!("{MESH}{object}"));
    let mut input = Input::new(vec![file], &Options { expand: true, ..Options::default() });
    let mesh = input.mesh();
    let proxies = proxy::proxies(&mesh);
    let found = pipeline::translate_all(&mesh, &proxies.iter().collect::<Vec<_>>(), |_, dump| {
        dump.write(&mut Vec::new()).expect("memory can be written");
    });
    let options = lint::Options { view: lint::View::Meshc, enable: Vec::new(), now: None, has_mesh_config: false };
    let _ =
        lint::lint(&input.manifests, &input.settings, &mesh, &input.diagnostics, &options, &lint::Memory::default());
    input.diagnostics.extend(found);
    show(&input.take_diagnostics(), &input.manifests.sources);
}

fn show(diagnostics: &crate::diagnostic::Diagnostics, sources: &crate::source::Sources) {
    let mut shown = Vec::new();
    cli::render::write(diagnostics, sources, &mut shown).expect("memory can be written");
    assert_tame(&anstream::adapter::strip_bytes(&shown).into_vec());
}

/// Nothing that a terminal acts on, once our own colours are gone.
fn assert_tame(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let wild =
        text.chars().find(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || ('\u{2028}'..='\u{202e}').contains(c));
    assert!(wild.is_none() && !text.contains("##["), "{wild:?} in {text:?}");
}

#[test]
fn reader() {
    run("reader", |bytes| {
        let (manifests, diagnostics) = ingest(vec![SourceFile::new("a.yaml", bytes)]);
        let diagnostics = diagnostics.finish(&manifests.sources, |resource, path| manifests.locate(resource, path));
        show(&diagnostics, &manifests.sources);
        for document in &manifests.documents {
            let _ = document.node(&manifests.sources).to_json();
        }
    });
}

#[test]
fn dump() {
    let other =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/dump/one.json")).expect("is there");
    let other = String::from_utf8(other).expect("is text");
    run("dump", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = diff::may_be_dump(bytes);
        let json = diff::yaml_to_json(&text);
        let (Ok(Some(dumps)), Ok(Some(others))) = (diff::read(json.as_deref().unwrap_or(&text)), diff::read(&other))
        else {
            return;
        };
        for (name, dump) in &dumps {
            report(name.as_deref().unwrap_or_default(), &others[0].1, dump);
        }
    });
}

/// Compares two dumps, and prints what differs in all forms.
fn report(name: &str, before: &Dump<'_>, after: &Dump<'_>) {
    let mut report = Report { before: name.to_owned(), after: name.to_owned(), ..Report::default() };
    let node = ProxyName::new(name, after.node.as_ref());
    report.add(node, Presence::Both, compare(before, after, Scope { all: true }));
    report.notes.push(name.to_owned());
    report.finish();
    let _ = render::json(&report);
    for text in [render::summary(&report), render::unified(&report), render::stat(&report), render::markdown(&report)] {
        assert_tame(&anstream::adapter::strip_bytes(text.as_bytes()).into_vec());
    }
}

#[test]
fn markdown() {
    run("markdown", |bytes| {
        let name = String::from_utf8_lossy(bytes);
        let dump = |timeout: &str| {
            let cluster = json!({"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": name, "connect_timeout": timeout});
            let section = json!({"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": cluster}]});
            json!({"configs": [section]}).to_string()
        };
        let (before, after) = (dump("1s"), dump(&name));
        let (Ok(Some(a)), Ok(Some(b))) = (diff::read(&before), diff::read(&after)) else { return };
        report(&name, &a[0].1, &b[0].1);
    });
}

#[test]
fn merge() {
    run("merge", |bytes| {
        let Ok(patch) = serde_json::from_slice::<Value>(bytes) else { return };
        let patches = [
            "CLUSTER",
            "LISTENER",
            "HTTP_FILTER",
            "NETWORK_FILTER",
            "ROUTE_CONFIGURATION",
            "VIRTUAL_HOST",
            "HTTP_ROUTE",
        ];
        let patch = |apply_to: &&str| json!({"applyTo": apply_to, "patch": {"operation": "MERGE", "value": patch}});
        let patches: Vec<Value> = patches.iter().map(patch).collect();
        translate(&json!({
            "apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter",
            "metadata": {"name": "e", "namespace": "a"}, "spec": {"configPatches": patches},
        }));
    });
}

#[test]
fn pattern() {
    run("pattern", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        translate(&json!({
            "apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "v", "namespace": "a"},
            "spec": {"hosts": ["a"], "http": [{"match": [{"uri": {"regex": text}}], "route": [{"destination": {"host": "a"}}]}]},
        }));
    });
}

#[test]
fn expression() {
    run("expression", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        translate(&json!({
            "apiVersion": "telemetry.istio.io/v1", "kind": "Telemetry", "metadata": {"name": "t", "namespace": "a"},
            "spec": {"accessLogging": [{"providers": [{"name": "envoy"}], "filter": {"expression": text}}]},
        }));
    });
}

#[test]
fn git() {
    run("git", cli::any_answer_of_git);
}
