//! How fast `meshc lint` is on a large mesh: `cargo bench --bench lint [-- SERVICES]`.
//!
//! Makes a mesh, with as many Pods as the others are measured with, and times the command: reading, translating what differs between
//! proxies, and looking at files and proxies by all rules. The best of three, with the memory that it took at most (on Linux); then
//! how long `--watch` takes from a change to what it says of it.

#![allow(clippy::cast_precision_loss, clippy::print_stdout, clippy::disallowed_methods)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use meshc::generate::{self, MeshSize};

/// Services, if no number is given.
const SERVICES: u32 = 1_000;

/// A VirtualService whose destination is not there, and one whose destination is.
const ROUTE: &str = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: changed, namespace: bench}\nspec:\n  \
                     hosts: [changed.example]\n  http:\n  - route:\n    - destination: {host: nobody.example}\n---\napiVersion: \
                     networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: somebody, namespace: bench}\nspec:\n  hosts: \
                     [somebody.example]\n  ports: [{number: 80, name: http, protocol: HTTP}]\n  resolution: DNS\n";

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
        let (mut best, mut found, mut memory) = (f64::MAX, 0, 0);
        for _ in 0..3 {
            let started = Instant::now();
            let mut child = Command::new(env!("CARGO_BIN_EXE_meshc"))
                .args(["lint", "-q", "-o", "github"])
                .args(view)
                .arg(&folder)
                .stdout(Stdio::piped())
                .spawn()
                .expect("the binary runs");
            let output = child.stdout.take().expect("it is piped");
            let reader = std::thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).count());
            memory = memory.max(peak(&mut child));
            found = reader.join().expect("it reads");
            best = best.min(started.elapsed().as_secs_f64());
        }
        println!("meshc lint {}: {best:.2} s, {} MB at most, {found} findings", view.join(" "), memory / 1024);
    }
    watch(&folder);
    let _ = std::fs::remove_dir_all(&folder);
}

/// Waits for the end, and returns how much memory it took at most, in KiB.
fn peak(child: &mut Child) -> u64 {
    let path = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().expect("it is ours").is_none() {
        let text = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        most = most.max(line.trim().trim_end_matches(" kB").parse().unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    most
}

/// Times `--watch` from a change of one file to what it says of it.
fn watch(folder: &Path) {
    let file = folder.join("changed.yaml");
    let mended = ROUTE.replace("nobody", "somebody");
    std::fs::write(&file, &mended).expect("room on the disk");
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshc"));
    command.args(["lint", "--watch"]).arg(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let mut summary = BufReader::new(child.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
    // The first look is over when it is summed up; a thread takes what it prints.
    let printed = std::thread::spawn(move || {
        let mut best = f64::MAX;
        for _ in 0..3 {
            for (text, mark) in [(ROUTE.to_owned(), "+ error IST0101"), (mended.clone(), "- error IST0101")] {
                std::thread::sleep(Duration::from_secs(2));
                std::fs::write(&file, &text).expect("room on the disk");
                let started = Instant::now();
                if !lines.any(|line| line.starts_with(mark)) {
                    return None;
                }
                best = best.min(started.elapsed().as_secs_f64());
            }
        }
        Some(best)
    });
    let _ = summary.find(|line| line.starts_with("found "));
    let drain = std::thread::spawn(move || summary.count());
    if let Some(best) = printed.join().expect("it reads") {
        println!("meshc lint --watch: {:.0} ms from a change to what it says", best * 1000.0);
    }
    child.kill().expect("it runs");
    let _ = (child.wait(), drain.join());
}
