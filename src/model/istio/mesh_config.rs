//! `istio.mesh.v1alpha1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::destination_rule::{
    ClientTlsSettings, ConnectionPoolSettingsTcpSettingsTcpKeepalive, LocalityLoadBalancerSetting,
};
use super::extension_provider::MeshConfigExtensionProvider;
use super::proxy_config::ProxyConfig;
use super::virtual_service::HttpRetry;
use crate::model::Duration;
use crate::model::proto::{proto_enum, proto_message};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfig {
    pub proxy_listen_port: i32,
    pub proxy_inbound_listen_port: i32,
    pub proxy_http_port: i32,
    pub connect_timeout: Option<Duration>,
    pub hbone_idle_timeout: Option<Duration>,
    pub protocol_detection_timeout: Option<Duration>,
    pub tcp_keepalive: Option<ConnectionPoolSettingsTcpSettingsTcpKeepalive>,
    pub ingress_class: String,
    pub ingress_service: String,
    pub ingress_controller_mode: MeshConfigIngressControllerMode,
    pub ingress_selector: String,
    pub enable_tracing: bool,
    pub access_log_file: String,
    pub access_log_format: String,
    pub access_log_encoding: MeshConfigAccessLogEncoding,
    pub enable_envoy_access_log_service: bool,
    pub disable_envoy_listener_log: bool,
    pub default_config: Option<ProxyConfig>,
    pub outbound_traffic_policy: Option<MeshConfigOutboundTrafficPolicy>,
    pub inbound_traffic_policy: Option<MeshConfigInboundTrafficPolicy>,
    pub config_sources: Vec<ConfigSource>,
    pub enable_auto_mtls: Option<bool>,
    pub trust_domain: String,
    pub trust_domain_aliases: Vec<String>,
    pub ca_certificates: Vec<MeshConfigCertificateData>,
    pub default_service_export_to: Vec<String>,
    pub default_virtual_service_export_to: Vec<String>,
    pub default_destination_rule_export_to: Vec<String>,
    pub root_namespace: String,
    pub locality_lb_setting: Option<LocalityLoadBalancerSetting>,
    pub dns_refresh_rate: Option<Duration>,
    pub h2_upgrade_policy: MeshConfigH2UpgradePolicy,
    pub inbound_cluster_stat_name: String,
    pub outbound_cluster_stat_name: String,
    pub certificates: Vec<Certificate>,
    pub service_settings: Vec<MeshConfigServiceSettings>,
    pub service_scope_configs: Vec<MeshConfigServiceScopeConfigs>,
    pub enable_prometheus_merge: Option<bool>,
    pub verify_certificate_at_client: Option<bool>,
    pub ca: Option<MeshConfigCa>,
    pub extension_providers: Vec<MeshConfigExtensionProvider>,
    pub default_providers: Option<MeshConfigDefaultProviders>,
    pub discovery_selectors: Vec<LabelSelector>,
    pub path_normalization: Option<MeshConfigProxyPathNormalization>,
    pub default_http_retry_policy: Option<HttpRetry>,
    #[serde(rename = "meshMTLS")]
    pub mesh_mtls: Option<MeshConfigTlsConfig>,
    pub tls_defaults: Option<MeshConfigTlsConfig>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigOutboundTrafficPolicy {
    pub mode: MeshConfigOutboundTrafficPolicyMode,
    pub tls: Option<ClientTlsSettings>,
}

proto_enum! {
    pub enum MeshConfigOutboundTrafficPolicyMode {
        RegistryOnly = 0 => "REGISTRY_ONLY",
        AllowAny = 1 => "ALLOW_ANY",
        AllowAnyDynamicDns = 3 => "ALLOW_ANY_DYNAMIC_DNS",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigInboundTrafficPolicy {
    pub mode: MeshConfigInboundTrafficPolicyMode,
}

proto_enum! {
    pub enum MeshConfigInboundTrafficPolicyMode {
        Passthrough = 0 => "PASSTHROUGH",
        Localhost = 1 => "LOCALHOST",
    }
}

proto_message! {
    pub struct MeshConfigCertificateData {
        pub cert_signers: Vec<String>,
        pub trust_domains: Vec<String>,
        oneof {
            certificate_data: MeshConfigCertificateDataCertificateData {
                pem => Pem(String),
                spiffe_bundle_url => SpiffeBundleUrl(String),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigServiceSettings {
    pub settings: Option<MeshConfigServiceSettingsSettings>,
    pub hosts: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigServiceSettingsSettings {
    pub cluster_local: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigServiceScopeConfigs {
    pub namespace_selector: Option<LabelSelector>,
    pub services_selector: Option<LabelSelector>,
    pub scope: MeshConfigServiceScopeConfigsScope,
}

proto_enum! {
    pub enum MeshConfigServiceScopeConfigsScope {
        Local = 0 => "LOCAL",
        Global = 1 => "GLOBAL",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigCa {
    pub address: String,
    pub tls_settings: Option<ClientTlsSettings>,
    pub request_timeout: Option<Duration>,
    pub istiod_side: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigDefaultProviders {
    pub tracing: Vec<String>,
    pub metrics: Vec<String>,
    pub access_logging: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigProxyPathNormalization {
    pub normalization: MeshConfigProxyPathNormalizationNormalizationType,
}

proto_enum! {
    pub enum MeshConfigProxyPathNormalizationNormalizationType {
        Default = 0 => "DEFAULT",
        None = 1 => "NONE",
        Base = 2 => "BASE",
        MergeSlashes = 3 => "MERGE_SLASHES",
        DecodeAndMergeSlashes = 4 => "DECODE_AND_MERGE_SLASHES",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigTlsConfig {
    pub min_protocol_version: MeshConfigTlsConfigTlsProtocol,
    pub ecdh_curves: Vec<String>,
    pub cipher_suites: Vec<String>,
}

proto_enum! {
    pub enum MeshConfigTlsConfigTlsProtocol {
        TlsAuto = 0 => "TLS_AUTO",
        Tlsv1_2 = 1 => "TLSV1_2",
        Tlsv1_3 = 2 => "TLSV1_3",
    }
}

proto_enum! {
    pub enum MeshConfigIngressControllerMode {
        Unspecified = 0 => "UNSPECIFIED",
        Off = 1 => "OFF",
        Default = 2 => "DEFAULT",
        Strict = 3 => "STRICT",
    }
}

proto_enum! {
    pub enum MeshConfigAuthPolicy {
        None = 0 => "NONE",
        MutualTls = 1 => "MUTUAL_TLS",
    }
}

proto_enum! {
    pub enum MeshConfigAccessLogEncoding {
        Text = 0 => "TEXT",
        Json = 1 => "JSON",
    }
}

proto_enum! {
    pub enum MeshConfigH2UpgradePolicy {
        DoNotUpgrade = 0 => "DO_NOT_UPGRADE",
        Upgrade = 1 => "UPGRADE",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LabelSelector {
    pub match_labels: BTreeMap<String, String>,
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LabelSelectorRequirement {
    pub key: String,
    pub operator: String,
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ConfigSource {
    pub address: String,
    pub tls_settings: Option<ClientTlsSettings>,
    pub subscribed_resources: Vec<Resource>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Certificate {
    pub secret_name: String,
    pub dns_names: Vec<String>,
}

proto_enum! {
    pub enum Resource {
        ServiceRegistry = 0 => "SERVICE_REGISTRY",
    }
}
