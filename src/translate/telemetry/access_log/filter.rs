//! When an access log entry is written.

use crate::envoy;

/// The response flag of a connection for which there was no filter chain: nothing else logs it.
///
/// istiod: `accesslog.go` `listenerAccessLogFilter`
pub(super) fn no_filter_chain() -> envoy::AccessLogFilter {
    response_flag("NR")
}

/// The response flag of a connection that could not be opened: the reason is lost otherwise.
///
/// istiod: `accesslog.go` `hboneOriginationAccessLogFilter`
pub(super) fn not_connected() -> envoy::AccessLogFilter {
    response_flag("UF")
}

fn response_flag(flag: &str) -> envoy::AccessLogFilter {
    let flags = envoy::ResponseFlagFilter { flags: vec![flag.to_owned()] };
    envoy::AccessLogFilter { filter_specifier: Some(envoy::AccessLogFilterFilterSpecifier::ResponseFlagFilter(flags)) }
}

/// Status 400 and above. Envoy wants a runtime key; this one is never set.
///
/// istiod: `accesslog.go` `hboneTerminationAccessLogFilter`
pub(super) fn refused() -> envoy::AccessLogFilter {
    let value = envoy::RuntimeUInt32 { default_value: 400, runtime_key: "istio.io/unset".to_owned() };
    let comparison = envoy::ComparisonFilter { op: envoy::ComparisonFilterOp::Ge, value: Some(value) };
    let status = envoy::StatusCodeFilter { comparison: Some(comparison) };
    envoy::AccessLogFilter { filter_specifier: Some(envoy::AccessLogFilterFilterSpecifier::StatusCodeFilter(status)) }
}

/// `Telemetry.accessLogging.filter.expression` -> `AccessLog.filter`
///
/// istiod: `accesslog.go` `buildAccessLogFilterFromTelemetry`
pub(super) fn expression(expression: &str) -> envoy::AccessLogFilter {
    let filter = envoy::ExtensionFilter {
        name: "envoy.access_loggers.extension_filters.cel".to_owned(),
        config_type: Some(envoy::ExtensionFilterConfigType::TypedConfig(
            envoy::ExpressionFilter { expression: expression.to_owned(), ..envoy::ExpressionFilter::default() }.into(),
        )),
    };
    envoy::AccessLogFilter { filter_specifier: Some(envoy::AccessLogFilterFilterSpecifier::ExtensionFilter(filter)) }
}

/// Joins filters that must all hold. istiod: `accesslog.go` `buildAccessLogFilter`
pub(super) fn all_of(mut filters: Vec<envoy::AccessLogFilter>) -> Option<envoy::AccessLogFilter> {
    if filters.len() > 1 {
        let all = envoy::AndFilter { filters };
        return Some(envoy::AccessLogFilter {
            filter_specifier: Some(envoy::AccessLogFilterFilterSpecifier::AndFilter(all)),
        });
    }
    filters.pop()
}
