//! `istio.mesh.v1alpha1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::destination_rule::{
    ClientTlsSettings, ConnectionPoolSettingsTcpSettingsTcpKeepalive, LocalityLoadBalancerSetting,
};
use super::mesh_proxy_config::ProxyConfig;
use super::virtual_service::HttpRetry;
use crate::model::proto::{proto_enum, proto_message};
use crate::model::{Duration, Struct};

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

proto_message! {
    pub struct MeshConfigExtensionProvider {
        pub name: String,
        oneof {
            provider: MeshConfigExtensionProviderProvider {
                envoy_ext_authz_http => EnvoyExtAuthzHttp(MeshConfigExtensionProviderEnvoyExternalAuthorizationHttpProvider),
                envoy_ext_authz_grpc => EnvoyExtAuthzGrpc(MeshConfigExtensionProviderEnvoyExternalAuthorizationGrpcProvider),
                zipkin => Zipkin(MeshConfigExtensionProviderZipkinTracingProvider),
                lightstep => Lightstep(MeshConfigExtensionProviderLightstepTracingProvider),
                datadog => Datadog(MeshConfigExtensionProviderDatadogTracingProvider),
                stackdriver => Stackdriver(MeshConfigExtensionProviderStackdriverProvider),
                opencensus => Opencensus(MeshConfigExtensionProviderOpenCensusAgentTracingProvider),
                skywalking => Skywalking(MeshConfigExtensionProviderSkyWalkingTracingProvider),
                opentelemetry => Opentelemetry(MeshConfigExtensionProviderOpenTelemetryTracingProvider),
                prometheus => Prometheus(MeshConfigExtensionProviderPrometheusMetricsProvider),
                envoy_file_access_log => EnvoyFileAccessLog(MeshConfigExtensionProviderEnvoyFileAccessLogProvider),
                envoy_http_als => EnvoyHttpAls(MeshConfigExtensionProviderEnvoyHttpGrpcV3LogProvider),
                envoy_tcp_als => EnvoyTcpAls(MeshConfigExtensionProviderEnvoyTcpGrpcV3LogProvider),
                envoy_otel_als => EnvoyOtelAls(MeshConfigExtensionProviderEnvoyOpenTelemetryLogProvider),
                sds => Sds(MeshConfigExtensionProviderSdsProvider),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyExternalAuthorizationRequestBody {
    pub max_request_bytes: u32,
    pub allow_partial_message: bool,
    pub pack_as_bytes: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyExternalAuthorizationHttpProvider {
    pub service: String,
    pub port: u32,
    pub timeout: Option<Duration>,
    pub path_prefix: String,
    pub fail_open: bool,
    pub clear_route_cache: bool,
    pub status_on_error: String,
    pub include_headers_in_check: Vec<String>,
    pub include_request_headers_in_check: Vec<String>,
    pub include_additional_headers_in_check: BTreeMap<String, String>,
    pub include_request_body_in_check: Option<MeshConfigExtensionProviderEnvoyExternalAuthorizationRequestBody>,
    pub headers_to_upstream_on_allow: Vec<String>,
    pub headers_to_downstream_on_deny: Vec<String>,
    pub headers_to_downstream_on_allow: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyExternalAuthorizationGrpcProvider {
    pub service: String,
    pub port: u32,
    pub timeout: Option<Duration>,
    pub fail_open: bool,
    pub clear_route_cache: bool,
    pub status_on_error: String,
    pub include_request_body_in_check: Option<MeshConfigExtensionProviderEnvoyExternalAuthorizationRequestBody>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderZipkinTracingProvider {
    pub service: String,
    pub port: u32,
    pub max_tag_length: u32,
    pub enable_64bit_trace_id: bool,
    pub path: String,
    pub trace_context_option: MeshConfigExtensionProviderZipkinTracingProviderTraceContextOption,
    pub timeout: Option<Duration>,
    pub headers: Vec<MeshConfigExtensionProviderHttpHeader>,
}

proto_enum! {
    pub enum MeshConfigExtensionProviderZipkinTracingProviderTraceContextOption {
        UseB3 = 0 => "USE_B3",
        UseB3WithW3cPropagation = 1 => "USE_B3_WITH_W3C_PROPAGATION",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderLightstepTracingProvider {
    pub service: String,
    pub port: u32,
    pub access_token: String,
    pub max_tag_length: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderDatadogTracingProvider {
    pub service: String,
    pub port: u32,
    pub max_tag_length: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderSkyWalkingTracingProvider {
    pub service: String,
    pub port: u32,
    pub access_token: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderStackdriverProvider {
    pub debug: bool,
    pub max_number_of_attributes: Option<i64>,
    pub max_number_of_annotations: Option<i64>,
    pub max_number_of_message_events: Option<i64>,
    pub max_tag_length: u32,
    pub logging: Option<MeshConfigExtensionProviderStackdriverProviderLogging>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderStackdriverProviderLogging {
    pub labels: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderOpenCensusAgentTracingProvider {
    pub service: String,
    pub port: u32,
    pub context: Vec<MeshConfigExtensionProviderOpenCensusAgentTracingProviderTraceContext>,
    pub max_tag_length: u32,
}

proto_enum! {
    pub enum MeshConfigExtensionProviderOpenCensusAgentTracingProviderTraceContext {
        Unspecified = 0 => "UNSPECIFIED",
        W3cTraceContext = 1 => "W3C_TRACE_CONTEXT",
        GrpcBin = 2 => "GRPC_BIN",
        CloudTraceContext = 3 => "CLOUD_TRACE_CONTEXT",
        B3 = 4 => "B3",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderPrometheusMetricsProvider {}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyFileAccessLogProvider {
    pub path: String,
    pub log_format: Option<MeshConfigExtensionProviderEnvoyFileAccessLogProviderLogFormat>,
    pub omit_empty_values: bool,
}

proto_message! {
    pub struct MeshConfigExtensionProviderEnvoyFileAccessLogProviderLogFormat {
        oneof {
            log_format: MeshConfigExtensionProviderEnvoyFileAccessLogProviderLogFormatLogFormat {
                text => Text(String),
                labels => Labels(Struct),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyHttpGrpcV3LogProvider {
    pub service: String,
    pub port: u32,
    pub log_name: String,
    pub filter_state_objects_to_log: Vec<String>,
    pub additional_request_headers_to_log: Vec<String>,
    pub additional_response_headers_to_log: Vec<String>,
    pub additional_response_trailers_to_log: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyTcpGrpcV3LogProvider {
    pub service: String,
    pub port: u32,
    pub log_name: String,
    pub filter_state_objects_to_log: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyOpenTelemetryLogProvider {
    pub service: String,
    pub port: u32,
    pub log_name: String,
    pub log_format: Option<MeshConfigExtensionProviderEnvoyOpenTelemetryLogProviderLogFormat>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyOpenTelemetryLogProviderLogFormat {
    pub text: String,
    pub labels: Option<Struct>,
}

proto_message! {
    pub struct MeshConfigExtensionProviderOpenTelemetryTracingProvider {
        pub service: String,
        pub port: u32,
        pub max_tag_length: u32,
        pub http: Option<MeshConfigExtensionProviderHttpService>,
        pub grpc: Option<MeshConfigExtensionProviderGrpcService>,
        pub resource_detectors: Option<MeshConfigExtensionProviderResourceDetectors>,
        pub service_attribute_enrichment: MeshConfigExtensionProviderServiceAttributeEnrichment,
        oneof {
            sampling: MeshConfigExtensionProviderOpenTelemetryTracingProviderSampling {
                dynatrace_sampler => DynatraceSampler(MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSampler),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSampler {
    pub tenant: String,
    pub cluster_id: i32,
    pub root_spans_per_minute: u32,
    pub http_service: Option<MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSamplerDynatraceApi>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSamplerDynatraceApi {
    pub service: String,
    pub port: u32,
    pub http: Option<MeshConfigExtensionProviderHttpService>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderSdsProvider {
    pub name: String,
    pub service: String,
    pub port: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderHttpService {
    pub path: String,
    pub timeout: Option<Duration>,
    pub headers: Vec<MeshConfigExtensionProviderHttpHeader>,
}

proto_message! {
    pub struct MeshConfigExtensionProviderHttpHeader {
        pub name: String,
        oneof {
            header_value: MeshConfigExtensionProviderHttpHeaderValue {
                value => Value(String),
                env_name => EnvName(String),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderResourceDetectors {
    pub environment: Option<MeshConfigExtensionProviderResourceDetectorsEnvironmentResourceDetector>,
    pub dynatrace: Option<MeshConfigExtensionProviderResourceDetectorsDynatraceResourceDetector>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderResourceDetectorsEnvironmentResourceDetector {}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderResourceDetectorsDynatraceResourceDetector {}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderGrpcService {
    pub timeout: Option<Duration>,
    pub initial_metadata: Vec<MeshConfigExtensionProviderHttpHeader>,
}

proto_enum! {
    pub enum MeshConfigExtensionProviderServiceAttributeEnrichment {
        IstioCanonical = 0 => "ISTIO_CANONICAL",
        OtelSemanticConventions = 1 => "OTEL_SEMANTIC_CONVENTIONS",
    }
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
