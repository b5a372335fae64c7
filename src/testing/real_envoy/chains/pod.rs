//! One proxy of a chain: a real Envoy with what meshc wrote, its addresses on this machine.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use meshc::envoy::Any;
use meshc::proxy::{Proxy, ProxyKind};
use meshc::translate::{Resource, Translation};
use serde_json::{Value, json};

use super::network::{Door, Network, Place, wire};
use crate::adapt::Prepared;
use crate::certificate::{Authority, Certificate};
use crate::envoy::Envoy;
use crate::{server, traffic};

/// Where tunnels arrive.
pub(super) const HBONE_PORT: u16 = 15_008;

/// Listeners that only begin or end a tunnel.
const TUNNELS: &[&str] =
    &["connect_originate", "connect_terminate", "inner_connect_originate", "outer_connect_originate"];

/// A running proxy.
pub(super) struct Pod {
    pub(super) name: String,
    pub(super) kind: ProxyKind,
    pub(super) address: IpAddr,
    pub(super) identity: String,
    pub(super) envoy: Envoy,
    /// Where each wire leads, by the port at which it begins.
    pub(super) wires: BTreeMap<u16, Place>,
    /// The port that each listener with a socket had, by its name.
    ports: BTreeMap<String, u16>,
    log: std::path::PathBuf,
}

impl Pod {
    /// Starts it. `resolve` finds the addresses behind a host whose connections keep their destination.
    pub(super) fn start(
        binary: &Path,
        work: &Path,
        proxy: &Proxy,
        translation: &Translation,
        (own, authority): (&Certificate, &Authority),
        (network, resolve): (&Arc<Network>, &dyn Fn(&str) -> String),
    ) -> Result<Self, String> {
        let name = proxy.full_name();
        let work = work.join(&name);
        std::fs::create_dir_all(&work).map_err(|e| e.to_string())?;
        let address = proxy.ip_addresses.first().and_then(|ip| ip.parse().ok());
        let address: IpAddr = address.ok_or_else(|| format!("{name} has no address"))?;
        let prepared = Prepared::new(translation, own, authority, &work);
        let value = |any: &Any| serde_json::to_value(any).map_err(|e| e.to_string());
        let mut wires = Wires { network, from: address, laid: BTreeMap::new() };
        let mut held = Held::default();
        for (_, assignment) in &prepared.endpoints {
            let value = value(assignment)?;
            held.endpoints.insert(value["cluster_name"].as_str().unwrap_or_default().to_owned(), value);
        }
        for route in &prepared.routes {
            let value = value(route)?;
            held.routes.insert(value["name"].as_str().unwrap_or_default().to_owned(), value);
        }
        let application = server::start(&name, ("127.0.0.1", 0))?;
        let mut clusters = Vec::new();
        for cluster in &prepared.clusters {
            let mut cluster = wires.cluster(held.cluster(value(cluster)?), application, resolve)?;
            held.hand_over(&mut cluster);
            clusters.push(cluster);
        }
        let log = work.join("access.log");
        let (mut listeners, mut ports) = (Vec::new(), BTreeMap::new());
        for (resource, listener) in translation.listeners.iter().zip(&prepared.listeners) {
            let value = value(listener)?;
            let port = port_of(resource).filter(|_| value["bind_to_port"] != false);
            ports.extend(port.map(|port| (resource.name().to_owned(), port)));
            let mut listener = self::listener(value, resource, port.is_some(), &log);
            held.hand_over(&mut listener);
            listeners.push(listener);
        }
        let mut secrets = prepared.secrets.clone();
        for resource in secrets.iter_mut().chain(&mut clusters).chain(&mut listeners) {
            resource.as_object_mut().and_then(|fields| fields.remove("@type"));
        }
        let resources = json!({ "secrets": secrets, "clusters": clusters, "listeners": listeners });
        Ok(Self {
            name,
            kind: proxy.client.kind,
            address,
            identity: identity(proxy),
            envoy: Envoy::start_static(binary, &work, &resources)?,
            wires: wires.laid,
            ports,
            log,
        })
    }

    /// Says whether the proxy is live, and tells the network its doors.
    pub(super) fn is_live(&self, network: &Network) -> bool {
        let status = self.envoy.admin("/ready").and_then(|_| self.envoy.admin("/listeners?format=json"));
        let status: Value = status.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let statuses = status["listener_statuses"].as_array();
        let bound: BTreeMap<&str, u16> = statuses
            .into_iter()
            .flatten()
            .filter_map(|one| {
                let port = one.pointer("/local_address/socket_address/port_value")?.as_u64()?;
                Some((one["name"].as_str()?, u16::try_from(port).ok().filter(|port| *port != 0)?))
            })
            .collect();
        for (name, port) in &self.ports {
            let Some(at) = bound.get(name.as_str()) else { return false };
            let address = self.address.to_string();
            let door = match name.as_str() {
                "virtualInbound" => Door::Inbound(address),
                "virtualOutbound" => Door::Outbound(address),
                _ => Door::Gateway(address, *port),
            };
            network.open(door, SocketAddr::from(([127, 0, 0, 1], *at)));
        }
        true
    }

    /// Returns the entries of its access log.
    pub(super) fn entries(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        // The last line may be half written.
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        whole.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// The name in the certificate of a proxy.
pub(super) fn identity(proxy: &Proxy) -> String {
    let account = if proxy.service_account.is_empty() { "default" } else { &proxy.service_account };
    format!("spiffe://cluster.local/ns/{}/sa/{account}", proxy.namespace)
}

fn address_of(resource: &Resource) -> Option<Value> {
    serde_json::to_value(resource.body()).ok()?.get("address").cloned()
}

fn port_of(resource: &Resource) -> Option<u16> {
    u16::try_from(address_of(resource)?.pointer("/socket_address/port_value")?.as_u64()?).ok()
}

/// What other resources refer to and hold here: an Envoy has few files that it can watch.
#[derive(Default)]
struct Held {
    endpoints: BTreeMap<String, Value>,
    routes: BTreeMap<String, Value>,
}

impl Held {
    /// Gives a cluster its endpoints.
    fn cluster(&self, mut cluster: Value) -> Value {
        let name = cluster["name"].as_str().unwrap_or_default().to_owned();
        if cluster["type"] == "EDS"
            && let Some(fields) = cluster.as_object_mut()
        {
            let eds = fields.remove("eds_cluster_config").unwrap_or_default();
            let name = eds["service_name"].as_str().unwrap_or(&name);
            let mut assignment = self.endpoints.get(name).cloned().unwrap_or_else(|| json!({ "cluster_name": name }));
            assignment.as_object_mut().and_then(|fields| fields.remove("@type"));
            fields.insert("load_assignment".to_owned(), assignment);
            fields.insert("type".to_owned(), json!("STATIC"));
        }
        cluster
    }

    /// Gives connection managers their routes, and TLS the secrets of the bootstrap.
    fn hand_over(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("sds_config");
                if let Some(rds) = fields.remove("rds") {
                    let name = rds["route_config_name"].as_str().unwrap_or_default();
                    let mut routes = self.routes.get(name).cloned().unwrap_or_else(|| json!({ "name": name }));
                    if let Some(fields) = routes.as_object_mut() {
                        fields.remove("@type");
                        // As for routes that are discovered.
                        fields.insert("validate_clusters".to_owned(), json!(false));
                    }
                    fields.insert("route_config".to_owned(), routes);
                }
                fields.values_mut().for_each(|value| self.hand_over(value));
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.hand_over(value)),
            _ => {}
        }
    }
}

/// Wires that a proxy's own connections take.
struct Wires<'n> {
    network: &'n Arc<Network>,
    from: IpAddr,
    laid: BTreeMap<u16, Place>,
}

impl Wires<'_> {
    /// Puts the beginnings of wires in the place of all addresses.
    fn instead_of(&mut self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::Object(fields) => {
                if let Some(Value::Object(address)) = fields.get_mut("socket_address") {
                    let host = address.get("address").and_then(Value::as_str).unwrap_or_default().to_owned();
                    let port = address.get("port_value").and_then(Value::as_u64);
                    let port = port.and_then(|port| u16::try_from(port).ok()).ok_or("an address without a port")?;
                    let begins = self.to((host, port))?;
                    address.insert("address".to_owned(), json!("127.0.0.1"));
                    address.insert("port_value".to_owned(), json!(begins));
                    return Ok(());
                }
                fields.values_mut().try_for_each(|value| self.instead_of(value))
            }
            Value::Array(list) => list.iter_mut().try_for_each(|value| self.instead_of(value)),
            _ => Ok(()),
        }
    }

    fn to(&mut self, place: Place) -> Result<u16, String> {
        if let Some((port, _)) = self.laid.iter().find(|(_, known)| **known == place) {
            return Ok(*port);
        }
        let port = wire(self.network, self.from, place.clone())?;
        self.laid.insert(port, place);
        Ok(port)
    }

    /// Puts the beginnings of wires where endpoints of tunnels say which proxy or ztunnel is at the other end.
    fn instead_of_tunnels(&mut self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::Object(fields) => {
                if let Some(Value::Object(noted)) = fields.get_mut("envoy.filters.listener.original_dst") {
                    let end = noted.get("waypoint").or_else(|| noted.get("local")).and_then(Value::as_str);
                    let end: SocketAddr = end.and_then(|end| end.parse().ok()).ok_or("a tunnel without an end")?;
                    let begins = self.to((end.ip().to_string(), HBONE_PORT))?;
                    noted.insert("waypoint".to_owned(), json!(format!("127.0.0.1:{begins}")));
                }
                fields.values_mut().try_for_each(|value| self.instead_of_tunnels(value))
            }
            Value::Array(list) => list.iter_mut().try_for_each(|value| self.instead_of_tunnels(value)),
            _ => Ok(()),
        }
    }

    /// Sends what an inbound cluster is asked to the application, and what others are asked through wires.
    fn cluster(&mut self, cluster: Value, application: u16, resolve: &dyn Fn(&str) -> String) -> Result<Value, String> {
        let mut cluster = traffic::cluster(cluster, application);
        let name = cluster["name"].as_str().unwrap_or_default().to_owned();
        // Wires have ports of their own.
        if let Some(Value::Object(config)) = cluster.get_mut("original_dst_lb_config") {
            config.remove("upstream_port_override");
        }
        if let Some(assignment) = cluster.get_mut("load_assignment") {
            self.instead_of_tunnels(assignment)?;
        }
        let parts: Vec<&str> = name.split('|').collect();
        let ["outbound", port, _, host] = parts.as_slice() else { return Ok(cluster) };
        let kind = cluster["type"].as_str().unwrap_or_default().to_owned();
        let Some(fields) = cluster.as_object_mut() else { return Ok(cluster) };
        // Connections to the Pods of a headless Service keep their destination, which the test chooses.
        if kind == "ORIGINAL_DST" {
            let port: u16 = port.parse().map_err(|_| format!("{name} has no port"))?;
            let address = json!({ "socket_address": { "address": resolve(host), "port_value": port } });
            let endpoint = json!({ "endpoint": { "address": address } });
            let assignment = json!({ "cluster_name": name, "endpoints": [{ "lb_endpoints": [endpoint] }] });
            fields.insert("load_assignment".to_owned(), assignment);
            fields.remove("lb_policy");
        }
        if matches!(kind.as_str(), "ORIGINAL_DST" | "STRICT_DNS" | "LOGICAL_DNS") {
            fields.insert("type".to_owned(), json!("STATIC"));
        }
        if let Some(assignment) = fields.get_mut("load_assignment") {
            self.instead_of(assignment)?;
        }
        Ok(cluster)
    }
}

/// Gives a listener with a socket a free port and the addresses that a connection brings; all tell their access log.
fn listener(mut listener: Value, resource: &Resource, binds: bool, log: &Path) -> Value {
    let is_told = !TUNNELS.contains(&resource.name());
    if is_told {
        add_access_log(&mut listener["filter_chains"], resource.name(), log);
    }
    if is_told && listener["default_filter_chain"].is_object() {
        add_access_log(&mut listener["default_filter_chain"], resource.name(), log);
    }
    let Some(fields) = listener.as_object_mut() else { return listener };
    if !binds {
        fields.insert("address".to_owned(), address_of(resource).unwrap_or_default());
        return listener;
    }
    let free = json!({ "socket_address": { "address": "127.0.0.1", "port_value": 0 } });
    fields.insert("address".to_owned(), free);
    let kind = "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";
    let mut filters =
        vec![json!({ "name": "envoy.filters.listener.proxy_protocol", "typed_config": { "@type": kind } })];
    if let Some(Value::Array(list)) = fields.remove("listener_filters") {
        filters.extend(list.into_iter().filter(|filter| filter["name"] != "envoy.filters.listener.original_dst"));
    }
    fields.insert("listener_filters".to_owned(), json!(filters));
    listener
}

/// Lets connection managers and TCP proxies write what came of each request.
fn add_access_log(value: &mut Value, listener: &str, log: &Path) {
    match value {
        Value::Object(fields) => {
            let kind = fields.get("@type").and_then(Value::as_str).unwrap_or_default();
            if kind.ends_with(".HttpConnectionManager") || kind.ends_with(".TcpProxy") {
                let format = json!({
                    "listener": listener, "chain": "%FILTER_CHAIN_NAME%", "route": "%ROUTE_NAME%",
                    "status": "%RESPONSE_CODE%", "flags": "%RESPONSE_FLAGS%", "details": "%RESPONSE_CODE_DETAILS%",
                    "cluster": "%UPSTREAM_CLUSTER_RAW%", "upstream": "%UPSTREAM_HOST%", "tls": "%DOWNSTREAM_TLS_VERSION%",
                    "principal": "%FILTER_STATE(io.istio.peer_principal:PLAIN)%",
                    "ended": "%CONNECTION_TERMINATION_DETAILS%", "peer": "%DOWNSTREAM_PEER_URI_SAN%", "case": "%REQ(X-CASE)%", "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
                });
                let kind = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog";
                let config = json!({ "@type": kind, "path": log, "log_format": { "json_format": format } });
                let logs = json!([{ "name": "envoy.access_loggers.file", "typed_config": config }]);
                fields.insert("access_log".to_owned(), logs);
                return;
            }
            fields.values_mut().for_each(|value| add_access_log(value, listener, log));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| add_access_log(value, listener, log)),
        _ => {}
    }
}
