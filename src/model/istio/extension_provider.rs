//! `MeshConfig.extensionProviders`: services that policies and telemetry name.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::{proto_enum, proto_message};
use crate::model::{Duration, Struct};

proto_message! {
    /// A service that policies and telemetry name.
    pub struct MeshConfigExtensionProvider {
        /// The name.
        pub name: String,
        oneof {
            /// What it is.
            provider: MeshConfigExtensionProviderProvider {
                /// Decides about requests, over HTTP.
                envoy_ext_authz_http => EnvoyExtAuthzHttp(MeshConfigExtensionProviderEnvoyExternalAuthorizationHttpProvider),
                /// Decides about requests and connections, over gRPC.
                envoy_ext_authz_grpc => EnvoyExtAuthzGrpc(MeshConfigExtensionProviderEnvoyExternalAuthorizationGrpcProvider),
                /// Takes traces, as Zipkin.
                zipkin => Zipkin(MeshConfigExtensionProviderZipkinTracingProvider),
                /// Takes traces, as Lightstep. Deprecated.
                lightstep => Lightstep(MeshConfigExtensionProviderLightstepTracingProvider),
                /// Takes traces, as Datadog.
                datadog => Datadog(MeshConfigExtensionProviderDatadogTracingProvider),
                /// Takes traces, metrics and logs, as Google Cloud.
                stackdriver => Stackdriver(MeshConfigExtensionProviderStackdriverProvider),
                /// Takes traces, as OpenCensus. Deprecated.
                opencensus => Opencensus(MeshConfigExtensionProviderOpenCensusAgentTracingProvider),
                /// Takes traces, as SkyWalking.
                skywalking => Skywalking(MeshConfigExtensionProviderSkyWalkingTracingProvider),
                /// Takes traces, as OpenTelemetry.
                opentelemetry => Opentelemetry(MeshConfigExtensionProviderOpenTelemetryTracingProvider),
                /// Fetches metrics, as Prometheus.
                prometheus => Prometheus(MeshConfigExtensionProviderPrometheusMetricsProvider),
                /// A file of access logs.
                envoy_file_access_log => EnvoyFileAccessLog(MeshConfigExtensionProviderEnvoyFileAccessLogProvider),
                /// Takes access logs of requests, over gRPC.
                envoy_http_als => EnvoyHttpAls(MeshConfigExtensionProviderEnvoyHttpGrpcV3LogProvider),
                /// Takes access logs of connections, over gRPC.
                envoy_tcp_als => EnvoyTcpAls(MeshConfigExtensionProviderEnvoyTcpGrpcV3LogProvider),
                /// Takes access logs, as OpenTelemetry.
                envoy_otel_als => EnvoyOtelAls(MeshConfigExtensionProviderEnvoyOpenTelemetryLogProvider),
                /// Gives certificates, over gRPC.
                sds => Sds(MeshConfigExtensionProviderSdsProvider),
            }
        }
    }
}

/// How a request's body goes to who decides.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyExternalAuthorizationRequestBody {
    /// Bytes that go along; zero is refused.
    pub max_request_bytes: u32,
    /// Whether longer bodies are cut; else the request is refused.
    pub allow_partial_message: bool,
    /// Whether it is sent as bytes, and not as text; over gRPC.
    pub pack_as_bytes: bool,
}

/// Decides about requests, over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyExternalAuthorizationHttpProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// Time to decide; left out means ten minutes.
    pub timeout: Option<Duration>,
    /// Put before the request's path.
    pub path_prefix: String,
    /// Whether requests pass when it fails.
    pub fail_open: bool,
    /// Whether the route is chosen anew after the decision.
    pub clear_route_cache: bool,
    /// Status when it fails; empty means 403.
    pub status_on_error: String,
    /// Headers that go along. Deprecated: `include_request_headers_in_check`.
    pub include_headers_in_check: Vec<String>,
    /// Headers that go along: exact, `prefix*` or `*suffix`.
    pub include_request_headers_in_check: Vec<String>,
    /// Further headers with their values.
    pub include_additional_headers_in_check: BTreeMap<String, String>,
    /// Whether and how the body goes along.
    pub include_request_body_in_check: Option<MeshConfigExtensionProviderEnvoyExternalAuthorizationRequestBody>,
    /// Headers of the decision that go on to the workload when it is allowed.
    pub headers_to_upstream_on_allow: Vec<String>,
    /// Headers of the decision that go back when it is not.
    pub headers_to_downstream_on_deny: Vec<String>,
    /// Headers of the decision that go back when it is allowed.
    pub headers_to_downstream_on_allow: Vec<String>,
}

/// Decides about requests and connections, over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyExternalAuthorizationGrpcProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// Time to decide; left out means ten minutes.
    pub timeout: Option<Duration>,
    /// Whether requests pass when it fails.
    pub fail_open: bool,
    /// Whether the route is chosen anew after the decision.
    pub clear_route_cache: bool,
    /// Status when it fails; empty means 403.
    pub status_on_error: String,
    /// Whether and how the body goes along.
    pub include_request_body_in_check: Option<MeshConfigExtensionProviderEnvoyExternalAuthorizationRequestBody>,
}

/// Takes traces, as Zipkin.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderZipkinTracingProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// Characters of a path in a tag; zero means 256.
    pub max_tag_length: u32,
    /// Whether trace ids have 64 bits, and not 128.
    pub enable_64bit_trace_id: bool,
    /// The path of its API; empty means `/api/v2/spans`.
    pub path: String,
    /// Headers that carry the trace.
    pub trace_context_option: MeshConfigExtensionProviderZipkinTracingProviderTraceContextOption,
    /// Time for a request; left out means five seconds.
    pub timeout: Option<Duration>,
    /// Headers of the requests.
    pub headers: Vec<MeshConfigExtensionProviderHttpHeader>,
}

proto_enum! {
    /// Headers that carry the trace.
    pub enum MeshConfigExtensionProviderZipkinTracingProviderTraceContextOption {
        /// Zipkin's own.
        UseB3 = 0 => "USE_B3",
        /// Zipkin's own and the W3C's.
        UseB3WithW3cPropagation = 1 => "USE_B3_WITH_W3C_PROPAGATION",
    }
}

/// Takes traces, as Lightstep. Deprecated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderLightstepTracingProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// The token to show.
    pub access_token: String,
    /// Characters of a path in a tag; zero means 256.
    pub max_tag_length: u32,
}

/// Takes traces, as Datadog.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderDatadogTracingProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// Characters of a path in a tag; zero means 256.
    pub max_tag_length: u32,
}

/// Takes traces, as SkyWalking.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderSkyWalkingTracingProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// The token to show.
    pub access_token: String,
}

/// Takes traces, metrics and logs, as Google Cloud.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderStackdriverProvider {
    /// Whether traces are printed too. Deprecated.
    pub debug: bool,
    /// Attributes of a span, at most. Deprecated.
    pub max_number_of_attributes: Option<i64>,
    /// Annotations of a span, at most. Deprecated.
    pub max_number_of_annotations: Option<i64>,
    /// Events of a span, at most. Deprecated.
    pub max_number_of_message_events: Option<i64>,
    /// Characters of a path in a tag; zero means 256.
    pub max_tag_length: u32,
    /// How logs are written.
    pub logging: Option<MeshConfigExtensionProviderStackdriverProviderLogging>,
}

/// How logs are written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderStackdriverProviderLogging {
    /// Further labels, as expressions (CEL), by name.
    pub labels: BTreeMap<String, String>,
}

/// Takes traces, as OpenCensus. Deprecated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderOpenCensusAgentTracingProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// Headers that carry the trace; empty means the W3C's.
    pub context: Vec<MeshConfigExtensionProviderOpenCensusAgentTracingProviderTraceContext>,
    /// Characters of a path in a tag; zero means 256.
    pub max_tag_length: u32,
}

proto_enum! {
    /// Headers that carry the trace.
    pub enum MeshConfigExtensionProviderOpenCensusAgentTracingProviderTraceContext {
        /// The default.
        Unspecified = 0 => "UNSPECIFIED",
        /// The W3C's.
        W3cTraceContext = 1 => "W3C_TRACE_CONTEXT",
        /// gRPC's.
        GrpcBin = 2 => "GRPC_BIN",
        /// Google Cloud's.
        CloudTraceContext = 3 => "CLOUD_TRACE_CONTEXT",
        /// Zipkin's.
        B3 = 4 => "B3",
    }
}

/// Fetches metrics, as Prometheus.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderPrometheusMetricsProvider {}

/// A file of access logs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyFileAccessLogProvider {
    /// The file.
    pub path: String,
    /// The format; left out means Istio's.
    pub log_format: Option<MeshConfigExtensionProviderEnvoyFileAccessLogProviderLogFormat>,
    /// Whether values that are not there are left out, and not written as `-` or `null`.
    pub omit_empty_values: bool,
}

proto_message! {
    /// The format of access logs.
    pub struct MeshConfigExtensionProviderEnvoyFileAccessLogProviderLogFormat {
        oneof {
            /// The format as text or as JSON.
            log_format: MeshConfigExtensionProviderEnvoyFileAccessLogProviderLogFormatLogFormat {
                /// A line of text; a line break is added if missing.
                text => Text(String),
                /// A JSON object.
                labels => Labels(Struct),
            }
        }
    }
}

/// Takes access logs of requests, over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyHttpGrpcV3LogProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// The log's name; empty means `http_envoy_accesslog`.
    pub log_name: String,
    /// Objects of the filter state that go along.
    pub filter_state_objects_to_log: Vec<String>,
    /// Headers of the request that go along.
    pub additional_request_headers_to_log: Vec<String>,
    /// Headers of the response that go along.
    pub additional_response_headers_to_log: Vec<String>,
    /// Trailers of the response that go along.
    pub additional_response_trailers_to_log: Vec<String>,
}

/// Takes access logs of connections, over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyTcpGrpcV3LogProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// The log's name; empty means `tcp_envoy_accesslog`.
    pub log_name: String,
    /// Objects of the filter state that go along.
    pub filter_state_objects_to_log: Vec<String>,
}

/// Takes access logs, as OpenTelemetry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyOpenTelemetryLogProvider {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// The log's name; empty means `otel_envoy_accesslog`.
    pub log_name: String,
    /// The format; left out means Istio's.
    pub log_format: Option<MeshConfigExtensionProviderEnvoyOpenTelemetryLogProviderLogFormat>,
}

/// The format of access logs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderEnvoyOpenTelemetryLogProviderLogFormat {
    /// The text of an entry.
    pub text: String,
    /// The attributes of an entry.
    pub labels: Option<Struct>,
}

proto_message! {
    /// Takes traces, as OpenTelemetry.
    pub struct MeshConfigExtensionProviderOpenTelemetryTracingProvider {
        /// The service: `host` or `namespace/host`.
        pub service: String,
        /// Its port.
        pub port: u32,
        /// Characters of a path in a tag; zero means 256.
        pub max_tag_length: u32,
        /// Sends over HTTP with these settings; left out means over gRPC.
        pub http: Option<MeshConfigExtensionProviderHttpService>,
        /// Sends over gRPC with these settings.
        pub grpc: Option<MeshConfigExtensionProviderGrpcService>,
        /// Where further attributes of the proxy come from.
        pub resource_detectors: Option<MeshConfigExtensionProviderResourceDetectors>,
        /// How the service's attributes are found.
        pub service_attribute_enrichment: MeshConfigExtensionProviderServiceAttributeEnrichment,
        oneof {
            /// Who chooses the requests; none means Istio's share.
            sampling: MeshConfigExtensionProviderOpenTelemetryTracingProviderSampling {
                /// Dynatrace does.
                dynatrace_sampler => DynatraceSampler(MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSampler),
            }
        }
    }
}

/// Lets Dynatrace choose the requests.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSampler {
    /// The tenant.
    pub tenant: String,
    /// The cluster within it.
    pub cluster_id: i32,
    /// Traces per minute until Dynatrace says; zero means 1000.
    pub root_spans_per_minute: u32,
    /// Where Dynatrace is asked; left out means where spans go.
    pub http_service: Option<MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSamplerDynatraceApi>,
}

/// Where Dynatrace is asked.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSamplerDynatraceApi {
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
    /// Path, time and headers.
    pub http: Option<MeshConfigExtensionProviderHttpService>,
}

/// Gives certificates, over gRPC.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderSdsProvider {
    /// What `credentialName: sds://name` calls it.
    pub name: String,
    /// The service: `host` or `namespace/host`.
    pub service: String,
    /// Its port.
    pub port: u32,
}

/// Requests to a service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderHttpService {
    /// The path.
    pub path: String,
    /// Time for a request.
    pub timeout: Option<Duration>,
    /// Headers of the requests.
    pub headers: Vec<MeshConfigExtensionProviderHttpHeader>,
}

proto_message! {
    /// A header of requests to a provider.
    pub struct MeshConfigExtensionProviderHttpHeader {
        /// Its name.
        pub name: String,
        oneof {
            /// Its value.
            header_value: MeshConfigExtensionProviderHttpHeaderValue {
                /// This one.
                value => Value(String),
                /// That of an environment variable of the proxy.
                env_name => EnvName(String),
            }
        }
    }
}

/// Where further attributes of the proxy come from.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderResourceDetectors {
    /// The environment variable `OTEL_RESOURCE_ATTRIBUTES`.
    pub environment: Option<MeshConfigExtensionProviderResourceDetectorsEnvironmentResourceDetector>,
    /// Dynatrace's files.
    pub dynatrace: Option<MeshConfigExtensionProviderResourceDetectorsDynatraceResourceDetector>,
}

/// Attributes from the environment variable `OTEL_RESOURCE_ATTRIBUTES`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderResourceDetectorsEnvironmentResourceDetector {}

/// Attributes from Dynatrace's files.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderResourceDetectorsDynatraceResourceDetector {}

/// Calls of a service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshConfigExtensionProviderGrpcService {
    /// Time for a call.
    pub timeout: Option<Duration>,
    /// Headers of the calls.
    pub initial_metadata: Vec<MeshConfigExtensionProviderHttpHeader>,
}

proto_enum! {
    /// How the service's attributes in traces are found.
    pub enum MeshConfigExtensionProviderServiceAttributeEnrichment {
        /// By `ProxyConfig.tracingServiceName`.
        IstioCanonical = 0 => "ISTIO_CANONICAL",
        /// By OpenTelemetry's rules for Kubernetes: annotations, labels, owner, pod.
        OtelSemanticConventions = 1 => "OTEL_SEMANTIC_CONVENTIONS",
    }
}
