//! Small files that once took minutes or gigabytes.

use std::fmt::Write as _;

use serde_json::json;

use super::{MESH, run_in, said};
use crate::cli::{folder, write};

/// Runs commands over a file; each ends by itself, or with an error that names the limit, which is given with its value: a low one says
/// as much as the default, and sooner (`benches/hostile.rs` has the default ones).
fn check(name: &str, content: &str, limit: Option<[&str; 2]>) {
    let here = folder(&format!("hostile-budget-{name}"));
    write(&here, "bomb.yaml", content);
    write(&here, "mesh.yaml", MESH);
    for command in
        [&["translate", "bomb.yaml", "mesh.yaml", "--out-dir", "out"][..], &["lint", "bomb.yaml", "mesh.yaml"]]
    {
        let output = run_in(&here, &[command, limit.as_ref().map_or(&[][..], |limit| &limit[..])].concat());
        let said = said(&output);
        if let Some([flag, _]) = limit {
            assert_eq!(output.status.code(), Some(2), "{name} {command:?}");
            assert!(said.contains(flag) && said.contains("bomb.yaml"), "{name} {command:?}: {said}");
        } else {
            assert!(matches!(output.status.code(), Some(0 | 1)), "{name} {command:?}");
            assert!(!said.contains("limit-memory") && !said.contains("limit-cpu"), "{name} {command:?}: {said}");
        }
    }
}

#[test]
fn documents_of_many_lines_left_of_their_bracket() {
    let document = |lines: usize| format!("metadata:\n  a: [{}\n  ]\n", "\n0,".repeat(lines));
    check("indent-one", &document(60_000), None);
    check("indent-many", &vec![document(1400); 60].join("---\n"), None);
    let quoted = |lines: usize| format!("metadata:\n  a:\n{}", "  - \"x\ny\"\n".repeat(lines));
    check("quoted-one", &quoted(20_000), None);
    check("quoted-many", &vec![quoted(900); 20].join("---\n"), None);
}

#[test]
fn kustomizations_that_build_on_each_other() {
    let here = folder("hostile-budget-kustomize");
    let names: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
    let all: Vec<String> = names.iter().map(|name| format!("../{name}")).collect();
    let patches: Vec<String> =
        (0..200).map(|one| format!("{{target: {{name: \"(a|b){{{one}}}\"}}, patch: x}}")).collect();
    for name in &names {
        std::fs::create_dir_all(here.join(name)).expect("can be written");
        let text = format!("resources: [{}, a.yaml]\npatches: [{}]\n", all.join(", "), patches.join(", "));
        write(&here, &format!("{name}/kustomization.yaml"), &text);
        write(&here, &format!("{name}/a.yaml"), &MESH.replace("name: a,", &format!("name: {name},")));
    }
    let output = run_in(&here, &["lint", "."]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", said(&output));
    assert!(!said(&output).contains("limit-"), "{}", said(&output));
}

#[test]
fn anchors_inside_of_each_other() {
    let open = (0..190).fold(String::new(), |mut out, level| {
        let _ = write!(out, "&a{level} [");
        out
    });
    check("anchors", &format!("a: {open}{}{}", vec!["1"; 100_000].join(","), "]".repeat(190)), None);
    check("merges", &format!("a: &a {{x: 1}}\nb:\n{}", "  <<: *a\n".repeat(30_000)), None);
}

#[test]
fn aliases_of_many_documents() {
    let document =
        format!("apiVersion: v1\nkind: X\nx: &a [{}]\ny: [{}]\n", vec!["1"; 1990].join(","), vec!["*a"; 198].join(","));
    check("aliases", &vec![document; 3].join("---\n"), Some(["--max-alias-nodes", "100000"]));
}

#[test]
fn hosts_times_routes() {
    let hosts: Vec<String> = (0..200).map(|number| format!("x{number}.com")).collect();
    let routes = vec![json!({"match": [{"uri": {"prefix": "/"}}], "route": [{"destination": {"host": "a"}}]}); 50];
    let service = |name: &str, spec: serde_json::Value| json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": name, "namespace": "a"}, "spec": spec});
    check(
        "hosts-routes",
        &service("v", json!({"hosts": hosts, "http": routes})).to_string(),
        Some(["--max-routes", "5000"]),
    );
    let fan = vec![json!({"uri": {"prefix": "/"}}); 50];
    let root = vec![json!({"match": fan, "delegate": {"name": "d", "namespace": "a"}}); 2];
    let inner = vec![json!({"match": fan, "route": [{"destination": {"host": "a"}}]}); 2];
    let both = [service("v", json!({"hosts": ["a"], "http": root})), service("d", json!({"http": inner}))];
    check("delegates", &both.map(|object| object.to_string()).join("\n---\n"), Some(["--max-routes", "5000"]));
}

/// Each is within the limit; all of them are not.
#[test]
fn many_virtual_services() {
    let service = |number: usize, gateways: usize| {
        let gateways: Vec<String> = (0..gateways).map(|gateway| format!("a/g{gateway}")).collect();
        json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": format!("v{number}"), "namespace": "a"},
            "spec": {"hosts": [format!("h{number}.com")], "gateways": gateways, "http": vec![json!({"route": [{"destination": {"host": "a"}}]}); 20]}})
        .to_string()
    };
    let many: Vec<String> = (0..60).map(|number| service(number, 1)).collect();
    check("virtual-services", &many.join("\n---\n"), Some(["--max-routes", "140"]));
    check("gateways", &service(0, 60), Some(["--max-routes", "1000"]));
}

/// What the API server or istiod's webhook is asked of each member of a long list.
#[test]
fn lists_that_are_checked() {
    let object = |kind: &str, version: &str, spec: &serde_json::Value| {
        json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "a"}, "spec": spec})
            .to_string()
    };
    let service = |spec: &serde_json::Value| object("VirtualService", "networking.istio.io/v1", spec);
    let patches = |value: &dyn Fn(usize) -> serde_json::Value| {
        let patches: Vec<_> = (0..2000).map(value).collect();
        object("EnvoyFilter", "networking.istio.io/v1alpha3", &json!({"configPatches": patches}))
    };
    let to = json!([{"destination": {"host": "a"}}]);
    let hosts: Vec<String> = (0..50_000).map(|number| format!("x{number}.com")).collect();
    let rule = |number: usize| {
        let spec = json!({"host": "a", "subsets": [{"name": format!("s{number}"), "labels": {"v": "x"}}]});
        object("DestinationRule", "networking.istio.io/v1", &spec)
            .replace("\"name\":\"x\"", &format!("\"name\":\"d{number}\""))
    };
    let unknown: Vec<_> =
        (0..5000).map(|number| json!({"destination": {"host": format!("h{number}.com")}, "weight": 1})).collect();
    let matches: Vec<_> = (0..20_000).map(|number| json!({"uri": {"exact": format!("/{number}")}})).collect();
    for (name, content) in [
        ("rules", (0..2000).map(rule).collect::<Vec<_>>().join("\n---\n")),
        ("destinations", service(&json!({"hosts": ["a"], "http": [{"route": unknown}]}))),
        (
            "clusters",
            patches(
                &|_| json!({"applyTo": "CLUSTER", "patch": {"operation": "ADD", "value": {"name": "x", "type": "STATIC"}}}),
            ),
        ),
        ("hosts", service(&json!({"hosts": hosts, "http": [{"route": to}]}))),
        ("matches", service(&json!({"hosts": ["a"], "http": [{"match": matches, "route": to}]}))),
        (
            "filters",
            patches(
                &|number| json!({"applyTo": "HTTP_FILTER", "patch": {"operation": "INSERT_FIRST", "value": {"name": format!("f{number}")}}}),
            ),
        ),
        (
            "versions",
            patches(&|number| {
                json!({"applyTo": "CLUSTER", "match": {"proxy": {"proxyVersion": format!("(\\pL{{{}}}){{9}}", number % 1000)}},
                    "patch": {"operation": "MERGE", "value": {"alt_stat_name": "x"}}})
            }),
        ),
    ] {
        ends(name, &content);
    }
}

/// Runs commands over a file; each ends by itself, and soon.
fn ends(name: &str, content: &str) {
    let here = folder(&format!("hostile-ends-{name}"));
    write(&here, "bomb.yaml", content);
    write(&here, "mesh.yaml", MESH);
    for command in
        [&["translate", "bomb.yaml", "mesh.yaml", "--out-dir", "out"][..], &["lint", "bomb.yaml", "mesh.yaml"]]
    {
        let output = run_in(&here, &[command, &["--max-cpu", "1"]].concat());
        let said = said(&output);
        assert!(!said.contains("(limit-"), "{name} {command:?}: {said}");
    }
}

/// Each command is watched, whatever it reads.
#[cfg(target_os = "linux")]
#[test]
fn all_that_is_read_has_limits() {
    let here = folder("hostile-budget-all");
    let wide = vec!["1"; 200_000].join(",");
    write(&here, "dump.json", &format!(r#"{{"configs": [{{"x": [{wide}]}}]}}"#));
    write(&here, "mesh.yaml", MESH);
    write(&here, "wide.yaml", &format!("a: [{wide}]\n"));
    for command in [
        &["explain", "--dump", "dump.json", "--destination", "10.0.0.1:80", "http://a/"][..],
        &["show", "dump.json"],
        &["diff", "dump.json", "dump.json"],
        &["test", "wide.yaml", "--manifests", "mesh.yaml"],
        &["diff", "--istio-version", "1.29..1.31", "wide.yaml"],
        &["lint", "mesh.yaml", "--config", "wide.yaml"],
        &["settings", "wide.yaml"],
    ] {
        let output = run_in(&here, &[command, &["--max-cpu", "0"]].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        let said = said(&output);
        assert!(said.contains("--max-cpu raises the limit (limit-cpu)"), "{command:?}: {said}");
    }
}

/// What is written fills no disk.
#[test]
fn files_have_a_limit() {
    let here = folder("hostile-budget-output");
    write(&here, "mesh.yaml", MESH);
    let translate = ["translate", "mesh.yaml", "--out-dir", "out"];
    let output = run_in(&here, &[&translate[..], &["--max-output", "1K"]].concat());
    assert_eq!(output.status.code(), Some(2));
    let said = said(&output);
    assert!(said.contains("--max-output raises the limit (limit-output)"), "{said}");
    let left = std::fs::read_dir(here.join("out")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing incomplete is left");
    assert!(run_in(&here, &translate).status.success());
}

#[test]
fn addresses_of_one_service_entry() {
    let entry = |hosts: usize, addresses: usize, ports: usize| {
        let hosts: Vec<String> = (0..hosts).map(|number| format!("x{number}.com")).collect();
        let addresses: Vec<String> =
            (0..addresses).map(|number| format!("10.{}.{}.0/24", number / 250, number % 250)).collect();
        let ports: Vec<_> =
            (1..=ports).map(|port| json!({"number": port, "name": format!("tcp-{port}"), "protocol": "TCP"})).collect();
        json!({"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "s", "namespace": "a"},
            "spec": {"hosts": hosts, "addresses": addresses, "ports": ports, "resolution": "NONE"}})
        .to_string()
    };
    check("conflicts", &entry(24, 24, 19), None);
    check("addresses", &entry(32, 25, 20), Some(["--max-service-entry", "10000"]));
}

#[test]
fn patterns_that_are_many_times_their_size() {
    let patterns: Vec<_> =
        (0..40).map(|number| json!({"uri": {"regex": format!("(\\pL{{{}}}){{0,7}}", 100 + number)}})).collect();
    let service = json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "v", "namespace": "a"},
        "spec": {"hosts": ["a"], "http": [{"match": patterns, "route": [{"destination": {"host": "a"}}]}]}});
    check("patterns", &service.to_string(), None);
}

/// Each proxy has the policies of all its namespace.
#[test]
fn policies_times_pods() {
    let policies = |number: usize| {
        let one = |at| {
            let rules = json!([{"to": [{"operation": {"paths": [format!("/{at}")]}}]}]);
            json!({"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                "metadata": {"name": format!("p{at}"), "namespace": "a"}, "spec": {"rules": rules}})
            .to_string()
        };
        (0..number).map(one).collect::<Vec<_>>().join("\n---\n")
    };
    check("policies", &policies(20), Some(["--max-policies", "19"]));
    check("policies-within", &policies(20), None);
}

/// What no budget knows ends by its memory.
#[cfg(target_os = "linux")]
#[test]
fn memory_has_a_limit() {
    let here = folder("hostile-budget-memory");
    write(&here, "mesh.yaml", MESH);
    write(&here, "big.yaml", &format!("a: [{}]\n", vec!["1"; 2_000_000].join(",")));
    let output = run_in(&here, &["translate", "mesh.yaml", "big.yaml", "--max-memory", "60M"]);
    // The input itself counts 96 times.
    assert!(matches!(output.status.code(), Some(0)), "{}", said(&output));
    let pods: String = (0..300)
        .map(|number| {
            MESH.replace("name: a,", &format!("name: p{number},"))
                .replace("10.0.0.1", &format!("10.0.{}.{}", number / 200, number % 200 + 1))
        })
        .collect::<Vec<_>>()
        .join("---\n");
    write(&here, "pods.yaml", &pods);
    let output = run_in(&here, &["translate", "pods.yaml", "--max-memory", "20M"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let told = "the largest file is pods.yaml; --max-memory raises the limit (limit-memory)";
    assert!(said(&output).contains(told), "{}", said(&output));
}

/// Two orders of the same lines.
#[test]
fn shuffled_dumps() {
    let here = folder("hostile-budget-shuffled");
    let dump = |step: usize| {
        let values: Vec<_> = (0..6000_usize).map(|at| json!((at * step % 6007).to_string())).collect();
        let cluster = json!({"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "c", "metadata": {"filter_metadata": {"x": {"list": values}}}});
        json!({"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": cluster}]}]}).to_string()
    };
    write(&here, "a.json", &dump(1));
    write(&here, "b.json", &dump(5881));
    for form in ["summary", "unified", "json", "markdown"] {
        let output = run_in(&here, &["diff", "a.json", "b.json", "-o", form]);
        assert_eq!(output.status.code(), Some(1), "{form}");
    }
}
