//! The mesh config's older settings.

use super::{AccessLogs, file, filter, grpc};
use crate::envoy;
use crate::model::istio::MeshConfig;

/// `MeshConfig.accessLogFile`, `MeshConfig.enableEnvoyAccessLogService` -> `access_log`
///
/// istiod: `accesslog.go` `setHTTPAccessLog`, `setTCPAccessLog`, `setListenerAccessLog`
pub(super) fn access_logs(config: &MeshConfig) -> AccessLogs {
    let mut logs = AccessLogs::default();
    if !config.access_log_file.is_empty() {
        let file = file::from_mesh_config(&config.access_log_file, config);
        logs.listener.push(at_listener(file.clone()));
        logs.tcp.push(file.clone());
        logs.tunnel_termination.push(envoy::AccessLog { filter: Some(filter::refused()), ..file.clone() });
        logs.tunnel_origination.push(envoy::AccessLog { filter: Some(filter::not_connected()), ..file.clone() });
        logs.tunnel_forwarding.push(file.clone());
        logs.http.push(file);
    }
    if config.enable_envoy_access_log_service {
        logs.listener.push(at_listener(grpc::tcp_from_mesh_config("listener_envoy_accesslog")));
        logs.tcp.push(grpc::tcp_from_mesh_config("tcp_envoy_accesslog"));
        logs.tunnel_forwarding.push(grpc::tcp_from_mesh_config("tcp_envoy_accesslog"));
        logs.http.push(grpc::http_from_mesh_config());
    }
    logs
}

fn at_listener(log: envoy::AccessLog) -> envoy::AccessLog {
    envoy::AccessLog { filter: Some(filter::no_filter_chain()), ..log }
}
