//! Logs to an OpenTelemetry collector.

use serde_json::{Map, Value};

use super::{format, grpc};
use crate::envoy;
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::model::istio::MeshConfigExtensionProviderEnvoyOpenTelemetryLogProvider;
use crate::translate::extension_provider;

/// `MeshConfig.extensionProviders.envoyOtelAls` -> `AccessLog`
///
/// istiod: `telemetry_logging.go` `openTelemetryLog`
pub(super) fn from_provider(
    mesh: &Mesh,
    provider: &MeshConfigExtensionProviderEnvoyOpenTelemetryLogProvider,
) -> Option<envoy::AccessLog> {
    let MeshConfigExtensionProviderEnvoyOpenTelemetryLogProvider { service, port, log_name, log_format } = provider;
    let backend = extension_provider::backend(mesh, service, *port)?;
    let log_name = if log_name.is_empty() { "otel_envoy_accesslog" } else { log_name };
    let text = log_format.as_ref().map(|format| format.text.as_str()).filter(|text| !text.is_empty());
    let text = text.unwrap_or(format::DEFAULT_TEXT);
    let labels = log_format.as_ref().and_then(|format| format.labels.as_ref());
    let state: &[&str] = if mesh.does(Behaviour::LogsWasmPeersToOpenTelemetry) {
        &grpc::PEER_STATE_OLD_AND_NEW
    } else {
        &grpc::PEER_STATE
    };
    let config = envoy::OpenTelemetryAccessLogConfig {
        common_config: Some(grpc::common_config(log_name, &backend, grpc::texts(state))),
        disable_builtin_labels: true,
        body: Some(string_value(text)),
        attributes: labels.filter(|labels| !labels.is_empty()).map(attributes),
        formatters: formatters(text, labels),
        ..Default::default()
    };
    Some(envoy::AccessLog {
        name: "envoy.access_loggers.open_telemetry".to_owned(),
        filter: None,
        config_type: Some(envoy::AccessLogConfigType::TypedConfig(config.into())),
    })
}

/// Labels by key; what is not a text is empty. istiod: `telemetry_logging.go` `ConvertStructToAttributeKeyValues`
fn attributes(labels: &Map<String, Value>) -> envoy::KeyValueList {
    let mut values: Vec<envoy::KeyValue> = labels
        .iter()
        .map(|(key, value)| envoy::KeyValue {
            key: key.clone(),
            value: Some(string_value(value.as_str().unwrap_or_default())),
            ..Default::default()
        })
        .collect();
    values.sort_by(|a, b| a.key.cmp(&b.key));
    envoy::KeyValueList { values }
}

fn string_value(text: &str) -> envoy::AnyValue {
    envoy::AnyValue { value: Some(envoy::AnyValueValue::StringValue(text.to_owned())) }
}

/// istiod: `telemetry_logging.go` `accessLogFormatters`
fn formatters(text: &str, labels: Option<&Map<String, Value>>) -> Vec<envoy::TypedExtensionConfig> {
    let of_text = format::text_formatters(text);
    if of_text.is_empty() { format::json_formatters(labels) } else { of_text }
}
