//! `WorkloadGroup` (`networking.istio.io`): what WorkloadEntries are made from.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::workload_entry::WorkloadEntry;
use crate::model::proto::proto_message;

/// What WorkloadEntries are made from when workloads join by themselves.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WorkloadGroup {
    /// Labels and annotations of the entries.
    pub metadata: Option<WorkloadGroupObjectMeta>,
    /// The entries, but for the address.
    pub template: Option<WorkloadEntry>,
    /// How their health is checked.
    pub probe: Option<ReadinessProbe>,
}

/// Labels and annotations of WorkloadEntries.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WorkloadGroupObjectMeta {
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

proto_message! {
    /// How a workload's health is checked by its agent.
    pub struct ReadinessProbe {
        /// Seconds before the first attempt.
        pub initial_delay_seconds: i32,
        /// Seconds until an attempt counts as failed; zero means one.
        pub timeout_seconds: i32,
        /// Seconds between attempts; zero means ten.
        pub period_seconds: i32,
        /// Successes in a row that make it healthy; zero means one.
        pub success_threshold: i32,
        /// Failures in a row that make it unhealthy; zero means three.
        pub failure_threshold: i32,
        oneof {
            /// The way of checking.
            health_check_method: ReadinessProbeHealthCheckMethod {
                /// By a request.
                http_get => HttpGet(HttpHealthCheckConfig),
                /// By a connection.
                tcp_socket => TcpSocket(TcpHealthCheckConfig),
                /// By a command.
                exec => Exec(ExecHealthCheckConfig),
                /// By gRPC's health service.
                grpc => Grpc(GrpcHealthCheckConfig),
            }
        }
    }
}

/// A request that checks health.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpHealthCheckConfig {
    /// Path.
    pub path: String,
    /// Port.
    pub port: u32,
    /// Host; empty means the workload's own.
    pub host: String,
    /// `HTTP` or `HTTPS`; empty means `HTTP`.
    pub scheme: String,
    /// Headers.
    pub http_headers: Vec<HttpHeader>,
}

/// A call of gRPC's health service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GrpcHealthCheckConfig {
    /// Port.
    pub port: u32,
    /// The service to ask about.
    pub service: String,
}

/// A header of a health check.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A connection that checks health.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TcpHealthCheckConfig {
    /// Host; empty means the workload's own.
    pub host: String,
    /// Port.
    pub port: u32,
}

/// A command that checks health.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ExecHealthCheckConfig {
    /// The program and its arguments, not by a shell.
    pub command: Vec<String>,
}
