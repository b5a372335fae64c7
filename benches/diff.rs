//! How fast `meshc diff` is on a dump of 60 MB: `cargo bench --bench diff [-- SERVICES]`.
//!
//! Makes a mesh whose sidecars have dumps of that size, takes the dump of one, changes it as a running proxy would (versions, dates,
//! endpoints printed again from hosts) and in one field of a cluster, and times the command on the manifests and that file: reading
//! both, translating, comparing, printing. The best of three.

#![allow(clippy::cast_precision_loss, clippy::print_stdout, clippy::disallowed_methods)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use meshc::generate::{self, MeshSize};

/// Services for which a sidecar's dump has 60 MB.
const SERVICES: u32 = 7_600;

/// What the field is changed to.
const TIMEOUT: &str = "\"connect_timeout\": \"7s\"";

fn main() {
    let services = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(SERVICES);
    let size = MeshSize { services, ..MeshSize::default() };
    let folder = std::env::temp_dir().join("meshc-bench-diff");
    let _ = std::fs::remove_dir_all(&folder);
    let manifests = folder.join("manifests");
    let mut bytes = 0;
    for (path, text) in generate::mesh(&size) {
        bytes += text.len();
        let path = manifests.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&manifests)).expect("the temporary folder takes files");
        std::fs::write(path, text).expect("room on the disk");
    }
    let proxy = "svc-0-0.ns-0";
    let translated = meshc(&["translate", "-q", "--proxy", proxy], &[&manifests]);
    let dump = as_if_live(&String::from_utf8_lossy(&translated.1));
    let file = folder.join("dump.json");
    std::fs::write(&file, &dump).expect("room on the disk");
    println!(
        "{services} Services: {:.1} MB of manifests, a dump of {:.1} MB",
        bytes as f64 / 1e6,
        dump.len() as f64 / 1e6
    );

    let mut best = f64::MAX;
    for _ in 0..3 {
        let started = Instant::now();
        let (code, out) = meshc(&["diff", "-q"], &[&manifests, &file]);
        best = best.min(started.elapsed().as_secs_f64());
        let out = String::from_utf8_lossy(&out);
        let lines: Vec<&str> = out.lines().filter(|line| line.trim_start().starts_with(['~', '+', '-'])).collect();
        assert_eq!(code, Some(1), "{out}");
        assert!(
            matches!(lines.as_slice(), [line] if line.contains("connect_timeout") && line.ends_with("-> 7s")),
            "{out}"
        );
    }
    println!("meshc diff manifests dump: {best:.2} s");
    let _ = std::fs::remove_dir_all(&folder);
}

/// Runs the binary.
fn meshc(arguments: &[&str], paths: &[&Path]) -> (Option<i32>, Vec<u8>) {
    let output = Command::new(env!("CARGO_BIN_EXE_meshc")).args(arguments).args(paths).output();
    let output = output.expect("the binary runs");
    (output.status.code(), output.stdout)
}

/// Adds what a running Envoy prints beside what it was served.
fn as_if_live(dump: &str) -> String {
    let mut is_changed = false;
    let mut in_endpoints = false;
    let mut out = String::with_capacity(dump.len() * 9 / 8);
    for line in dump.lines() {
        in_endpoints |= line.contains("EndpointsConfigDump");
        in_endpoints &= !line.contains("ListenersConfigDump");
        let what = line.trim_start();
        // Right below an entry of a list.
        if line.starts_with("     \"cluster\": {") || line.starts_with("     \"route_config\": {") {
            out.push_str("     \"version_info\": \"2026-01-01T00:00:00Z/1\",\n     \"last_updated\": \"2026-01-01T00:00:01.000Z\",\n");
        }
        if !is_changed && what.starts_with("\"connect_timeout\"") && !what.contains(TIMEOUT) {
            is_changed = true;
            let rest = what.find(',').map_or("", |at| &what[at..]);
            out.extend([&line[..line.len() - what.len()], TIMEOUT, rest, "\n"]);
            continue;
        }
        out.push_str(line);
        out.push('\n');
        if in_endpoints && what.starts_with("\"cluster_name\"") {
            out.push_str("      \"policy\": {\n       \"overprovisioning_factor\": 140\n      },\n");
        }
        if in_endpoints && what.starts_with("\"endpoint\": {") {
            out.push_str("           \"health_check_config\": {},\n");
        }
    }
    assert!(is_changed, "there is a cluster with a timeout");
    out
}
