//! `istio.telemetry.v1alpha1` of Istio's API.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::{PolicyTargetReference, TypeWorkloadSelector};
use crate::model::Duration;
use crate::model::proto::{proto_enum, proto_message};

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Telemetry {
    pub selector: Option<TypeWorkloadSelector>,
    pub target_ref: Option<PolicyTargetReference>,
    pub target_refs: Vec<PolicyTargetReference>,
    pub tracing: Vec<Tracing>,
    pub metrics: Vec<Metrics>,
    pub access_logging: Vec<AccessLogging>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Tracing {
    pub r#match: Option<TracingTracingSelector>,
    pub providers: Vec<ProviderRef>,
    pub random_sampling_percentage: Option<f64>,
    pub disable_span_reporting: Option<bool>,
    pub custom_tags: BTreeMap<String, TracingCustomTag>,
    pub use_request_id_for_trace_sampling: Option<bool>,
    pub enable_istio_tags: Option<bool>,
    pub disable_context_propagation: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingTracingSelector {
    pub mode: WorkloadMode,
}

proto_message! {
    pub struct TracingCustomTag {
        oneof {
            r#type: TracingCustomTagType {
                literal => Literal(TracingLiteral),
                environment => Environment(TracingEnvironment),
                header => Header(TracingRequestHeader),
                formatter => Formatter(TracingFormatter),
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingLiteral {
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingEnvironment {
    pub name: String,
    pub default_value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingRequestHeader {
    pub name: String,
    pub default_value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingFormatter {
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProviderRef {
    pub name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Metrics {
    pub providers: Vec<ProviderRef>,
    pub overrides: Vec<MetricsOverrides>,
    pub reporting_interval: Option<Duration>,
}

proto_message! {
    pub struct MetricSelector {
        pub mode: WorkloadMode,
        oneof {
            metric_match: MetricSelectorMetricMatch {
                metric => Metric(MetricSelectorIstioMetric),
                custom_metric => CustomMetric(String),
            }
        }
    }
}

proto_enum! {
    pub enum MetricSelectorIstioMetric {
        AllMetrics = 0 => "ALL_METRICS",
        RequestCount = 1 => "REQUEST_COUNT",
        RequestDuration = 2 => "REQUEST_DURATION",
        RequestSize = 3 => "REQUEST_SIZE",
        ResponseSize = 4 => "RESPONSE_SIZE",
        TcpOpenedConnections = 5 => "TCP_OPENED_CONNECTIONS",
        TcpClosedConnections = 6 => "TCP_CLOSED_CONNECTIONS",
        TcpSentBytes = 7 => "TCP_SENT_BYTES",
        TcpReceivedBytes = 8 => "TCP_RECEIVED_BYTES",
        GrpcRequestMessages = 9 => "GRPC_REQUEST_MESSAGES",
        GrpcResponseMessages = 10 => "GRPC_RESPONSE_MESSAGES",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetricsOverrides {
    pub r#match: Option<MetricSelector>,
    pub disabled: Option<bool>,
    pub tag_overrides: BTreeMap<String, MetricsOverridesTagOverride>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetricsOverridesTagOverride {
    pub operation: MetricsOverridesTagOverrideOperation,
    pub value: String,
}

proto_enum! {
    pub enum MetricsOverridesTagOverrideOperation {
        Upsert = 0 => "UPSERT",
        Remove = 1 => "REMOVE",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessLogging {
    pub r#match: Option<AccessLoggingLogSelector>,
    pub providers: Vec<ProviderRef>,
    pub disabled: Option<bool>,
    pub filter: Option<AccessLoggingFilter>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessLoggingLogSelector {
    pub mode: WorkloadMode,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessLoggingFilter {
    pub expression: String,
}

proto_enum! {
    pub enum WorkloadMode {
        ClientAndServer = 0 => "CLIENT_AND_SERVER",
        Client = 1 => "CLIENT",
        Server = 2 => "SERVER",
    }
}
