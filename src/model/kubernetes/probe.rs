//! Health checks of containers, which the injector sends through the proxy.

use k8s_openapi::api::core::v1 as api;

use super::IntOrString;

/// A health check of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probe {
    /// How to check; none is invalid.
    pub handler: Option<ProbeHandler>,
    /// Seconds until an attempt counts as failed; zero means one.
    pub timeout_seconds: i32,
    /// Seconds between attempts; zero means ten.
    pub period_seconds: i32,
    /// Seconds to wait after the container's start.
    pub initial_delay_seconds: i32,
    /// Successes in a row that make it healthy; zero means one.
    pub success_threshold: i32,
    /// Failures in a row that make it unhealthy; zero means three.
    pub failure_threshold: i32,
}

/// How a container is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeHandler {
    /// By a request whose status must be below 400.
    HttpGet(HttpGetAction),
    /// By opening a connection.
    TcpSocket(TcpSocketAction),
    /// By gRPC's health service.
    Grpc(GrpcAction),
    /// By a command in the container, which must exit with zero.
    Exec(Vec<String>),
}

/// A request to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpGetAction {
    /// The container's port by number or name.
    pub port: IntOrString,
    /// Path; empty means `/`.
    pub path: String,
    /// Host to connect to; empty means the pod's address.
    pub host: String,
    /// `HTTP` or `HTTPS`; empty means `HTTP`.
    pub scheme: String,
    /// Headers, in order, as name and value.
    pub http_headers: Vec<(String, String)>,
}

/// A connection to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpSocketAction {
    /// The container's port by number or name.
    pub port: IntOrString,
    /// Host to connect to; empty means the pod's address.
    pub host: String,
}

/// A call of gRPC's health service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrpcAction {
    /// The container's port.
    pub port: u32,
    /// The service to ask about.
    pub service: String,
}

impl From<api::Probe> for Probe {
    fn from(api: api::Probe) -> Self {
        let handler = api.http_get.map(|action| ProbeHandler::HttpGet(action.into()));
        let handler = handler.or_else(|| api.tcp_socket.map(|action| ProbeHandler::TcpSocket(action.into())));
        let handler = handler.or_else(|| api.grpc.map(|action| ProbeHandler::Grpc(action.into())));
        let handler = handler.or_else(|| api.exec.map(|action| ProbeHandler::Exec(action.command.unwrap_or_default())));
        Self {
            handler,
            timeout_seconds: api.timeout_seconds.unwrap_or_default(),
            period_seconds: api.period_seconds.unwrap_or_default(),
            initial_delay_seconds: api.initial_delay_seconds.unwrap_or_default(),
            success_threshold: api.success_threshold.unwrap_or_default(),
            failure_threshold: api.failure_threshold.unwrap_or_default(),
        }
    }
}

impl From<api::HTTPGetAction> for HttpGetAction {
    fn from(api: api::HTTPGetAction) -> Self {
        let headers = api.http_headers.unwrap_or_default();
        Self {
            port: api.port.into(),
            path: api.path.unwrap_or_default(),
            host: api.host.unwrap_or_default(),
            scheme: api.scheme.unwrap_or_default(),
            http_headers: headers.into_iter().map(|header| (header.name, header.value)).collect(),
        }
    }
}

impl From<api::TCPSocketAction> for TcpSocketAction {
    fn from(api: api::TCPSocketAction) -> Self {
        Self { port: api.port.into(), host: api.host.unwrap_or_default() }
    }
}

impl From<api::GRPCAction> for GrpcAction {
    fn from(api: api::GRPCAction) -> Self {
        Self { port: super::port(api.port), service: api.service.unwrap_or_default() }
    }
}
