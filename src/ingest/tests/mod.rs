//! Whole texts through the reader.

mod properties;

use serde_json::json;

use super::*;
use crate::diagnostic::Severity;
use crate::installation::Installation;
use crate::options::Options;
use crate::source::FieldPath;

/// Reads one file.
fn read(text: &str) -> (Manifests, Vec<String>) {
    read_files(vec![SourceFile::new("a.yaml", text)])
}

/// Reads files and returns the findings as `file:line:column: code`.
fn read_files(files: Vec<SourceFile>) -> (Manifests, Vec<String>) {
    let (manifests, diagnostics) = ingest(files);
    let diagnostics = diagnostics.finish(&manifests.sources, |resource, path| manifests.locate(resource, path));
    let found = diagnostics.iter().map(|diagnostic| {
        let is_none = [DUPLICATE, "no-objects", "kustomize-patch"].contains(&diagnostic.code);
        assert_eq!(diagnostic.severity == Severity::Error, !is_none);
        let span = diagnostic.first_span().expect("findings of the reader have a place");
        let position = manifests.sources.position(span);
        format!("{}:{}:{}: {}", manifests.sources.path(span.source), position.line, position.column, diagnostic.code)
    });
    let found = found.collect();
    (manifests, found)
}

/// Reads one YAML document as JSON.
fn tree(text: &str) -> Result<serde_json::Value, String> {
    let range = text::documents(text).into_iter().next().unwrap_or(0..0);
    yaml::parse(text, range).map(|tree| tree.root(SourceId::default(), text).to_json()).map_err(|problem| {
        let mut sources = Sources::default();
        let source = sources.add("a.yaml".into(), text.into());
        let diagnostic = problem.diagnostic(source);
        let position = sources.position(diagnostic.first_span().unwrap_or_default());
        format!("{}:{}: {}", position.line, position.column, diagnostic.code)
    })
}

#[test]
fn values_resolve_as_kubernetes_reads_them() {
    for (text, want) in [
        ("a: y\nb: 'y'\nc: \"no\"\nd: off\n", json!({"a": true, "b": "y", "c": "no", "d": false})),
        ("80: a\ny: b\n1.5: c\n", json!({"80": "a", "true": "b", "1.5": "c"})),
        (
            "a: 0777\nb: 1_000\nc: 2001-01-02\nd: ~\ne:\n",
            json!({"a": 511, "b": 1000, "c": "2001-01-02", "d": null, "e": null}),
        ),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", json!({"a": "x\ny\n", "b": "x y"})),
        ("a: \"x\\ny\"\nb: 'it''s'\n", json!({"a": "x\ny", "b": "it's"})),
        ("a: !!str 80\nb: !!int '80'\nc: !own 80\n", json!({"a": "80", "b": 80, "c": "80"})),
        ("a: &x {p: 1}\nb: *x\nc: [*x, *x]\n", json!({"a": {"p": 1}, "b": {"p": 1}, "c": [{"p": 1}, {"p": 1}]})),
        ("a: &k key\n*k : 1\n", json!({"a": "key", "key": 1})),
        ("ä: é\nb: [1, ü]\n", json!({"ä": "é", "b": [1, "ü"]})),
        ("{a: 1, b: [x, {c: y}]}", json!({"a": 1, "b": ["x", {"c": true}]})),
        ("[]", json!([])),
        // libyaml does not mind where the lines inside of quotes and brackets begin.
        (
            "a:\n  b: [ # x\n    1, '#', # é\n\n  # y\n 2,\n 3\n  ]\n  c: {d:\n1,\ne: f\n g\n}\n",
            json!({"a": {"b": [1, "#", 2, 3], "c": {"d": 1, "e": "f g"}}}),
        ),
        (
            "a:\n  b: 'x\n y''s\n\n\n  z'\n  c: \"1 \\\n 2\n3\"\n  d: 'é\n é'\n",
            json!({"a": {"b": "x y's\n\nz", "c": "1 2 3", "d": "é é"}}),
        ),
        ("[fd00::, a:, 'b':, {c: }]", json!(["fd00::", "a:", {"b": null}, {"c": null}])),
        ("{a: fd00::1, b: [::]}", json!({"a": "fd00::1", "b": ["::"]})),
    ] {
        assert_eq!(tree(text), Ok(want), "{text}");
    }
}

#[test]
fn merge_keys_bring_entries() {
    let base = "x: &x {p: 1, q: 2}\ny: &y {q: 3, r: 4}\n";
    for (text, want) in [
        ("z: {<<: *x, q: 5}", json!({"p": 1, "q": 5})),
        // As go-yaml: what is written later counts, even if it is the merge.
        ("z: {q: 5, <<: *x}", json!({"q": 2, "p": 1})),
        ("z: {<<: [*x, *y]}", json!({"p": 1, "q": 2, "r": 4})),
        ("z: {<<: {a: 1}, b: 2}", json!({"a": 1, "b": 2})),
        ("z: {\"<<\": 1}", json!({"<<": 1})),
    ] {
        let tree = tree(&format!("{base}{text}\n")).map(|tree| tree["z"].clone());
        assert_eq!(tree, Ok(want), "{text}");
    }
    // What an anchor in a rebuilt map names stays what it was.
    let text = format!("{base}z: {{<<: *x, a: &a [1, 2]}}\nw: *a\n");
    assert_eq!(tree(&text).map(|tree| tree["w"].clone()), Ok(json!([1, 2])));
    assert_eq!(tree("a: {<<: 1}\n"), Err("1:5: yaml-merge".into()));
}

#[test]
fn bad_documents_give_one_finding_at_its_place() {
    let level = |n: usize| format!("a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 10].join(","));
    let bomb = format!("a0: &a0 x\n{}", (0..11).map(level).collect::<Vec<_>>().concat());
    let deep = format!("a: {}", "[".repeat(90));
    let very_deep = (0..300).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<Vec<_>>().concat();
    let long = format!("a: {}\n", "x".repeat(4 << 20));
    let long_block = format!("a: |\n{}", format!("  {}\n", "x".repeat(1000)).repeat(4000));
    for (text, want) in [
        ("a: 1\nb: 2\na: 3\n", "3:1: duplicate-key"),
        ("y: 1\n\"true\": 2\n", "2:1: duplicate-key"),
        ("a: [1\nb: 2\n", "2:2: yaml-syntax"),
        ("a: b: c\n", "1:5: yaml-syntax"),
        ("a:\n\t- 1\n", "2:2: yaml-syntax"),
        ("a: *nope\n", "1:4: yaml-syntax"),
        ("a: &a [*a]\n", "1:8: yaml-alias"),
        ("? [1]\n: 2\n", "1:3: yaml-key"),
        ("~: 2\n", "1:1: yaml-key"),
        ("a: .inf\n", "1:4: yaml-scalar"),
        ("a: !!int x\n", "1:4: yaml-scalar"),
        (&bomb, "7:18: yaml-alias-bomb"),
        (&deep, "1:94: yaml-syntax"),
        (&very_deep, "101:101: yaml-depth"),
        (&long, "1:1: value-too-long"),
        (&long_block, "2:3: value-too-long"),
    ] {
        let cut: String = text.chars().take(60).collect();
        assert_eq!(tree(text), Err(want.into()), "{cut}");
    }
}

#[test]
fn json_reads_too() {
    let read = |text: &str| {
        json::parse(text, 0..text::offset(text.len()))
            .map(|trees| trees.iter().map(|tree| tree.root(SourceId::default(), text).to_json()).collect::<Vec<_>>())
            .map_err(|problem| problem.start())
    };
    for (text, want) in [
        (
            "{\"a\": [1, -2.5, 1e3, true, null, \"x\\n\\u00e4\\ud83d\\ude00\"]}",
            vec![json!({"a": [1, -2.5, 1000, true, null, "x\nä😀"]})],
        ),
        ("{\n\t\"y\": {}\n}\n{\"b\": []}", vec![json!({"y": {}}), json!({"b": []})]),
        ("", vec![]),
    ] {
        assert_eq!(read(text), Ok(want), "{text}");
    }
    for (text, at) in [
        ("{\"a\": 1,}", 8),
        ("{\"a\" 1}", 5),
        ("{a: 1}", 1),
        ("[1 2]", 3),
        ("[01]", 1),
        ("[1.]", 1),
        ("[\"a\nb\"]", 3),
        ("[\"\\x\"]", 3),
        ("[\"\\u12\"]", 4),
        ("[\"a", 1),
        ("{\"a\":1,\"a\":2}", 7),
        ("[1", 2),
        ("[tru]", 1),
    ] {
        assert_eq!(read(text), Err(at), "{text}");
    }
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: 80\n";

#[test]
fn resources_of_all_shapes_are_found() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: b, namespace: x}\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Namespace, metadata: {name: x}}\n";
    let pods = "{\"apiVersion\": \"v1\", \"kind\": \"PodList\", \"items\": [{\"metadata\": {\"name\": \"p\", \"creationTimestamp\": null}}]}";
    let other = "apiVersion: x.y/v1\nkind: Service\nmetadata: {name: b}\n---\napiVersion: v1\nkind: Event\n";
    let text = format!("{SERVICE}---\n{list}---\n{pods}\n---\n{other}---\n# nothing\n---\n");
    let (manifests, found) = read(&text);
    assert_eq!(found, [] as [&str; 0]);
    let names: Vec<_> = manifests.services.iter().map(|s| (s.meta.namespace.as_str(), s.meta.name.as_str())).collect();
    assert_eq!(names, [("default", "a"), ("x", "b")]);
    assert_eq!((manifests.namespaces.len(), manifests.pods.len(), manifests.document_count), (1, 1, 5));
    assert_eq!(
        manifests.ignored.iter().map(|(k, n)| (k.as_str(), *n)).collect::<Vec<_>>(),
        [("Event", 1), ("Service.x.y", 1)]
    );
    // Each resource knows its tree.
    let place = manifests.locate(manifests.services[0].source, &FieldPath::parse("spec.ports[0].port"));
    assert_eq!(place.map(|span| manifests.sources.slice(span)), Some("80"));
    let place = manifests.locate(manifests.services[1].source, &FieldPath::parse("metadata.namespace"));
    assert_eq!(place.map(|span| manifests.sources.slice(span)), Some("x"));
}

#[test]
fn what_the_api_server_rejects_is_left_out() {
    for (text, want) in [
        ("just text\n", "1:1: no-objects"),
        ("a: 1\n", "1:1: no-objects"),
        ("kind: A\n", "1:1: missing-kind"),
        ("apiVersion: v1\nkind: [x]\n", "2:7: missing-kind"),
        ("apiVersion: v2\nkind: Service\nmetadata: {name: a}\n", "1:13: unknown-version"),
        ("apiVersion: v1\nkind: Service\n", "1:1: missing-name"),
        ("apiVersion: v1\nkind: Service\nmetadata: {labels: {a: b}}\n", "3:11: missing-name"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: A_b}\n", "3:18: invalid-name"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {x: y z}}\n", "3:33: invalid-label"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {x: 1}}\n", "3:33: wrong-type"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a, foo: 1}\n", "3:21: unknown-field"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  port: 80\n", "5:3: unknown-field"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: http\n", "6:11: wrong-type"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: 1.5\n", "6:11: wrong-type"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: []\n", "4:1: wrong-type"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n$patch: delete\n", "2:7: kustomize-patch"),
    ] {
        let (manifests, found) = read(text);
        assert_eq!(found, [format!("a.yaml:{want}")], "{text}");
        assert_eq!(manifests.documents.len(), 0, "{text}");
    }
}

#[test]
fn the_rest_of_a_file_is_still_read() {
    let text =
        format!("a: [\n---\n{SERVICE}---\nb: \u{1}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: x}}\n");
    let mut bytes = text.into_bytes();
    bytes.extend(b"---\nc: \xFF\n");
    let (manifests, found) = read_files(vec![SourceFile::new("a.yaml", bytes)]);
    assert_eq!(found, ["a.yaml:1:5: yaml-syntax", "a.yaml:10:4: control-character", "a.yaml:16:4: invalid-utf8"]);
    assert_eq!((manifests.services.len(), manifests.namespaces.len()), (1, 1));
}

#[test]
fn the_last_of_equal_objects_is_used() {
    let port = |number: &str| SERVICE.replace("80", number);
    let used = |files: Vec<SourceFile>| {
        let (manifests, found) = read_files(files);
        (manifests.services[0].spec.spec.ports[0].port, manifests.services.len(), found.join(" "))
    };
    let file = |path: &str, number: &str| SourceFile::new(path, port(number));
    let twice = |at: &str, number: u32| (number, 1, format!("{at} duplicate-object"));
    // By name, whatever the order in which they are found.
    assert_eq!(used(vec![file("b.yaml", "81"), file("a.yaml", "80")]), twice("b.yaml:3:18:", 81));
    // A folder comes before a file whose name goes on.
    assert_eq!(used(vec![file("a/b.yaml", "81"), file("a.yaml", "80")]), twice("a.yaml:3:18:", 80));
    // An argument comes before the next one.
    let late = SourceFile { argument: 1, ..file("a.yaml", "80") };
    assert_eq!(used(vec![late, file("b.yaml", "81")]), twice("a.yaml:3:18:", 80));
    // Three are told in one warning.
    let three = vec![file("a.yaml", "80"), file("b.yaml", "81"), file("c.yaml", "82")];
    assert_eq!(used(three), twice("c.yaml:3:18:", 82));
    let both = format!("{}---\n{}", port("80"), port("81"));
    assert_eq!(used(vec![SourceFile::new("a.yaml", both)]).0, 81);
}

#[test]
fn files_that_cannot_be_read_are_findings() {
    let (_, found) =
        read_files(vec![SourceFile::unreadable("x", "permission denied"), SourceFile::new("a.yaml", SERVICE)]);
    assert_eq!(found, ["x:1:1: unreadable"]);
}

#[test]
fn quantities_may_be_numbers_and_nulls_are_zero() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, creationTimestamp: null, labels: null}\nspec:\n  containers:\n  - name: x\n    resources: {limits: {cpu: 1, memory: 1.5}}\n    env: [{name: A, value: null}]\n    ports: null\n";
    assert_eq!(read(text).1, [] as [&str; 0]);
}

#[test]
fn a_mesh_config_that_istiod_refuses_leaves_the_defaults() {
    for (text, part) in [
        ("connectTimeout: 0s", "connectTimeout"),
        ("defaultConfig: {discoveryAddress: istiod}", "discoveryAddress"),
        ("defaultConfig: {statusPort: 0}", "statusPort"),
        ("trustDomain: a_b", "trustDomain"),
        ("meshMTLS: {ecdhCurves: [P-256]}", "meshMTLS"),
        ("localityLbSetting: {distribute: [{from: eu/*, to: {eu/*: 90}}]}", "localityLbSetting"),
    ] {
        let file = crate::source::SourceFile::new("mesh.yaml", format!("accessLogFile: /dev/stdout\n{text}\n"));
        let options = Options { mesh_config: Some(file), ..Options::default() };
        let mut diagnostics = Diagnostics::default();
        let settings = mesh_settings(&Manifests::default(), &options, Installation::default(), &mut diagnostics);
        assert_eq!(settings.config, crate::model::istio::MeshConfig::built_in(), "{text}");
        let messages: Vec<_> = diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert!(messages.len() == 1 && messages[0].contains(part), "{text}: {messages:?}");
    }
}

#[test]
fn a_mesh_config_is_judged_by_what_the_release_knows() {
    let text = "defaultConfig: {connectionSettings: {httpMaxConcurrentStreams: 0}}";
    for (release, found) in [("1.30", 0), ("1.31", 1)] {
        let file = crate::source::SourceFile::new("mesh.yaml", text);
        let options = Options { mesh_config: Some(file), ..Options::default() };
        let mut diagnostics = Diagnostics::default();
        let release = crate::installation::Release::parse(release).expect("a release");
        let installation = Installation::of(release, crate::installation::ReleaseOrigin::default());
        mesh_settings(&Manifests::default(), &options, installation, &mut diagnostics);
        assert_eq!(diagnostics.iter().count(), found, "{release}");
    }
}

#[test]
fn what_the_api_server_takes_is_no_error() {
    let secret = |data: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n{data}\n");
    let service = |spec: &str| format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {spec}\n");
    let pod = |container: &str| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, {container}}}]}}\n")
    };
    for text in [
        secret("data:\n  a: |\n    aGVs\n    bG8=\n"),
        secret("data: {a: \"aGVs\\r\\nbG8=\\n\"}"),
        secret("data: null\nstringData: {a: null}"),
        secret("sops: {mac: x, version: 3.9.4}\nstringData: {a: \"ENC[AES256_GCM,data:x]\"}"),
        secret("sops: {version: 3.9.4}\ndata: {a: \"ENC[AES256_GCM,data:x]\"}"),
        service("{ports: [{port: 80, targetPort: http}, {port: 81, targetPort: 8080, name: b}]}"),
        service("{ports: [{port: 80, targetPort: \"8080\", nodePort: null}], selector: null}"),
        pod("resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 0.5, memory: 1e9}}"),
        pod("resources: {limits: {cpu: 500m}, requests: null}, ports: null, env: [{name: A, value: null}]"),
        "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\nspec: {template: {spec: {containers: []}}}\n".to_owned(),
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: null, annotations: null}\nstatus: {phase: Active}\n".to_owned(),
    ] {
        let (_, found) = read_files(vec![SourceFile::new("a.yaml", text.as_str())]);
        assert!(found.is_empty(), "{text}\n{found:?}");
    }
}

#[test]
fn workloads_are_known_by_their_shape() {
    let template = "{metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: b}]}}";
    for (kind, spec) in [
        (
            "argoproj.io/v1alpha1\nkind: Rollout",
            format!("{{selector: {{matchLabels: {{app: a}}}}, template: {template}}}"),
        ),
        (
            "apps.openshift.io/v1\nkind: DeploymentConfig",
            format!("{{replicas: 1, selector: {{app: a}}, template: {template}}}"),
        ),
        ("apps.kruise.io/v1alpha1\nkind: CloneSet", format!("{{replicas: 2, template: {template}}}")),
        ("serving.knative.dev/v1\nkind: Service", format!("{{template: {template}}}")),
        (
            "operators.coreos.com/v1alpha1\nkind: ClusterServiceVersion",
            format!("{{install: {{spec: {{deployments: [{{name: one, spec: {{template: {template}}}}}]}}}}}}"),
        ),
    ] {
        let text = format!("apiVersion: {kind}\nmetadata: {{name: a, namespace: x}}\nspec: {spec}\n");
        let (manifests, found) = read_files(vec![SourceFile::new("a.yaml", text.as_str())]);
        assert!(found.is_empty(), "{text}\n{found:?}");
        let workload = manifests.other_workloads.first().expect("it is a workload");
        assert_eq!(workload.spec.templates.len(), 1, "{text}");
        assert_eq!(workload.spec.templates[0].template.metadata.labels["app"], "a", "{text}");
    }
    let (manifests, _) = read_files(vec![SourceFile::new(
        "a.yaml",
        "apiVersion: x/v1\nkind: Y\nmetadata: {name: a}\nspec: {template: {a: 1}}\n",
    )]);
    assert!(manifests.other_workloads.is_empty());
}
