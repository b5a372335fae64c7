//! Random requests: what `meshc explain` says of them is what a real Envoy does.
//!
//! One Envoy has a listener for each route configuration of all fixtures, as meshc translates them, with the connection manager's
//! settings of istiod. Requests are made from the route tables: hits, near misses, and paths and hosts that attackers and sloppy clients
//! send. Chance is taken out: of weighted clusters the first gets all, and percentages are all or nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use meshc::evaluate::{self, Clusters, Direction, Request, ResourceKind};
use serde_json::{Value, json};

use crate::adapt::write;
use crate::envoy::Envoy;
use crate::mesh;

const ADMIN: u16 = 25_010;
const FIRST_PORT: u16 = 31_000;
const UPSTREAM: u16 = 30_999;

/// Requests a run.
const COUNT: usize = 6_000;

/// Route configurations, each on a listener of its own.
const MOST_CONFIGS: usize = 400;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Disagreements that are printed.
const SHOWN: usize = 10;

/// Runs it.
pub(crate) fn run(binary: &Path, work: &Path, root: &Path) -> Result<String, String> {
    let configs = route_configs(root);
    let clusters = clusters(&configs);
    let listeners: Vec<Value> =
        configs.iter().enumerate().map(|(index, config)| listener(index, &config.body)).collect();
    let folder = work.join("requests");
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    write(&folder, "cds.json", &clusters);
    write(&folder, "lds.json", &listeners);
    upstream()?;
    let envoy = Envoy::start(binary, &folder, ADMIN)?;
    let ports: Vec<u16> = (0..configs.len()).map(port).collect();
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline && !ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
        std::thread::sleep(Duration::from_millis(300));
    }
    let up: Vec<usize> =
        (0..configs.len()).filter(|index| TcpStream::connect(("127.0.0.1", port(*index))).is_ok()).collect();
    // A few hold what Envoy refuses, which is told elsewhere.
    if up.len() + configs.len() / 50 < configs.len() {
        return Err(format!("{} of {} listeners are up: {}", up.len(), configs.len(), envoy.problems()));
    }
    let resources = clusters.iter().map(|cluster| (ResourceKind::Cluster, cluster.clone()));
    let resources = resources.chain(listeners.into_iter().map(|listener| (ResourceKind::Listener, listener)));
    let proxy = evaluate::Proxy::new(resources);
    let mut dice = Dice(0x5eed);
    let mut connections: BTreeMap<usize, BufReader<TcpStream>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for _ in 0..COUNT {
        let index = up[dice.below(up.len())];
        let asked = request(&mut dice, &configs[index].body);
        let found = send(&mut connections, index, &asked)?;
        let said = say(&proxy, index, &asked);
        if found != said {
            wrong.push(format!(
                "{} of {}: {asked:?}: Envoy {found:?}, meshc {said:?}",
                configs[index].name, configs[index].origin
            ));
        }
    }
    match wrong.len() {
        0 => Ok(format!("{COUNT} requests to {} route configurations, as meshc says", configs.len())),
        count => Err(format!("{count} of {COUNT} disagree\n{}", wrong[..count.min(SHOWN)].join("\n"))),
    }
}

struct Config {
    origin: String,
    name: String,
    body: Value,
    /// The clusters that the proxy has.
    known: Vec<String>,
}

/// The distinct route configurations of all fixtures.
fn route_configs(root: &Path) -> Vec<Config> {
    let mut folders: Vec<_> =
        std::fs::read_dir(root.join("fixtures")).expect("fixtures").flatten().map(|e| e.path()).collect();
    folders.sort();
    let mut seen = std::collections::BTreeSet::new();
    let mut out = Vec::new();
    for folder in folders.iter().filter(|folder| folder.join("manifests").is_dir()) {
        for (name, translation) in mesh::translations(&folder.join("manifests")) {
            let known: Vec<String> = translation.clusters.iter().map(|c| c.name().to_owned()).collect();
            for route in &translation.routes {
                let mut body = serde_json::to_value(route.body()).expect("a message");
                settle(&mut body);
                let text = body.to_string();
                if text.len() < 100_000 && seen.insert(text) {
                    let origin = format!("{} {name}", folder.file_name().unwrap_or_default().to_string_lossy());
                    out.push(Config { origin, name: route.name().to_owned(), body, known: known.clone() });
                }
            }
        }
    }
    // Some of each scenario.
    let step = out.len().div_ceil(MOST_CONFIGS).max(1);
    let mut chosen: Vec<Config> = out.into_iter().step_by(step).collect();
    for (index, config) in chosen.iter_mut().enumerate() {
        rename(&mut config.body, index);
    }
    chosen
}

/// Takes out chance and time, and what stock Envoy or a run on loopback does not have.
fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("@type").and_then(Value::as_str).is_some_and(|kind| kind.ends_with(".RouteConfiguration")) {
                fields.remove("@type");
            }
            for name in ["request_mirror_policies", "retry_policy", "stat_prefix", "hash_policy", "max_stream_duration"]
            {
                fields.remove(name);
            }
            // How fast this machine is says nothing of the rules.
            if let Some(timeout) = fields.get_mut("timeout") {
                *timeout = json!("0s");
            }
            if let Some(Value::Object(filters)) = fields.get_mut("typed_per_filter_config") {
                filters
                    .retain(|name, _| matches!(name.as_str(), "envoy.filters.http.cors" | "envoy.filters.http.fault"));
            }
            if let Some(Value::Array(list)) = fields.get_mut("weighted_clusters").and_then(|w| w.get_mut("clusters")) {
                for (index, cluster) in list.iter_mut().enumerate() {
                    cluster["weight"] = json!(u32::from(index == 0));
                }
            }
            for name in ["percentage", "default_value"] {
                if let Some(fraction) = fields.get_mut(name).filter(|f| f.get("numerator").is_some()) {
                    *fraction = json!({ "numerator": 100 });
                }
            }
            if let Some(delay) = fields.get_mut("fixed_delay") {
                *delay = json!("0.001s");
            }
            fields.values_mut().for_each(settle);
        }
        Value::Array(list) => list.iter_mut().for_each(settle),
        _ => {}
    }
}

/// Gives the clusters of a route configuration names that no other has.
fn rename(value: &mut Value, index: usize) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(name)) = fields.get_mut("cluster") {
                *name = format!("{index}~{name}");
            }
            for cluster in fields
                .get_mut("weighted_clusters")
                .and_then(|w| w.get_mut("clusters"))
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if let Some(Value::String(name)) = cluster.get_mut("name") {
                    *name = format!("{index}~{name}");
                }
            }
            fields.values_mut().for_each(|value| rename(value, index));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| rename(value, index)),
        _ => {}
    }
}

/// The clusters that routes name and the proxy has; each is the upstream of this run.
fn clusters(configs: &[Config]) -> Vec<Value> {
    let mut out = Vec::new();
    for (index, config) in configs.iter().enumerate() {
        let text = config.body.to_string();
        for name in &config.known {
            let renamed = format!("{index}~{name}");
            if text.contains(&format!("{renamed:?}")) {
                let address = json!({ "socket_address": { "address": "127.0.0.1", "port_value": UPSTREAM } });
                out.push(json!({
                    "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
                    "name": renamed, "type": "STATIC", "connect_timeout": "60s",
                    "load_assignment": { "cluster_name": renamed, "endpoints": [{ "lb_endpoints": [{ "endpoint": { "address": address } }] }] },
                }));
            }
        }
    }
    out
}

fn port(index: usize) -> u16 {
    FIRST_PORT + u16::try_from(index).expect("few listeners")
}

fn listener(index: usize, routes: &Value) -> Value {
    let filter = |name: &str, kind: &str| json!({ "name": name, "typed_config": { "@type": format!("type.googleapis.com/envoy.extensions.filters.http.{kind}") } });
    let told = |name: &str, variable: &str| json!({ "header": { "key": name, "value": variable }, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD" });
    let is_any = json!({ "status_code_filter": { "comparison": { "op": "GE", "value": { "default_value": 0, "runtime_key": "none" } } } });
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "x", "route_config": routes, "normalize_path": true, "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "use_remote_address": index.is_multiple_of(2), "merge_slashes": index.is_multiple_of(3),
        "upgrade_configs": [{ "upgrade_type": "websocket" }],
        "local_reply_config": { "mappers": [{ "filter": is_any, "headers_to_add": [
            told("x-told-details", "%RESPONSE_CODE_DETAILS%"), told("x-told-flags", "%RESPONSE_FLAGS%") ] }] },
        "http_filters": [
            filter("envoy.filters.http.fault", "fault.v3.HTTPFault"),
            filter("envoy.filters.http.cors", "cors.v3.Cors"),
            filter("envoy.filters.http.router", "router.v3.Router"),
        ],
    });
    json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": format!("l{index}"),
        "address": { "socket_address": { "address": "127.0.0.1", "port_value": port(index) } },
        "filter_chains": [{ "filters": [{ "name": "envoy.filters.network.http_connection_manager", "typed_config": manager }] }],
    })
}

/// Answers each request with its first line and its host, for as long as the process runs.
fn upstream() -> Result<(), String> {
    let listener = TcpListener::bind(("127.0.0.1", UPSTREAM)).map_err(|e| e.to_string())?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || drop(echo(stream)));
        }
    });
    Ok(())
}

fn echo(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let (mut first, mut host) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if first.is_empty() {
                line.clone_into(&mut first);
            } else if let Some(value) = line.strip_prefix("host: ") {
                value.clone_into(&mut host);
            }
        }
        let body = format!("{first}\n{host}");
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    }
}

/// A request as it is sent.
#[derive(Debug, Clone)]
struct Asked {
    method: &'static str,
    host: String,
    path: String,
    headers: Vec<(String, String)>,
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    status: u16,
    details: String,
    flags: String,
    location: String,
    /// First line and host upstream.
    upstream: Option<(String, String)>,
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end.max(1)
    }

    fn of<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        if list.is_empty() { None } else { list.get(self.below(list.len())) }
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// Makes a request from a route table.
fn request(dice: &mut Dice, config: &Value) -> Asked {
    let empty = Vec::new();
    let list = |value: &Value, key: &str| value[key].as_array().unwrap_or(&empty).clone();
    let host = dice.of(&list(config, "virtual_hosts")).cloned().unwrap_or_default();
    let domain = dice.of(&list(&host, "domains")).and_then(Value::as_str).unwrap_or("a.example").to_owned();
    let mut asked = Asked { method: "GET", host: domain.replace('*', "w"), path: "/".to_owned(), headers: Vec::new() };
    match dice.below(12) {
        0 => asked.host = asked.host.to_uppercase(),
        1 => asked.host.push('.'),
        2 => asked.host = format!("{}:8080", asked.host.trim_end_matches(|c: char| c == ':' || c.is_ascii_digit())),
        3 => "nowhere.invalid".clone_into(&mut asked.host),
        4 => asked.host.insert(0, 'x'),
        _ => {}
    }
    if asked.host.is_empty() || asked.host.starts_with('.') || asked.host.contains("://") {
        "a.example".clone_into(&mut asked.host);
    }
    let route = dice.of(&list(&host, "routes")).cloned().unwrap_or_default();
    let matching = &route["match"];
    let text = ["prefix", "path", "path_separated_prefix"].iter().find_map(|key| matching[*key].as_str());
    let of_regex = || {
        let regex = matching["safe_regex"]["regex"].as_str()?;
        let literal: String =
            regex.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_')).collect();
        Some(format!("{literal}1"))
    };
    let path = text.map(str::to_owned).or_else(of_regex).unwrap_or_else(|| "/".to_owned());
    if path.starts_with('/') {
        asked.path = path;
    }
    let changes: &[fn(&mut String)] = &[
        |p| p.push('x'),
        |p| p.push('/'),
        |p| p.push_str("/y/z"),
        |p| p.insert(0, '/'),
        |p| p.push_str("/../y"),
        |p| p.push_str("/./y"),
        |p| p.push_str("%2f"),
        |p| p.push_str("%2F.."),
        |p| p.push_str("/%2e%2e/y"),
        |p| p.push_str("/%00"),
        |p| p.push_str("/a%zz"),
        |p| p.push_str("\\..\\y"),
        |p| p.push_str("//y//"),
        |p| *p = p.to_uppercase(),
        |p| p.push_str("#fragment"),
        |p| p.push_str("/a|b^c"),
        |p| p.push_str(";v=1/y"),
        |p| p.push_str("/..;v=1/y"),
        |p| p.push_str("/.;v"),
        |p| p.truncate(p.len().saturating_sub(1)),
        |p| p.push_str("/~%7E%41"),
    ];
    while dice.one_in(2) {
        if let Some(change) = dice.of(changes) {
            change(&mut asked.path);
        }
    }
    if !asked.path.starts_with('/') {
        asked.path.insert(0, '/');
    }
    let mut query = Vec::new();
    for wanted in list(matching, "query_parameters") {
        let name = wanted["name"].as_str().unwrap_or_default();
        let value = &wanted["string_match"];
        let value = ["exact", "prefix"].iter().find_map(|key| value[*key].as_str()).unwrap_or("1");
        query.push(format!("{name}={value}"));
    }
    if dice.one_in(6) {
        query.push("q=%2F//..".to_owned());
    }
    if !query.is_empty() && !asked.path.contains('#') {
        asked.path = format!("{}?{}", asked.path, query.join("&"));
    }
    for wanted in list(matching, "headers") {
        let name = wanted["name"].as_str().unwrap_or_default().to_owned();
        let value = &wanted["string_match"];
        let value =
            ["exact", "prefix", "suffix", "contains"].iter().find_map(|key| value[*key].as_str()).unwrap_or("1");
        let value = if dice.one_in(5) { format!("{value}x") } else { value.to_owned() };
        match name.as_str() {
            ":method" => {
                asked.method = ["GET", "POST", "PUT", "DELETE"].into_iter().find(|m| *m == value).unwrap_or("GET");
            }
            ":authority" | "host" => asked.host = value,
            _ if name.starts_with(':') || value.trim() != value || dice.one_in(6) => {}
            _ => asked.headers.push((name, value)),
        }
    }
    if dice.one_in(15) {
        asked.method = "OPTIONS";
        asked.headers.push(("origin".to_owned(), "https://example.com".to_owned()));
        asked.headers.push(("access-control-request-method".to_owned(), "GET".to_owned()));
    }
    asked
}

/// Sends a request; a connection is used again until it is closed.
fn send(connections: &mut BTreeMap<usize, BufReader<TcpStream>>, index: usize, asked: &Asked) -> Result<Came, String> {
    for _ in 0..3 {
        let mut connection = if let Some(connection) = connections.remove(&index) {
            connection
        } else {
            let stream = TcpStream::connect(("127.0.0.1", port(index))).map_err(|e| e.to_string())?;
            stream.set_read_timeout(Some(PATIENCE)).map_err(|e| e.to_string())?;
            BufReader::new(stream)
        };
        if let Ok(Some((came, stays))) = exchange(&mut connection, asked) {
            if stays {
                connections.insert(index, connection);
            }
            return Ok(came);
        }
    }
    Err(format!("{asked:?}: no answer"))
}

fn exchange(connection: &mut BufReader<TcpStream>, asked: &Asked) -> std::io::Result<Option<(Came, bool)>> {
    let headers: Vec<String> = asked.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    let body = if matches!(asked.method, "POST" | "PUT") { "content-length: 0\r\n" } else { "" };
    let text = format!("{} {} HTTP/1.1\r\nhost: {}\r\n{headers}{body}\r\n", asked.method, asked.path, asked.host);
    connection.get_mut().write_all(text.as_bytes())?;
    let mut first = String::new();
    if connection.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut answer: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            answer.insert(name.to_ascii_lowercase(), value.to_owned());
        }
    }
    let length: usize = answer.get("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
    let mut content = vec![0; length];
    connection.read_exact(&mut content)?;
    let content = String::from_utf8_lossy(&content).into_owned();
    let get = |name: &str| answer.get(name).cloned().unwrap_or_default();
    let is_local = answer.contains_key("x-told-details");
    // The CORS filter's answer is no reply that is told of.
    let is_cors = !is_local && content.is_empty();
    let details = match (is_local, is_cors) {
        (true, _) => get("x-told-details"),
        (_, true) => "cors_response".to_owned(),
        _ => "via_upstream".to_owned(),
    };
    let upstream = (!is_local && !is_cors).then(|| {
        let (line, host) = content.split_once('\n').unwrap_or_default();
        (line.split(' ').nth(1).unwrap_or_default().to_owned(), host.to_owned())
    });
    let came = Came {
        status: first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default(),
        details,
        flags: if is_local { get("x-told-flags") } else { "-".to_owned() },
        location: get("location"),
        upstream,
    };
    Ok(Some((came, answer.get("connection").is_none_or(|value| value != "close"))))
}

/// What meshc says of a request.
fn say(proxy: &evaluate::Proxy, index: usize, asked: &Asked) -> Came {
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let request = Request {
        method: asked.method.to_owned(),
        authority: asked.host.clone(),
        path: asked.path.clone(),
        headers: asked.headers.clone(),
        source: local,
        ..Request::new(Direction::Gateway, SocketAddr::new(local, port(index)))
    };
    let answer = evaluate::evaluate(proxy, &request, Clusters::Answering);
    let outcome = answer.outcome;
    let is_upstream = outcome.details == "via_upstream";
    Came {
        status: outcome.status.unwrap_or_default(),
        details: outcome.details,
        // What an answer of the upstream does not tell.
        flags: if is_upstream { "-".to_owned() } else { outcome.flags },
        location: outcome.location.unwrap_or_default(),
        upstream: answer.upstream.filter(|_| is_upstream).map(|upstream| (upstream.path, upstream.authority)),
    }
}
