//! `ProxyConfig.tracing`: where proxies send traces, unless Telemetry says.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::destination_rule::ClientTlsSettings;
use crate::model::proto::{proto_enum, proto_message};

proto_message! {
    /// Where a proxy sends traces, and how it makes them, unless Telemetry says (`mesh.istio.io`).
    pub struct MeshTracing {
        /// Tags to add, by name.
        pub custom_tags: BTreeMap<String, MeshTracingCustomTag>,
        /// Characters of a path in a tag; zero means 256.
        pub max_path_tag_length: u32,
        /// Share of requests that are traced, in percent; zero means one percent.
        pub sampling: f64,
        /// How the connection to the tracer is secured.
        pub tls_settings: Option<ClientTlsSettings>,
        /// Whether spans get Istio's own tags; left out means yes.
        pub enable_istio_tags: Option<bool>,
        oneof {
            /// Where they go.
            tracer: MeshTracingTracer {
                /// To Zipkin.
                zipkin => Zipkin(TracingZipkin),
                /// To Lightstep.
                lightstep => Lightstep(TracingLightstep),
                /// To Datadog.
                datadog => Datadog(TracingDatadog),
                /// To Google Cloud.
                stackdriver => Stackdriver(TracingStackdriver),
                /// To an OpenCensus agent.
                open_census_agent => OpenCensusAgent(TracingOpenCensusAgent),
            }
        }
    }
}

/// Zipkin.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingZipkin {
    /// Where it is: `host:port`.
    pub address: String,
}

/// Lightstep.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingLightstep {
    /// Where it is: `host:port`.
    pub address: String,
    /// The token to show.
    pub access_token: String,
}

/// Datadog.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingDatadog {
    /// Where it is: `host:port`.
    pub address: String,
}

/// Google Cloud.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingStackdriver {
    /// Whether traces are printed too.
    pub debug: bool,
    /// Attributes of a span, at most.
    pub max_number_of_attributes: Option<i64>,
    /// Annotations of a span, at most.
    pub max_number_of_annotations: Option<i64>,
    /// Events of a span, at most.
    pub max_number_of_message_events: Option<i64>,
}

/// An OpenCensus agent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingOpenCensusAgent {
    /// Where it is, as a gRPC target.
    pub address: String,
    /// Headers that carry the trace; empty means the W3C's.
    pub context: Vec<TracingOpenCensusAgentTraceContext>,
}

proto_enum! {
    /// Headers that carry the trace.
    pub enum TracingOpenCensusAgentTraceContext {
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

proto_message! {
    /// A tag of a span.
    pub struct MeshTracingCustomTag {
        oneof {
            /// Where its value comes from.
            r#type: MeshTracingCustomTagType {
                /// It is given.
                literal => Literal(MeshTracingLiteral),
                /// From an environment variable of the proxy.
                environment => Environment(MeshTracingEnvironment),
                /// From a header of the request.
                header => Header(MeshTracingRequestHeader),
            }
        }
    }
}

/// A value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshTracingLiteral {
    /// The value.
    pub value: String,
}

/// An environment variable of the proxy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshTracingEnvironment {
    /// Its name.
    pub name: String,
    /// The value if there is none.
    pub default_value: String,
}

/// A header of the request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshTracingRequestHeader {
    /// Its name.
    pub name: String,
    /// The value if there is none.
    pub default_value: String,
}
