//! Runs an Envoy on loopback.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use serde_json::{Value, json};

/// Finds the binary: the variable `ENVOY`, or `envoy` on the `PATH`.
pub(crate) fn binary() -> Option<PathBuf> {
    let named = std::env::var_os("ENVOY").map(PathBuf::from);
    named.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|dir| dir.join("envoy")).find(|file| file.is_file())
    })
}

/// A running Envoy, ended with its owner.
pub(crate) struct Envoy {
    child: Child,
    log: PathBuf,
    /// The port of the admin page; 0 when it chose one.
    admin: u16,
    /// The file to which it writes the address of its admin page.
    address: PathBuf,
}

const ADMIN_ADDRESS: &str = "admin-address.txt";

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Envoy {
    /// Starts one that reads `cds.json` and `lds.json` of the folder, with its admin page at this port of loopback.
    pub(crate) fn start(binary: &Path, work: &Path, admin: u16) -> Result<Self, String> {
        let path = |file: &str| json!({ "path_config_source": { "path": work.join(file).display().to_string() } });
        // What the agent's bootstrap has, and resources refer to.
        let static_clusters: Vec<Value> = ["sds-grpc", "xds-grpc"]
            .iter()
            .map(|name| json!({ "name": name, "type": "STATIC", "connect_timeout": "1s" }))
            .collect();
        let from_files = json!({ "cds_config": path("cds.json"), "lds_config": path("lds.json") });
        Self::run(binary, work, admin, &json!({ "clusters": static_clusters }), Some(&from_files))
    }

    /// Starts one that has these resources from the beginning and watches no file, with its admin page at a free port.
    pub(crate) fn start_static(binary: &Path, work: &Path, resources: &Value) -> Result<Self, String> {
        Self::run(binary, work, 0, resources, None)
    }

    fn run(
        binary: &Path,
        work: &Path,
        admin: u16,
        static_resources: &Value,
        dynamic_resources: Option<&Value>,
    ) -> Result<Self, String> {
        // The agent's bootstrap has it, too; waypoints and tunnels need it.
        let internal_listeners = json!({ "name": "envoy.bootstrap.internal_listener", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
        } });
        let mut bootstrap = json!({
            "bootstrap_extensions": [internal_listeners],
            "node": { "id": "sidecar~127.0.0.1~test.default~default.svc.cluster.local", "cluster": "test" },
            "admin": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": admin } } },
            "static_resources": static_resources,
        });
        if let Some(resources) = dynamic_resources {
            bootstrap["dynamic_resources"] = resources.clone();
        }
        let (file, log) = (work.join("bootstrap.json"), work.join("envoy.log"));
        std::fs::write(&file, bootstrap.to_string()).map_err(|e| e.to_string())?;
        let output = std::fs::File::create(&log).map_err(|e| e.to_string())?;
        let child = Command::new(binary)
            .arg("-c")
            .arg(&file)
            .arg("--admin-address-path")
            .arg(work.join(ADMIN_ADDRESS))
            .args(["--log-level", "warning", "--concurrency", "1", "--use-dynamic-base-id"])
            .args(["--file-flush-interval-msec", "10"])
            .stdout(output.try_clone().map_err(|e| e.to_string())?)
            .stderr(output)
            .spawn()
            .map_err(|e| format!("envoy does not start: {e}"))?;
        Ok(Self { child, log, admin, address: work.join(ADMIN_ADDRESS) })
    }

    /// Fetches a page of the admin interface.
    pub(crate) fn admin(&self, path: &str) -> Option<String> {
        let chosen = || std::fs::read_to_string(&self.address).ok()?.rsplit_once(':')?.1.trim().parse().ok();
        let port = if self.admin == 0 { chosen()? } else { self.admin };
        let answer = get(("127.0.0.1", port), path, &[("host", "admin")]).ok()?;
        (answer.status == 200).then_some(answer.body)
    }

    /// Returns the first lines of the log that tell of a problem.
    pub(crate) fn problems(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let told: Vec<&str> = log.lines().filter(|l| l.contains("rejected") || l.contains("rror")).take(3).collect();
        told.join(" | ")
    }
}

/// What a server answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The lines of the head.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Returns the port at which a listener of an Envoy is bound.
pub(crate) fn port_of(envoy: &Envoy, listener: &str) -> Option<u16> {
    let status: Value = serde_json::from_str(&envoy.admin("/listeners?format=json")?).ok()?;
    let found = status["listener_statuses"].as_array()?.iter().find(|one| one["name"] == listener)?;
    u16::try_from(found.pointer("/local_address/socket_address/port_value")?.as_u64()?).ok()
}

/// Sends one HTTP/1.1 request.
pub(crate) fn get(to: (&str, u16), path: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
    let mut stream = TcpStream::connect(to).map_err(|e| format!("{to:?}: {e}"))?;
    let mut text = String::new();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .and_then(|()| stream.write_all(request(path, headers).as_bytes()))
        .and_then(|()| stream.read_to_string(&mut text))
        .map_err(|e| format!("{to:?}: {e}"))?;
    answer(&text).ok_or_else(|| format!("{to:?}: no answer, or a broken one: {text}"))
}

/// Returns a request as text.
pub(crate) fn request(path: &str, headers: &[(&str, &str)]) -> String {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET {path} HTTP/1.1\r\n{}connection: close\r\n\r\n", headers.concat())
}

/// Reads an answer.
pub(crate) fn answer(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunked(body)? } else { body.to_owned() };
    Some(Answer { status, head: head.to_owned(), body })
}

/// Joins the chunks of a body.
fn unchunked(mut body: &str) -> Option<String> {
    let mut out = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            return Some(out);
        }
        out.push_str(rest.get(..size)?);
        body = rest.get(size + 2..)?;
    }
}
