//! What an HTTP route does besides routing: faults, CORS, retries, redirects, fixed responses.

use crate::model::istio::{
    CorsPolicy, GRPC_STATUSES, HttpBodySpecifier, HttpDirectResponse, HttpFaultInjection, HttpFaultInjectionAbort,
    HttpFaultInjectionAbortErrorType, HttpFaultInjectionDelay, HttpFaultInjectionDelayHttpDelayType, HttpRedirect,
    HttpRedirectPort, HttpRetry, Percent, StringMatchType,
};

use super::finding::{At, Findings};
use super::name::{self, check_duration};
use super::{header, http_route};

/// Conditions of retries that Envoy has. istiod: `supportedRetryOnPolicies`
const RETRY_ON: [&str; 16] = [
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// Methods of HTTP. istiod: `supportedCORSMethods`
const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"];

/// istiod: `validateCORSPolicy`
pub(super) fn check_cors(policy: Option<&CorsPolicy>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(policy) = policy else { return };
    let list = at.field("allowOrigins");
    for (index, origin) in policy.allow_origins.iter().enumerate() {
        let text = match &origin.match_type {
            Some(StringMatchType::Exact(text) | StringMatchType::Prefix(text) | StringMatchType::Regex(text)) => text,
            None => "",
        };
        if text.is_empty() {
            findings.error(&list.item(index), "an origin is empty");
        } else {
            findings.check(&list.item(index), http_route::regex_match(origin));
        }
    }
    let list = at.field("allowMethods");
    for (index, method) in policy.allow_methods.iter().enumerate() {
        if !METHODS.contains(&method.as_str()) {
            findings.error(&list.item(index), format!("`{method}` is not an HTTP method"));
        }
    }
    for (field, names) in [("allowHeaders", &policy.allow_headers), ("exposeHeaders", &policy.expose_headers)] {
        let list = at.field(field);
        for (index, name) in names.iter().enumerate() {
            findings.check(&list.item(index), header::cors(name));
        }
    }
    check_duration(policy.max_age, &at.field("maxAge"), findings);
    if policy.max_age.is_some_and(|age| age.nanos > 0) {
        findings.error(&at.field("maxAge"), "the age must be a whole number of seconds");
    }
}

/// istiod: `validateHTTPFaultInjection`
pub(super) fn check_fault(fault: Option<&HttpFaultInjection>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(HttpFaultInjection { delay, abort }) = fault else { return };
    if delay.is_none() && abort.is_none() {
        findings.error(at, "a fault requires `abort` or `delay`");
    }
    if let Some(abort) = abort {
        check_abort(abort, &at.field("abort"), findings);
    }
    if let Some(delay) = delay {
        check_delay(delay, &at.field("delay"), findings);
    }
}

fn check_abort(abort: &HttpFaultInjectionAbort, at: &At<'_>, findings: &mut Findings<'_>) {
    use HttpFaultInjectionAbortErrorType::{GrpcStatus, Http2Error, HttpStatus};
    findings.check(&at.field("percentage"), share(abort.percentage.as_ref()));
    match &abort.error_type {
        Some(GrpcStatus(status)) if !GRPC_STATUSES.contains(&status.as_str()) => {
            findings.error(&at.field("grpcStatus"), format!("`{status}` is not a gRPC status"));
        }
        Some(GrpcStatus(_)) => {}
        Some(Http2Error(_)) => findings.error(&at.field("http2Error"), "errors of HTTP/2 are not supported"),
        Some(HttpStatus(status)) => findings.check(&at.field("httpStatus"), http_status(i64::from(*status))),
        None => findings.warning("abort-without-status", at, "an abort without a status has no effect"),
    }
}

fn check_delay(delay: &HttpFaultInjectionDelay, at: &At<'_>, findings: &mut Findings<'_>) {
    findings.check(&at.field("percentage"), share(delay.percentage.as_ref()));
    match delay.http_delay_type {
        Some(HttpFaultInjectionDelayHttpDelayType::FixedDelay(delay)) => {
            findings.check(&at.field("fixedDelay"), name::duration(delay));
        }
        Some(HttpFaultInjectionDelayHttpDelayType::ExponentialDelay(_)) => {
            findings.error(&at.field("exponentialDelay"), "exponential delays are not supported");
        }
        None => {}
    }
}

/// istiod: `validatePercentage`
fn share(share: Option<&Percent>) -> Result<(), String> {
    match share {
        Some(Percent { value }) if *value != 0.0 && !(0.0001..=100.0).contains(value) => {
            Err("a share is zero, or between 0.0001 and 100 percent".to_owned())
        }
        _ => Ok(()),
    }
}

/// istiod: `validateHTTPStatus`
fn http_status(status: i64) -> Result<(), String> {
    if (200..=600).contains(&status) { Ok(()) } else { Err(format!("{status} is not between 200 and 600")) }
}

/// istiod: `validateHTTPRetry`
pub(super) fn check_retries(retries: Option<&HttpRetry>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(retries) = retries else { return };
    let HttpRetry {
        attempts,
        per_try_timeout,
        retry_on,
        retry_remote_localities,
        retry_ignore_previous_hosts: _,
        backoff,
    } = retries;
    if *attempts < 0 {
        findings.error(&at.field("attempts"), "the number of attempts must not be negative");
    }
    let set = per_try_timeout.is_some() || !retry_on.is_empty() || retry_remote_localities.is_some();
    if *attempts == 0 && set {
        findings.error(at, "no attempts (`attempts` is 0), and yet settings of them");
    }
    check_duration(*per_try_timeout, &at.field("perTryTimeout"), findings);
    check_duration(*backoff, &at.field("backoff"), findings);
    if !retry_on.is_empty() {
        for condition in retry_on.split(',') {
            if !RETRY_ON.contains(&condition) && !condition.parse().is_ok_and(is_known_status) {
                findings.error(&at.field("retryOn"), format!("`{condition}` is not a retry condition"));
            }
        }
    }
}

/// Whether a status has a name in Go's `http.StatusText`.
fn is_known_status(status: u16) -> bool {
    matches!(status, 100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451
        | 500..=508 | 510 | 511)
}

/// istiod: `validateHTTPRedirect`
pub(super) fn check_redirect(redirect: Option<&HttpRedirect>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(HttpRedirect { uri, prefix_rewrite, authority, scheme, redirect_code, redirect_port }) = redirect else {
        return;
    };
    if !uri.is_empty() && !prefix_rewrite.is_empty() {
        findings.error(at, "`uri` and `prefixRewrite` are mutually exclusive");
    }
    if uri.is_empty()
        && prefix_rewrite.is_empty()
        && authority.is_empty()
        && scheme.is_empty()
        && redirect_port.is_none()
    {
        findings.error(at, "a redirect requires `uri`, `authority`, `scheme` or `port`");
    } else if *redirect_code != 0 && !(300..=399).contains(redirect_code) {
        findings.error(&at.field("redirectCode"), format!("{redirect_code} is not a redirect status"));
    } else if !matches!(scheme.as_str(), "" | "http" | "https") {
        findings.error(&at.field("scheme"), "the scheme of a redirect must be http or https");
    } else if let Some(HttpRedirectPort::Port(port)) = redirect_port
        && *port > 0
    {
        findings.check(&at.field("port"), name::port(*port));
    }
}

/// istiod: `validateHTTPDirectResponse`
pub(super) fn check_direct_response(response: Option<&HttpDirectResponse>, at: &At<'_>, findings: &mut Findings<'_>) {
    let Some(HttpDirectResponse { status, body }) = response else { return };
    let size = match body.as_ref().and_then(|body| body.specifier.as_ref()) {
        Some(HttpBodySpecifier::String(text)) => text.len(),
        Some(HttpBodySpecifier::Bytes(bytes)) => bytes.0.len(),
        None => 0,
    };
    if size > 1024 * 1024 {
        findings.error(&at.field("body"), "the content is larger than 1 MiB");
    } else if size > 100 * 1024 {
        findings.warning("large-direct-response", &at.field("body"), "the content is larger than 100 KiB");
    }
    findings.check(&at.field("status"), http_status(i64::from(*status)));
}
