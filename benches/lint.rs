//! How fast `meshc lint` is on a large mesh: `cargo bench --bench lint [-- SERVICES]`.
//!
//! Makes a mesh, with as many Pods as the others are measured with, and times the command: reading, translating all proxies, and
//! looking at files and proxies by all rules. The best of three.

#![allow(clippy::cast_precision_loss, clippy::print_stdout, clippy::disallowed_methods)]

use std::process::Command;
use std::time::Instant;

use meshc::generate::{self, MeshSize};

/// Services, if no number is given.
const SERVICES: u32 = 1_000;

fn main() {
    let services = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(SERVICES);
    let size = MeshSize { services, ..MeshSize::default() };
    let folder = std::env::temp_dir().join("meshc-bench-lint");
    let _ = std::fs::remove_dir_all(&folder);
    let mut bytes = 0;
    for (path, text) in generate::mesh(&size) {
        bytes += text.len();
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder)).expect("the temporary folder takes files");
        std::fs::write(path, text).expect("room on the disk");
    }
    println!("{services} Services, {} Pods: {:.1} MB of manifests", services * size.pods, bytes as f64 / 1e6);

    for view in [&[][..], &["--as-istioctl"]] {
        let mut best = f64::MAX;
        let mut found = 0;
        for _ in 0..3 {
            let started = Instant::now();
            let output = Command::new(env!("CARGO_BIN_EXE_meshc"))
                .args(["lint", "-q", "-o", "github"])
                .args(view)
                .arg(&folder)
                .output()
                .expect("the binary runs");
            best = best.min(started.elapsed().as_secs_f64());
            assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
            found = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        }
        println!("meshc lint {}: {best:.2} s, {found} findings", view.join(" "));
    }
    let _ = std::fs::remove_dir_all(&folder);
}
