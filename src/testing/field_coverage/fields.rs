//! The fields of a kind, as paths: `spec` left out, `[]` for the items of a list, `{}` for the values of a map.

use std::path::Path;

/// The kinds whose every field is named, by what their tables are called.
pub(crate) const KINDS: [&str; 17] = [
    "VirtualService",
    "DestinationRule",
    "Gateway",
    "ServiceEntry",
    "WorkloadEntry",
    "WorkloadGroup",
    "Sidecar",
    "PeerAuthentication",
    "RequestAuthentication",
    "AuthorizationPolicy",
    "Telemetry",
    "EnvoyFilter",
    "WasmPlugin",
    "TrafficExtension",
    "ProxyConfig",
    "MeshConfig",
    "MeshNetworks",
];

/// Returns the fields of a kind that hold values, in the order of its definition.
pub(crate) fn fields(kind: &str, root: &Path) -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let list = match kind {
        "MeshConfig" => "src/testing/field_coverage/mesh_config.txt",
        "MeshNetworks" => "src/testing/field_coverage/mesh_networks.txt",
        _ => return of_schema(&read(&format!("src/ingest/crd/schema/{}.txt", snake_case(kind)))),
    };
    read(list).lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

fn snake_case(kind: &str) -> String {
    let mut out = String::new();
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Reads a table: a line a field, deeper by one space below its parent.
fn of_schema(text: &str) -> Vec<String> {
    let lines: Vec<(usize, &str)> = text
        .lines()
        .map(|line| {
            let name = line.trim_start();
            (line.len() - name.len(), name.split(':').next().unwrap_or_default())
        })
        .collect();
    let mut above: Vec<&str> = Vec::new();
    let mut out = Vec::new();
    for (at, (depth, name)) in lines.iter().enumerate() {
        above.truncate(*depth);
        above.push(name);
        let below: Vec<&str> = lines[at + 1..].iter().take_while(|(d, _)| d > depth).map(|(_, name)| *name).collect();
        // A list or map of plain values is a field itself.
        let is_plain = below.is_empty() || matches!(below.as_slice(), ["[]" | "{}"]);
        let in_plain = matches!(*name, "[]" | "{}") && below.is_empty();
        if *depth >= 2 && above[1] == "spec" && is_plain && !in_plain {
            let path = camel_case(&path(&above[2..]));
            if !out.contains(&path) {
                out.push(path);
            }
        }
    }
    out
}

/// Returns a path as most manifests spell it: a few fields have two spellings, or an older one in the definition.
pub(crate) fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let (head, tail) = part.split_at_checked(1).unwrap_or((part, ""));
        name + &head.to_ascii_uppercase() + tail
    })
}

/// Joins names: `http`, `[]`, `match` -> `http[].match`.
fn path(names: &[&str]) -> String {
    names.iter().fold(String::new(), |mut path, name| {
        if !path.is_empty() && !matches!(*name, "[]" | "{}") {
            path.push('.');
        }
        path + name
    })
}
