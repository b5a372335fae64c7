//! `Telemetry` (`telemetry.istio.io`): traces, metrics and access logs.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::selector::{PolicyTargetReference, TypeWorkloadSelector};
use crate::model::Duration;
use crate::model::proto::{proto_enum, proto_message};

/// Traces, metrics and access logs. The nearest counts: of the workload, its namespace, the root namespace.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Telemetry {
    /// Workloads that it is for; left out means all of its namespace, or all of the mesh in the root
    /// namespace.
    pub selector: Option<TypeWorkloadSelector>,
    /// Resource that it is for. Deprecated: `targetRefs`.
    pub target_ref: Option<PolicyTargetReference>,
    /// Gateways or services that it is for; excludes `selector`.
    pub target_refs: Vec<PolicyTargetReference>,
    /// Traces; of several the first counts for a side.
    pub tracing: Vec<Tracing>,
    /// Metrics.
    pub metrics: Vec<Metrics>,
    /// Access logs.
    pub access_logging: Vec<AccessLogging>,
}

/// How traces are made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Tracing {
    /// Which side it is for.
    pub r#match: Option<TracingTracingSelector>,
    /// Where spans go; empty means the mesh's default. Only one is used.
    pub providers: Vec<ProviderRef>,
    /// Share of requests that are traced, in percent; left out means what the wider setting says.
    pub random_sampling_percentage: Option<f64>,
    /// Whether no spans are sent.
    pub disable_span_reporting: Option<bool>,
    /// Tags to add, by name.
    pub custom_tags: BTreeMap<String, TracingCustomTag>,
    /// Whether the request's id decides if it is traced; left out means yes.
    pub use_request_id_for_trace_sampling: Option<bool>,
    /// Whether spans get Istio's own tags; left out means yes.
    pub enable_istio_tags: Option<bool>,
    /// Whether the trace's headers are not passed on.
    pub disable_context_propagation: Option<bool>,
}

/// Which side a setting is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingTracingSelector {
    /// The side.
    pub mode: WorkloadMode,
}

proto_message! {
    /// A tag of a span.
    pub struct TracingCustomTag {
        oneof {
            /// Where its value comes from.
            r#type: TracingCustomTagType {
                /// It is given.
                literal => Literal(TracingLiteral),
                /// From an environment variable of the proxy.
                environment => Environment(TracingEnvironment),
                /// From a header of the request.
                header => Header(TracingRequestHeader),
                /// From a format of access logs.
                formatter => Formatter(TracingFormatter),
            }
        }
    }
}

/// A value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingLiteral {
    /// The value.
    pub value: String,
}

/// An environment variable of the proxy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingEnvironment {
    /// Its name.
    pub name: String,
    /// The value if there is none.
    pub default_value: String,
}

/// A header of the request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingRequestHeader {
    /// Its name.
    pub name: String,
    /// The value if there is none.
    pub default_value: String,
}

/// A format of access logs.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TracingFormatter {
    /// The format, such as `%REQ(:METHOD)%`.
    pub value: String,
}

/// A provider of the mesh config.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ProviderRef {
    /// Its name.
    pub name: String,
}

/// How metrics are made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Metrics {
    /// Where they go; empty means the mesh's default.
    pub providers: Vec<ProviderRef>,
    /// Changes to single metrics, in order.
    pub overrides: Vec<MetricsOverrides>,
    /// Time between reports of TCP's counts; left out means five seconds.
    pub reporting_interval: Option<Duration>,
}

proto_message! {
    /// Which metrics a change is for.
    pub struct MetricSelector {
        /// The side.
        pub mode: WorkloadMode,
        oneof {
            /// The metric; none means all.
            metric_match: MetricSelectorMetricMatch {
                /// One of Istio's own.
                metric => Metric(MetricSelectorIstioMetric),
                /// Another one, by name.
                custom_metric => CustomMetric(String),
            }
        }
    }
}

proto_enum! {
    /// A metric of Istio's own.
    pub enum MetricSelectorIstioMetric {
        /// All of them.
        AllMetrics = 0 => "ALL_METRICS",
        /// `istio_requests_total`: requests.
        RequestCount = 1 => "REQUEST_COUNT",
        /// `istio_request_duration_milliseconds`: times of requests.
        RequestDuration = 2 => "REQUEST_DURATION",
        /// `istio_request_bytes`: sizes of requests.
        RequestSize = 3 => "REQUEST_SIZE",
        /// `istio_response_bytes`: sizes of responses.
        ResponseSize = 4 => "RESPONSE_SIZE",
        /// `istio_tcp_connections_opened_total`: connections opened.
        TcpOpenedConnections = 5 => "TCP_OPENED_CONNECTIONS",
        /// `istio_tcp_connections_closed_total`: connections closed.
        TcpClosedConnections = 6 => "TCP_CLOSED_CONNECTIONS",
        /// `istio_tcp_sent_bytes_total`: bytes to clients.
        TcpSentBytes = 7 => "TCP_SENT_BYTES",
        /// `istio_tcp_received_bytes_total`: bytes from clients.
        TcpReceivedBytes = 8 => "TCP_RECEIVED_BYTES",
        /// `istio_request_messages_total`: messages from gRPC clients.
        GrpcRequestMessages = 9 => "GRPC_REQUEST_MESSAGES",
        /// `istio_response_messages_total`: messages to gRPC clients.
        GrpcResponseMessages = 10 => "GRPC_RESPONSE_MESSAGES",
    }
}

/// A change to metrics.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetricsOverrides {
    /// Which ones; left out means all.
    pub r#match: Option<MetricSelector>,
    /// Whether they are not made; left out means what the wider setting says.
    pub disabled: Option<bool>,
    /// Changes to their tags, by name.
    pub tag_overrides: BTreeMap<String, MetricsOverridesTagOverride>,
}

/// A change to a tag.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MetricsOverridesTagOverride {
    /// What to do.
    pub operation: MetricsOverridesTagOverrideOperation,
    /// The new value, as an expression (CEL).
    pub value: String,
}

proto_enum! {
    /// What to do with a tag.
    pub enum MetricsOverridesTagOverrideOperation {
        /// Give it a value.
        Upsert = 0 => "UPSERT",
        /// Take it away.
        Remove = 1 => "REMOVE",
    }
}

/// How access logs are written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessLogging {
    /// Which side it is for.
    pub r#match: Option<AccessLoggingLogSelector>,
    /// Where they go; empty means the mesh's default.
    pub providers: Vec<ProviderRef>,
    /// Whether none are written.
    pub disabled: Option<bool>,
    /// Which requests and connections are noted.
    pub filter: Option<AccessLoggingFilter>,
}

/// Which side a setting is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessLoggingLogSelector {
    /// The side.
    pub mode: WorkloadMode,
}

/// Which requests and connections are noted.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AccessLoggingFilter {
    /// The condition (CEL).
    pub expression: String,
}

proto_enum! {
    /// The side of a connection, seen from a workload.
    pub enum WorkloadMode {
        /// Both.
        ClientAndServer = 0 => "CLIENT_AND_SERVER",
        /// It is the client.
        Client = 1 => "CLIENT",
        /// It is the server.
        Server = 2 => "SERVER",
    }
}
