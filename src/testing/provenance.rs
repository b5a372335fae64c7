//! `meshc why`, `meshc affects` and the edits that `meshc diff` names: as a user meets them, and whether they are true.

use std::path::{Path, PathBuf};

use meshc::diagnostic::Severity;
use meshc::options::Options;
use meshc::provenance::why::why;
use meshc::provenance::{Target, World, values};
use meshc::source::{Node, NodeKind, SourceFile, Span};
use serde_json::Value;

use crate::cli::{folder, output, run, snapshot, text, write};

const BOOKINFO: &str = "examples/bookinfo";
const INTERVAL: &str = "clusters[outbound|9080||reviews.bookstore.svc.cluster.local].outlier_detection.interval";
const PRODUCTPAGE: &str = "productpage-v1.bookstore";

#[test]
fn a_value_of_a_rule_is_found() {
    snapshot("why-interval", &output(&["why", BOOKINFO, INTERVAL, "--proxy", PRODUCTPAGE]));
    let answer: Value =
        serde_json::from_str(&output(&["why", BOOKINFO, INTERVAL, "--proxy", PRODUCTPAGE, "-o", "json"]))
            .expect("is JSON");
    assert_eq!(answer["value"], "10s");
    assert_eq!(answer["set_by"][0]["object"], "DestinationRule bookstore/reviews");
    assert_eq!(answer["set_by"][0]["path"], "spec.trafficPolicy.outlierDetection.interval");
    assert_eq!((&answer["set_by"][0]["line"], &answer["set_by"][0]["column"]), (&Value::from(35), &Value::from(17)));
    assert_eq!(answer["default"], Value::Null);
}

#[test]
fn a_default_names_its_rule() {
    let field = "clusters[outbound|9080||reviews.bookstore.svc.cluster.local].connect_timeout";
    let answer: Value = serde_json::from_str(&output(&["why", BOOKINFO, field, "--proxy", PRODUCTPAGE, "-o", "json"]))
        .expect("is JSON");
    assert_eq!(answer["set_by"], Value::Array(Vec::new()));
    assert_eq!(answer["default"]["by"], "istio");
}

#[test]
fn a_resource_is_annotated() {
    let resource = "clusters[outbound|9080||reviews.bookstore.svc.cluster.local]";
    snapshot("why-all", &output(&["why", BOOKINFO, resource, "--proxy", PRODUCTPAGE, "--all"]));
}

#[test]
fn what_is_not_there_is_an_error_with_a_hint() {
    let wrong = run(&["why", BOOKINFO, "clusters[outbound|9080||revews].name", "--proxy", PRODUCTPAGE]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("did you mean clusters[outbound|9080||r"), "{}", text(&wrong.stderr));
    let nobody = run(&["why", BOOKINFO, INTERVAL, "--proxy", "nobody.bookstore"]);
    assert_eq!(nobody.status.code(), Some(2));
}

#[test]
fn a_proxy_needs_no_more_of_its_name_than_one_has() {
    let full = output(&["why", BOOKINFO, INTERVAL, "--proxy", PRODUCTPAGE]);
    assert_eq!(output(&["why", BOOKINFO, INTERVAL, "--proxy", "productpage-v1"]), full);
    let picture = output(&["graph", BOOKINFO, "--proxy", PRODUCTPAGE]);
    assert_eq!(output(&["graph", BOOKINFO, "--proxy", "productpage-*"]), picture);

    let several = run(&["why", BOOKINFO, INTERVAL, "--proxy", "reviews-*"]);
    assert_eq!(several.status.code(), Some(2));
    assert!(text(&several.stderr).contains("`reviews-*` matches 3 proxies"), "{}", text(&several.stderr));
    let misspelt = run(&["graph", BOOKINFO, "--proxy", "productpge-v1"]);
    assert!(text(&misspelt.stderr).contains("did you mean `productpage-v1.bookstore`?"), "{}", text(&misspelt.stderr));
}

#[test]
fn a_line_an_object_and_a_field_are_places() {
    let by_line = output(&["affects", BOOKINFO, "routing.yaml:35"]);
    snapshot("affects-line", &by_line);
    let field = "DestinationRule bookstore/reviews#spec.trafficPolicy.outlierDetection.interval";
    assert_eq!(output(&["affects", BOOKINFO, field]), by_line);
    snapshot("affects-object", &output(&["affects", BOOKINFO, "DestinationRule bookstore/reviews", "--stat"]));
    assert_eq!(run(&["affects", BOOKINFO, "DestinationRule bookstore/nobody"]).status.code(), Some(2));
}

#[test]
fn what_changes_nothing_is_said_so() {
    let folder = folder("affects-nothing");
    write(
        &folder,
        "a.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}, ports: [{port: 80}]}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {app: a}}\n  template:\n    \
         metadata: {labels: {app: a}}\n    spec: {containers: [{name: a, image: a}]}\n---\n\
         apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: nobody.example}\n",
    );
    let nothing = run(&["affects", &folder.display().to_string(), "DestinationRule default/a"]);
    assert_eq!(nothing.status.code(), Some(1), "{}", text(&nothing.stderr));
    assert!(text(&nothing.stdout).contains("changes nothing"));
}

#[test]
fn a_difference_names_its_edits() {
    let folder = folder("diff-edits");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(BOOKINFO);
    for file in std::fs::read_dir(source).expect("is there").flatten() {
        let content = std::fs::read(file.path()).expect("can be read");
        let content = String::from_utf8(content).expect("is text");
        let content =
            content.replace("consecutive5xxErrors: 5", "consecutive5xxErrors: 9").replace("weight: 80", "weight: 70");
        write(&folder, &file.file_name().to_string_lossy(), &content);
    }
    let more = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: nobody, namespace: bookstore}\n";
    write(&folder, "zz.yaml", more);
    let after = folder.display().to_string();
    let differs = run(&["diff", BOOKINFO, &after, "-o", "json"]);
    assert_eq!(differs.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&differs.stdout).expect("is JSON");
    let edits = report["edits"].as_array().expect("is a list");
    let paths: Vec<&str> = edits.iter().filter_map(|edit| edit["edits"][0]["path"].as_str()).collect();
    assert_eq!(paths, ["spec.trafficPolicy.outlierDetection.consecutive5xxErrors", "spec.http[1].route[0].weight"]);
    assert_eq!(edits[0]["proxies"], 9);
    assert_eq!(report["edits_without_effect"][0]["object"], "ServiceAccount bookstore/nobody");
    let shown = text(&run(&["diff", BOOKINFO, &after, "-q"]).stdout).replace(&after, "[after]");
    snapshot("diff-edits", &shown);
}

/// Files of a scenario.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut out: Vec<PathBuf> =
        std::fs::read_dir(folder.join("manifests")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    out.sort();
    out.into_iter()
        .map(|path| (path.clone(), String::from_utf8(std::fs::read(path).expect("can be read")).expect("is text")))
        .collect()
}

fn world(files: &[(PathBuf, String)]) -> World {
    let files = files.iter().map(|(path, text)| SourceFile::new(path.display().to_string(), text.clone().into_bytes()));
    World::new(files.collect(), &Options { expand: true, ..Options::default() })
}

/// Numbers without a pattern, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }
}

/// How many scenarios are tried; `PROVENANCE_SCENARIOS` asks for another number.
fn scenarios() -> usize {
    option_env!("PROVENANCE_SCENARIOS").and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// A field of a proxy of some scenario.
struct Sample {
    files: Vec<(PathBuf, String)>,
    world: World,
    target: Target,
}

/// Folders of scenarios.
fn folders() -> Vec<PathBuf> {
    let all = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")).expect("is there");
    let all = all.flatten().map(|entry| entry.path()).filter(|path| path.join("manifests").is_dir());
    let mut folders: Vec<PathBuf> = all.collect();
    folders.sort();
    folders
}

/// Throws the dice for a field; nothing if the scenario has no proxy, or the proxy no resource of the kind.
fn sample(dice: &mut Dice, folders: &[PathBuf]) -> Option<Sample> {
    let files = files(&folders[dice.below(folders.len())]);
    let world = world(&files);
    let input = world.input();
    let mesh = input.mesh();
    let proxies = meshc::proxy::proxies(&mesh);
    let proxy = proxies.get(dice.below(proxies.len()))?.full_name();
    let target = |field: String| Target { proxy: proxy.clone(), field };
    let kind = ["clusters", "listeners", "routes", "endpoints"][dice.below(4)];
    let fields = values(&world, &target(format!("{kind}[*]"))).ok()?;
    let resource = fields[dice.below(fields.len())].to_string();
    let whole = &values(&world, &target(resource.clone())).expect("is there")[0].value;
    let leaves = meshc::diff::locate(fields[0].kind, whole).into_iter().filter(meshc::diff::Located::is_leaf);
    let leaves: Vec<String> = leaves.map(|located| located.path).collect();
    let field = format!("{resource}.{}", leaves[dice.below(leaves.len())]);
    Some(Sample { target: target(field), files, world })
}

/// Returns the files with another text at one place.
fn edited(files: &[(PathBuf, String)], file: &str, span: (u32, u32), text: &str) -> Vec<(PathBuf, String)> {
    let edit = |(path, content): &(PathBuf, String)| {
        let mut content = content.clone();
        if path.display().to_string() == file {
            content.replace_range(span.0 as usize..span.1 as usize, text);
        }
        (path.clone(), content)
    };
    files.iter().map(edit).collect()
}

/// Whatever `why` says sets a field: editing the named place of the file changes the field, through the whole way from text.
#[test]
fn editing_a_cause_in_the_text_changes_the_field() {
    let (mut dice, folders) = (Dice(7), folders());
    let (mut tried, mut rounds) = (0, 0);
    // A few more if the dice found nothing that a file sets.
    while rounds < scenarios() || tried == 0 && rounds < 10 * scenarios() {
        rounds += 1;
        let Some(Sample { files, world, target }) = sample(&mut dice, &folders) else { continue };
        for answer in why(&world, &target).expect("the field is there") {
            for setting in &answer.set_by {
                let Some(other) = &setting.other else { continue };
                let span = setting.place.span;
                let edited = edited(&files, &setting.place.file, (span.start, span.end), &other.to_string());
                let now = values(&self::world(&edited), &target);
                let same = now.is_ok_and(|fields| fields.first().is_some_and(|now| now.value == answer.field.value));
                let place = format!("{}:{}", setting.place.file, setting.place.position.line);
                assert!(
                    !same,
                    "{place} {}: {} -> {other} leaves {} of {} as it is",
                    setting.place.path, setting.value, target.field, target.proxy
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 0, "no cause was tried");
}

/// The single values below a node, each on one line, with another one of its type.
fn alternatives(node: Node<'_>, out: &mut Vec<(Span, String)>) {
    match node.kind() {
        NodeKind::Map(map) => map.into_iter().for_each(|(_, value)| alternatives(value, out)),
        NodeKind::Seq(seq) => seq.into_iter().for_each(|item| alternatives(item, out)),
        NodeKind::Bool(value) => out.push((node.span(), (!value).to_string())),
        NodeKind::Int(value) => out.push((node.span(), (value + 1).to_string())),
        NodeKind::String(text) if !text.contains('\n') => out.push((node.span(), format!("\"{text}x\""))),
        _ => {}
    }
}

/// Whatever `why` says is a default: no edit of a single value, which the API server and istiod take, gives the field another value.
#[test]
fn no_edit_changes_a_default() {
    const EDITS: usize = 8;
    let (mut dice, folders) = (Dice(11), folders());
    let (mut defaults, mut tried) = (0, 0);
    let errors = |world: &World| {
        let input = world.input();
        input.diagnostics.iter().filter(|one| one.severity == Severity::Error).count()
    };
    for _ in 0..20 * scenarios() {
        // To ask why takes most of the time.
        if defaults == scenarios().div_ceil(3) {
            break;
        }
        let Some(Sample { files, world, target }) = sample(&mut dice, &folders) else { continue };
        let answers = why(&world, &target).expect("the field is there");
        let Some(answer) = answers.iter().find(|one| one.set_by.is_empty() && one.default.is_some()) else { continue };
        defaults += 1;
        let (manifests, before) = (&world.manifests, errors(&world));
        let mut all = Vec::new();
        manifests.documents.iter().for_each(|document| alternatives(document.node(&manifests.sources), &mut all));
        for _ in 0..EDITS {
            let (span, other) = &all[dice.below(all.len())];
            let file = manifests.sources.path(span.source);
            let now = self::world(&edited(&files, file, (span.start, span.end), other));
            if errors(&now) > before {
                continue;
            }
            // Without its resource or its proxy there is no value to compare.
            let Some(field) = values(&now, &target).ok().and_then(|fields| fields.into_iter().next()) else { continue };
            tried += 1;
            let line = manifests.sources.position(*span).line;
            assert!(
                field.value == answer.field.value,
                "{file}:{line} -> {other} changes {} of {}, which is said to be a default",
                target.field,
                target.proxy
            );
        }
    }
    assert!(tried > 0, "no default was tried");
}
