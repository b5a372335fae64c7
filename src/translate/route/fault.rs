//! `HTTPFaultInjection`: delays and failures for tests.

use crate::envoy::{FaultAbort, FaultAbortErrorType, FaultDelay, FaultDelayFaultDelaySecifier, HttpFault};
use crate::model::istio::{
    GRPC_STATUSES, HttpFaultInjection, HttpFaultInjectionAbort, HttpFaultInjectionAbortErrorType,
    HttpFaultInjectionDelay, HttpFaultInjectionDelayHttpDelayType,
};
use crate::translate::duration::duration;
use crate::translate::route::percent::{fractional_percent, integer_percent};

/// `VirtualService.http[].fault` -> `Route.typed_per_filter_config["envoy.filters.http.fault"]`
///
/// istiod: `route.go` `TranslateFault`
pub(super) fn fault(fault: &HttpFaultInjection) -> HttpFault {
    let HttpFaultInjection { delay, abort } = fault;
    HttpFault {
        delay: delay.as_ref().and_then(fault_delay),
        abort: abort.as_ref().and_then(fault_abort),
        ..HttpFault::default()
    }
}

/// `fault.delay` -> `HTTPFault.delay`; an exponential delay is not translated.
#[expect(clippy::cast_sign_loss, reason = "istiod casts too, and validation refuses what is below zero")]
fn fault_delay(delay: &HttpFaultInjectionDelay) -> Option<FaultDelay> {
    let HttpFaultInjectionDelay { percent, percentage, http_delay_type } = delay;
    let fixed = match http_delay_type.as_ref()? {
        HttpFaultInjectionDelayHttpDelayType::FixedDelay(fixed) => *fixed,
        HttpFaultInjectionDelayHttpDelayType::ExponentialDelay(_) => return None,
    };
    let percentage = percentage.as_ref().map_or_else(|| integer_percent(*percent as u32), fractional_percent);
    Some(FaultDelay {
        percentage: Some(percentage),
        fault_delay_secifier: Some(FaultDelayFaultDelaySecifier::FixedDelay(duration(fixed))),
    })
}

/// `fault.abort` -> `HTTPFault.abort`; an HTTP/2 error is not translated.
#[expect(clippy::cast_sign_loss, reason = "istiod casts too, and validation refuses what is below zero")]
fn fault_abort(abort: &HttpFaultInjectionAbort) -> Option<FaultAbort> {
    let HttpFaultInjectionAbort { percentage, error_type } = abort;
    let error_type = match error_type.as_ref()? {
        HttpFaultInjectionAbortErrorType::HttpStatus(status) => FaultAbortErrorType::HttpStatus(*status as u32),
        HttpFaultInjectionAbortErrorType::GrpcStatus(status) => FaultAbortErrorType::GrpcStatus(grpc_status(status)),
        HttpFaultInjectionAbortErrorType::Http2Error(_) => return None,
    };
    Some(FaultAbort { percentage: percentage.as_ref().map(fractional_percent), error_type: Some(error_type) })
}

/// Returns the number of a gRPC status by name; 0 for a name that is none. istiod: `pkg/util/grpc` `SupportedGRPCStatus`.
fn grpc_status(name: &str) -> u32 {
    GRPC_STATUSES.iter().zip(0..).find(|(known, _)| **known == name).map_or(0, |(_, number)| number)
}
