//! `istio.mesh.v1alpha1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::destination_rule::{ClientTlsSettings, ConnectionPoolSettingsTcpSettingsTcpKeepalive};
use super::proxy_config_resource::ProxyImage;
use super::proxy_tracing::MeshTracing;
use super::workload_group::ReadinessProbe;
use crate::model::Duration;
use crate::model::proto::{proto_enum, proto_message};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Sds {
    pub enabled: bool,
    pub k8s_sa_jwt_path: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Topology {
    pub num_trusted_proxies: u32,
    pub forward_client_cert_details: ForwardClientCertDetails,
    pub proxy_protocol: Option<TopologyProxyProtocolConfiguration>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TopologyProxyProtocolConfiguration {}

proto_message! {
    pub struct PrivateKeyProvider {
        oneof {
            provider: PrivateKeyProviderProvider {
                cryptomb => Cryptomb(PrivateKeyProviderCryptoMb),
                qat => Qat(PrivateKeyProviderQat),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PrivateKeyProviderCryptoMb {
    pub poll_delay: Option<Duration>,
    pub fallback: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PrivateKeyProviderQat {
    pub poll_delay: Option<Duration>,
    pub fallback: Option<bool>,
}

proto_message! {
    pub struct ProxyConfig {
        pub config_path: String,
        pub binary_path: String,
        pub drain_duration: Option<Duration>,
        pub discovery_address: String,
        pub discovery_refresh_delay: Option<Duration>,
        pub zipkin_address: String,
        pub statsd_udp_address: String,
        pub envoy_metrics_service_address: String,
        pub proxy_admin_port: i32,
        pub availability_zone: String,
        pub control_plane_auth_policy: AuthenticationPolicy,
        pub custom_config_file: String,
        pub stat_name_length: i32,
        pub concurrency: Option<i32>,
        pub proxy_bootstrap_template_path: String,
        pub interception_mode: ProxyConfigInboundInterceptionMode,
        pub tracing: Option<MeshTracing>,
        pub sds: Option<Sds>,
        pub envoy_access_log_service: Option<RemoteService>,
        pub envoy_metrics_service: Option<RemoteService>,
        pub proxy_metadata: BTreeMap<String, String>,
        pub runtime_values: BTreeMap<String, String>,
        pub status_port: i32,
        pub extra_stat_tags: Vec<String>,
        pub gateway_topology: Option<Topology>,
        pub termination_drain_duration: Option<Duration>,
        pub mesh_id: String,
        pub readiness_probe: Option<ReadinessProbe>,
        pub proxy_stats_matcher: Option<ProxyConfigProxyStatsMatcher>,
        pub hold_application_until_proxy_starts: Option<bool>,
        pub ca_certificates_pem: Vec<String>,
        pub image: Option<ProxyImage>,
        pub private_key_provider: Option<PrivateKeyProvider>,
        pub proxy_headers: Option<ProxyConfigProxyHeaders>,
        pub file_flush_interval: Option<Duration>,
        pub file_flush_min_size_kb: u32,
        pub stats_compression: Option<bool>,
        oneof {
            cluster_name: ProxyConfigClusterName {
                service_cluster => ServiceCluster(String),
                tracing_service_name => TracingServiceName(ProxyConfigTracingServiceName),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyStatsMatcher {
    pub inclusion_prefixes: Vec<String>,
    pub inclusion_suffixes: Vec<String>,
    pub inclusion_regexps: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeaders {
    pub forwarded_client_cert: ForwardClientCertDetails,
    pub set_current_client_cert_details: Option<ProxyConfigProxyHeadersSetCurrentClientCertDetails>,
    pub request_id: Option<ProxyConfigProxyHeadersRequestId>,
    pub server: Option<ProxyConfigProxyHeadersServer>,
    pub attempt_count: Option<ProxyConfigProxyHeadersAttemptCount>,
    pub envoy_debug_headers: Option<ProxyConfigProxyHeadersEnvoyDebugHeaders>,
    pub metadata_exchange_headers: Option<ProxyConfigProxyHeadersMetadataExchangeHeaders>,
    pub preserve_http1_header_case: Option<bool>,
    pub x_forwarded_host: Option<ProxyConfigProxyHeadersXForwardedHost>,
    pub x_forwarded_port: Option<ProxyConfigProxyHeadersXForwardedPort>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersServer {
    pub disabled: Option<bool>,
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersRequestId {
    pub disabled: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersAttemptCount {
    pub disabled: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersXForwardedHost {
    pub enabled: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersXForwardedPort {
    pub enabled: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersEnvoyDebugHeaders {
    pub disabled: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersMetadataExchangeHeaders {
    pub mode: ProxyConfigProxyHeadersMetadataExchangeMode,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProxyConfigProxyHeadersSetCurrentClientCertDetails {
    pub subject: Option<bool>,
    pub cert: Option<bool>,
    pub chain: Option<bool>,
    pub dns: Option<bool>,
    pub uri: Option<bool>,
}

proto_enum! {
    pub enum ProxyConfigProxyHeadersMetadataExchangeMode {
        Undefined = 0 => "UNDEFINED",
        InMesh = 1 => "IN_MESH",
    }
}

proto_enum! {
    pub enum ProxyConfigTracingServiceName {
        AppLabelAndNamespace = 0 => "APP_LABEL_AND_NAMESPACE",
        CanonicalNameOnly = 1 => "CANONICAL_NAME_ONLY",
        CanonicalNameAndNamespace = 2 => "CANONICAL_NAME_AND_NAMESPACE",
    }
}

proto_enum! {
    pub enum ProxyConfigInboundInterceptionMode {
        Redirect = 0 => "REDIRECT",
        Tproxy = 1 => "TPROXY",
        None = 2 => "NONE",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RemoteService {
    pub address: String,
    pub tls_settings: Option<ClientTlsSettings>,
    pub tcp_keepalive: Option<ConnectionPoolSettingsTcpSettingsTcpKeepalive>,
}

proto_enum! {
    pub enum AuthenticationPolicy {
        None = 0 => "NONE",
        MutualTls = 1 => "MUTUAL_TLS",
        Inherit = 1000 => "INHERIT",
    }
}

proto_enum! {
    pub enum ForwardClientCertDetails {
        Undefined = 0 => "UNDEFINED",
        Sanitize = 1 => "SANITIZE",
        ForwardOnly = 2 => "FORWARD_ONLY",
        AppendForward = 3 => "APPEND_FORWARD",
        SanitizeSet = 4 => "SANITIZE_SET",
        AlwaysForwardOnly = 5 => "ALWAYS_FORWARD_ONLY",
    }
}
