//! Finds the proxies: each injected Pod is one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::environment;
use super::identity::{CLIENT_METADATA, Client, InterceptionMode, IpMode, Locality, Proxy, ProxyKind};
use super::metadata::metadata;
use super::service_target::{Services, service_targets};
use super::waypoint;
use crate::installation::{Behaviour, Behaviours, Release};
use crate::mesh::Mesh;
use crate::mesh::ambient::{GATEWAY_CONTROLLER, MANAGED_LABEL};
use crate::mesh::registry::locality;
use crate::mesh::registry::pod;
use crate::mesh::service::{Service, TrafficDistribution};
use crate::model::istio::{ProxyConfig, ProxyConfigClusterName, ProxyConfigTracingServiceName};
use crate::model::kubernetes::{Container, Pod, expand_references};
use crate::model::{Config, Duration};

/// Finds all proxies, by namespace and name.
pub fn proxies(mesh: &Mesh) -> Vec<Proxy> {
    some_proxies(mesh, |_| true)
}

/// Finds the proxies that have one of these names, `<pod>.<namespace>`; by namespace and name.
pub fn proxies_named(mesh: &Mesh, full_names: &BTreeSet<String>) -> Vec<Proxy> {
    some_proxies(mesh, |pod| full_names.contains(&format!("{}.{}", pod.meta.name, pod.meta.namespace)))
}

fn some_proxies(mesh: &Mesh, is_wanted: impl Fn(&Config<Pod>) -> bool + Sync) -> Vec<Proxy> {
    let shared = Shared::new(mesh);
    let found = mesh.pods.par_iter().filter(|pod| is_wanted(pod)).filter_map(|pod| {
        let (container, kind) = proxy_container(&pod.spec)?;
        proxy(pod, container, kind, mesh, &shared)
    });
    let mut out: Vec<Proxy> = found.collect();
    out.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    out
}

/// Finds one proxy by `<pod>.<namespace>`.
pub fn proxy_named(mesh: &Mesh, full_name: &str) -> Option<Proxy> {
    let (name, namespace) = full_name.rsplit_once('.')?;
    let pod = mesh.pods.iter().find(|pod| pod.meta.name == name && pod.meta.namespace == namespace)?;
    let (container, kind) = proxy_container(&pod.spec)?;
    proxy(pod, container, kind, mesh, &Shared::new(mesh))
}

/// What is true for all proxies of a mesh.
struct Shared<'m> {
    /// Labels that selectors look at.
    selector_keys: BTreeSet<&'m str>,
    /// Whether it matters on which node a proxy is.
    by_node: bool,
    services: Services<'m>,
}

impl<'m> Shared<'m> {
    fn new(mesh: &'m Mesh) -> Self {
        let is_by_node =
            |s: &Arc<Service>| s.node_local || s.traffic_distribution == TrafficDistribution::PreferSameNode;
        Self {
            selector_keys: mesh.selector_keys(),
            by_node: mesh.services.iter().any(is_by_node),
            services: Services::new(mesh),
        }
    }
}

/// Returns the container that runs the proxy, and what kind its arguments ask for.
fn proxy_container(pod: &Pod) -> Option<(&Container, ProxyKind)> {
    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    containers.filter(|c| c.name == "istio-proxy").find_map(|container| {
        let after = container.args.iter().skip_while(|a| *a != "proxy").nth(1)?;
        match after.as_str() {
            "sidecar" => Some((container, ProxyKind::Sidecar)),
            "router" => Some((container, ProxyKind::Router)),
            "waypoint" => Some((container, ProxyKind::Waypoint)),
            _ => None,
        }
    })
}

fn proxy(
    pod: &Arc<Config<Pod>>,
    container: &Container,
    kind: ProxyKind,
    mesh: &Mesh,
    shared: &Shared<'_>,
) -> Option<Proxy> {
    let environment = environment::variables(pod, container, mesh);
    let (proxy_config, proxy_config_json) = proxy_config(pod, &environment);
    let addresses = addresses(&pod.spec);
    if addresses.is_empty() {
        return None;
    }
    let metadata = metadata(pod, container, &environment, &proxy_config, proxy_config_json, &addresses, mesh);
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();

    let version = release(&text("ISTIO_VERSION"));
    let behaviours = match &mesh.installation.proxies {
        Some(forced) => forced.behaviours,
        None => Behaviours::of(version),
    };
    let (labels, locality) = labels(pod, &metadata, mesh);
    let watched = shared.selector_keys.iter();
    let client_labels = watched.filter_map(|&key| Some((key.to_owned(), labels.get(key)?.clone()))).collect();
    let list = |key: &str| text(key).split(',').filter(|p| !p.is_empty()).map(str::to_owned).collect();
    let service_targets = service_targets(pod, &addresses, &text("CLUSTER_ID"), mesh, &shared.services);
    let is_waypoint = kind == ProxyKind::Waypoint;
    let client = Client {
        kind,
        namespace: pod.meta.namespace.clone(),
        dns_domain: dns_domain(container, &environment, &pod.meta.namespace, &mesh.installation.cluster_domain),
        labels: client_labels,
        locality,
        network: text("NETWORK"),
        cluster_id: text("CLUSTER_ID"),
        ip_mode: ip_mode(&addresses),
        node_name: if shared.by_node { pod.spec.spec.node_name.clone() } else { String::new() },
        // A waypoint answers for automatic addresses whoever asked for them.
        dns_capture: is_waypoint || is_true(&metadata, "DNS_CAPTURE"),
        requested_network_view: list("REQUESTED_NETWORK_VIEW"),
        interception_mode: match text("INTERCEPTION_MODE").as_str() {
            "TPROXY" => InterceptionMode::Tproxy,
            "NONE" => InterceptionMode::None,
            _ => InterceptionMode::Redirect,
        },
        metadata: CLIENT_METADATA
            .iter()
            .map(|&key| match metadata.get(key) {
                Some(Value::Number(number)) => (key.to_owned(), number.to_string()),
                _ => (key.to_owned(), text(key)),
            })
            .filter(|(_, value)| !value.is_empty())
            .collect(),
        istio_version: (1, version.minor, version.patch),
        behaviours,
        proxy_config: Arc::new(proxy_config),
        disable_hbone_send: is_true(&metadata, "DISABLE_HBONE_SEND"),
        is_ingress_gateway: kind == ProxyKind::Router && is_ingress_gateway(&labels),
        waypoint: is_waypoint
            .then(|| waypoint::identity(&pod.meta.namespace, &text("NETWORK"), &labels, &service_targets)),
    };
    let global = addresses.iter().find(|a| is_global_unicast(a));
    Some(Proxy {
        name: pod.meta.name.clone(),
        namespace: pod.meta.namespace.clone(),
        service_cluster: service_cluster(
            &client.proxy_config,
            &pod.meta.labels,
            &text("WORKLOAD_NAME"),
            &pod.meta.namespace,
            behaviours,
        ),
        global_unicast_ip: global.cloned().unwrap_or_default(),
        service_targets,
        workload_name: text("WORKLOAD_NAME"),
        service_account: text("SERVICE_ACCOUNT"),
        enable_hbone: is_true(&metadata, "ENABLE_HBONE"),
        ip_addresses: addresses,
        labels,
        metadata,
        client,
        source: pod.source,
    })
}

/// Returns the effective ProxyConfig and its JSON as the agent sends it: built-in, then `PROXY_CONFIG`, then the annotation.
///
/// istiod: `pilot-agent/config` `ConstructProxyConfig`
fn proxy_config(pod: &Config<Pod>, environment: &BTreeMap<String, String>) -> (ProxyConfig, Value) {
    let texts = [environment.get("PROXY_CONFIG"), pod.meta.annotations.get("proxy.istio.io/config")];
    let mut config = ProxyConfig::built_in();
    let mut json = built_in_json(&config);
    for text in texts.into_iter().flatten() {
        let Some((merged, given)) = crate::ingest::proxy_config(config.clone(), text) else { continue };
        config = merged;
        if let Value::Object(given) = given {
            if given.contains_key("tracingServiceName") {
                json.remove("serviceCluster");
            }
            json.extend(given);
        }
    }
    // Numbers of 64 bits are text in a message's JSON.
    let stackdriver = json.get_mut("tracing").and_then(|tracing| tracing.get_mut("stackdriver"));
    for (_, value) in stackdriver.and_then(Value::as_object_mut).into_iter().flatten() {
        if value.is_number() {
            *value = Value::String(value.to_string());
        }
    }
    if !config.proxy_metadata.is_empty() {
        json.insert("proxyMetadata".to_owned(), json!(config.proxy_metadata));
    }
    (config, Value::Object(json))
}

/// Returns the JSON of what a proxy has without being told. istiod: `DefaultProxyConfig`.
fn built_in_json(config: &ProxyConfig) -> Map<String, Value> {
    let seconds = |d: Option<Duration>| d.map(|d| format!("{}s", d.seconds));
    let cluster = match &config.cluster_name {
        Some(ProxyConfigClusterName::ServiceCluster(name)) => Some(name),
        _ => None,
    };
    let fields = [
        ("configPath", json!(config.config_path)),
        ("binaryPath", json!(config.binary_path)),
        ("serviceCluster", json!(cluster)),
        ("drainDuration", json!(seconds(config.drain_duration))),
        ("terminationDrainDuration", json!(seconds(config.termination_drain_duration))),
        ("discoveryAddress", json!(config.discovery_address)),
        ("proxyAdminPort", json!(config.proxy_admin_port)),
        ("controlPlaneAuthPolicy", json!("MUTUAL_TLS")),
        ("statNameLength", json!(config.stat_name_length)),
        ("statusPort", json!(config.status_port)),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Returns the Pod's addresses, the main one first.
fn addresses(pod: &Pod) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for address in std::iter::once(&pod.status.pod_ip).chain(&pod.status.pod_ips) {
        if address.parse::<IpAddr>().is_ok() && !out.contains(address) {
            out.push(address.clone());
        }
    }
    out
}

/// Returns the labels that selectors see, and the locality. istiod: `SetWorkloadLabels`, `setTopologyLabels`.
fn labels(pod: &Config<Pod>, metadata: &BTreeMap<String, Value>, mesh: &Mesh) -> (BTreeMap<String, String>, Locality) {
    let static_labels = metadata.get("STATIC_LABELS").and_then(Value::as_object);
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    let mut labels: BTreeMap<String, String> = static_labels.into_iter().flatten().filter_map(text).collect();
    labels.extend(pod.meta.labels.clone());
    let of_pod = pod::locality_of(pod, &mesh.nodes, mesh.installation.behaviours);
    let node = &pod.spec.spec.node_name;
    let network = mesh.network_membership.of(&pod.spec.status.pod_ip, &pod.meta.labels);
    let mut labels = locality::augmented(&labels, &mesh.installation.cluster_id, &of_pod, node, &network);
    let stated = locality::stated(&labels, mesh.installation.behaviours);
    let part = |key: &str| labels.get(key).cloned().unwrap_or_default();
    let by_labels = [locality::REGION, locality::ZONE, locality::SUBZONE].iter().any(|k| labels.contains_key(*k));
    let locality = match stated {
        Some(stated) if !by_labels => {
            let (region, zone, sub_zone) = locality::split(&stated);
            Locality { region: region.to_owned(), zone: zone.to_owned(), sub_zone: sub_zone.to_owned() }
        }
        _ => Locality { region: part(locality::REGION), zone: part(locality::ZONE), sub_zone: part(locality::SUBZONE) },
    };
    let joined = format!("{}/{}/{}", locality.region, locality.zone, locality.sub_zone);
    let meta_network = metadata.get("NETWORK").and_then(Value::as_str).unwrap_or_default();
    let cluster = metadata.get("CLUSTER_ID").and_then(Value::as_str).unwrap_or_default();
    labels = locality::augmented(&labels, cluster, &joined, node, meta_network);
    (labels, locality)
}

/// Returns the value of `--domain`, else `<namespace>.svc.<cluster domain>`.
fn dns_domain(container: &Container, environment: &BTreeMap<String, String>, namespace: &str, domain: &str) -> String {
    let stated = container.args.iter().skip_while(|a| *a != "--domain").nth(1);
    match stated {
        Some(stated) => expand_references(stated, environment),
        None => format!("{namespace}.svc.{domain}"),
    }
}

/// istiod: `context.go` `IsIngressGateway`
fn is_ingress_gateway(labels: &BTreeMap<String, String>) -> bool {
    let has = |key: &str, value: &str| labels.get(key).is_some_and(|own| own == value);
    has(MANAGED_LABEL, GATEWAY_CONTROLLER) || has("istio", "ingressgateway")
}

/// Says whether a metadata value is true, as text or as JSON.
fn is_true(metadata: &BTreeMap<String, Value>, key: &str) -> bool {
    match metadata.get(key) {
        Some(Value::Bool(value)) => *value,
        Some(Value::String(text)) => text == "true" || text == "1",
        _ => false,
    }
}

fn ip_mode(addresses: &[String]) -> IpMode {
    let is_v6 = |a: &String| a.parse::<IpAddr>().is_ok_and(|a| a.is_ipv6());
    match (addresses.iter().any(|a| !is_v6(a)), addresses.iter().any(is_v6)) {
        (true, true) => IpMode::Dual,
        (false, true) => IpMode::Ipv6,
        _ => IpMode::Ipv4,
    }
}

/// istiod: `pkg/util/net` `GlobalUnicastIP`
fn is_global_unicast(address: &str) -> bool {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast() && !ip.is_broadcast() && !ip.is_link_local()
        }
        Ok(IpAddr::V6(ip)) => {
            !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast() && !ip.is_unicast_link_local()
        }
        Err(_) => false,
    }
}

/// Reads a version; a missing patch counts as the largest, and what is no version as the newest. istiod: `ParseIstioVersion`.
fn release(text: &str) -> Release {
    let text = text.strip_prefix("release-").unwrap_or(text);
    let digits: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let mut parts = digits.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Ok(1)), Some(Ok(minor)), patch) => {
            Release { minor, patch: patch.and_then(Result::ok).unwrap_or(65535), candidate: None }
        }
        _ => Release { minor: 65535, patch: 65535, candidate: None },
    }
}

/// `ProxyConfig.serviceCluster`, `tracingServiceName` -> `Node.cluster`. istiod: `pkg/bootstrap/config.go` `getServiceCluster`.
fn service_cluster(
    config: &ProxyConfig,
    labels: &BTreeMap<String, String>,
    workload_name: &str,
    namespace: &str,
    behaviours: Behaviours,
) -> String {
    let canonical = || {
        let keys = ["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"];
        let stated = keys.iter().find_map(|k| labels.get(*k)).cloned();
        stated.unwrap_or_else(|| if workload_name.is_empty() { "istio-proxy" } else { workload_name }.to_owned())
    };
    let or_default = |stated: &str| {
        if !stated.is_empty() && stated != "istio-proxy" {
            return stated.to_owned();
        }
        let keys: &[&str] = if behaviours.contains(Behaviour::ProxyNamesServiceByAppLabels) {
            &["app", "app.kubernetes.io/name", "service.istio.io/canonical-name"]
        } else {
            &["app"]
        };
        let app = keys.iter().find_map(|key| labels.get(*key).filter(|app| !app.is_empty()));
        match (app, workload_name) {
            (Some(app), _) => format!("{app}.{namespace}"),
            (None, "") => format!("istio-proxy.{namespace}"),
            (None, workload) => format!("{workload}.{namespace}"),
        }
    };
    match &config.cluster_name {
        Some(ProxyConfigClusterName::ServiceCluster(name)) => or_default(name),
        Some(ProxyConfigClusterName::TracingServiceName(ProxyConfigTracingServiceName::CanonicalNameOnly)) => {
            or_default(&canonical())
        }
        Some(ProxyConfigClusterName::TracingServiceName(ProxyConfigTracingServiceName::CanonicalNameAndNamespace)) => {
            format!("{}.{namespace}", canonical())
        }
        Some(ProxyConfigClusterName::TracingServiceName(_)) | None => or_default(""),
    }
}
