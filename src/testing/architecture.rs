//! Which layer may know which: the table of the crate's documentation, compared with what the files name.

use std::collections::BTreeSet;
use std::path::Path;

/// Each layer, with the layers that it may name beside itself. The reasons are in the crate's documentation (`src/lib.rs`).
const LAYERS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("diagnostic", &["source"]),
    ("options", &["source", "installation"]),
    ("visible", &[]),
    ("go", &[]),
    ("nearest", &[]),
    ("budget", &["source", "diagnostic", "options", "model", "ingest"]),
    ("installation", &["source", "diagnostic", "options", "model", "go"]),
    ("model", &["source"]),
    ("ingest", &["source", "diagnostic", "options", "installation", "model", "envoy", "go", "nearest"]),
    ("intake", &["source", "diagnostic", "installation", "model", "ingest"]),
    ("coverage", &["source", "diagnostic", "installation", "model", "ingest"]),
    ("control_plane", &["source", "diagnostic", "options", "installation", "model", "ingest"]),
    ("expand", &["source", "diagnostic", "options", "installation", "model", "ingest", "go"]),
    ("mesh", &["source", "diagnostic", "options", "installation", "model", "ingest", "go"]),
    ("proxy", &["source", "diagnostic", "options", "installation", "model", "ingest", "mesh"]),
    ("envoy", &[]),
    ("rejection", &["envoy"]),
    ("evaluate", &["envoy"]),
    ("translate", &["source", "diagnostic", "options", "installation", "model", "mesh", "proxy", "envoy", "go"]),
    ("config_dump", &["envoy", "translate"]),
    (
        "lint",
        &[
            "source",
            "diagnostic",
            "options",
            "installation",
            "model",
            "ingest",
            "mesh",
            "proxy",
            "envoy",
            "rejection",
            "translate",
            "config_dump",
            "pipeline",
            "visible",
            "nearest",
        ],
    ),
    ("diff", &["envoy", "config_dump", "visible"]),
    (
        "explain",
        &[
            "source",
            "installation",
            "model",
            "ingest",
            "mesh",
            "proxy",
            "envoy",
            "evaluate",
            "translate",
            "config_dump",
            "pipeline",
            "diff",
            "visible",
        ],
    ),
    ("routing_test", &["source", "model", "ingest", "proxy", "evaluate", "explain"]),
    (
        "provenance",
        &["source", "diagnostic", "options", "ingest", "input", "mesh", "proxy", "config_dump", "diff", "pipeline"],
    ),
    ("report", &["source", "proxy", "pipeline", "provenance", "graph", "diff", "config_dump", "visible"]),
    ("graph", &["source", "input", "mesh", "proxy", "config_dump", "pipeline", "provenance", "visible"]),
    (
        "input",
        &[
            "source",
            "diagnostic",
            "options",
            "installation",
            "model",
            "ingest",
            "intake",
            "control_plane",
            "coverage",
            "budget",
            "expand",
            "mesh",
        ],
    ),
    (
        "pipeline",
        &["source", "diagnostic", "options", "installation", "ingest", "mesh", "proxy", "translate", "config_dump"],
    ),
    (
        "upgrade",
        &[
            "source",
            "options",
            "installation",
            "input",
            "mesh",
            "proxy",
            "config_dump",
            "pipeline",
            "diff",
            "provenance",
        ],
    ),
];

/// The folders of `translate` that are resources of their own, with those that they may build on.
const RESOURCES: &[(&str, &[&str])] = &[
    // A cluster without discovery holds its endpoints.
    ("cluster", &["endpoint"]),
    ("endpoint", &[]),
    // An inbound listener holds its routes.
    ("listener", &["route"]),
    ("route", &[]),
    ("secret", &[]),
];

#[test]
fn layers_name_only_what_is_below_them() {
    let names: Vec<&str> = LAYERS.iter().map(|(layer, _)| *layer).collect();
    let mut wrong = Vec::new();
    for (layer, allowed) in LAYERS {
        for (file, used) in uses(layer, "crate::") {
            let known = names.contains(&used.as_str()) || used == "cli";
            if known && used != *layer && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{file} names crate::{used}, which {layer} must not know"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn resources_do_not_know_each_other() {
    let mut wrong = Vec::new();
    for (resource, allowed) in RESOURCES {
        for (file, used) in uses(&format!("translate/{resource}"), "crate::translate::") {
            let is_resource = RESOURCES.iter().any(|(name, _)| *name == used);
            if is_resource && used != *resource && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{file} names crate::translate::{used}; shared things go beside both"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_prints_and_reads_files() {
    let mut wrong = Vec::new();
    for (layer, _) in LAYERS {
        for (file, text) in files(layer) {
            for word in ["std::fs::", "std::net::Tcp", "std::env::", "SystemTime", "Instant::now", "println!"] {
                if text.contains(word) {
                    wrong.push(format!("{file}: {word}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the names that follow a prefix in a layer's code: `crate::mesh::Mesh` and `crate::{mesh, model}` alike.
fn uses(layer: &str, prefix: &str) -> BTreeSet<(String, String)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = BTreeSet::new();
    for (file, text) in files(layer) {
        for (at, _) in text.match_indices(prefix) {
            let rest = &text[at + prefix.len()..];
            let list = rest.strip_prefix('{').and_then(|rest| rest.split_once(';')).map(|(list, _)| list);
            let used: Vec<String> = match list {
                Some(list) => top_level(list),
                None => vec![rest.chars().take_while(|c| is_name(*c)).collect()],
            };
            out.extend(used.into_iter().map(|name| (file.clone(), name)));
        }
    }
    out
}

/// Returns the first names of the items of a use list: of `mesh::{A, B}, model}` they are `mesh` and `model`.
fn top_level(list: &str) -> Vec<String> {
    let mut depth = 0_i32;
    let mut out = vec![String::new()];
    let mut in_name = true;
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push(String::new());
                in_name = true;
            }
            c if depth == 0 && in_name && (c.is_ascii_alphanumeric() || c == '_') => {
                if let Some(name) = out.last_mut() {
                    name.push(c);
                }
            }
            ':' => in_name = false,
            _ => {}
        }
        if depth < 0 {
            break;
        }
    }
    out
}

/// Returns the files of a layer, with their code: no comments, and no tests, which may know anything.
fn files(layer: &str) -> Vec<(String, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folder = source.join(layer);
    let mut out = Vec::new();
    for path in std::iter::once(source.join(format!("{layer}.rs"))).chain(walk(&folder)) {
        let name = path.strip_prefix(&source).unwrap_or(&path).display().to_string();
        if name.contains("/tests") || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        out.push((name, code.join("\n")));
    }
    assert!(!out.is_empty(), "there is no layer {layer}");
    out
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() { out.extend(walk(&path)) } else { out.push(path) }
    }
    out.sort();
    out
}
