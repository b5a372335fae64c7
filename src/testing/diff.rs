//! `meshc diff` as a user meets it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::cli::{folder, meshc, output, run, snapshot, text, write};

const SERVICES: &str = "fixtures/bookinfo-service-to-service/manifests";
const LIVE: &str = "src/testing/live/bookinfo-1.20";

/// Copies a folder of manifests, with one file more.
fn changed(name: &str, more: &str) -> String {
    let folder = copied(name, SERVICES);
    if !more.is_empty() {
        write(&folder, "zz-more.yaml", more);
    }
    folder.display().to_string()
}

/// Copies the files of a folder of the repository.
fn copied(name: &str, of: &str) -> PathBuf {
    let folder = folder(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(of);
    for file in std::fs::read_dir(source).expect("is there").flatten() {
        std::fs::copy(file.path(), folder.join(file.file_name())).expect("the build folder can be written");
    }
    folder
}

const OUTLIERS: &str = "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ratings, namespace: default, creationTimestamp: '2026-02-01T00:00:00Z'}
spec:
  host: ratings
  trafficPolicy:
    outlierDetection: {interval: 30s}
  subsets:
  - {name: v1, labels: {version: v1}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: details, namespace: default, creationTimestamp: '2026-02-01T00:00:00Z'}
spec:
  hosts: [details]
  http:
  - match: [{uri: {prefix: /new}}]
    route: [{destination: {host: details}}]
    timeout: 3s
  - route: [{destination: {host: details}}]
";

fn code(arguments: &[&str]) -> Option<i32> {
    run(arguments).status.code()
}

#[test]
fn sides_without_a_proxy_are_not_the_same() {
    let folder = folder("diff-nothing");
    write(&folder, "rule.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n");
    write(&folder, "empty.json", "");
    for side in ["rule.yaml", "empty.json"] {
        let side = folder.join(side).display().to_string();
        let output = run(&["diff", &side, &side]);
        assert_eq!(output.status.code(), Some(2), "{side}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("nothing is compared"), "{side}");
    }
}

#[test]
fn exit_codes_whatever_the_format() {
    let other = changed("diff-exit-codes", OUTLIERS);
    for format in [&["-o", "summary"][..], &["-o", "unified"], &["-o", "json"], &["-o", "markdown"], &["--stat"]] {
        let with = |sides: &[&str]| code(&[&["diff", "-q"][..], format, sides].concat());
        assert_eq!(with(&[SERVICES, SERVICES]), Some(0), "{format:?}");
        assert_eq!(with(&[SERVICES, &other]), Some(1), "{format:?}");
        assert_eq!(with(&[SERVICES, "no/such/folder"]), Some(2), "{format:?}");
    }
    for arguments in [
        &["diff"][..],
        &["diff", SERVICES],
        &["diff", SERVICES, SERVICES, SERVICES],
        &["diff", "-", "-"],
        &["diff", SERVICES, SERVICES, "--proxy", "nobody"],
        &["diff", SERVICES, SERVICES, "-o", "nothing"],
        &["diff", "no-such-revision..HEAD", SERVICES],
        &["diff", "no-such-revision:manifests", SERVICES],
    ] {
        assert_eq!(code(arguments), Some(2), "{arguments:?}");
    }
}

#[test]
fn manifests_against_manifests() {
    let other = changed("diff-manifests", OUTLIERS);
    let show = |flags: &[&str]| {
        let output = run(&[&["diff", SERVICES, &other][..], flags].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stdout).replace(&other, "[changed]")
    };
    snapshot("diff-summary", &show(&[]));
    snapshot("diff-stat", &show(&["--stat"]));
    snapshot("diff-unified", &show(&["-o", "unified"]));
    snapshot("diff-markdown", &show(&["-o", "markdown"]));
    snapshot("diff-json", &show(&["-o", "json"]));
    // And back: what was added is removed.
    let back = run(&["diff", &other, SERVICES, "--stat"]);
    let stat = show(&["--stat"]);
    let turned: String = stat.chars().map(|c| if c == '+' { '-' } else { c }).collect();
    assert_eq!(text(&back.stdout), turned);
}

#[test]
fn what_changes_alike_is_shown_once() {
    let folder = copied("diff-alike", "examples/bookinfo");
    let routing = text(&std::fs::read(folder.join("routing.yaml")).expect("was copied"));
    write(&folder, "routing.yaml", &routing.replace("interval: 10s", "interval: 20s"));
    let comment = text(&run(&["diff", "examples/bookinfo", &folder.display().to_string(), "-o", "markdown"]).stdout);
    // Once for the sidecars and once for the gateways, whose other clusters do not change.
    assert_eq!(
        comment
            .matches(
                "+    \"interval\": \"20s\",
"
            )
            .count(),
        2,
        "{comment}"
    );
    assert_eq!(
        comment
            .matches(
                "
... and 3 clusters more, the same: outbound|9080|v2|reviews"
            )
            .count(),
        2,
        "{comment}"
    );
}

#[test]
fn proxies_on_one_side_only() {
    let pod = "apiVersion: v1
kind: Pod
metadata: {name: fresh, namespace: default, labels: {app: fresh}, annotations: {sidecar.istio.io/status: '{}'}}
spec:
  containers:
  - {name: fresh, image: fresh}
  - {name: istio-proxy, image: 'docker.io/istio/proxyv2:1.30.3', args: [proxy, sidecar]}
status: {phase: Running, podIP: 10.9.9.9, podIPs: [{ip: 10.9.9.9}]}
";
    let other = changed("diff-new-proxy", pod);
    let out = text(&run(&["diff", SERVICES, &other, "--stat"]).stdout);
    assert!(out.contains("1 sidecar added (fresh.default)") && out.ends_with("1 of 7 proxies differs\n"), "{out}");
    let out = text(&run(&["diff", &other, SERVICES]).stdout);
    assert!(out.contains("1 sidecar removed: fresh.default"), "{out}");
    // Not when only others are asked for.
    assert_eq!(code(&["diff", SERVICES, &other, "--proxy", "reviews-*"]), Some(0));
}

#[test]
fn dumps_in_all_forms_are_what_they_were_made_from() {
    let folder = folder("diff-dumps");
    let dumps = folder.join("dumps").display().to_string();
    output(&["translate", SERVICES, "-q", "--out-dir", &dumps]);
    let one = format!("{dumps}/reviews-v1.default.json");
    let keyed = write(&folder, "keyed.json", &output(&["translate", SERVICES, "-q"]));
    let yaml =
        write(&folder, "one.yaml", &output(&["translate", SERVICES, "-q", "--proxy", "reviews-v1", "-o", "yaml"]));
    for side in [&dumps, &one, &keyed, &yaml] {
        assert_eq!(code(&["diff", "-q", SERVICES, side]), Some(0), "{side}");
        assert_eq!(code(&["diff", "-q", side, SERVICES]), Some(0), "{side}");
    }
    assert_eq!(code(&["diff", "-q", &dumps, &keyed]), Some(0));
    assert_eq!(code(&["diff", "-q", &one, &yaml]), Some(0));
    let other = changed("diff-dumps-changed", OUTLIERS);
    assert_eq!(code(&["diff", "-q", &other, &keyed]), Some(1));
    // A dump of a Pod that the manifests know under another name, by its workload; else by `--proxy`.
    let moved = std::fs::read(&one)
        .map(|bytes| text(&bytes))
        .expect("is written")
        .replace("~reviews-v1.default~", "~reviews-v1-5f9-x.default~");
    let moved = write(&folder, "moved.json", &moved);
    let output = run(&["diff", "-q", SERVICES, &moved]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("reviews-v1-5f9-x.default is compared with reviews-v1.default"));
    let unknown =
        std::fs::read(&moved).map(|bytes| text(&bytes)).expect("is written").replace("WORKLOAD_NAME", "NOTHING");
    let unknown = write(&folder, "unknown.json", &unknown);
    assert_eq!(code(&["diff", "-q", SERVICES, &unknown]), Some(2));
    assert_eq!(code(&["diff", "-q", SERVICES, &unknown, "--proxy", "reviews-v1"]), Some(0));
    assert_eq!(code(&["diff", "-q", SERVICES, &unknown, "--proxy", "reviews-*"]), Some(2));
}

#[test]
fn recordings_of_istiod_are_what_their_manifests_say() {
    for scenario in ["bookinfo-service-to-service", "gateway-tls-credentials", "random-001"] {
        let side = |name: &str| format!("fixtures/{scenario}/{name}");
        let output = run(&["diff", "-q", &side("manifests"), &side("istiod")]);
        assert_eq!(output.status.code(), Some(0), "{scenario}: {}", text(&output.stdout));
    }
}

#[test]
fn standard_input_is_a_side() {
    let dump = output(&["translate", SERVICES, "-q", "--proxy", "reviews-v1"]);
    let manifests = output(&["expand", SERVICES, "-q"]);
    for input in [dump, manifests] {
        let mut child = meshc(&["diff", "-q", "-", SERVICES])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut pipe = child.stdin.take().expect("is piped");
        let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("the binary ends");
        writer.join().expect("does not panic").expect("is read");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    }
}

/// A real cluster with proxies of Istio 1.18 to 1.20, against its manifests: what differs is what istiod does otherwise since then.
#[test]
fn a_live_cluster_of_an_older_istio() {
    let diff = |dump: &str, flags: &[&str]| -> Value {
        let (manifests, dump) = (format!("{LIVE}/manifests"), format!("{LIVE}/config_dump/{dump}.json"));
        let output = run(&[&["diff", "-q", "-o", "json", &manifests, &dump][..], flags].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("the output is JSON")
    };
    let sidecar = diff("productpage-v1-564d4686f-7kdqf.default", &[]);
    // Not one endpoint, route or cluster more or less, but for InboundPassthroughCluster, which had another name.
    assert_eq!(counts(&sidecar), ["cluster +1 -1 ~55", "listener +0 -0 ~32", "route +0 -0 ~20"]);
    assert_eq!(sidecar["set_apart"], 18);
    let fields = fields(&sidecar);
    let explained = [
        // Istio 1.28, the nearest whose rules are known, has these, 1.20 had not.
        ("alt_stat_name", "removed"),
        ("cleanup_interval", "removed"),
        ("typed_config.enable_discovery", "removed"),
        ("transport_socket_connect_timeout", "removed"),
        ("max_connections_to_accept_per_socket_event", "removed"),
        ("typed_config.initial_read_buffer_size", "removed"),
        ("typed_config.proxy_100_continue", "removed"),
        ("typed_config.route_config.max_direct_response_body_size_bytes", "removed"),
        ("typed_config.tracing.custom_tags[*]", "removed"),
        ("domains[*]", "removed"),
        ("virtual_hosts[inbound|http|9080].routes[0].route.retry_policy", "removed"),
        // The other way round.
        ("locality_weighted_lb_config", "added"),
        ("retry_policy.retriable_status_codes", "added"),
        ("listener_filters[*]", "added"),
        ("filters[istio_authn]", "added"),
        // Chains of virtualInbound matched any IPv4 address then, and any address now.
        ("filter_chains[*]", "added"),
        ("filter_chains[*]", "removed"),
        // A separator for metrics that there was not yet.
        ("typed_config.stat_prefix", "changed"),
    ];
    for (path, change) in &fields {
        let known = explained.iter().any(|(end, how)| how == change && ends_with(path, end));
        assert!(known, "{path} is {change}");
    }
    assert_eq!(fields.len(), SIDECAR_FIELDS);
    let gateway = diff("argo-gateway-85787cfc6c-jpkpw.istio-ingress", &[]);
    assert_eq!(counts(&gateway), ["cluster +0 -0 ~53"]);
    assert_eq!(self::fields(&gateway).len(), GATEWAY_FIELDS);
    let all = diff("productpage-v1-564d4686f-7kdqf.default", &["--all"]);
    assert!(counts(&all).iter().any(|line| line.starts_with("bootstrap")), "{:?}", counts(&all));
}

const SIDECAR_FIELDS: usize = 381;
const GATEWAY_FIELDS: usize = 157;

/// Says whether a path ends so; a `[*]` at the end stands for any item.
fn ends_with(path: &str, end: &str) -> bool {
    match end.strip_suffix("[*]") {
        Some(list) => {
            path.ends_with(']') && path.rsplit_once('[').is_some_and(|(before, _)| list_of(before).ends_with(list))
        }
        None => path.ends_with(end),
    }
}

/// A list's path up to its brackets; items may have brackets of their own.
fn list_of(path: &str) -> &str {
    path.split_once('[').filter(|_| !path.contains("].")).map_or(path, |(list, _)| list)
}

fn counts(report: &Value) -> Vec<String> {
    let counts = report["groups"][0]["counts"].as_object().expect("there is a group");
    let line = |(kind, of): (&String, &Value)| format!("{kind} +{} -{} ~{}", of["added"], of["removed"], of["changed"]);
    counts.iter().map(line).collect()
}

fn fields(report: &Value) -> Vec<(String, String)> {
    let resources = report["groups"][0]["resources"].as_array().expect("there is a group");
    let fields = resources.iter().flat_map(|resource| resource["fields"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    fields.map(|field| (text(&field["path"]), text(&field["change"]))).collect()
}

/// A repository with a commit on `main`, and one more on `feature` with other manifests.
fn repository(name: &str) -> PathBuf {
    let folder = folder(name);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let done =
            Command::new("git").arg("-C").arg(&folder).args(identity).args(arguments).output().expect("git runs");
        assert!(done.status.success(), "{arguments:?}: {}", text(&done.stderr));
    };
    git(&["init", "-q", "-b", "main"]);
    std::fs::create_dir_all(folder.join("deploy/mesh")).expect("the build folder can be written");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(SERVICES);
    for file in std::fs::read_dir(source).expect("is there").flatten() {
        std::fs::copy(file.path(), folder.join("deploy/mesh").join(file.file_name())).expect("can be written");
    }
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    git(&["checkout", "-q", "-b", "feature"]);
    write(&folder.join("deploy/mesh"), "zz-more.yaml", OUTLIERS);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "two"]);
    git(&["checkout", "-q", "main"]);
    write(&folder, "note.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: elsewhere}\n");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "three"]);
    folder
}

#[test]
fn git_revisions() {
    let repository = repository("diff-git");
    let diff = |arguments: &[&str], below: &str| {
        let output = meshc(&[&["diff", "-q", "--stat"][..], arguments].concat())
            .current_dir(repository.join(below))
            .output()
            .expect("the binary runs");
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let code = |arguments: &[&str], below: &str| {
        let (code, out, err) = diff(arguments, below);
        assert!(code.is_some(), "{arguments:?}: {out}{err}");
        code
    };
    assert_eq!(code(&["main..feature", "deploy"], ""), Some(1));
    assert_eq!(code(&["main..feature"], ""), Some(1));
    assert_eq!(code(&["main...feature", "./deploy/mesh/"], ""), Some(1));
    assert_eq!(code(&["main~1..main", "deploy"], ""), Some(0));
    assert_eq!(code(&["..feature", "mesh"], "deploy"), Some(1));
    assert_eq!(code(&["main..feature", "mesh/zz-more.yaml", "mesh"], "deploy"), Some(1));
    // A revision against the work tree.
    assert_eq!(code(&["main:deploy", "deploy"], ""), Some(0));
    assert_eq!(code(&["feature:deploy", "deploy"], ""), Some(1));
    assert_eq!(code(&["feature:mesh", "mesh"], "deploy"), Some(1));
    let (code, _, error) = diff(&["main..feature", "nothing"], "");
    assert_eq!(code, Some(2), "{error}");
    let (code, _, error) = diff(&["main..gone", "deploy"], "");
    assert_eq!(code, Some(2));
    assert!(error.contains("git knows no revision gone"), "{error}");
}

#[test]
fn what_the_manifests_have_wrong_is_said() {
    let other = changed("diff-findings", "apiVersion: v1\nkind: Namespace\nmetadata: {nme: a}\n");
    let output = run(&["diff", SERVICES, &other]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("zz-more.yaml:3"), "{}", text(&output.stderr));
    assert_eq!(text(&run(&["diff", "-q", SERVICES, &other]).stderr), "");
}
