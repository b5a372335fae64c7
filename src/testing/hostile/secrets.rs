//! Values of Secrets, which no command prints.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::Value;

use super::{MESH, run_in, said};
use crate::cli::{folder, output, write};

const MARK: &str = "hunter2CANARYhunter2";

fn base64(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Runs each command in each form, and fails if a mark is in what it says.
fn check(here: &Path, path: &str) {
    std::fs::create_dir_all(here.join("empty")).expect("can be written");
    write(&here.join("empty"), "a.yaml", MESH);
    let marks = [MARK.to_owned(), base64(MARK), base64(MARK).trim_end_matches('=').to_owned()];
    for command in [
        &["translate", path][..],
        &["translate", path, "-o", "yaml"],
        &["translate", path, "--out-dir", "out"],
        &["proxies", path],
        &["proxies", path, "-o", "json"],
        &["lint", path, "--verbose"],
        &["lint", path, "-o", "json"],
        &["lint", path, "-o", "sarif"],
        &["lint", path, "-o", "junit"],
        &["lint", path, "-o", "github"],
        &["lint", path, "-o", "text=out.txt"],
        &["lint", path, "--as-istioctl"],
        &["lint", path, "--write-baseline", "baseline.json"],
        &["diff", "empty", path],
        &["diff", "empty", path, "-o", "unified"],
        &["diff", "empty", path, "-o", "json"],
        &["diff", "empty", path, "-o", "markdown"],
        &["expand", path, "--redact"],
    ] {
        let mut all = said(&run_in(here, command));
        for written in
            ["out.txt", "baseline.json"].map(|name| here.join(name)).into_iter().chain(files(&here.join("out")))
        {
            all +=
                &std::fs::read(written).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        }
        for mark in &marks {
            let at = all.find(mark.as_str());
            let near = at.map(|at| all[..at].lines().rev().take(3).collect::<Vec<_>>());
            assert!(at.is_none(), "{command:?} prints it: {near:?}");
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// All Secrets of the fixtures, each value a mark, and what refers to them.
#[test]
fn no_command_prints_a_value() {
    let here = folder("hostile-canary");
    for scenario in ["gateway-tls-credentials", "extension-target-refs", "gateway-api-tls", "wasm-plugin"] {
        let manifests = format!("fixtures/{scenario}/manifests");
        if !Path::new(env!("CARGO_MANIFEST_DIR")).join(&manifests).exists() {
            continue;
        }
        let expanded = output(&["expand", "-q", &manifests]);
        let folder = here.join(scenario);
        std::fs::create_dir_all(&folder).expect("can be written");
        for form in
            [&base64(MARK), &base64(&format!("-----BEGIN CERTIFICATE-----\n{MARK}\n-----END PRIVATE KEY-----\n"))]
        {
            let objects: Vec<String> = expanded.split("---\n").map(|object| with_values(object, form)).collect();
            assert!(objects.iter().any(|object| object.contains(form)), "{scenario} has a Secret");
            write(&folder, "all.yaml", &objects.join("\n---\n"));
            check(&here, scenario);
        }
    }
    assert!(!files(&here).is_empty());
}

/// Puts a value in the place of all of a Secret's.
fn with_values(object: &str, value: &str) -> String {
    let mut object: Value = serde_yaml::from_str(object).unwrap_or_default();
    if object["kind"] == "Secret" {
        for values in ["data", "stringData"] {
            for old in object[values].as_object_mut().into_iter().flat_map(|values| values.values_mut()) {
                *old = value.into();
            }
        }
    }
    object.to_string()
}

/// What reads the Secrets: a gateway's server for each, and a plugin for each.
fn readers(secrets: &[String]) -> String {
    let (mut servers, mut plugins) = (String::new(), String::new());
    for (port, secret) in (1000..).zip(secrets) {
        let _ = write!(
            servers,
            "  - port: {{number: {port}, name: https-{port}, protocol: HTTPS}}\n    hosts: ['*']\n    \
             tls: {{mode: MUTUAL, credentialName: {secret}}}\n"
        );
        let _ = write!(
            plugins,
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: w-{secret}, namespace: a}}\n\
             spec: {{url: 'oci://x/y:1', imagePullSecret: {secret}}}\n---\n"
        );
    }
    let router = MESH.replace("proxy, sidecar", "proxy, router");
    format!(
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: g, namespace: a}}\nspec:\n  \
         selector: {{app: a}}\n  servers:\n{servers}---\n{plugins}{router}"
    )
}

#[test]
fn mistakes_in_secrets_are_told_without_the_lines() {
    let here = folder("hostile-secret-excerpts");
    let coded = base64(MARK);
    let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: a}\n";
    let bodies = [
        format!("type: kubernetes.io/tls\ndata: {{tls.crt: AAAA, tls.key: \"{coded}!!\"}}\n"),
        format!("type: kubernetes.io/tls\ndata: {{tls.crt: {coded}, tls.key: {coded}, ca.crt: {coded}}}\n"),
        format!("type: kubernetes.io/dockerconfigjson\ndata: {{.dockerconfigjson: {coded}}}\n"),
        format!("type: kubernetes.io/dockerconfigjson\nstringData: {{.dockerconfigjson: {MARK}}}\n"),
        format!("stringData:\n  password: \"{MARK}\u{1}\"\n"),
        format!("stringData:\n  password: {MARK}\n  password: {MARK}\n"),
        format!("stringData:\n  {MARK}: [\n"),
        format!("stringData:\n  password: \"{MARK}\" oops\n"),
        format!("stringData:\n  password: {{nested: {MARK}}}\n"),
        format!("stringDatum: {{password: {MARK}}}\n"),
        format!("data:\n  tls.key: {MARK}_\n"),
        format!("data: {{password: {coded}, bad: '###', x: 1}}\n"),
        format!("data: {{password: {coded}}}\nx: {{}}\n"),
        format!("data: {{password: {coded}}} # meshc:ignore MESHC0001 {MARK}\nx: {{}}\n"),
        format!("data: *{MARK}\n"),
        format!("data: !<{MARK}> x\n"),
        format!("type: [{MARK}]\n"),
        format!("immutable: {MARK}\n"),
    ];
    let variants = |body: &str| {
        let json = |text: &str| serde_yaml::from_str::<Value>(text).map(|value| value.to_string()).unwrap_or_default();
        [
            format!("{head}{body}"),
            format!("{body}{head}"),
            format!("{}{body}", head.replace("kind: Secret", "kind: \"Sec\\x72et\"")),
            format!("{}{body}", head.replace("kind: Secret", "kind: secret")),
            format!("{}{body}", head.replace("kind: Secret\n", "")),
            format!("{}{body}", head.replace("v1", "v2")),
            format!("{}{body}", head.replace("name: s", "name: S_")),
            format!("{head}{body}---\napiVersion: v1\nkind: Namespace\nmetadata: {{nme: x}}\n"),
            format!(
                "apiVersion: v1\nkind: List\nitems:\n- {}",
                format!("{head}{body}").trim_end().replace('\n', "\n  ")
            ),
            json(&format!("{head}{body}")),
            format!("{{\"apiVersion\":\"v1\",\"kind\":\"SecretList\",\"items\":[{}]}}", json(&format!("{head}{body}"))),
            format!("{} {{\"apiVersion\":\"v1\",\"kind\":\"Namespace\"}}", json(&format!("{head}{body}"))),
        ]
    };
    // All of them in one folder, each with a name of its own: one mistake does not stop the others from being read.
    let folder = here.join("secrets");
    std::fs::create_dir_all(&folder).expect("can be written");
    let mut names = Vec::new();
    for (number, body) in bodies.iter().enumerate() {
        for (variant, text) in variants(body).into_iter().enumerate() {
            let file = if text.starts_with('{') { "json" } else { "yaml" };
            let name = format!("s{number}-{variant}");
            let text = text.replace("name: s,", &format!("name: {name},"));
            let text = text.replace("\"name\":\"s\"", &format!("\"name\":\"{name}\""));
            write(&folder, &format!("{number}-{variant}.{file}"), &text);
            if variant == 0 {
                names.push(name);
            }
        }
    }
    write(&folder, "readers.yaml", &readers(&names));
    let read = said(&run_in(&here, &["lint", "secrets", "--verbose"]));
    for number in 0..bodies.len() {
        assert!(read.contains(&format!("{number}-0.")), "nothing is said of body {number}:\n{read}");
    }
    check(&here, "secrets");
}

#[test]
fn variables_from_secrets_are_hidden() {
    let here = folder("hostile-secret-env");
    std::fs::create_dir_all(here.join("m")).expect("can be written");
    let pod = MESH.replace(
        "args: [proxy, sidecar]}",
        "args: [proxy, sidecar], env: [{name: ISTIO_META_CLUSTER_ID, valueFrom: {secretKeyRef: {name: s, key: k}}}, \
         {name: ISTIO_META_X, valueFrom: {secretKeyRef: {name: s, key: k}}}]}",
    );
    let secret =
        format!("---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: a}}\nstringData: {{k: {MARK}}}\n");
    write(&here, "m/a.yaml", &format!("{pod}{secret}"));
    check(&here, "m");
}

#[test]
fn expand_says_that_it_prints_secrets() {
    let here = folder("hostile-secret-expand");
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: {MARK}\n\
         stringData: {{k: {MARK}}}\n"
    );
    write(&here, "s.yaml", &secret);
    let plain = said(&run_in(&here, &["expand", "s.yaml"]));
    assert!(plain.contains("the output holds 1 Secret in clear; --redact hides the values"), "{plain}");
    assert!(plain.contains(&base64(MARK)));
    let hidden = said(&run_in(&here, &["expand", "s.yaml", "--redact"]));
    assert!(!hidden.contains(MARK) && !hidden.contains(&base64(MARK)) && !hidden.contains("in clear"), "{hidden}");
}

/// What istiod's debug page has in clear.
#[test]
fn dumps_of_others_are_hidden_too() {
    let here = folder("hostile-secret-dumps");
    let dump = |mark: &str| {
        let listener = format!(
            "{{\"@type\":\"type.googleapis.com/envoy.config.listener.v3.Listener\",\"name\":\"l\",\"stat_prefix\":\"{}\",\"filter_chains\":[{{\
             \"transport_socket\":{{\"name\":\"tls\",\"typed_config\":{{\"@type\":\"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext\",\
             \"common_tls_context\":{{\"tls_certificates\":[{{\"private_key\":{{\"inline_string\":\"{mark}\"}}}}]}}}}}},\
             \"filters\":[{{\"name\":\"w\",\"typed_config\":{{\"@type\":\"type.googleapis.com/envoy.extensions.filters.network.wasm.v3.Wasm\",\"config\":{{\
             \"vm_config\":{{\"environment_variables\":{{\"key_values\":{{\"ISTIO_META_WASM_IMAGE_PULL_SECRET\":\"{mark}\"}}}}}}}}}}}}]}}]}}",
            mark.len()
        );
        format!(
            "{{\"configs\":[{{\"@type\":\"type.googleapis.com/envoy.admin.v3.ListenersConfigDump\",\"dynamic_listeners\":[{{\"name\":\"l\",\
             \"active_state\":{{\"listener\":{listener}}}}}]}}]}}"
        )
    };
    write(&here, "a.json", &dump(MARK));
    write(&here, "b.json", &dump("other"));
    for form in ["summary", "unified", "json", "markdown"] {
        let all = said(&run_in(&here, &["diff", "a.json", "b.json", "-o", form]));
        assert!(all.contains("stat_prefix"), "{all}");
        assert!(!all.contains(MARK), "{form}: {all}");
    }
}

#[test]
fn places_in_secrets_show_no_line() {
    let here = folder("hostile-secret-places");
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: tls, namespace: a}\nstringData:\n  tls.crt: CANARY\n  tls.key: \
                  CANARY\n";
    write(&here, "a.yaml", &format!("{MESH}{secret}"));
    let lines = MESH.lines().count();
    for line in lines + 1..=lines + 7 {
        for form in ["summary", "json", "markdown"] {
            let output = run_in(&here, &["affects", "a.yaml", &format!("a.yaml:{line}"), "-o", form]);
            assert!(!said(&output).contains("CANARY"), "{form} {line}: {}", said(&output));
        }
    }
}
