//! `istio.networking.v1alpha3` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::TypeWorkloadSelector;
use super::virtual_service::PortSelector;
use crate::model::Duration;
use crate::model::proto::{proto_enum, proto_message};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DestinationRule {
    pub host: String,
    pub traffic_policy: Option<TrafficPolicy>,
    pub subsets: Vec<Subset>,
    pub export_to: Vec<String>,
    pub workload_selector: Option<TypeWorkloadSelector>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicy {
    pub load_balancer: Option<LoadBalancerSettings>,
    pub connection_pool: Option<ConnectionPoolSettings>,
    pub outlier_detection: Option<OutlierDetection>,
    pub tls: Option<ClientTlsSettings>,
    pub port_level_settings: Vec<TrafficPolicyPortTrafficPolicy>,
    pub tunnel: Option<TrafficPolicyTunnelSettings>,
    pub proxy_protocol: Option<TrafficPolicyProxyProtocol>,
    pub retry_budget: Option<TrafficPolicyRetryBudget>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicyPortTrafficPolicy {
    pub port: Option<PortSelector>,
    pub load_balancer: Option<LoadBalancerSettings>,
    pub connection_pool: Option<ConnectionPoolSettings>,
    pub outlier_detection: Option<OutlierDetection>,
    pub tls: Option<ClientTlsSettings>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicyTunnelSettings {
    pub protocol: String,
    pub target_host: String,
    pub target_port: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicyProxyProtocol {
    pub version: TrafficPolicyProxyProtocolVersion,
}

proto_enum! {
    pub enum TrafficPolicyProxyProtocolVersion {
        V1 = 0 => "V1",
        V2 = 1 => "V2",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TrafficPolicyRetryBudget {
    pub percent: Option<f64>,
    pub min_retry_concurrency: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Subset {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub traffic_policy: Option<TrafficPolicy>,
}

proto_message! {
    pub struct LoadBalancerSettings {
        pub locality_lb_setting: Option<LocalityLoadBalancerSetting>,
        pub warmup_duration_secs: Option<Duration>,
        pub warmup: Option<WarmupConfiguration>,
        oneof {
            lb_policy: LoadBalancerSettingsLbPolicy {
                simple => Simple(LoadBalancerSettingsSimpleLb),
                consistent_hash => ConsistentHash(LoadBalancerSettingsConsistentHashLb),
            }
        }
    }
}

proto_message! {
    pub struct LoadBalancerSettingsConsistentHashLb {
        pub minimum_ring_size: u64,
        oneof {
            hash_key: LoadBalancerSettingsConsistentHashLbHashKey {
                http_header_name => HttpHeaderName(String),
                http_cookie => HttpCookie(LoadBalancerSettingsConsistentHashLbHttpCookie),
                use_source_ip => UseSourceIp(bool),
                http_query_parameter_name => HttpQueryParameterName(String),
            }
        }
        oneof {
            hash_algorithm: LoadBalancerSettingsConsistentHashLbHashAlgorithm {
                ring_hash => RingHash(LoadBalancerSettingsConsistentHashLbRingHash),
                maglev => Maglev(LoadBalancerSettingsConsistentHashLbMagLev),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancerSettingsConsistentHashLbRingHash {
    pub minimum_ring_size: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancerSettingsConsistentHashLbMagLev {
    pub table_size: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancerSettingsConsistentHashLbHttpCookie {
    pub name: String,
    pub path: String,
    pub ttl: Option<Duration>,
    pub attributes: Vec<LoadBalancerSettingsConsistentHashLbHttpCookieAttribute>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancerSettingsConsistentHashLbHttpCookieAttribute {
    pub name: String,
    pub value: String,
}

proto_enum! {
    pub enum LoadBalancerSettingsSimpleLb {
        Unspecified = 0 => "UNSPECIFIED",
        LeastConn = 1 => "LEAST_CONN",
        Random = 2 => "RANDOM",
        Passthrough = 3 => "PASSTHROUGH",
        RoundRobin = 4 => "ROUND_ROBIN",
        LeastRequest = 5 => "LEAST_REQUEST",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WarmupConfiguration {
    pub duration: Option<Duration>,
    pub minimum_percent: Option<f64>,
    pub aggression: Option<f64>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettings {
    pub tcp: Option<ConnectionPoolSettingsTcpSettings>,
    pub http: Option<ConnectionPoolSettingsHttpSettings>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettingsTcpSettings {
    pub max_connections: i32,
    pub connect_timeout: Option<Duration>,
    pub tcp_keepalive: Option<ConnectionPoolSettingsTcpSettingsTcpKeepalive>,
    pub max_connection_duration: Option<Duration>,
    pub idle_timeout: Option<Duration>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettingsTcpSettingsTcpKeepalive {
    pub probes: u32,
    pub time: Option<Duration>,
    pub interval: Option<Duration>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConnectionPoolSettingsHttpSettings {
    pub http1_max_pending_requests: i32,
    pub http2_max_requests: i32,
    pub max_requests_per_connection: i32,
    pub max_retries: i32,
    pub idle_timeout: Option<Duration>,
    pub h2_upgrade_policy: ConnectionPoolSettingsHttpSettingsH2UpgradePolicy,
    pub use_client_protocol: bool,
    pub max_concurrent_streams: i32,
}

proto_enum! {
    pub enum ConnectionPoolSettingsHttpSettingsH2UpgradePolicy {
        Default = 0 => "DEFAULT",
        DoNotUpgrade = 1 => "DO_NOT_UPGRADE",
        Upgrade = 2 => "UPGRADE",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct OutlierDetection {
    pub consecutive_errors: i32,
    pub split_external_local_origin_errors: bool,
    pub consecutive_local_origin_failures: Option<u32>,
    pub consecutive_gateway_errors: Option<u32>,
    pub consecutive_5xx_errors: Option<u32>,
    pub interval: Option<Duration>,
    pub base_ejection_time: Option<Duration>,
    pub max_ejection_percent: i32,
    pub min_health_percent: i32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClientTlsSettings {
    pub mode: ClientTlsSettingsTlsMode,
    pub client_certificate: String,
    pub private_key: String,
    pub ca_certificates: String,
    pub credential_name: String,
    pub subject_alt_names: Vec<String>,
    pub sni: String,
    pub insecure_skip_verify: Option<bool>,
    pub ca_crl: String,
}

proto_enum! {
    pub enum ClientTlsSettingsTlsMode {
        Disable = 0 => "DISABLE",
        Simple = 1 => "SIMPLE",
        Mutual = 2 => "MUTUAL",
        IstioMutual = 3 => "ISTIO_MUTUAL",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalityLoadBalancerSetting {
    pub distribute: Vec<LocalityLoadBalancerSettingDistribute>,
    pub failover: Vec<LocalityLoadBalancerSettingFailover>,
    pub failover_priority: Vec<String>,
    pub enabled: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalityLoadBalancerSettingDistribute {
    pub from: String,
    pub to: BTreeMap<String, u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LocalityLoadBalancerSettingFailover {
    pub from: String,
    pub to: String,
}
