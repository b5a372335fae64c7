//! The binary as a user meets it: flags, exit codes, standard input and output.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SERVICES: &str = "fixtures/bookinfo-service-to-service/manifests";

/// Prepares the binary, run in the repository.
pub(crate) fn meshc(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    meshc(arguments).output().expect("the binary runs")
}

/// Runs the binary, which must end well, and returns its standard output.
pub(crate) fn output(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&output(arguments)).expect("the output is JSON")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Makes a folder of its own under the build folder.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the build folder can be written");
    folder
}

pub(crate) fn write(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("the build folder can be written");
    path.display().to_string()
}

/// Compares a text with `snapshots/cli/<name>.snap`.
pub(crate) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Returns what goes to standard error, without the times in it.
fn messages(output: &Output) -> String {
    let text = text(&output.stderr);
    let lines = text.lines().map(|line| if line.starts_with("time ") { "time      [time]" } else { line });
    lines.collect::<Vec<_>>().join("\n").replace(env!("CARGO_TARGET_TMPDIR"), "[tmp]")
}

fn types(dump: &Value) -> Vec<&str> {
    let configs = dump["configs"].as_array().expect("there are configs");
    configs.iter().filter_map(|config| config["@type"].as_str()?.rsplit('.').next()).collect()
}

#[test]
fn help_is_what_it_was() {
    for command in [
        "translate",
        "show",
        "proxies",
        "settings",
        "diff",
        "why",
        "affects",
        "graph",
        "report",
        "expand",
        "lint",
        "explain-rule",
    ] {
        snapshot(&format!("help-{command}"), &output(&[command, "--help"]));
    }
    snapshot("help", &output(&["--help"]));
    snapshot("help-short", &output(&[]));
}

#[test]
fn exit_codes() {
    let folder = folder("exit-codes");
    let bad = write(&folder, "bad.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {nme: a}\n");
    for (arguments, want) in [
        (vec!["translate", SERVICES], 0),
        (vec!["translate", &bad], 0),
        (vec!["proxies", &bad], 0),
        (vec!["translate", "--strict", SERVICES], 0),
        (vec!["translate", "--strict", &bad], 1),
        (vec!["proxies", "--strict", &bad], 1),
        (vec!["--version"], 0),
        (vec![], 0),
        (vec!["translate"], 2),
        (vec!["translate", "--nothing", SERVICES], 2),
        (vec!["translate", "no/such/folder"], 2),
        (vec!["translate", SERVICES, "--proxy", "nobody"], 2),
        (vec!["translate", SERVICES, "--resource", "nothing"], 2),
        (vec!["translate", SERVICES, "--resource", "bootstrap"], 2),
        (vec!["translate", SERVICES, "--mask", "nothing"], 2),
        (vec!["translate", SERVICES, "--resource", "dynamic_active_clusters", "--mask", "cluster.nothing"], 2),
        (vec!["translate", SERVICES, "--name-regex", "("], 2),
        (vec!["translate", SERVICES, "--mesh-config", "no/such/file"], 2),
        (vec!["translate", SERVICES, "--out-dir", &format!("{bad}/folder")], 2),
        (vec!["man", "nothing"], 2),
    ] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(want), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn nothing_is_written_when_errors_are_fatal() {
    let folder = folder("strict");
    write(&folder, "bad.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {nme: a}\n");
    let out = folder.join("out").display().to_string();
    let output = run(&["translate", SERVICES, &folder.display().to_string(), "--strict", "--out-dir", &out]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(!Path::new(&out).exists());
}

#[test]
fn findings_and_summary_go_to_standard_error() {
    let folder = folder("summary");
    write(
        &folder,
        "a.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {nme: a}\n---\nkind: Thing\napiVersion: x/v1\n",
    );
    let folder = folder.display().to_string();
    let output = run(&["translate", &folder, "--no-expand"]);
    assert_eq!(text(&output.stdout), "{}\n");
    snapshot("findings-and-summary", &messages(&output));
    let output = run(&["translate", &folder, "--no-expand", "-q"]);
    assert_eq!((text(&output.stdout).as_str(), text(&output.stderr).as_str()), ("{}\n", ""));
    let output = run(&["translate", &folder, "--no-expand", "--color", "always"]);
    assert!(text(&output.stderr).contains("\u{1b}["));
}

#[test]
fn one_exact_proxy_is_its_dump_and_anything_else_is_keyed() {
    let one = json(&["translate", SERVICES, "--proxy", "reviews-v1.default"]);
    let sections = [
        "BootstrapConfigDump",
        "ClustersConfigDump",
        "EndpointsConfigDump",
        "ListenersConfigDump",
        "ScopedRoutesConfigDump",
        "RoutesConfigDump",
        "SecretsConfigDump",
    ];
    assert_eq!(types(&one), sections);
    assert_eq!(json(&["translate", SERVICES, "--proxy", "reviews-v1"]), one);

    let names = |arguments: &[&str]| -> Vec<String> {
        let all = json(arguments);
        all.as_object().expect("an object").keys().cloned().collect()
    };
    let all = names(&["translate", SERVICES]);
    assert!(all.len() > 2, "{all:?}");
    let by_glob = names(&["translate", SERVICES, "--proxy", "reviews-*"]);
    let reviews: Vec<_> = all.iter().filter(|name| name.starts_with("reviews-")).cloned().collect();
    assert_eq!(by_glob, reviews);
    assert_eq!(json(&["translate", SERVICES])["reviews-v1.default"], one);
    assert_eq!(names(&["translate", SERVICES, "--kind", "gateway"]), [""; 0]);
    assert_eq!(names(&["translate", SERVICES, "--namespace", "default"]), all);
    let two = names(&["translate", SERVICES, "--proxy", "reviews-v1", "--proxy", "productpage-v1.default"]);
    assert_eq!(two, ["productpage-v1.default", "reviews-v1.default"]);
}

#[test]
fn a_folder_gets_a_file_for_each_proxy() {
    let folder = folder("out-dir");
    let out = folder.join("deep/out").display().to_string();
    assert_eq!(output(&["translate", SERVICES, "--out-dir", &out]), "");
    let one = output(&["translate", SERVICES, "--proxy", "reviews-v1.default"]);
    let file = std::fs::read(format!("{out}/reviews-v1.default.json")).expect("is written");
    assert_eq!(text(&file), one);
    assert_eq!(output(&["translate", SERVICES, "-o", "yaml", "--out-dir", &out]), "");
    assert!(Path::new(&format!("{out}/reviews-v1.default.yaml")).exists());
}

#[test]
fn yaml_says_the_same() {
    let as_json = json(&["translate", SERVICES, "--proxy", "reviews-v1"]);
    let as_yaml = output(&["translate", SERVICES, "--proxy", "reviews-v1", "-o", "yaml"]);
    assert_eq!(serde_yaml::from_str::<Value>(&as_yaml).expect("is YAML"), as_json);
    let all = output(&["translate", SERVICES, "-o", "yaml"]);
    let all: Value = serde_yaml::from_str(&all).expect("is YAML");
    assert_eq!(all, json(&["translate", SERVICES]));
}

#[test]
fn parts_of_a_dump_as_from_the_admin_page() {
    let of_reviews = |flags: &[&str]| json(&[&["translate", SERVICES, "--proxy", "reviews-v1"][..], flags].concat());
    let listeners = of_reviews(&["--resource", "dynamic_listeners"]);
    assert!(types(&listeners).iter().all(|name| *name == "DynamicListener"));
    assert!(listeners["configs"][0]["active_state"]["listener"]["name"].is_string());

    let names = of_reviews(&["--resource", "dynamic_active_clusters", "--mask", "cluster.name"]);
    let first = serde_json::json!({
        "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster",
        "cluster": {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "BlackHoleCluster"},
    });
    assert_eq!(names["configs"][0], first);

    let node = of_reviews(&["--mask", "bootstrap.node.id"]);
    assert_eq!(types(&node), ["BootstrapConfigDump"]);
    assert!(node["configs"][0]["bootstrap"]["node"]["id"].as_str().is_some_and(|id| id.starts_with("sidecar~")));
    assert_eq!(node["configs"][0]["bootstrap"]["node"]["metadata"], Value::Null);

    let one = of_reviews(&["--name-regex", "Black.*", "--resource", "dynamic_active_clusters"]);
    assert_eq!(one["configs"].as_array().map(Vec::len), Some(1));
    // The whole name has to match.
    assert_eq!(of_reviews(&["--name-regex", "Black", "--resource", "dynamic_active_clusters"]), serde_json::json!({}));
    let all = of_reviews(&["--name-regex", "BlackHoleCluster"]);
    assert_eq!(all["configs"][1]["dynamic_active_clusters"].as_array().map(Vec::len), Some(1));
    assert_eq!(all["configs"][3]["dynamic_listeners"], Value::Null);

    let without = of_reviews(&["--include-eds=false"]);
    assert!(!types(&without).contains(&"EndpointsConfigDump"));
    let own = of_reviews(&["--resource", "static_route_configs"]);
    assert!(types(&own).iter().all(|name| *name == "StaticRouteConfig"));
    let mut own = own["configs"].as_array().expect("there are some").iter();
    assert!(own.any(|entry| entry["route_config"]["name"] == "inbound|9080||"));
}

#[test]
fn standard_input_is_read_once() {
    let mut all = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(SERVICES))
        .expect("is there")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.sort();
    for file in files {
        all.extend(b"---\n");
        all.extend(std::fs::read(file).expect("is readable"));
        all.push(b'\n');
    }
    let arguments = ["translate", "-", "-", "--proxy", "reviews-v1"];
    let mut child = meshc(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("is piped");
    let writer = std::thread::spawn(move || input.write_all(&all));
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("does not panic").expect("is read");
    assert_eq!(text(&output.stdout), self::output(&["translate", SERVICES, "--proxy", "reviews-v1"]));
}

#[test]
fn a_closed_pipe_is_no_error() {
    for arguments in [&["translate", SERVICES, "-q"][..], &["translate", SERVICES, "--proxy", "reviews-v1", "-q"]] {
        let mut child =
            meshc(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let mut out = child.stdout.take().expect("is piped");
        out.read_exact(&mut [0; 10]).expect("it writes something");
        drop(out);
        let output = child.wait_with_output().expect("the binary ends");
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_translated() {
    let folder = folder("unreadable");
    std::os::unix::fs::symlink(folder.join("gone"), folder.join("link.yaml")).expect("can be written");
    let output = run(&["translate", SERVICES, &folder.display().to_string(), "--proxy", "reviews-v1"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("error[unreadable]"), "{}", text(&output.stderr));
    assert!(!output.stdout.is_empty());
}

#[test]
fn mesh_config_and_networks_replace_those_of_the_input() {
    let folder = folder("mesh-config");
    let config = write(&folder, "mesh.yaml", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n");
    let networks = write(&folder, "networks.yaml", "networks: {}\n");
    let listeners = |flags: &[&str]| {
        let common = ["translate", SERVICES, "--proxy", "reviews-v1", "--resource", "dynamic_listeners"];
        output(&[&common[..], flags].concat())
    };
    let plain = listeners(&[]);
    assert_ne!(plain, listeners(&["--mesh-config", &config]));
    assert_eq!(plain, listeners(&["--mesh-networks", &networks]));
}

#[test]
fn keys_of_tokens_are_given_by_uri() {
    let folder = folder("jwks");
    let policy = "apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: bookstore}
spec:
  jwtRules:
  - {issuer: a, jwksUri: 'https://a.example/keys?of=a'}
  - {issuer: 'https://b.example/'}
";
    let policy = write(&folder, "policy.yaml", policy);
    let keys = write(&folder, "keys", "{\"keys\": []}");
    let openid = write(&folder, "openid", "{\"jwks_uri\": \"https://b.example/keys\"}");
    let arguments = ["translate", "examples/bookinfo", &policy, "--proxy", "reviews-v1.bookstore"];
    let unknown = run(&arguments);
    for uri in ["https://a.example/keys?of=a", "https://b.example/.well-known/openid-configuration"] {
        assert!(
            messages(&unknown).contains(&format!("note[jwks-unknown]: the keys of `{uri}` are not known")),
            "{uri}"
        );
    }
    assert!(text(&unknown.stdout).contains("0xObjM0UvS_"), "istiod's key for want of another");

    let given = [
        format!("--jwks=https://a.example/keys?of=a={keys}"),
        format!("--jwks=https://b.example/.well-known/openid-configuration={openid}"),
        format!("--jwks=https://b.example/keys={keys}"),
    ];
    let with_keys: Vec<&str> = arguments.into_iter().chain(given.iter().map(String::as_str)).collect();
    let known = run(&with_keys);
    assert!(!messages(&known).contains("jwks-unknown"), "{}", messages(&known));
    assert!(!text(&known.stdout).contains("0xObjM0UvS_") && text(&known.stdout).contains(r#"{\"keys\": []}"#));
}

#[test]
fn the_table_of_proxies() {
    snapshot("proxies", &output(&["proxies", SERVICES]));
    snapshot("proxies-json", &output(&["proxies", SERVICES, "-o", "json", "--proxy", "reviews-*"]));
}

#[test]
fn what_is_expanded_is_what_is_translated() {
    let folder = folder("expand");
    let expanded = output(&["expand", "examples/bookinfo"]);
    let file = write(&folder, "expanded.yaml", &expanded);
    let translated = output(&["translate", "examples/bookinfo"]);
    assert_eq!(output(&["translate", &file, "--no-expand"]), translated);
    let summary = messages(&run(&["translate", "examples/bookinfo"]));
    let invented = summary.lines().find(|line| line.starts_with("invented "));
    assert!(
        invented.is_some_and(|line| line.contains("Pod ") && line.contains("Service spec.clusterIP ")),
        "{summary}"
    );
    assert_eq!(output(&["translate", "examples/bookinfo", "--no-expand"]), "{}\n");
}

#[test]
fn a_gateway_of_the_gateway_api_is_deployed() {
    const EXAMPLE: &str = "examples/bookinfo-gateway-api";
    let folder = folder("gateway-api");
    let expanded = output(&["expand", EXAMPLE]);
    let file = write(&folder, "expanded.yaml", &expanded);
    let gateway = output(&["translate", EXAMPLE, "--proxy", "bookstore-istio.gateways"]);
    assert_eq!(output(&["translate", &file, "--no-expand", "--proxy", "bookstore-istio.gateways"]), gateway);
    for text in [
        "\"name\": \"0.0.0.0_443\"",
        "\"name\": \"https.443.default.bookstore~istio-autogenerated-k8s-gateway~https.gateways\"",
        "\"name\": \"kubernetes-gateway://certificates/bookstore-certificate\"",
        "\"scheme_redirect\": \"https\"",
        "/virtual-service/gateways~bookstore~istio-autogenerated-k8s-gateway~https~books.example.com",
    ] {
        assert!(gateway.contains(text), "{text}");
    }
    let page = output(&["translate", EXAMPLE, "--proxy", "productpage-v1"]);
    for text in ["outbound|9080||reviews-v3.bookstore.svc.cluster.local", "\"sni\": \"catalogue.example.org\""] {
        assert!(page.contains(text), "{text}");
    }
    snapshot("proxies-gateway-api", &output(&["proxies", EXAMPLE]));
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(output(&["completions", shell]).contains("meshc"), "{shell}");
    }
    assert!(output(&["man"]).starts_with(".ie"));
    assert!(output(&["man", "translate"]).contains("out\\-dir"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let first = output(&["translate", SERVICES]);
    assert_eq!(first, output(&["translate", SERVICES]));
}

#[test]
fn a_tracer_on_which_istiod_crashes_is_an_error() {
    let folder = folder("crash-tracer");
    let manifests = |disabled: &str| {
        format!(
            "kind: Namespace
apiVersion: v1
metadata: {{name: shop, labels: {{istio-injection: enabled}}}}
---
kind: ConfigMap
apiVersion: v1
metadata: {{name: istio, namespace: istio-system}}
data:
  mesh: |
    extensionProviders:
    - {{name: steps, lightstep: {{service: steps.shop.svc.cluster.local, port: 80, accessToken: a}}}}
---
kind: Pod
apiVersion: v1
metadata: {{name: web, namespace: shop}}
spec: {{containers: [{{name: web, image: web}}]}}
---
kind: Telemetry
apiVersion: telemetry.istio.io/v1
metadata: {{name: web, namespace: shop}}
spec:
  tracing: [{{providers: [{{name: steps}}]{disabled}}}]
"
        )
    };
    write(&folder, "a.yaml", &manifests(""));
    let path = folder.display().to_string();
    let output = run(&["translate", &path]);
    assert!(text(&output.stderr).contains("error[tracing-provider-crashes-istiod]"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("virtualInbound"), "the rest is translated");
    write(&folder, "a.yaml", &manifests(", disableSpanReporting: true"));
    assert!(!text(&run(&["translate", &path]).stderr).contains("crashes"), "nothing is traced");
}

#[test]
fn what_istiod_crashes_on_is_an_error() {
    let folder = folder("crash");
    write(
        &folder,
        "a.yaml",
        "kind: Namespace
apiVersion: v1
metadata: {name: shop, labels: {istio-injection: enabled}}
---
kind: Pod
apiVersion: v1
metadata: {name: client, namespace: shop}
spec: {containers: [{name: client, image: client}]}
---
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: far, namespace: shop}
spec:
  hosts: [far.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
  endpoints: [{address: a.far.example, locality: eu/1}, {address: b.far.example, locality: us/1}]
---
kind: DestinationRule
apiVersion: networking.istio.io/v1
metadata: {name: far, namespace: shop}
spec:
  host: far.example
  trafficPolicy:
    outlierDetection: {interval: 1s}
    loadBalancer: {localityLbSetting: {failoverPriority: [topology.kubernetes.io/region]}}
",
    );
    let folder = folder.display().to_string();
    let output = run(&["translate", &folder]);
    assert!(text(&output.stderr).contains("error[failover-priority-crashes-istiod]"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("outbound|80||far.example"), "the rest is translated");
    assert_eq!(run(&["translate", &folder, "--strict"]).status.code(), Some(1));
}

/// What an upgrade changes is told by its causes, in all formats; where nothing changes, so it is said.
#[test]
fn an_upgrade_is_told_by_its_causes() {
    let manifests = "fixtures/bookinfo-service-to-service/manifests";
    let of = |versions: &str, more: &[&str]| {
        run(&[&["diff", "-q", "--istio-version", versions, manifests][..], more].concat())
    };
    let summary = of("1.28..1.29", &[]);
    assert_eq!(summary.status.code(), Some(1), "{}", text(&summary.stderr));
    let said = text(&summary.stdout);
    assert!(said.starts_with("Istio 1.28.10 -> 1.29.6: "), "{said}");
    assert!(said.contains("1. Circuit breakers no longer publish how much of their limits remains"), "{said}");
    assert!(said.contains("DISABLE_TRACK_REMAINING_CB_METRICS=false keeps the old way"), "{said}");
    let json = of("1.28..1.29", &["-o", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("the output is JSON");
    assert_eq!(json["causes"].as_array().map(Vec::len), Some(1), "{json}");
    assert_eq!(json["causes"][0]["effect"], "telemetry");
    assert!(text(&of("1.28..1.29", &["-o", "markdown"]).stdout).starts_with("### Istio 1.28.10 -> 1.29.6"));
    let back = text(&of("1.29..1.28", &[]).stdout);
    assert!(back.contains("Circuit breakers publish how much"), "{back}");
    let same = of("1.29.5..1.29.6", &[]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    assert!(text(&same.stdout).contains("nothing changes"));
    assert_eq!(run(&["translate", "-q", "--istio-version", "1.28..1.29", manifests]).status.code(), Some(2));
}

/// A release whose rules are not known is said to be so, and the nearest one is used.
#[test]
fn an_unknown_release_is_told() {
    let manifests = "fixtures/bookinfo-service-to-service/manifests";
    let said = text(&run(&["proxies", "--istio-version", "1.33", manifests]).stderr);
    assert!(said.contains("the rules of Istio 1.33.0 are not known; those of 1.31.0-rc.0 are used"), "{said}");
    assert!(said.contains("istiod    1.31.0-rc.0 by --istio-version"), "{said}");
    let held = text(&run(&["proxies", "--istio-version", "1.31", "--proxy-version", "1.30", manifests]).stderr);
    assert!(held.contains("istiod    1.31.0-rc.0 by --istio-version, proxies 1.30.3"), "{held}");
}

#[test]
fn the_last_definition_is_used_and_both_places_are_named() {
    let folder = folder("defined-twice");
    let service = |port: u32| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{ports: [{{port: {port}}}]}}\n")
    };
    write(&folder, "a.yaml", &service(80));
    let last = write(&folder, "b.yaml", &service(81));
    let path = folder.display().to_string();
    let expanded = run(&["expand", &path]);
    assert!(text(&expanded.stdout).contains("port: 81") && !text(&expanded.stdout).contains("port: 80"));
    let messages = text(&expanded.stderr);
    assert!(messages.contains("defined twice") && messages.contains("a.yaml:3:18") && messages.contains("b.yaml:3:18"));
    let linted = text(&run(&["lint", &path]).stdout);
    assert!(
        linted.contains("MESHC0002") && linted.contains("a.yaml:3:18") && linted.contains("b.yaml:3:18"),
        "{linted}"
    );
    // Arguments are applied in the order in which they are given.
    let reversed = text(&run(&["expand", &last, &path]).stdout);
    assert!(reversed.contains("port: 80") && !reversed.contains("port: 81"), "{reversed}");
}

#[test]
fn the_sample_shows_its_ingress_gateway() {
    let gateway = "istio-ingressgateway.istio-system";
    let dump = json(&["translate", "examples/istio-bookinfo", "--proxy", gateway]);
    let routes = dump["configs"].as_array().into_iter().flatten().filter_map(|c| c["dynamic_route_configs"].as_array());
    let routes: Vec<&Value> = routes.flatten().collect();
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0]["route_config"]["name"], "http.8080");
    assert!(routes[0].to_string().contains("outbound|9080||productpage.default.svc.cluster.local"));
}

#[test]
fn a_gateway_that_nothing_serves_is_warned_of_at_its_selector() {
    let folder = folder("unserved");
    let gateway = "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec:\n  selector: {tier:                    public}\n  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]\n";
    let path = write(&folder, "gateway.yaml", gateway);
    let messages = text(&run(&["translate", &path]).stderr);
    assert!(messages.contains("warning[gateway-without-workload]"), "{messages}");
    assert!(messages.contains("gateway.yaml:5:3"), "{messages}");
    let messages = text(&run(&["translate", &write(&folder, "gateway.yaml", &gateway.replace("tier", "app"))]).stderr);
    assert!(!messages.contains("warning"), "{messages}");
}

#[test]
fn the_examples_are_clean() {
    for example in ["examples/bookinfo", "examples/bookinfo-gateway-api"] {
        let output = run(&["lint", example]);
        assert_eq!(text(&output.stdout), "", "{example}");
        assert_eq!(output.status.code(), Some(0), "{example}");
    }
}

#[test]
fn tables_of_a_proxy_are_what_they_were() {
    let show = |what: &str, rest: &[&str]| {
        let arguments = [&["show", "examples/istio-bookinfo", what, "-q"][..], rest].concat();
        output(&arguments)
    };
    let ingress = ["--proxy", "istio-ingressgateway"];
    let page = ["--proxy", "productpage-v1.default"];
    for (name, text) in [
        ("show-clusters", show("clusters", &[&page[..], &["--port", "9080"]].concat())),
        ("show-listeners", show("listeners", &page)),
        ("show-listener-types", show("listeners", &[&page[..], &["--verbose=false"]].concat())),
        ("show-routes", show("routes", &ingress)),
        ("show-endpoints", show("ep", &[&page[..], &["--port", "9080"]].concat())),
        ("show-secrets", output(&["show", "examples/bookinfo", "secrets", "--proxy", "ingress.istio-gateways", "-q"])),
        (
            "show-waypoint",
            output(&[
                "show",
                "fixtures/ambient-waypoint-corners/manifests",
                "listeners",
                "--proxy",
                "waypoint-5d7f.default",
                "-q",
            ]),
        ),
    ] {
        snapshot(name, &text);
    }
    let all = show("all", &ingress);
    assert!(all.starts_with("SERVICE FQDN") && all.contains("\nADDRESSES PORT") && all.contains("\nNAME "), "{all}");
    let listeners: Value =
        serde_json::from_str(&show("listeners", &[&ingress[..], &["-o", "json"]].concat())).expect("JSON");
    assert_eq!(listeners[0]["name"], "0.0.0.0_8080");
}

#[test]
fn a_dump_is_shown_without_manifests() {
    let dump = output(&["translate", "examples/istio-bookinfo", "--proxy", "reviews-v1", "-q"]);
    let path = write(&folder("show-dump"), "dump.json", &dump);
    let table = output(&["show", &path, "clusters", "--fqdn", "ratings"]);
    let (title, rows) = table.split_once('\n').unwrap_or_default();
    assert_eq!(title.split_whitespace().last(), Some("RULE"));
    assert!(rows.contains("ratings.default.svc.cluster.local"), "{table}");
}

#[test]
fn a_misspelt_proxy_is_told_what_it_may_be() {
    for (wrong, expected) in [
        ("productpag-v1", "did you mean `productpage-v1.default`?"),
        ("istio-ingresgateway.istio-system", "did you mean `istio-ingressgateway.istio-system`?"),
        ("reviews", "did you mean `reviews-v1.default`, `reviews-v2.default` or `reviews-v3.default`?"),
        ("nothing-like-it", "`meshc proxies` lists all proxies"),
    ] {
        let output = run(&["translate", "examples/istio-bookinfo", "--proxy", wrong]);
        let messages = text(&output.stderr);
        assert!(messages.contains(expected), "{wrong}: {messages}");
    }
}

/// An IstioOperator is how istiod runs: mesh config, values, environment; flags go before it.
#[test]
fn an_istio_operator_is_obeyed() {
    let folder = folder("istio-operator");
    let operator = "
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: mesh, namespace: istio-system}
spec:
  profile: demo
  tag: 1.29.6
  meshConfig:
    accessLogFile: /dev/stderr
    trustDomain: example.org
  components:
    pilot:
      k8s:
        env:
        - {name: PILOT_HTTP10, value: 'true'}
  values:
    defaultRevision: default
    global:
      multiCluster: {clusterName: east}
";
    write(&folder, "operator.yaml", operator);
    let path = folder.display().to_string();
    let shown = |more: &[&str]| {
        let arguments: Vec<&str> = ["settings", &path].iter().chain(more).copied().collect();
        output(&arguments)
    };
    let settings = shown(&[]);
    for expected in ["1.29.6", "east", "PILOT_HTTP10", "PILOT_TRACE_SAMPLING", "example.org"] {
        assert!(settings.contains(expected), "{expected}: {settings}");
    }
    let flags = shown(&["--cluster-id", "west", "--istiod-env", "PILOT_HTTP10=false", "--istio-version", "1.30"]);
    let row = |name: &str| flags.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(row("cluster id").contains("west"), "{flags}");
    assert!(row("version").contains("1.30"), "{flags}");
}

/// What `istioctl` lays over the values unseen counts; what it patches into the charts' objects is not done, which is said.
#[test]
fn values_of_an_istio_operator_are_obeyed_and_overlays_told() {
    let folder = folder("istio-operator-overlays");
    let operator = "
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: mesh, namespace: istio-system}
spec:
  values:
    global: {network: seen, meshID: shop}
  unvalidatedValues:
    global: {network: unseen}
  components:
    pilot:
      k8s:
        overlays:
        - {kind: HorizontalPodAutoscaler, name: istiod, patches: [{path: spec.minReplicas, value: 2}]}
        - {kind: Deployment, name: istiod, patches: [{path: 'spec.template.spec.containers.[name:discovery].args[1]', value: x}]}
    ingressGateways:
    - name: istio-ingressgateway
      enabled: true
      k8s:
        overlays:
        - {kind: Service, name: istio-ingressgateway, patches: [{path: spec.type, value: ClusterIP}]}
";
    let path = write(&folder, "operator.yaml", operator);
    let run = run(&["settings", &path]);
    let settings = text(&run.stdout);
    assert!(settings.contains("unseen") && settings.contains("shop"), "{settings}");
    let said = text(&self::run(&["expand", &path]).stderr);
    let lines: Vec<&str> = said.lines().filter(|line| line.contains("operator-overlay-not-applied")).collect();
    let message = |what: &str| {
        format!(
            "warning[operator-overlay-not-applied]: the overlay is not applied: {what} is taken as the charts make it"
        )
    };
    assert_eq!(lines, [message("Deployment `istiod`"), message("Service `istio-ingressgateway`")], "{said}");
    assert!(said.contains("operator.yaml:15:") && said.contains("operator.yaml:21:"), "{said}");
}

/// What holds: flags before `.meshc.yaml`, that before the input, that before defaults.
#[test]
fn the_strongest_setting_holds() {
    let folder = folder("precedence");
    let istiod = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod}}
spec:
  selector: {matchLabels: {app: istiod}}
  template:
    metadata: {labels: {app: istiod}}
    spec:
      containers:
      - name: discovery
        image: docker.io/istio/pilot:1.30.3
        args: [discovery, --domain, input.local]
        env:
        - {name: CLUSTER_ID, value: input}
        - {name: PILOT_HTTP10, value: 'true'}
";
    write(&folder, "istiod.yaml", istiod);
    let settings = |more: &[&str]| {
        let mut command = meshc(&["settings", "istiod.yaml"]);
        let run = command.args(more).current_dir(&folder).output().expect("the binary runs");
        assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
        text(&run.stdout)
    };
    let has = |text: &str, all: &[&str]| {
        for one in all {
            assert!(text.contains(one), "{one}: {text}");
        }
    };
    has(&settings(&[]), &["input.local", "PILOT_HTTP10"]);
    write(&folder, ".meshc.yaml", "istio: {domain: file.local, clusterId: file, env: {PILOT_HTTP10: 'false'}}\n");
    let of_file = settings(&[]);
    has(&of_file, &["file.local", ".meshc.yaml"]);
    assert!(!of_file.lines().any(|line| line.starts_with("domain") && line.contains("input.local")), "{of_file}");
    let of_flags = settings(&["--domain", "flag.local"]);
    has(&of_flags, &["flag.local", "--domain", "file"]);
    assert!(!of_flags.contains("file.local"), "{of_flags}");
}
