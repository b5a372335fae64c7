//! `istio.mesh.v1alpha1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::{proto_enum, proto_message};
use crate::model::{Duration, Struct};

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
