//! `meshc explain` and `meshc test` as a user meets them: outputs, exit codes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const FROM: &[&str] = &["explain", "-q", "examples/bookinfo", "--from"];

fn meshc(arguments: &[&str], input: &str) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    command.args(arguments).current_dir(root).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("the binary reads");
    child.wait_with_output().expect("the binary ends")
}

fn explain(arguments: &[&str]) -> Output {
    meshc(&[FROM, arguments].concat(), "")
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("the output is JSON")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/explain");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn pages_are_what_they_were() {
    for (name, arguments) in [
        ("service", vec!["productpage-v1.bookstore", "http://reviews:9080/reviews/1", "-H", "end-user: tester"]),
        ("gateway", vec!["outside", "https://books.example.com/productpage"]),
        ("egress", vec!["productpage-v1.bookstore", "http://catalogue.example.org/v1"]),
        ("verbose", vec!["outside", "https://books.example.com/nothing", "--verbose"]),
        ("mermaid", vec!["productpage-v1.bookstore", "http://reviews:9080/", "-o", "mermaid"]),
    ] {
        snapshot(name, &text(&explain(&arguments).stdout));
    }
}

/// One proxy needs no address: the host, or the proxy, says where the connection goes.
#[test]
fn one_proxy_is_asked_by_host() {
    let ambient = "fixtures/ambient-ingress-use-waypoint/manifests";
    for (mesh, at, url, direction, told) in [
        (ambient, "waypoint.shop", "http://web.shop/", "inbound", "via_upstream"),
        ("examples/bookinfo", "ingress.istio-gateways", "http://books.example.com/x", "gateway", "direct_response"),
        ("examples/bookinfo", "productpage-v1.bookstore", "http://reviews:9080/", "outbound", "via_upstream"),
    ] {
        let output = meshc(&["explain", "-q", mesh, "--at", at, url, "-o", "json"], "");
        let report = report(&output);
        assert_eq!(report["outcome"]["details"], told, "{at}: {report}");
        assert_eq!(report["hops"].as_array().map(Vec::len), Some(1), "{at}");
        assert_eq!(report["hops"][0]["direction"], direction, "{at}");
    }
    let no_port = meshc(
        &["explain", "-q", "examples/bookinfo", "--at", "ingress.istio-gateways", "http://books.example.com:81/"],
        "",
    );
    assert!(text(&no_port.stderr).contains("no Service in front of ingress.istio-gateways exposes port 81"));
}

/// Who asks decides: a principal at a waypoint, which comes by a tunnel, and at a sidecar, which comes by mutual TLS.
#[test]
fn one_proxy_is_asked_by_a_principal() {
    let ambient = "src/testing/real_envoy/chains/ambient";
    let at = |mesh: &str, at: &str, principal: &str, more: &[&str]| {
        let arguments = ["explain", "-q", mesh, "--at", at, "--principal", principal, "-o", "json"];
        report(&meshc(&[&arguments[..], more].concat(), ""))["outcome"]["details"].clone()
    };
    for (principal, told) in [
        ("cluster.local/ns/shop/sa/buyer", "via_upstream"),
        ("spiffe://cluster.local/ns/shop/sa/buyer", "via_upstream"),
        ("cluster.local/ns/shop/sa/guest", "rbac_access_denied_matched_policy[none]"),
    ] {
        assert_eq!(at(ambient, "waypoint.shop", principal, &["http://web.shop/items/1"]), told, "{principal}");
    }
    let inbound = ["--direction", "inbound", "http://details:9080/details/1"];
    let (example, reader) = ("examples/bookinfo", "cluster.local/ns/bookstore/sa/productpage");
    assert_eq!(at(example, "details-v1.bookstore", reader, &inbound), "via_upstream");
    // Elsewhere it says nothing, and is not ignored.
    for more in [&["--from", "outside", "http://a/"][..], &["--requests", "-"], &["http://a/"]] {
        let output = meshc(&[&["explain", example, "--principal", reader][..], more].concat(), "[]");
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(text(&output.stderr).contains("--principal"), "{more:?}: {}", text(&output.stderr));
    }
}

#[test]
fn exit_codes() {
    for (arguments, code) in [
        (["productpage-v1.bookstore", "http://details:9080/"], 0),
        (["outside", "http://books.example.com/productpage"], 0),
        (["outside", "https://books.example.com/nothing"], 1),
        (["details-v1.bookstore", "http://no-such-service/"], 1),
        (["nobody.bookstore", "http://details:9080/"], 2),
    ] {
        let output = explain(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {}", text(&output.stderr));
    }
}

#[test]
fn strict_mutual_tls_turns_away_who_has_no_sidecar() {
    let server = json!({ "destination": "10.0.0.1:9080", "scheme": "http", "authority": "details", "path": "/" });
    let asked = json!([
        { "proxy": "details-v1.bookstore", "direction": "inbound", "request": server },
        { "proxy": "nobody.nowhere", "direction": "inbound", "request": server },
    ]);
    let output = meshc(&["explain", "-q", "examples/bookinfo", "--requests", "-"], &asked.to_string());
    let answers = report(&output);
    assert_eq!(answers[0]["outcome"]["kind"], "no_filter_chain", "{answers}");
    assert_eq!(answers[1]["error"], "no proxy matches nobody.nowhere");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_saved_dump_says_the_same_as_the_manifests() {
    let dump = meshc(&["translate", "-q", "examples/bookinfo", "--proxy", "productpage-v1.bookstore"], "");
    let request =
        ["--destination", "10.0.0.1:9080", "-H", "end-user: tester", "-o", "json", "http://reviews:9080/reviews/1"];
    let at = ["--at", "productpage-v1.bookstore"];
    let by_dump = meshc(&[&["explain", "-q", "--dump", "-"][..], &request[..]].concat(), &text(&dump.stdout));
    let by_manifests = meshc(&[&["explain", "-q", "examples/bookinfo"][..], &at[..], &request[..]].concat(), "");
    let (mut a, mut b) = (report(&by_dump), report(&by_manifests));
    for one in [&mut a, &mut b] {
        one["hops"][0]["places"] = Value::Null;
    }
    assert_eq!(a, b, "{}", text(&by_dump.stderr));
    assert_eq!(a["hops"][0]["clusters"][0]["name"], "outbound|9080|v3|reviews.bookstore.svc.cluster.local");
}

#[test]
fn the_example_holds() {
    let arguments = ["test", "-q", "examples/bookinfo/tests.yaml", "--manifests", "examples/bookinfo"];
    let output = meshc(&arguments, "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let one = meshc(&[&arguments[..], &["--filter", "testers*", "--list"]].concat(), "");
    assert_eq!(text(&one.stdout), "testers see the new reviews\n");
}

#[test]
fn failures_are_told_in_each_form() {
    let cases = "cases:\n- name: wrong\n  from: productpage-v1.bookstore\n  request: GET http://details:9080/\n  expect: {status: 404}\n";
    for format in ["text", "json", "junit", "github"] {
        let output = meshc(&["test", "-q", "-", "--manifests", "examples/bookinfo", "-o", format], cases);
        let out = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{format}: {}", text(&output.stderr));
        assert!(out.contains("404") && out.contains("200") && out.contains("wrong"), "{format}: {out}");
    }
}

const FILES: &str = "src/testing/routing_test";

fn test(arguments: &[&str]) -> Output {
    let arguments: Vec<String> = arguments.iter().map(|argument| argument.replace("FILES", FILES)).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    meshc(&[&["test", "-q"], &arguments[..]].concat(), "")
}

#[test]
fn files_of_router_check_tool_are_read() {
    let files = ["FILES/routes_test.yaml", "FILES/routes_test.textpb", "FILES/old_test.json"];
    let output = test(&[&files[..], &["--route-config", "FILES/routes.yaml"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).ends_with("32 of 32 cases hold\n"));
    let of_routes = ["FILES/routes_test.textpb", "--route-config", "FILES/routes.yaml", "--fail-under", "20"];
    let output = test(&of_routes);
    assert_eq!(output.status.code(), Some(1));
    let missed = "not covered: virtual host shop route spare routes[16]\n2 of 17 routes covered (11.8%)\n";
    assert!(text(&output.stdout).contains(missed), "{}", text(&output.stdout));
}

#[test]
fn files_of_istio_config_validator_are_read() {
    let manifests = ["FILES/validator_test.yaml", "--manifests", "FILES/virtual_services.yaml"];
    let output = test(&[&manifests[..], &["--coverage", "--fail-under", "88"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("\n8 of 9 routes covered (88.9%)\n"), "{}", text(&output.stdout));
    let too_few = test(&[&manifests[..], &["--fail-under", "90%"]].concat());
    assert_eq!(too_few.status.code(), Some(1));
    let lcov = test(&[&manifests[..], &["-o", "lcov"]].concat());
    let lcov = text(&lcov.stdout);
    assert!(lcov.contains("DA:11,2\n") && lcov.contains("DA:43,0\nLF:10\nLH:9\nend_of_record\n"), "{lcov}");
}

/// Routes of all kinds count, each condition by itself, on the whole way of a request.
#[test]
fn routes_of_all_kinds_are_covered_by_line() {
    let files = ["FILES/all_kinds_test.yaml", "--manifests", "FILES/all_kinds.yaml"];
    // Without the switch, istiod reads no TCPRoute.
    let files = [&files[..], &["--istiod-env", "PILOT_ENABLE_ALPHA_GATEWAY_API=true"]].concat();
    let output = test(&[&files[..], &["--coverage"]].concat());
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    let missed: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("not covered: ")).collect();
    let missed: Vec<&str> = missed.iter().filter_map(|line| Some(line.split_once(" (")?.0)).collect();
    let wanted = [
        "VirtualService shop/db tcp[0].match[0]",
        "VirtualService shop/db tcp[1]",
        "VirtualService shop/outside tls[1].match[0]",
        "HTTPRoute shop/web rules[0].matches[0]",
        "GRPCRoute shop/grpc rules[0].matches[0]",
        "TCPRoute shop/tcp rules[1]",
    ];
    assert_eq!(missed, wanted);
    assert!(out.ends_with("\n7 of 13 routes covered (53.8%)\n"), "{out}");
    let lcov = text(&test(&[&files[..], &["-o", "lcov"]].concat()).stdout);
    let lines = include_str!("routing_test/all_kinds.yaml").lines();
    let line = |wanted: &str| 1 + lines.clone().position(|line| line.trim() == wanted).expect("the line");
    for (of, hits) in [
        ("- port: 3307", 0),
        ("- port: 3306", 1),
        ("- path: {type: PathPrefix, value: /b}", 1),
        ("- method: {service: shop.Cart, method: Get}", 0),
        ("- backendRefs: [{name: db, port: 3307}]", 0),
    ] {
        assert!(lcov.contains(&format!("DA:{},{hits}\n", line(of))), "{of}: {lcov}");
    }
    let way = "cases: [{from: client, request: \"GET tls://edition.cnn.com:443\", expect: {via: [client, istio-egressgateway]}}]";
    let manifests = ["test", "-q", "-", "--manifests", "fixtures/gateway-egress-tls/manifests", "--coverage"];
    let out = text(&meshc(&manifests, way).stdout);
    assert!(out.contains("2 of 4 routes covered") && !out.contains(" tls["), "{out}");
}

#[test]
fn what_cannot_be_asked_is_told() {
    for (cases, told) in [
        (
            "tests: [{test_name: a, input: {authority: x, path: /, runtime: k}, validate: {cluster_name: b}}]",
            "runtime keys and dynamic metadata can be set with --route-config only",
        ),
        (
            "tests: [{test_name: a, input: {authority: x, path: /}, validate: {clusters: b}}]",
            "unknown field `clusters`",
        ),
        ("testCases: [{description: a, request: {authority: [x], method: [GET]}}]", "request.uri lists nothing"),
        ("testCases: [{description: a, request: {authority: [x], method: [GET], uri: [/]}}]", "nothing is expected"),
        (
            "{runtime: {some.key: 1}, tests: [{test_name: a, input: {authority: x, path: /}, validate: {cluster_name: b}}]}",
            "meshc does not read the runtime key some.key",
        ),
        ("tests {\n  test_name: \"a\"\n  input [}\n}", "line 3: } is no value"),
        ("cases: []", "it has no cases"),
    ] {
        let output = meshc(&["test", "-q", "-", "--manifests", "examples/bookinfo"], cases);
        assert_eq!(output.status.code(), Some(2), "{cases}");
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(said.contains(told), "{cases}: {said}");
    }
}

/// What `--init` writes holds for the mesh that it was written for.
#[test]
fn a_first_file_holds() {
    let fixtures =
        ["virtual-service-match-uri-method-authority", "gateway-http-hosts", "gateway-api-mesh-routes", "random-006"];
    let mut meshes: Vec<String> = fixtures.iter().map(|name| format!("fixtures/{name}/manifests")).collect();
    meshes.push("examples/bookinfo".to_owned());
    for mesh in meshes {
        let first = meshc(&["test", "-q", "--init", "--manifests", &mesh], "");
        assert_eq!(first.status.code(), Some(0), "{mesh}: {}", text(&first.stderr));
        let output = meshc(&["test", "-q", "-", "--manifests", &mesh], &text(&first.stdout));
        assert_eq!(output.status.code(), Some(0), "{mesh}: {}", text(&output.stdout));
        assert!(text(&output.stdout).lines().count() > 3, "{mesh}: {}", text(&first.stdout));
    }
}

/// A first file has a case for each route for TLS and TCP that a connection can take: at sidecars, and at gateways by server name and by
/// port.
#[test]
fn a_first_file_has_routes_for_connections() {
    let all_kinds = format!("{FILES}/all_kinds.yaml");
    let alpha = ["--istiod-env", "PILOT_ENABLE_ALPHA_GATEWAY_API=true"];
    for (mesh, cases, missing, told) in [
        (all_kinds.as_str(), 6, 2, "GET tcp://db.shop:3307\"\n  expect:\n    kind: forwarded\n    host:"),
        ("fixtures/gateway-egress-tls/manifests", 2, 0, "GET tls://edition.cnn.com:443"),
        ("fixtures/gateway-tls-passthrough/manifests", 7, 3, "  from: \"outside\"\n  request: \"GET tls://"),
    ] {
        let arguments = [&["test", "-q", "--manifests", mesh], &alpha[..]].concat();
        let first = text(&meshc(&[&arguments[..], &["--init"]].concat(), "").stdout);
        let count = |part: &str| first.lines().filter(|line| line.contains(part)).count();
        assert_eq!(count("request: \"GET tls://") + count("request: \"GET tcp://"), cases, "{mesh}: {first}");
        assert_eq!(count("# No case for "), missing, "{mesh}: {first}");
        assert!(first.contains(told), "{mesh}: {first}");
        let output = meshc(&[&arguments[..], &["-"]].concat(), &first);
        assert_eq!(output.status.code(), Some(0), "{mesh}: {}", text(&output.stdout));
    }
}
