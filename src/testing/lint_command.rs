//! `meshc lint` as a user meets it: outputs, exit codes, and what is left out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const ROUTE: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: cart, namespace: shop}\nspec:\n  hosts: [cart]\n  \
                     http:\n  - route:\n    - destination: {host: crat}\n";
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec:\n  selector: {app: cart}\n  ports: [{name: orders, port: 80}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec:\n  selector: {matchLabels: {app: cart}}\n  template:\n    metadata: {labels: {app: cart}}\n    spec:\n      containers: [{name: app, image: registry.example/cart}]\n";

/// Makes a folder of its own with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lint").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the build folder can be written");
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("the build folder can be written");
    }
    folder
}

fn lint(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    command.arg("lint").args(arguments).current_dir(folder).stdin(Stdio::null());
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn codes(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = lint(folder, &[arguments, &["-o", "json", "."]].concat());
    let list: Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    list.as_array().into_iter().flatten().map(|one| one["code"].as_str().unwrap_or_default().to_owned()).collect()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/lint");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn outputs_are_what_they_were() {
    let folder = folder("outputs", &[("route.yaml", ROUTE), ("service.yaml", SERVICE)]);
    for (format, code) in [("text", 1), ("json", 1), ("sarif", 1), ("junit", 1), ("github", 1)] {
        let output = lint(&folder, &["-o", format, "."]);
        assert_eq!(output.status.code(), Some(code), "{format}: {}", text(&output.stderr));
        snapshot(format, &text(&output.stdout).replace(env!("CARGO_PKG_VERSION"), "[version]"));
        assert!(text(&output.stderr).starts_with("found     1 error, 1 note in 2 files"), "{}", text(&output.stderr));
    }
}

#[test]
fn several_outputs_at_once() {
    let folder = folder("several", &[("route.yaml", ROUTE), ("service.yaml", SERVICE)]);
    let output =
        lint(&folder, &["-o", "github", "-o", "sarif=lint.sarif", "-o", "junit=lint.xml", "-o", "text=lint.txt", "."]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("::error file=route.yaml,line=8,"), "{}", text(&output.stdout));
    for name in ["lint.sarif", "lint.xml", "lint.txt"] {
        assert!(std::fs::read(folder.join(name)).is_ok_and(|bytes| !bytes.is_empty()), "{name}");
    }
}

#[test]
fn exit_codes() {
    let folder = folder("exit", &[("service.yaml", SERVICE)]);
    for format in ["text", "json", "sarif", "junit", "github"] {
        let code = |arguments: &[&str]| lint(&folder, &[arguments, &["-o", format]].concat()).status.code();
        assert_eq!(code(&["."]), Some(0), "a note is no error: {format}");
        assert_eq!(code(&["--fail-on", "info", "."]), Some(1), "{format}");
        assert_eq!(code(&["--fail-on", "warning", "."]), Some(0), "{format}");
        assert_eq!(code(&["missing"]), Some(2), "{format}");
        assert_eq!(code(&["--enable", "IST9999", "."]), Some(2), "{format}");
        assert_eq!(code(&["--baseline", "missing", "."]), Some(2), "{format}");
    }
}

#[test]
fn a_mesh_config_that_istiod_refuses_is_an_error_wherever_it_is() {
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n    connectTimeout: 0s\n";
    let folder = folder("mesh-config", &[("map.yaml", map), ("service.yaml", SERVICE)]);
    std::fs::write(folder.join("mesh.config"), "connectTimeout: 0s\n").expect("the build folder can be written");
    for (arguments, place) in
        [(&["map.yaml"][..], "map.yaml:6"), (&["service.yaml", "--mesh-config", "mesh.config"], "mesh-config")]
    {
        let output = lint(&folder, arguments);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("MESHC0001") && said.contains("connectTimeout") && said.contains(place),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn sarif_is_valid() {
    let schema = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testing/schema/sarif-2.1.0.json"));
    let schema: Value = serde_json::from_slice(&schema.expect("the schema is there")).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let commented = ROUTE.replace("    - destination", "    # meshc:ignore IST0101\n    - destination");
    let ours = folder(
        "sarif",
        &[
            ("a route.yaml", ROUTE),
            ("more.yaml", &commented.replace("name: cart,", "name: other,")),
            ("service.yaml", SERVICE),
        ],
    );
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/virtual-service-same-host-precedence/manifests");
    for folder in [ours, fixtures] {
        let output = lint(&folder, &["-o", "sarif", "."]);
        let log: Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
        let errors: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        assert!(log["runs"][0]["results"].as_array().is_some_and(|results| !results.is_empty()));
    }
}

#[test]
fn what_is_asked_for_is_left_out() {
    let files = [("route.yaml", ROUTE), ("service.yaml", SERVICE)];
    let plain = folder("plain", &files);
    assert_eq!(codes(&plain, &[]), ["IST0101", "IST0118"]);
    // By flag: a rule by code or name, of all objects or of some.
    assert_eq!(codes(&plain, &["-S", "IST0101"]), ["IST0118"]);
    assert_eq!(codes(&plain, &["-S", "referenced-*=VirtualService shop/*"]), ["IST0118"]);
    assert_eq!(codes(&plain, &["--suppress", "IST0101=VirtualService other/*"]), ["IST0101", "IST0118"]);
    // By annotation, as istioctl has it.
    let annotation = SERVICE
        .replace("namespace: shop}", "namespace: shop, annotations: {galley.istio.io/analyze-suppress: IST0118}}");
    let annotated = folder("annotation", &[("route.yaml", ROUTE), ("service.yaml", &annotation)]);
    assert_eq!(codes(&annotated, &[]), ["IST0101"]);
    assert_eq!(codes(&annotated, &["--as-istioctl"]), ["IST0101"]);
    // By a comment: above the line, at its end, above the object.
    for commented in [
        ROUTE.replace("    - destination", "    # meshc:ignore IST0101 in another cluster\n    - destination"),
        ROUTE.replace("{host: crat}", "{host: crat} # meshc:ignore referenced-resource-not-found"),
        format!("# meshc:ignore IST0102, IST0101\n# the host is in another cluster\n{ROUTE}"),
    ] {
        let commented = folder("comment", &[("route.yaml", &commented), ("service.yaml", SERVICE)]);
        assert_eq!(codes(&commented, &[]), ["IST0118"]);
    }
    let other = ROUTE.replace("{host: crat}", "{host: crat} # meshc:ignore IST0102");
    assert_eq!(
        codes(&folder("comment", &[("route.yaml", &other), ("service.yaml", SERVICE)]), &[]),
        ["IST0101", "IST0118"]
    );
    // By the repository's file, and what it says of the rest.
    let config = "lint:\n  failOn: info\n  suppress:\n  - {rule: IST0101, object: VirtualService shop/*, reason: in another cluster}\n";
    let configured = folder("config", &[("route.yaml", ROUTE), ("service.yaml", SERVICE), (".meshc.yaml", config)]);
    assert_eq!(codes(&configured, &[]), ["IST0118"]);
    let output = lint(&configured, &["--verbose", "-o", "json", "."]);
    assert_eq!(output.status.code(), Some(1), "failOn: info");
    assert!(text(&output.stderr).contains(".meshc.yaml: in another cluster"), "{}", text(&output.stderr));
    let wrong = folder("config", &[("route.yaml", ROUTE), (".meshc.yaml", "lint: {supress: []}\n")]);
    assert_eq!(lint(&wrong, &["."]).status.code(), Some(2));
}

#[test]
fn a_baseline_knows_what_was_there() {
    let before = folder("baseline", &[("route.yaml", ROUTE), ("service.yaml", SERVICE)]);
    let written = lint(&before, &["--write-baseline", "known.json", "."]);
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    assert_eq!(lint(&before, &["--baseline", "known.json", "."]).status.code(), Some(0));
    // Lines may move, and what is new is told.
    let moved = format!("# a comment\n\n{ROUTE}");
    std::fs::write(before.join("route.yaml"), moved).expect("can be written");
    std::fs::write(before.join("new.yaml"), ROUTE.replace("name: cart,", "name: new,")).expect("can be written");
    assert_eq!(codes(&before, &["--baseline", "known.json", "-S", "IST0109", "-S", "MESHC*"]), ["IST0101"]);
}

#[test]
fn false_alarms_of_istioctl_are_told_on_request() {
    let external = "apiVersion: v1\nkind: Service\nmetadata: {name: ext, namespace: shop}\nspec:\n  type: ExternalName\n  externalName: \
                    api.example.com\n  ports: [{name: orders, port: 443}]\n";
    let folder = folder("false-alarm", &[("external.yaml", external)]);
    assert!(codes(&folder, &[]).is_empty());
    assert_eq!(codes(&folder, &["--as-istioctl"]), ["IST0150"]);
    let output = lint(&folder, &["--verbose", "."]);
    assert!(text(&output.stderr).contains("false alarm  IST0150 ./external.yaml:7"), "{}", text(&output.stderr));
}

#[test]
fn rules_are_explained() {
    let explain = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
        command.args(["explain-rule", name]).output().expect("the binary runs")
    };
    snapshot("explain-rule", &text(&explain("mesh0c").stderr));
    let by_code = text(&explain("meshc0112").stdout);
    assert_eq!(by_code, text(&explain("tls-mode-contradiction").stdout));
    assert!(by_code.starts_with("MESHC0112 tls-mode-contradiction (Error)"), "{by_code}");
}

/// The commands of `examples/ci/`, on a folder `manifests` as they expect it.
#[test]
fn examples_for_ci_run() {
    let folder = folder("ci", &[]);
    std::fs::create_dir_all(folder.join("manifests")).expect("the build folder can be written");
    std::fs::write(folder.join("manifests/service.yaml"), SERVICE).expect("the build folder can be written");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci");
    for (name, file) in
        [("github.yaml", Some("meshc.sarif")), ("gitlab.yaml", Some("meshc.xml")), ("pre-commit.yaml", None)]
    {
        let bytes = std::fs::read(examples.join(name)).expect("the example is there");
        let example: Value = serde_yaml::from_slice(&bytes).expect("the example is YAML");
        assert!(example.is_object(), "{name}");
        let example = text(&bytes);
        let lines: Vec<&str> =
            example.lines().filter_map(|line| line.split_once("meshc lint manifests")).map(|(_, rest)| rest).collect();
        assert_eq!(lines.len(), 1, "{name}");
        for line in lines {
            let arguments: Vec<&str> = line.split_whitespace().chain(["manifests"]).collect();
            let output = lint(&folder, &arguments);
            assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        }
        assert!(file.is_none_or(|file| folder.join(file).is_file()), "{name}");
    }
}

/// Two clusters with one mistake in both, and one more in the second.
fn clusters(name: &str) -> PathBuf {
    let folder = folder(name, &[]);
    for (cluster, timeout) in [("east", "5s"), ("west", "5s\n    retries: {attempts: 1, perTryTimeout: 9s}")] {
        let here = folder.join("clusters").join(cluster);
        std::fs::create_dir_all(&here).expect("the build folder can be written");
        let route = ROUTE.replace("  - route:", &format!("  - timeout: {timeout}\n    route:"));
        std::fs::write(here.join("route.yaml"), route).expect("the build folder can be written");
        std::fs::write(here.join("service.yaml"), SERVICE).expect("the build folder can be written");
    }
    folder
}

#[test]
fn each_folder_on_its_own() {
    let folder = clusters("each");
    let output = lint(&folder, &["--each", "clusters/*", "-S", "IST0118"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    let titles: Vec<&str> = said.lines().filter(|line| line.starts_with("== ")).collect();
    assert_eq!(titles, ["== clusters/west", "== in all 2 folders"], "{said}");
    assert_eq!(said.matches("IST0101]").count(), 1, "{said}");
    assert_eq!(said.matches("MESHC0131]").count(), 1, "{said}");
    // All at once, the folders are told of once, and how to look at them.
    let output = lint(&folder, &["."]);
    let said = text(&output.stdout);
    assert_eq!(said.matches("MESHC0002]").count(), 1, "{said}");
    assert!(said.contains("--each"), "{said}");
    assert_eq!(lint(&folder, &["--each", "none/*"]).status.code(), Some(2));
}

#[test]
fn what_holds_no_object_is_no_success() {
    let folder = folder("nothing", &[("values.yaml", "a: 1\n"), ("other.yaml", "b: [1]\n")]);
    for arguments in [&["."][..], &["-q", "."], &["-o", "json", "."]] {
        assert_eq!(lint(&folder, arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn placeholders_are_not_checked() {
    let files = [("a.yaml", ROUTE.replace("host: crat", "host: \"${host}\"")), ("b.yaml", SERVICE.to_owned())];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder("placeholders", &files);
    let output = lint(&folder, &["-S", "IST0118", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("not checked: 1 object with placeholders"), "{}", text(&output.stderr));
}

/// Runs `lint` where these programs are the only ones.
#[cfg(unix)]
fn with_programs(folder: &Path, programs: &[(&str, &str)], arguments: &[&str]) -> Output {
    use std::os::unix::fs::PermissionsExt as _;

    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).expect("the build folder can be written");
    for (name, script) in programs {
        let path = bin.join(name);
        std::fs::write(&path, script).expect("the build folder can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    let path = format!("{}:/usr/bin:/bin", bin.display());
    command.arg("lint").args(arguments).current_dir(folder).stdin(Stdio::null()).env("PATH", path);
    command.output().expect("the binary runs")
}

#[cfg(unix)]
#[test]
fn findings_of_what_kustomize_builds_are_in_its_files() {
    let folder = folder("kustomize", &[]);
    let base = folder.join("base");
    std::fs::create_dir_all(&base).expect("the build folder can be written");
    std::fs::write(base.join("kustomization.yaml"), "resources: [route.yaml]\n").expect("it can be written");
    std::fs::write(base.join("route.yaml"), format!("# a comment\n{ROUTE}")).expect("it can be written");
    // As `kustomize build` of the folder around it writes it: sorted, with the origin of each object.
    let origin = folder.canonicalize().expect("it is there").join("base/route.yaml");
    let built = format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  annotations:\n    config.kubernetes.io/origin: |\n      path: {}\n  \
         name: cart\n  namespace: shop\nspec:\n  hosts: [cart]\n  http:\n  - route:\n    - destination:\n        host: crat\n---\n{SERVICE}",
        origin.display()
    );
    let script = format!("#!/bin/sh\ntest -f \"$2/kustomization.yaml\" || exit 3\ncat <<'END'\n{built}END\n");
    let output = with_programs(&folder, &[("kustomize", &script)], &["-k", "base", "-S", "IST0118"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stderr));
    assert!(said.contains("base/route.yaml:9:27"), "{said}");
    let failing = with_programs(&folder, &[("kustomize", "#!/bin/sh\necho no >&2\nexit 1\n")], &["-k", "base"]);
    assert_eq!(failing.status.code(), Some(2));
    assert!(text(&failing.stderr).contains("`kustomize build` fails: no"), "{}", text(&failing.stderr));
}

#[cfg(unix)]
#[test]
fn findings_of_what_helm_renders_are_in_its_templates() {
    let folder = folder("helm", &[("values.yaml", "a: 1\n")]);
    let templates = folder.join("chart/templates");
    std::fs::create_dir_all(&templates).expect("the build folder can be written");
    std::fs::write(folder.join("chart/Chart.yaml"), "name: chart\n").expect("it can be written");
    let template = ROUTE.replace("name: cart,", "name: {{ .Release.Name }},");
    std::fs::write(templates.join("route.yaml"), format!("{{{{- if true }}}}\n{template}{{{{- end }}}}\n"))
        .expect("it can be written");
    let rendered =
        format!("---\n# Source: chart/templates/route.yaml\n{ROUTE}---\n# Source: chart/templates/s.yaml\n{SERVICE}");
    let script = format!("#!/bin/sh\necho \"$@\" > arguments\ncat <<'END'\n{rendered}END\n");
    let arguments = ["--helm", "chart", "--helm-values", "values.yaml", "-S", "IST0118"];
    let output = with_programs(&folder, &[("helm", &script)], &arguments);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stderr));
    assert!(said.contains("chart/templates/route.yaml:9"), "{said}");
    let asked = std::fs::read(folder.join("arguments")).expect("helm has run");
    let chart = folder.join("chart").canonicalize().expect("it is there");
    let wanted = format!("template --include-crds --values=values.yaml -- chart {}", chart.display());
    assert_eq!(text(&asked).trim(), wanted);
}

#[test]
fn a_change_is_seen_at_once() {
    use std::io::{BufRead as _, BufReader};

    let folder = folder("watch", &[("route.yaml", ROUTE), ("service.yaml", SERVICE)]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    command.args(["lint", "-q", "--watch", "-S", "IST0118", "."]).current_dir(&folder).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("IST0101")), "the first look");
    std::fs::write(folder.join("route.yaml"), ROUTE.replace("crat", "cart")).expect("can be written");
    assert!(lines.any(|line| line.starts_with("- error IST0101")), "what has gone");
    std::fs::write(folder.join("route.yaml"), ROUTE.replace("crat", "card")).expect("can be written");
    assert!(lines.any(|line| line.starts_with("+ error IST0101")), "what has come");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

/// Short hosts are completed with the domain of the cluster, whatever it is.
#[test]
fn the_domain_changes_no_finding() {
    let empty = format!(
        "{ROUTE}---\napiVersion: v1\nkind: Service\nmetadata: {{name: crat, namespace: shop}}\nspec:\n  ports: [{{name: http, port: 80}}]\n"
    );
    let folder = folder("domain", &[("route.yaml", &empty), ("service.yaml", SERVICE)]);
    let usual = codes(&folder, &[]);
    assert!(usual.contains(&"MESHC0128".to_owned()), "{usual:?}");
    assert_eq!(codes(&folder, &["--domain", "mesh.example"]), usual);
}
