//! `istio.mesh.v1alpha1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::destination_rule::ClientTlsSettings;
use crate::model::proto::{proto_enum, proto_message};

proto_message! {
    pub struct MeshTracing {
        pub custom_tags: BTreeMap<String, MeshTracingCustomTag>,
        pub max_path_tag_length: u32,
        pub sampling: f64,
        pub tls_settings: Option<ClientTlsSettings>,
        pub enable_istio_tags: Option<bool>,
        oneof {
            tracer: MeshTracingTracer {
                zipkin => Zipkin(TracingZipkin),
                lightstep => Lightstep(TracingLightstep),
                datadog => Datadog(TracingDatadog),
                stackdriver => Stackdriver(TracingStackdriver),
                open_census_agent => OpenCensusAgent(TracingOpenCensusAgent),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingZipkin {
    pub address: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingLightstep {
    pub address: String,
    pub access_token: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingDatadog {
    pub address: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingStackdriver {
    pub debug: bool,
    pub max_number_of_attributes: Option<i64>,
    pub max_number_of_annotations: Option<i64>,
    pub max_number_of_message_events: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingOpenCensusAgent {
    pub address: String,
    pub context: Vec<TracingOpenCensusAgentTraceContext>,
}

proto_enum! {
    pub enum TracingOpenCensusAgentTraceContext {
        Unspecified = 0 => "UNSPECIFIED",
        W3cTraceContext = 1 => "W3C_TRACE_CONTEXT",
        GrpcBin = 2 => "GRPC_BIN",
        CloudTraceContext = 3 => "CLOUD_TRACE_CONTEXT",
        B3 = 4 => "B3",
    }
}

proto_message! {
    pub struct MeshTracingCustomTag {
        oneof {
            r#type: MeshTracingCustomTagType {
                literal => Literal(MeshTracingLiteral),
                environment => Environment(MeshTracingEnvironment),
                header => Header(MeshTracingRequestHeader),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshTracingLiteral {
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshTracingEnvironment {
    pub name: String,
    pub default_value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MeshTracingRequestHeader {
    pub name: String,
    pub default_value: String,
}
