//! Logs to a file.

use serde_json::{Map, Value};

use super::format;
use crate::envoy;
use crate::model::istio::{
    MeshConfig, MeshConfigAccessLogEncoding, MeshConfigExtensionProviderEnvoyFileAccessLogProvider,
    MeshConfigExtensionProviderEnvoyFileAccessLogProviderLogFormatLogFormat as LogFormat,
};

/// `MeshConfig.extensionProviders.envoyFileAccessLog` -> `AccessLog`
///
/// istiod: `telemetry_logging.go` `fileAccessLogFromTelemetry`
pub(super) fn from_provider(provider: &MeshConfigExtensionProviderEnvoyFileAccessLogProvider) -> envoy::AccessLog {
    let MeshConfigExtensionProviderEnvoyFileAccessLogProvider { path, log_format, omit_empty_values } = provider;
    let path = if path.is_empty() { "/dev/stdout" } else { path };
    let format = match log_format.as_ref().map(|format| &format.log_format) {
        None => Some(format::text_format("", *omit_empty_values)),
        Some(None) => None,
        Some(Some(LogFormat::Text(text))) => Some(format::text_format(text, *omit_empty_values)),
        Some(Some(LogFormat::Labels(labels))) => {
            Some(format::json_format(format::json_or_default(Some(labels)), *omit_empty_values))
        }
    };
    access_log(path, format)
}

/// `MeshConfig.accessLogEncoding`, `MeshConfig.accessLogFormat` -> `AccessLog`
///
/// A JSON format that cannot be read gives way to the default one.
///
/// istiod: `telemetry_logging.go` `FileAccessLogFromMeshConfig`
pub(super) fn from_mesh_config(path: &str, config: &MeshConfig) -> envoy::AccessLog {
    let format = match config.access_log_encoding {
        MeshConfigAccessLogEncoding::Text => format::text_format(&config.access_log_format, false),
        MeshConfigAccessLogEncoding::Json => format::json_format(json_from_mesh_config(config), false),
    };
    access_log(path, Some(format))
}

/// An empty object, once written, stays empty here.
fn json_from_mesh_config(config: &MeshConfig) -> Map<String, Value> {
    match serde_json::from_str(&config.access_log_format) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => format::json_or_default(None),
    }
}

fn access_log(path: &str, format: Option<envoy::SubstitutionFormatString>) -> envoy::AccessLog {
    let file = envoy::FileAccessLog {
        path: path.to_owned(),
        access_log_format: format.map(envoy::FileAccessLogAccessLogFormat::LogFormat),
    };
    envoy::AccessLog {
        name: "envoy.access_loggers.file".to_owned(),
        filter: None,
        config_type: Some(envoy::AccessLogConfigType::TypedConfig(file.into())),
    }
}
