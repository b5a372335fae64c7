//! Names, paths and values of the input in what people and CI systems read.

use std::path::Path;

use serde_json::json;

use super::{MESH, run_in, said};
use crate::cli::{folder, text, write};

/// What a terminal, GitHub, GitLab or Azure would act on.
const PAYLOADS: [&str; 9] = [
    "x\n::error title=INJ::INJECTED",
    "x\u{1b}[31mINJ\u{1b}]8;;http://evil\u{7}",
    "x\r::warning::INJECTED",
    "x\u{9b}31mINJ",
    "x\u{202e}INJ\u{2066}",
    "x##[add-mask]INJ",
    "x##vso[task.setvariable]INJ",
    "x\u{2028}::error::INJECTED",
    "</details><script>INJ</script>`|@all ![a](http://evil/x.png) ```\n\n# INJ",
];

fn assert_tame(what: &str, out: &str) {
    for line in out.split('\n') {
        let start = line.trim_start();
        assert!(
            !start.starts_with("::")
                || start.starts_with("::: ")
                || start.starts_with("::error file=")
                || start.starts_with("::warning file=")
                || start.starts_with("::notice file="),
            "{what}: {line:?}"
        );
        assert!(!line.contains("##[") && !line.contains("##vso["), "{what}: {line:?}");
    }
    let wild = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let at = out.char_indices().find(|(_, c)| wild(*c));
    let near = at.map(|(at, _)| out[..at].lines().last().unwrap_or_default());
    assert!(at.is_none(), "{what}: {at:?} after {near:?}");
}

/// Objects with a payload wherever a name or value may be.
fn objects(p: &str) -> Vec<serde_json::Value> {
    let istio = |kind: &str, name: &str, spec: serde_json::Value| json!({"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": {"name": name, "namespace": "a"}, "spec": spec});
    vec![
        istio("VirtualService", p, json!({"hosts": ["a"]})),
        istio(
            "VirtualService",
            "h",
            json!({"hosts": [p], "gateways": [p], "http": [{"match": [{"uri": {"regex": format!("{p}(")}}, {"headers": {p: {"exact": p}}}],
            "route": [{"destination": {"host": p, "subset": p}}]}]}),
        ),
        istio(
            "VirtualService",
            "u",
            json!({"hosts": ["a"], p: 1, "http": [{p: 1, "timeout": p, "retries": {"retryOn": p}}]}),
        ),
        istio(p, "k", json!({})),
        istio(
            "DestinationRule",
            "d",
            json!({"host": p, "trafficPolicy": {"tls": {"mode": p}}, "subsets": [{"name": p, "labels": {p: p}}]}),
        ),
        istio(
            "Gateway",
            "g",
            json!({"selector": {p: p}, "servers": [{"port": {"number": 443, "name": p, "protocol": p}, "hosts": ["*", p]}]}),
        ),
        istio(
            "ServiceEntry",
            "s",
            json!({"hosts": ["x.com", p], "addresses": [p], "ports": [{"number": 80, "name": p, "protocol": p}]}),
        ),
        json!({"apiVersion": format!("networking.istio.io/{p}"), "kind": "VirtualService", "metadata": {"name": "v"}}),
        json!({"apiVersion": p, "kind": "VirtualService", "metadata": {"name": "v"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"}, "data": {"mesh": p, p: p}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc", "namespace": "a"},
            "spec": {"ports": [{"port": 80, "name": p, "targetPort": p}], "clusterIP": p, "selector": {p: p}}}),
        json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "an", "namespace": "a", "labels": {p: p},
            "annotations": {p: p, "galley.istio.io/analyze-suppress": p}}, "spec": {"hosts": ["a"]}}),
    ]
}

#[test]
fn input_is_visible_in_all_outputs() {
    let here = folder("hostile-printed");
    for (number, payload) in PAYLOADS.iter().enumerate() {
        let name = format!("m{number}");
        let folder = here.join(&name);
        std::fs::create_dir_all(&folder).expect("can be written");
        write(&folder, "mesh.yaml", MESH);
        for (at, object) in objects(payload).into_iter().enumerate() {
            write(&folder, &format!("{at}.json"), &object.to_string());
        }
        write(
            &folder,
            "y.yaml",
            &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{{0}: 1, {0}: 2}}\n",
                json!(payload)
            ),
        );
        write(
            &folder,
            "c.yaml",
            &format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{nme: x}} # {}\n",
                payload.replace(['\n', '\r'], " ")
            ),
        );
        #[cfg(unix)]
        write(&folder, &format!("f{}.json", payload.replace('/', "_")), &objects(payload)[2].to_string());
        for command in [
            &["translate", &name, "-o", "yaml", "--out-dir", "out"][..],
            &["proxies", &name],
            &["lint", &name],
            &["lint", &name, "--verbose", "--as-istioctl"],
            &["lint", &name, "-o", "junit"],
            &["lint", &name, "-o", "github"],
            &["diff", &name, &name],
            &["diff", &name, &name, "-o", "markdown"],
            &["translate", &format!("gone{payload}")],
            &["diff", &format!("gone{payload}"), &name],
        ] {
            assert_tame(&format!("{payload:?} {command:?}"), &said(&run_in(&here, command)));
        }
        let expanded = run_in(&here, &["expand", &name]);
        assert_tame(&format!("{payload:?} expand"), &text(&expanded.stderr));
    }
}

#[test]
#[cfg(unix)]
fn input_is_visible_in_answers() {
    let here = folder("hostile-printed-answers");
    for (number, payload) in PAYLOADS.iter().enumerate() {
        let name = format!("m{number}{}", payload.replace('/', "_"));
        let folder = here.join(&name);
        std::fs::create_dir_all(&folder).expect("can be written");
        write(
            &folder,
            "mesh.yaml",
            &MESH.replace("name: a}\n---", "name: a, labels: {istio-injection: enabled}}\n---"),
        );
        let spec = json!({"hosts": ["x.com"], "http": [{"name": payload, "headers": {"request": {"set": {"x-a": payload}}},
            "match": [{"headers": {"x-b": {"exact": payload}}}, {"uri": {"prefix": "/"}}], "route": [{"destination": {"host": "x.com"}}]}]});
        let entry = json!({"hosts": ["x.com"], "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}], "resolution": "DNS",
            "endpoints": [{"address": "y.com", "locality": payload, "labels": {"a": "b"}}]});
        for (kind, spec) in [("VirtualService", spec), ("ServiceEntry", entry)] {
            let object = json!({"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": {"name": "v", "namespace": "a"}, "spec": spec});
            write(&folder, &format!("{kind}{}.json", payload.replace('/', "_")), &object.to_string());
        }
        let case = json!({"cases": [{"name": payload, "request": {"from": "a.a", "url": format!("http://x.com/{payload}")}, "expect": {"host": payload, "status": 200}},
            {"name": payload, "from": payload, "url": payload, "expect": {"host": payload}}]});
        write(&here, "cases.yaml", &case.to_string());
        for command in [
            &["why", "--proxy", "a.a", &name, "routes[80].virtual_hosts[0]"][..],
            &["why", "--proxy", "a.a", "--all", &name, "routes[80]"],
            &["why", "--proxy", "a.a", &name, &format!("routes[{payload}]")],
            &["affects", &name, "VirtualService a/v"],
            &["affects", &name, &format!("VirtualService a/v{payload}")],
            &["explain", &name, "--from", "a.a", "--verbose", "http://x.com/"],
            &["explain", &name, "--from", "a.a", "-o", "mermaid", "http://x.com/", "-H", "x-b: 1"],
            &["show", &name, "--proxy", "a.a", "all"],
            &["show", &name, "--proxy", "a.a", "routes"],
            &["test", "cases.yaml", "--manifests", &name],
            &["test", "cases.yaml", "--manifests", &name, "--list"],
            &["test", "cases.yaml", "--manifests", &name, "-o", "junit"],
            &["test", "cases.yaml", "--manifests", &name, "-o", "github"],
            &["settings", &name, "--all"],
            &["lint", "--each", &format!("m{number}*")],
        ] {
            assert_tame(&format!("{payload:?} {command:?}"), &said(&run_in(&here, command)));
        }
    }
}

/// Dumps whose names are payloads.
fn dump(name: &str, value: &str) -> String {
    let cluster = json!({"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": name, "alt_stat_name": value, "type": name});
    json!({"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [{"cluster": cluster}]}]}).to_string()
}

#[test]
fn dumps_are_visible_in_all_forms() {
    let here = folder("hostile-printed-dumps");
    for payload in PAYLOADS {
        let keyed = |value: &str| format!("{{{}: {}}}", json!(payload), dump(payload, value));
        write(&here, "a.json", &keyed("a"));
        write(&here, "b.json", &keyed(payload));
        write(&here, "none.json", &format!("{{\"other\": {}}}", dump("x", "x")));
        for (before, after) in [("a.json", "b.json"), ("none.json", "b.json")] {
            for form in ["summary", "unified", "markdown"] {
                let output = run_in(&here, &["diff", before, after, "-o", form]);
                assert_eq!(output.status.code(), Some(1), "{}", said(&output));
                assert_tame(&format!("{payload:?} {form}"), &said(&output));
                if form == "markdown" {
                    assert_tame_markdown(&text(&output.stdout));
                }
            }
            assert_tame(payload, &said(&run_in(&here, &["diff", before, after, "--stat"])));
        }
    }
}

/// Outside of code, nothing of a payload is left that has a meaning.
fn assert_tame_markdown(markdown: &str) {
    let mut outside = String::new();
    let mut fence: Option<String> = None;
    for line in markdown.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if ticks == *open && line == *open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => outside += &(without_spans(line) + "\n"),
        }
    }
    assert!(fence.is_none(), "a fence is open: {markdown}");
    for wild in ["<script", "@all", "![", "](", "\n# INJ"] {
        assert!(!outside.contains(wild), "{wild} in {outside}");
    }
}

/// Takes code spans out of a line: from a run of backticks to the next of the same length.
fn without_spans(line: &str) -> String {
    let Some(start) = line.find('`') else { return line.to_owned() };
    let ticks: String = line[start..].chars().take_while(|c| *c == '`').collect();
    let rest = &line[start + ticks.len()..];
    let mut at = 0;
    while let Some(found) = rest[at..].find(&ticks).map(|found| at + found) {
        let run = rest[found..].chars().take_while(|c| *c == '`').count();
        if run == ticks.len() {
            return format!("{}{}", &line[..start], without_spans(&rest[found + run..]));
        }
        at = found + run;
    }
    line.to_owned()
}

#[test]
fn standard_error_may_be_full_or_closed_and_help_has_to_be_printed() {
    let here = folder("hostile-streams");
    std::fs::create_dir_all(here.join("m")).expect("can be written");
    write(&here, "m/a.yaml", MESH);
    write(&here, "m/b.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {nme: x}\n");
    if !Path::new("/dev/full").exists() {
        return;
    }
    let run = |script: &str| {
        let done = std::process::Command::new("bash")
            .args(["-c", script, env!("CARGO_BIN_EXE_meshc")])
            .current_dir(&here)
            .output()
            .expect("bash runs");
        done.status.code()
    };
    for redirection in ["2>/dev/full", "2>&-"] {
        for (command, code) in [
            ("translate m", 0),
            ("proxies m", 0),
            ("lint m", 1),
            ("expand m", 0),
            ("diff m m", 0),
            ("translate gone", 2),
            ("nonsense", 2),
        ] {
            assert_eq!(run(&format!("\"$0\" {command} {redirection}")), Some(code), "{command} {redirection}");
        }
    }
    for command in [
        "--help",
        "-h",
        "--version",
        "help translate",
        "translate m",
        "proxies m",
        "expand m",
        "lint m",
        "completions bash",
        "man",
        "explain-rule",
    ] {
        assert_eq!(run(&format!("\"$0\" {command} >/dev/full")), Some(2), "{command}");
    }
    assert_eq!(run("\"$0\" --help | true; exit ${PIPESTATUS[0]}"), Some(0));
}

/// A patch that is as deep as the input may be.
#[test]
fn what_is_deep_is_printed_in_all_forms() {
    let here = folder("hostile-deep");
    for depth in [60, 120, 150, 170, 300] {
        let name = format!("m{depth}");
        std::fs::create_dir_all(here.join(&name)).expect("can be written");
        write(&here, &format!("{name}/a.yaml"), MESH);
        let deep = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        let filter = format!(
            "{{\"apiVersion\":\"networking.istio.io/v1alpha3\",\"kind\":\"EnvoyFilter\",\"metadata\":{{\"name\":\"e\",\"namespace\":\"a\"}},\"spec\":{{\
             \"configPatches\":[{{\"applyTo\":\"CLUSTER\",\"patch\":{{\"operation\":\"MERGE\",\"value\":{{\"metadata\":{{\"filter_metadata\":{{\"x\":{deep}}}}}}}}}}}]}}}}"
        );
        write(&here, &format!("{name}/e.json"), &filter);
        for command in [
            &["translate", &name][..],
            &["translate", &name, "-o", "yaml"],
            &["translate", &name, "--resource", "dynamic_active_clusters"],
            &["translate", &name, "--resource", "dynamic_active_clusters", "--mask", "cluster.name"],
            &["translate", &name, "--mask", "dynamic_active_clusters", "-o", "yaml"],
            &["expand", &name],
            &["lint", &name],
            &["diff", &name, &name],
            &["diff", "m60", &name, "-o", "unified"],
            &["diff", "m60", &name, "-o", "json"],
        ] {
            let code = run_in(&here, command).status.code();
            // What is too deep cannot be compared.
            let fine = [0, 1, if command[0] == "diff" { 2 } else { 0 }];
            assert!(code.is_some_and(|code| fine.contains(&code)), "{depth} {command:?}: {code:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_threads_one_does_all() {
    let here = folder("hostile-threads");
    write(&here, "a.yaml", MESH);
    // Root has no such limit.
    let script = "ulimit -u 1; [ $(id -u) != 0 ] || as='setpriv --reuid=65534 --clear-groups'; exec $as \"$0\" proxies -q - <a.yaml";
    let done = std::process::Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_meshc")])
        .current_dir(&here)
        .output()
        .expect("bash runs");
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
}

#[test]
fn a_document_that_cannot_be_read_hides_a_difference() {
    let here = folder("hostile-unread");
    for side in ["a", "b", "c"] {
        std::fs::create_dir_all(here.join(side)).expect("can be written");
        write(&here, &format!("{side}/a.yaml"), MESH);
    }
    write(&here, "b/b.yaml", "apiVersion: v1\nkind: Pod\nmetadata: [\n");
    let code = |sides: &[&str]| run_in(&here, &[&["diff", "-q"][..], sides].concat()).status.code();
    assert_eq!(code(&["a", "b"]), Some(2));
    assert_eq!(code(&["b", "a"]), Some(2));
    // What is broken in the same way on both sides makes no difference.
    write(&here, "c/b.yaml", "apiVersion: v1\nkind: Pod\nmetadata: [\n");
    assert_eq!(code(&["b", "c"]), Some(0));
}
