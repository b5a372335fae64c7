//! Who a proxy is: its node id, addresses, labels and metadata.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::installation::Behaviours;
use crate::mesh::ambient::WaypointAddress;
use crate::mesh::service::{Port, Service};
use crate::model::istio::ProxyConfig;
use crate::source::ResourceRef;

/// The first part of the node id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProxyKind {
    /// `sidecar`
    Sidecar,
    /// `router`
    Router,
    /// `waypoint`: of services and workloads in ambient mode, or an east-west gateway.
    Waypoint,
}

/// Which IP families a proxy has. istiod: `pkg/model` `IPMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpMode {
    /// Only IPv4.
    Ipv4,
    /// Only IPv6.
    Ipv6,
    /// Both.
    Dual,
}

/// How traffic reaches a sidecar. istiod: `TrafficInterceptionMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum InterceptionMode {
    /// iptables REDIRECT.
    #[default]
    Redirect,
    /// iptables TPROXY.
    Tproxy,
    /// Not at all: listeners bind their ports.
    None,
}

/// Where a workload runs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Locality {
    /// The region.
    pub region: String,
    /// The zone.
    pub zone: String,
    /// The sub-zone.
    pub sub_zone: String,
}

/// What the outbound side of a proxy depends on, beside the mesh and its scope.
///
/// Everything that a rule for outbound resources may read of the proxy is here and nowhere else: equal clients with equal scopes
/// get equal outbound resources, which is what lets thousands of sidecars share them. Labels are therefore cut down to the
/// keys that some selector in the mesh names.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// Sidecar or router.
    pub kind: ProxyKind,
    /// The config namespace.
    pub namespace: String,
    /// `<namespace>.svc.<cluster domain>`.
    pub dns_domain: String,
    /// The labels that selectors see, cut down to keys that some selector names.
    pub labels: BTreeMap<String, String>,
    /// Region, zone and sub-zone.
    pub locality: Locality,
    /// Metadata `NETWORK`.
    pub network: String,
    /// Metadata `CLUSTER_ID`.
    pub cluster_id: String,
    /// IP families.
    pub ip_mode: IpMode,
    /// Kubernetes node, where an endpoint filter needs it (some service is node-local or prefers the same node), else empty.
    pub node_name: String,
    /// Metadata `DNS_CAPTURE` is true (auto-allocated addresses count).
    pub dns_capture: bool,
    /// Metadata `REQUESTED_NETWORK_VIEW`; empty means all.
    pub requested_network_view: Vec<String>,
    /// Interception mode.
    pub interception_mode: InterceptionMode,
    /// Effective ProxyConfig: metadata `PROXY_CONFIG` over the mesh's `defaultConfig` (istiod: `PreferProxyConfig`).
    pub proxy_config: Arc<ProxyConfig>,
    /// Raw metadata that rules look up by key (`TLS_CLIENT_CERT_CHAIN`, `HTTP10`, `IDLE_TIMEOUT`, `credential`, ...): those of
    /// [`CLIENT_METADATA`] only.
    pub metadata: BTreeMap<String, String>,
    /// `ISTIO_VERSION`, as (major, minor, patch).
    pub istio_version: (u32, u32, u32),
    /// What proxies of its release, `ISTIO_VERSION`, do.
    pub behaviours: Behaviours,
    /// Metadata `DISABLE_HBONE_SEND` is true: endpoints are reached without HBONE.
    pub disable_hbone_send: bool,
    /// It is the gateway of traffic from outside: a Kubernetes Gateway's, or one with the label `istio: ingressgateway`.
    pub is_ingress_gateway: bool,
    /// By what a waypoint finds what it owns; none for other proxies.
    pub waypoint: Option<WaypointIdentity>,
}

/// By what a waypoint finds what it owns. istiod: `model.WaypointKey`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaypointIdentity {
    /// The Services that select it, by hostname and by address.
    pub addresses: Vec<WaypointAddress>,
    /// The Gateway of which it is an instance, or empty.
    pub gateway: String,
    /// istiod has made it for the Gateway.
    pub managed: bool,
    /// It is the entrance from other networks, and owns nothing.
    pub east_west: bool,
}

/// The metadata keys that [`Client::metadata`] keeps.
pub const CLIENT_METADATA: &[&str] = &[
    "credential",
    "DNS_AUTO_ALLOCATE",
    "DNS_PROXY_ADDR",
    "file-credential",
    "HTTP10",
    "HTTP_PROXY_PORT",
    "IDLE_TIMEOUT",
    "TLS_CLIENT_CERT_CHAIN",
    "TLS_CLIENT_KEY",
    "TLS_CLIENT_ROOT_CERT",
    "UNPRIVILEGED_POD",
    "OUTBOUND_LISTENER_EXACT_BALANCE",
    "ENVOY_STATUS_PORT",
    "ENVOY_PROMETHEUS_PORT",
];

/// One proxy.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    /// Pod name.
    pub name: String,
    /// Config namespace.
    pub namespace: String,
    /// What its outbound side depends on. `client.labels` are cut; the full ones are in [`Proxy::labels`].
    pub client: Client,
    /// All addresses, the main one first.
    pub ip_addresses: Vec<String>,
    /// The first global unicast address, or empty. istiod: `GlobalUnicastIP`.
    pub global_unicast_ip: String,
    /// Labels of the workload with topology labels added: what selectors see.
    pub labels: BTreeMap<String, String>,
    /// The whole metadata that the agent sends, by key (JSON values), for the node and for EnvoyFilter matches.
    pub metadata: BTreeMap<String, serde_json::Value>,
    /// Node cluster (`<app>.<namespace>`).
    pub service_cluster: String,
    /// Name of the workload (metadata `WORKLOAD_NAME`).
    pub workload_name: String,
    /// Service account (metadata `SERVICE_ACCOUNT`).
    pub service_account: String,
    /// It takes HBONE itself (metadata `ENABLE_HBONE`).
    pub enable_hbone: bool,
    /// The services that it serves, port by port, in istiod's order.
    pub service_targets: Vec<ServiceTarget>,
    /// The Pod it was found in.
    pub source: ResourceRef,
}

/// One port of one service that a proxy serves. istiod: `model.ServiceTarget`.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceTarget {
    /// The service.
    pub service: Arc<Service>,
    /// Its port.
    pub port: Port,
    /// The port on which the workload listens.
    pub target_port: u32,
}

impl Proxy {
    /// Says whether it is the entrance of an ambient mesh from other networks. istiod: `context.go` `IsAmbientEastWestGateway`
    pub fn is_east_west(&self) -> bool {
        self.client.waypoint.as_ref().is_some_and(|waypoint| waypoint.east_west)
    }

    /// The node id: `TYPE~IP~POD.NAMESPACE~DNSDOMAIN`.
    pub fn node_id(&self) -> String {
        let kind = match self.client.kind {
            ProxyKind::Sidecar => "sidecar",
            ProxyKind::Router => "router",
            ProxyKind::Waypoint => "waypoint",
        };
        let ip = self.ip_addresses.first().map_or("", String::as_str);
        format!("{kind}~{ip}~{}.{}~{}", self.name, self.namespace, self.client.dns_domain)
    }

    /// The name by which istioctl knows it: `<pod>.<namespace>`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.name, self.namespace)
    }

    /// A raw metadata value as text, or empty.
    pub fn metadata_text(&self, key: &str) -> &str {
        self.metadata.get(key).and_then(serde_json::Value::as_str).unwrap_or_default()
    }
}
