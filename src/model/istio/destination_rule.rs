//! `DestinationRule` (`networking.istio.io`): how connections to a host's endpoints are made.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::TypeWorkloadSelector;
use super::virtual_service::PortSelector;
use crate::model::Duration;
use crate::model::proto::{proto_enum, proto_message};

/// How connections to a host's endpoints are made, once routing has chosen the host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DestinationRule {
    /// The host. A short name belongs to its namespace; a wildcard in front is allowed.
    pub host: String,
    /// The policy for all of the host's endpoints.
    pub traffic_policy: Option<TrafficPolicy>,
    /// Named groups of the host's endpoints.
    pub subsets: Vec<Subset>,
    /// Namespaces that see it: names, `.` for its own, `*` for all. Empty means the mesh's default.
    pub export_to: Vec<String>,
    /// Workloads of its namespace whose connections it is for; left out means all.
    pub workload_selector: Option<TypeWorkloadSelector>,
}

/// How connections to endpoints are made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicy {
    /// Which endpoint is chosen.
    pub load_balancer: Option<LoadBalancerSettings>,
    /// How many connections and requests there may be.
    pub connection_pool: Option<ConnectionPoolSettings>,
    /// When endpoints that fail are left alone.
    pub outlier_detection: Option<OutlierDetection>,
    /// How the connection is secured.
    pub tls: Option<ClientTlsSettings>,
    /// Settings by port, which take the place of those above.
    pub port_level_settings: Vec<TrafficPolicyPortTrafficPolicy>,
    /// Sends connections through a tunnel at the destination.
    pub tunnel: Option<TrafficPolicyTunnelSettings>,
    /// Tells the endpoint about the client, before anything else.
    pub proxy_protocol: Option<TrafficPolicyProxyProtocol>,
    /// How many retries there may be at a time.
    pub retry_budget: Option<TrafficPolicyRetryBudget>,
}

/// The policy for one of the host's ports. What is left out is not taken from the policy around it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicyPortTrafficPolicy {
    /// The service's port.
    pub port: Option<PortSelector>,
    /// Which endpoint is chosen.
    pub load_balancer: Option<LoadBalancerSettings>,
    /// How many connections and requests there may be.
    pub connection_pool: Option<ConnectionPoolSettings>,
    /// When endpoints that fail are left alone.
    pub outlier_detection: Option<OutlierDetection>,
    /// How the connection is secured.
    pub tls: Option<ClientTlsSettings>,
}

/// A tunnel that the destination opens to somewhere else.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicyTunnelSettings {
    /// `CONNECT` or `POST`; empty means `CONNECT`.
    pub protocol: String,
    /// Where the tunnel leads: a name or an address.
    pub target_host: String,
    /// The port there.
    pub target_port: u32,
}

/// Tells the endpoint about the client, by the PROXY protocol.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicyProxyProtocol {
    /// The protocol's version.
    pub version: TrafficPolicyProxyProtocolVersion,
}

proto_enum! {
    /// A version of the PROXY protocol.
    pub enum TrafficPolicyProxyProtocolVersion {
        /// The one in text.
        V1 = 0 => "V1",
        /// The one in binary.
        V2 = 1 => "V2",
    }
}

/// How many retries there may be at a time.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicyRetryBudget {
    /// Share of the active requests, in percent; left out means 20.
    pub percent: Option<f64>,
    /// Number that is always allowed; zero means 3.
    pub min_retry_concurrency: u32,
    /// Time over which requests are counted; left out means only those that are active.
    pub budget_interval: Option<Duration>,
}

/// A named group of a host's endpoints.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Subset {
    /// Its name, for destinations.
    pub name: String,
    /// Labels of its endpoints.
    pub labels: BTreeMap<String, String>,
    /// Its policy, over the one of the rule.
    pub traffic_policy: Option<TrafficPolicy>,
}

proto_message! {
    /// How an endpoint is chosen.
    pub struct LoadBalancerSettings {
        /// How far near endpoints are preferred, in place of the mesh's setting.
        pub locality_lb_setting: Option<LocalityLoadBalancerSetting>,
        /// How far the client's zone is preferred, in place of the mesh's setting. Excludes `locality_lb_setting`.
        pub zone_aware_lb_setting: Option<ZoneAwareLoadBalancerSetting>,
        /// Time over which a new endpoint's share grows. Deprecated: `warmup`.
        pub warmup_duration_secs: Option<Duration>,
        /// How a new endpoint's share grows.
        pub warmup: Option<WarmupConfiguration>,
        oneof {
            /// The way of choosing.
            lb_policy: LoadBalancerSettingsLbPolicy {
                /// Without regard to the request.
                simple => Simple(LoadBalancerSettingsSimpleLb),
                /// Always the same for like requests.
                consistent_hash => ConsistentHash(LoadBalancerSettingsConsistentHashLb),
            }
        }
    }
}

proto_message! {
    /// Chooses the same endpoint for like requests.
    pub struct LoadBalancerSettingsConsistentHashLb {
        /// Points on the ring, at least. Deprecated: `ring_hash`.
        pub minimum_ring_size: u64,
        oneof {
            /// What makes requests alike.
            hash_key: LoadBalancerSettingsConsistentHashLbHashKey {
                /// A header.
                http_header_name => HttpHeaderName(String),
                /// A cookie, made if missing.
                http_cookie => HttpCookie(LoadBalancerSettingsConsistentHashLbHttpCookie),
                /// The client's address.
                use_source_ip => UseSourceIp(bool),
                /// A parameter of the query.
                http_query_parameter_name => HttpQueryParameterName(String),
            }
        }
        oneof {
            /// How the hash leads to an endpoint; none means a ring.
            hash_algorithm: LoadBalancerSettingsConsistentHashLbHashAlgorithm {
                /// By points on a ring.
                ring_hash => RingHash(LoadBalancerSettingsConsistentHashLbRingHash),
                /// By Maglev's table.
                maglev => Maglev(LoadBalancerSettingsConsistentHashLbMagLev),
            }
        }
    }
}

/// Endpoints as points on a ring of hashes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancerSettingsConsistentHashLbRingHash {
    /// Points, at least; zero means 1024.
    pub minimum_ring_size: u64,
}

/// Endpoints in a table by hash.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancerSettingsConsistentHashLbMagLev {
    /// Entries; zero means 65537.
    pub table_size: u64,
}

/// A cookie that makes requests alike.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancerSettingsConsistentHashLbHttpCookie {
    /// Its name.
    pub name: String,
    /// Path that it is set for.
    pub path: String,
    /// Its lifetime. Zero makes it one of the session; left out means none is made.
    pub ttl: Option<Duration>,
    /// Further attributes.
    pub attributes: Vec<LoadBalancerSettingsConsistentHashLbHttpCookieAttribute>,
}

/// An attribute of a cookie.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancerSettingsConsistentHashLbHttpCookieAttribute {
    /// Its name.
    pub name: String,
    /// Its value; empty for flags.
    pub value: String,
}

proto_enum! {
    /// A way of choosing an endpoint without regard to the request.
    pub enum LoadBalancerSettingsSimpleLb {
        /// As `LeastRequest`.
        Unspecified = 0 => "UNSPECIFIED",
        /// As `LeastRequest`. Deprecated.
        LeastConn = 1 => "LEAST_CONN",
        /// By chance.
        Random = 2 => "RANDOM",
        /// None: the address that the client asked for.
        Passthrough = 3 => "PASSTHROUGH",
        /// In turn.
        RoundRobin = 4 => "ROUND_ROBIN",
        /// The less busy one of two taken by chance.
        LeastRequest = 5 => "LEAST_REQUEST",
    }
}

/// How the share of a new endpoint grows.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WarmupConfiguration {
    /// Time until it has its whole share.
    pub duration: Option<Duration>,
    /// Share at the start, in percent; left out means 10.
    pub minimum_percent: Option<f64>,
    /// Shape of the growth: 1 is steady, more is faster at first; left out means 1.
    pub aggression: Option<f64>,
}

/// How many connections and requests there may be to a host.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettings {
    /// Limits of connections.
    pub tcp: Option<ConnectionPoolSettingsTcpSettings>,
    /// Limits of requests.
    pub http: Option<ConnectionPoolSettingsHttpSettings>,
}

/// Limits of connections.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettingsTcpSettings {
    /// Connections at a time to all endpoints; zero means no limit.
    pub max_connections: i32,
    /// Time to connect; left out means the mesh's.
    pub connect_timeout: Option<Duration>,
    /// Probes on idle connections, in place of the mesh's.
    pub tcp_keepalive: Option<ConnectionPoolSettingsTcpSettingsTcpKeepalive>,
    /// Age at which a connection is closed.
    pub max_connection_duration: Option<Duration>,
    /// Idle time after which a TCP connection is closed; left out means an hour, zero never.
    pub idle_timeout: Option<Duration>,
}

/// Probes on idle connections. What is left out is the system's choice.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettingsTcpSettingsTcpKeepalive {
    /// Unanswered probes after which the connection is dead; zero leaves it to the system.
    pub probes: u32,
    /// Idle time before the first probe.
    pub time: Option<Duration>,
    /// Time between probes.
    pub interval: Option<Duration>,
}

/// Limits of requests.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettingsHttpSettings {
    /// Requests that may wait for a connection; zero means no limit.
    pub http1_max_pending_requests: i32,
    /// Requests at a time to all endpoints; zero means no limit.
    pub http2_max_requests: i32,
    /// Requests after which a connection is closed; zero means no limit.
    pub max_requests_per_connection: i32,
    /// Retries at a time to all endpoints; zero means no limit.
    pub max_retries: i32,
    /// Time without requests after which a connection is closed; left out means an hour.
    pub idle_timeout: Option<Duration>,
    /// Whether HTTP/1.1 becomes HTTP/2 on the way.
    pub h2_upgrade_policy: ConnectionPoolSettingsHttpSettingsH2UpgradePolicy,
    /// Whether the client's version of HTTP is kept; counts before `h2_upgrade_policy`.
    pub use_client_protocol: bool,
    /// Requests at a time on one HTTP/2 connection; zero means no limit.
    pub max_concurrent_streams: i32,
    /// How connections of HTTP/2 are kept alive.
    pub http2_keep_alive: Option<ConnectionPoolSettingsHttpSettingsConnectionKeepalive>,
}

/// How connections of HTTP/2 are kept alive.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettingsHttpSettingsConnectionKeepalive {
    /// Time between pings.
    pub interval: Option<Duration>,
    /// Time in which a ping is answered.
    pub timeout: Option<Duration>,
}

proto_enum! {
    /// Whether HTTP/1.1 becomes HTTP/2 between proxies.
    pub enum ConnectionPoolSettingsHttpSettingsH2UpgradePolicy {
        /// As the mesh says.
        Default = 0 => "DEFAULT",
        /// It stays.
        DoNotUpgrade = 1 => "DO_NOT_UPGRADE",
        /// It does.
        Upgrade = 2 => "UPGRADE",
    }
}

/// When an endpoint that keeps failing is left alone for a while.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OutlierDetection {
    /// Errors in a row. Deprecated: `consecutive_5xx_errors`.
    pub consecutive_errors: i32,
    /// Whether failures to connect are counted apart from the endpoint's own errors.
    pub split_external_local_origin_errors: bool,
    /// Failures to connect in a row, if counted apart; left out means 5, zero never.
    pub consecutive_local_origin_failures: Option<u32>,
    /// Answers 502, 503 or 504 in a row; left out means never by this count, as does zero.
    pub consecutive_gateway_errors: Option<u32>,
    /// Answers 500 and above in a row, connection failures too; left out means 5, zero never.
    pub consecutive_5xx_errors: Option<u32>,
    /// Time between looks; left out means 10 seconds.
    pub interval: Option<Duration>,
    /// Time for which it is left alone at first; left out means 30 seconds.
    pub base_ejection_time: Option<Duration>,
    /// Share of endpoints that may be left alone, in percent; zero means 10.
    pub max_ejection_percent: i32,
    /// Share of good endpoints below which all are used, in percent; zero means never.
    pub min_health_percent: i32,
    /// Statuses that count as errors. istiod does not read them.
    pub outlier_detection_http_error_codes: Vec<u32>,
}

/// How a connection to an endpoint is secured.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClientTlsSettings {
    /// Whether and whose certificates are used.
    pub mode: ClientTlsSettingsTlsMode,
    /// File of the proxy's certificate, for `Mutual`.
    pub client_certificate: String,
    /// File of its key, for `Mutual`.
    pub private_key: String,
    /// File of the authorities that the server's certificate must come from; empty or `system` means the
    /// system's.
    pub ca_certificates: String,
    /// Secret with the certificates, in place of files.
    pub credential_name: String,
    /// Names of which the server's certificate must have one.
    pub subject_alt_names: Vec<String>,
    /// Server name to ask for.
    pub sni: String,
    /// Whether the server's certificate is taken without verification.
    pub insecure_skip_verify: Option<bool>,
    /// File of certificates that are revoked.
    pub ca_crl: String,
}

proto_enum! {
    /// How a connection to an endpoint is secured.
    pub enum ClientTlsSettingsTlsMode {
        /// In plain text.
        Disable = 0 => "DISABLE",
        /// TLS, without a certificate of the proxy's own.
        Simple = 1 => "SIMPLE",
        /// TLS, with a certificate that is given.
        Mutual = 2 => "MUTUAL",
        /// TLS, with the certificate that Istio has given the workload.
        IstioMutual = 3 => "ISTIO_MUTUAL",
    }
}

/// How far near endpoints are preferred. `distribute`, `failover` and `failover_priority` exclude each other
/// mostly.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalityLoadBalancerSetting {
    /// Shares by locality of client and endpoint.
    pub distribute: Vec<LocalityLoadBalancerSettingDistribute>,
    /// Where traffic goes when a region's endpoints fail.
    pub failover: Vec<LocalityLoadBalancerSettingFailover>,
    /// Labels (`key` or `key=value`) by which endpoints are like the client; the more of the first, the
    /// nearer.
    pub failover_priority: Vec<String>,
    /// Whether localities count at all; left out means yes.
    pub enabled: Option<bool>,
}

/// The shares for clients of a locality.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalityLoadBalancerSettingDistribute {
    /// Locality of the clients: `region/zone/subzone`, with wildcards.
    pub from: String,
    /// Shares by locality of the endpoints, in percent, 100 in all.
    pub to: BTreeMap<String, u32>,
}

/// Where one region's traffic goes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalityLoadBalancerSettingFailover {
    /// The region of the clients.
    pub from: String,
    /// The region that takes over.
    pub to: String,
}

/// How far endpoints in the client's zone are preferred: Envoy balances the zones of the client's region.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ZoneAwareLoadBalancerSetting {
    /// Whether zones count at all; left out means yes.
    pub enabled: Option<bool>,
    /// Where traffic goes when a region's endpoints fail.
    pub failover: Vec<ZoneAwareLoadBalancerSettingFailover>,
    /// Labels by which endpoints are like the client; those of regions and zones are not allowed.
    pub failover_priority: Vec<String>,
    /// Endpoints of the client's region below which zones do not count; left out means 6.
    pub min_cluster_size: Option<u32>,
}

/// Where one region's traffic goes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ZoneAwareLoadBalancerSettingFailover {
    /// The region of the clients.
    pub from: String,
    /// The region that takes over.
    pub to: String,
}
