//! Asks a running Envoy whether it takes a resource: files are discovery servers, and each answer is told by its counters and log.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::envoy::get;

/// A type of resource, as the oracle is asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Cluster,
    Listener,
    Route,
    Endpoint,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Cluster, Self::Listener, Self::Route, Self::Endpoint];

    fn file(self) -> &'static str {
        match self {
            Self::Cluster => "cds.json",
            Self::Listener => "lds.json",
            Self::Route => "rds.json",
            Self::Endpoint => "eds.json",
        }
    }

    /// The start of the names of its counters.
    fn counters(self) -> &'static str {
        match self {
            Self::Cluster => "cluster_manager.cds.",
            Self::Listener => "listener_manager.lds.",
            Self::Route => "http.asked.rds.asked.",
            Self::Endpoint => "cluster.asked.",
        }
    }
}

/// A running Envoy; started again when it dies of a question.
pub(crate) struct Oracle {
    binary: PathBuf,
    work: PathBuf,
    admin: u16,
    child: Child,
    version: u64,
    /// The clusters that it took last, which listeners may name.
    clusters: Vec<Value>,
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Oracle {
    /// Starts one with its files in this folder and its admin page at this port.
    pub(crate) fn start(binary: &Path, work: &Path, admin: u16) -> Result<Self, String> {
        std::fs::create_dir_all(work).map_err(|e| e.to_string())?;
        let child = run(binary, work, admin)?;
        let oracle =
            Self { binary: binary.to_owned(), work: work.to_owned(), admin, child, version: 0, clusters: Vec::new() };
        oracle.wait_ready()?;
        Ok(oracle)
    }

    fn wait_ready(&self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            let answer = get(("127.0.0.1", self.admin), "/ready", &[("host", "admin")]);
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(format!("the oracle does not start: {}", self.log_from(0)))
    }

    /// Has it load these resources in one response; an error is what it says of them. Names and addresses must differ.
    ///
    /// It may die of an earlier question, when it takes down late what that one brought: only a fresh one's death is an answer.
    pub(crate) fn ask(&mut self, kind: Kind, resources: &[Value]) -> Result<(), String> {
        let verdict = match self.load(kind, resources) {
            Some(verdict) => verdict,
            None => self.ask_again(kind, resources)?,
        };
        if kind == Kind::Cluster && verdict.is_ok() {
            self.clusters = resources.to_vec();
        }
        verdict
    }

    /// Asks a fresh one, which has the clusters of the old one; the outer error is that none starts.
    fn ask_again(&mut self, kind: Kind, resources: &[Value]) -> Result<Result<(), String>, String> {
        self.restart()?;
        if kind != Kind::Cluster && !self.clusters.is_empty() {
            let clusters = std::mem::take(&mut self.clusters);
            let _ = self.load(Kind::Cluster, &clusters);
            self.clusters = clusters;
        }
        if let Some(verdict) = self.load(kind, resources) {
            return Ok(verdict);
        }
        let last = self.restart()?;
        let critical: Vec<&str> = last.lines().filter(|l| l.contains("[critical]")).take(2).collect();
        Ok(Err(format!("{DEATH}: {}", critical.join(" "))))
    }

    /// Starts one anew, empty, in the place of one that died or hangs; returns the log of the old one.
    fn restart(&mut self) -> Result<String, String> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let last = self.log_from(0);
        self.child = run(&self.binary, &self.work, self.admin)?;
        self.wait_ready()?;
        Ok(last)
    }

    /// Returns the verdict, or nothing when there was none.
    fn load(&mut self, kind: Kind, resources: &[Value]) -> Option<Result<(), String>> {
        let log_start = std::fs::metadata(self.work.join(LOG)).map_or(0, |m| m.len());
        let before = self.counters(kind)?;
        self.version += 1;
        write(&self.work, kind, &self.version.to_string(), resources);
        let deadline = Instant::now() + Duration::from_mins(1);
        while Instant::now() < deadline {
            let now = self.counters(kind)?;
            if now.rejected > before.rejected {
                std::thread::sleep(Duration::from_millis(5));
                return Some(Err(self.log_from(log_start)));
            }
            if now.accepted > before.accepted {
                return Some(Ok(()));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }

    fn counters(&self, kind: Kind) -> Option<Counters> {
        let page = format!("/stats?filter=^{}update_(success|rejected|failure)$", kind.counters().replace('.', "\\."));
        let body = get(("127.0.0.1", self.admin), &page, &[("host", "admin")]).ok()?.body;
        let count = |name: &str| {
            let line = body.lines().find_map(|line| line.strip_prefix(&format!("{}update_{name}: ", kind.counters())));
            line.and_then(|number| number.trim().parse::<u64>().ok()).unwrap_or_default()
        };
        Some(Counters { accepted: count("success"), rejected: count("rejected") + count("failure") })
    }

    /// Returns the log's lines from this place on, without the warnings of what is deprecated.
    fn log_from(&self, start: u64) -> String {
        let mut bytes = Vec::new();
        if let Ok(mut file) = std::fs::File::open(self.work.join(LOG)) {
            let _ = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_to_end(&mut bytes));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let kept: Vec<&str> = text.lines().filter(|line| !line.contains("Deprecated field")).collect();
        kept.join("\n")
    }
}

/// How an answer begins when Envoy died.
pub(crate) const DEATH: &str = "Envoy died";

const LOG: &str = "oracle.log";

struct Counters {
    accepted: u64,
    rejected: u64,
}

/// Writes what the discovery server answers, at once.
fn write(work: &Path, kind: Kind, version: &str, resources: &[Value]) {
    let response = json!({ "version_info": version, "resources": resources });
    let fresh = work.join("fresh.json");
    std::fs::write(&fresh, response.to_string()).expect("room on the disk");
    std::fs::rename(&fresh, work.join(kind.file())).expect("a folder of our own");
}

fn run(binary: &Path, work: &Path, admin: u16) -> Result<Child, String> {
    for kind in Kind::ALL {
        write(work, kind, "0", &[]);
    }
    let file = |kind: Kind| json!({ "path_config_source": { "path": work.join(kind.file()).display().to_string() } });
    let own = |name: &str| json!({ "name": name, "type": "STATIC", "connect_timeout": "1s" });
    let type_of = |name: &str| format!("type.googleapis.com/envoy.extensions.{name}");
    let manager = json!({
        "@type": type_of("filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "asked",
        "rds": { "route_config_name": "asked", "config_source": file(Kind::Route) },
        "http_filters": [{
            "name": "envoy.filters.http.router",
            "typed_config": { "@type": type_of("filters.http.router.v3.Router") },
        }],
    });
    let bootstrap = json!({
        "node": { "id": "sidecar~127.0.0.1~test.default~default.svc.cluster.local", "cluster": "test" },
        "admin": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": admin } } },
        // What Istio's agent sets, as far as it decides what is taken (pkg/bootstrap/config.go, extractRuntimeFlags).
        "layered_runtime": { "layers": [{ "name": "global config", "static_layer": {
            "re2.max_program_size.error_level": 32_768,
        } }] },
        "bootstrap_extensions": [{
            "name": "envoy.bootstrap.internal_listener",
            "typed_config": { "@type": type_of("bootstrap.internal_listener.v3.InternalListener") },
        }],
        "dynamic_resources": {
            "ads_config": {
                "api_type": "GRPC", "transport_api_version": "V3",
                "grpc_services": [{ "envoy_grpc": { "cluster_name": "xds-grpc" } }],
            },
            "cds_config": file(Kind::Cluster), "lds_config": file(Kind::Listener),
        },
        "static_resources": {
            // A discovery server that never answers: what it should serve stays unknown, and nothing is refused for it.
            "clusters": [own("xds-grpc"), own("sds-grpc"), {
                "name": "asked", "type": "EDS", "connect_timeout": "1s",
                "eds_cluster_config": { "eds_config": file(Kind::Endpoint) },
            }],
            "listeners": [{
                "name": "asked", "bind_to_port": false,
                "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } },
                "filter_chains": [{ "filters": [{ "name": "http", "typed_config": manager }] }],
            }],
        },
    });
    let (config, log) = (work.join("oracle.json"), work.join(LOG));
    std::fs::write(&config, bootstrap.to_string()).map_err(|e| e.to_string())?;
    let output = std::fs::File::create(&log).map_err(|e| e.to_string())?;
    Command::new(binary)
        .arg("-c")
        .arg(&config)
        .args(["--log-level", "warning", "--concurrency", "1", "--use-dynamic-base-id", "--drain-time-s", "1"])
        .args(["--parent-shutdown-time-s", "2"])
        .stdout(output.try_clone().map_err(|e| e.to_string())?)
        .stderr(output)
        .spawn()
        .map_err(|e| format!("envoy does not start: {e}"))
}
