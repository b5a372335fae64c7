//! Logs to Envoy's access log service.

use crate::envoy;
use crate::mesh::Mesh;
use crate::model::istio::{
    MeshConfigExtensionProviderEnvoyHttpGrpcV3LogProvider, MeshConfigExtensionProviderEnvoyTcpGrpcV3LogProvider,
};
use crate::translate::extension_provider::{self, Backend};

/// What metadata exchange knows of the peers. istiod: `telemetry_logging.go` `envoyStateToLog`
pub(super) const PEER_STATE: [&str; 2] = ["upstream_peer", "downstream_peer"];

/// The same, with the names of releases before 1.24. istiod: `telemetry_logging.go` `envoyWasmStateToLog`
pub(super) const PEER_STATE_OLD_AND_NEW: [&str; 6] = [
    "upstream_peer",
    "downstream_peer",
    "wasm.upstream_peer",
    "wasm.upstream_peer_id",
    "wasm.downstream_peer",
    "wasm.downstream_peer_id",
];

/// The static cluster of `MeshConfig.enableEnvoyAccessLogService`. istiod: `accesslog.go` `EnvoyAccessLogCluster`
const ACCESS_LOG_SERVICE_CLUSTER: &str = "envoy_accesslog_service";

/// `MeshConfig.extensionProviders.envoyHttpAls` -> `AccessLog`
///
/// istiod: `telemetry_logging.go` `httpGrpcAccessLogFromTelemetry`
pub(super) fn http_from_provider(
    mesh: &Mesh,
    provider: &MeshConfigExtensionProviderEnvoyHttpGrpcV3LogProvider,
) -> Option<envoy::AccessLog> {
    let backend = extension_provider::backend(mesh, &provider.service, provider.port)?;
    let state = or_peer_state(&provider.filter_state_objects_to_log);
    Some(http_access_log(envoy::HttpGrpcAccessLogConfig {
        common_config: Some(common_config(or(&provider.log_name, "http_envoy_accesslog"), &backend, state)),
        additional_request_headers_to_log: provider.additional_request_headers_to_log.clone(),
        additional_response_headers_to_log: provider.additional_response_headers_to_log.clone(),
        additional_response_trailers_to_log: provider.additional_response_trailers_to_log.clone(),
    }))
}

/// `MeshConfig.extensionProviders.envoyTcpAls` -> `AccessLog`
///
/// istiod: `telemetry_logging.go` `tcpGrpcAccessLogFromTelemetry`
pub(super) fn tcp_from_provider(
    mesh: &Mesh,
    provider: &MeshConfigExtensionProviderEnvoyTcpGrpcV3LogProvider,
) -> Option<envoy::AccessLog> {
    let backend = extension_provider::backend(mesh, &provider.service, provider.port)?;
    let state = or_peer_state(&provider.filter_state_objects_to_log);
    Some(tcp_access_log(common_config(or(&provider.log_name, "tcp_envoy_accesslog"), &backend, state)))
}

/// `MeshConfig.enableEnvoyAccessLogService` -> `HttpConnectionManager.access_log`
///
/// istiod: `accesslog.go` `httpGrpcAccessLog`
pub(super) fn http_from_mesh_config() -> envoy::AccessLog {
    http_access_log(envoy::HttpGrpcAccessLogConfig {
        common_config: Some(mesh_config_common_config("http_envoy_accesslog")),
        ..Default::default()
    })
}

/// `MeshConfig.enableEnvoyAccessLogService` -> `TcpProxy.access_log`, `Listener.access_log`
///
/// istiod: `accesslog.go` `tcpGrpcAccessLog`
pub(super) fn tcp_from_mesh_config(log_name: &str) -> envoy::AccessLog {
    tcp_access_log(mesh_config_common_config(log_name))
}

fn mesh_config_common_config(log_name: &str) -> envoy::CommonGrpcAccessLogConfig {
    let backend = Backend { hostname: String::new(), cluster: ACCESS_LOG_SERVICE_CLUSTER.to_owned() };
    common_config(log_name, &backend, texts(&PEER_STATE_OLD_AND_NEW))
}

/// The part that all access log services have in common. An empty hostname gives no authority.
pub(super) fn common_config(
    log_name: &str,
    backend: &Backend,
    filter_state_objects_to_log: Vec<String>,
) -> envoy::CommonGrpcAccessLogConfig {
    envoy::CommonGrpcAccessLogConfig {
        log_name: log_name.to_owned(),
        grpc_service: Some(extension_provider::grpc_service(backend)),
        transport_api_version: envoy::ApiVersion::V3,
        filter_state_objects_to_log,
        ..Default::default()
    }
}

fn http_access_log(config: envoy::HttpGrpcAccessLogConfig) -> envoy::AccessLog {
    envoy::AccessLog {
        name: "envoy.access_loggers.http_grpc".to_owned(),
        filter: None,
        config_type: Some(envoy::AccessLogConfigType::TypedConfig(config.into())),
    }
}

fn tcp_access_log(common_config: envoy::CommonGrpcAccessLogConfig) -> envoy::AccessLog {
    let config = envoy::TcpGrpcAccessLogConfig { common_config: Some(common_config) };
    envoy::AccessLog {
        name: "envoy.tcp_grpc_access_log".to_owned(),
        filter: None,
        config_type: Some(envoy::AccessLogConfigType::TypedConfig(config.into())),
    }
}

fn or<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

fn or_peer_state(objects: &[String]) -> Vec<String> {
    if objects.is_empty() { texts(&PEER_STATE) } else { objects.to_vec() }
}

pub(super) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
