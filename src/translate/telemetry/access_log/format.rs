//! The text or JSON of one log line.

use serde_json::{Map, Value};

use crate::envoy;

/// The default line. istiod: `telemetry_logging.go` `EnvoyTextLogFormat`
pub(super) const DEFAULT_TEXT: &str = concat!(
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" ",
    "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% ",
    "\"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ",
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" ",
    "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% ",
    "%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% ",
    "%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n",
);

/// The default object. istiod: `telemetry_logging.go` `EnvoyJSONLogFormatIstio`
const DEFAULT_JSON: [(&str, &str); 24] = [
    ("authority", "%REQ(:AUTHORITY)%"),
    ("bytes_received", "%BYTES_RECEIVED%"),
    ("bytes_sent", "%BYTES_SENT%"),
    ("connection_termination_details", "%CONNECTION_TERMINATION_DETAILS%"),
    ("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    ("duration", "%DURATION%"),
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("requested_server_name", "%REQUESTED_SERVER_NAME%"),
    ("response_code", "%RESPONSE_CODE%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    ("route_name", "%ROUTE_NAME%"),
    ("start_time", "%START_TIME%"),
    ("upstream_cluster", "%UPSTREAM_CLUSTER_RAW%"),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("upstream_local_address", "%UPSTREAM_LOCAL_ADDRESS%"),
    ("upstream_service_time", "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%"),
    ("upstream_transport_failure_reason", "%UPSTREAM_TRANSPORT_FAILURE_REASON%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
];

/// An object with these fields, or the default one when it has none.
pub(super) fn json_or_default(fields: Option<&Map<String, Value>>) -> Map<String, Value> {
    let default = || DEFAULT_JSON.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect();
    fields.filter(|fields| !fields.is_empty()).cloned().unwrap_or_else(default)
}

/// A line that ends, or the default one when it is empty. istiod: `telemetry_logging.go` `fileAccessLogFormat`
pub(super) fn text_or_default(text: &str) -> String {
    match text {
        "" => DEFAULT_TEXT.to_owned(),
        _ if text.ends_with('\n') => text.to_owned(),
        _ => format!("{text}\n"),
    }
}

/// A text as a format. istiod: `telemetry_logging.go` `buildFileAccessTextLogFormat`
pub(super) fn text_format(text: &str, omit_empty_values: bool) -> envoy::SubstitutionFormatString {
    let line = text_or_default(text);
    let formatters = text_formatters(&line);
    let source =
        envoy::DataSource { specifier: Some(envoy::DataSourceSpecifier::InlineString(line)), ..Default::default() };
    envoy::SubstitutionFormatString {
        format: Some(envoy::SubstitutionFormatStringFormat::TextFormatSource(source)),
        omit_empty_values,
        formatters,
        ..Default::default()
    }
}

/// An object as a format. istiod: `telemetry_logging.go` `buildFileAccessJSONLogFormat`
pub(super) fn json_format(fields: Map<String, Value>, omit_empty_values: bool) -> envoy::SubstitutionFormatString {
    let formatters = json_formatters(Some(&fields));
    envoy::SubstitutionFormatString {
        format: Some(envoy::SubstitutionFormatStringFormat::JsonFormat(envoy::Struct(fields))),
        json_format_options: Some(envoy::JsonFormatOptions::default()),
        omit_empty_values,
        formatters,
        ..Default::default()
    }
}

/// The formatters that a text needs. istiod: `telemetry_logging.go` `accessLogTextFormatters`
pub(super) fn text_formatters(text: &str) -> Vec<envoy::TypedExtensionConfig> {
    if text.contains("%REQ_WITHOUT_QUERY") { vec![req_without_query()] } else { Vec::new() }
}

/// The formatters that an object's own text values need. istiod: `telemetry_logging.go` `accessLogJSONFormatters`
pub(super) fn json_formatters(fields: Option<&Map<String, Value>>) -> Vec<envoy::TypedExtensionConfig> {
    let mut texts = fields.into_iter().flat_map(|fields| fields.values()).filter_map(Value::as_str);
    if texts.any(|text| text.contains("%REQ_WITHOUT_QUERY")) { vec![req_without_query()] } else { Vec::new() }
}

fn req_without_query() -> envoy::TypedExtensionConfig {
    envoy::TypedExtensionConfig {
        name: "envoy.formatter.req_without_query".to_owned(),
        typed_config: Some(envoy::ReqWithoutQuery::default().into()),
    }
}
