//! When an access log entry is written.

use crate::envoy;

/// The response flag of a connection for which there was no filter chain: nothing else logs it.
///
/// istiod: `accesslog.go` `listenerAccessLogFilter`
pub(super) fn no_filter_chain() -> envoy::AccessLogFilter {
    let flags = envoy::ResponseFlagFilter { flags: vec!["NR".to_owned()] };
    envoy::AccessLogFilter { filter_specifier: Some(envoy::AccessLogFilterFilterSpecifier::ResponseFlagFilter(flags)) }
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
