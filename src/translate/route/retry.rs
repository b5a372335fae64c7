//! `HTTPRetry`: when and where a failed request is tried again.
//!
//! istiod: `pilot/pkg/networking/core/route/retry/retry.go`

use crate::envoy::{
    PreviousHostsPredicate, PreviousPrioritiesConfig, RetryPolicy, RetryPolicyRetryBackOff,
    RetryPolicyRetryHostPredicate, RetryPolicyRetryHostPredicateConfigType, RetryPolicyRetryPriority,
    RetryPolicyRetryPriorityConfigType,
};
use crate::model::istio::HttpRetry;
use crate::translate::duration::duration;

const DEFAULT_RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
const DEFAULT_ATTEMPTS: u32 = 2;
const RETRIABLE_STATUS_CODES: &str = "retriable-status-codes";

/// `VirtualService.http[].retries`, else `MeshConfig.defaultHttpRetryPolicy` -> `RouteAction.retry_policy`
///
/// None if the number of attempts is zero. With a consistent hash, retries go to the host that the hash says, even if it was tried.
///
/// istiod: `retry.go` `ConvertPolicy`
pub(super) fn retry_policy(retries: Option<&HttpRetry>, consistent_hash: bool) -> Option<RetryPolicy> {
    let default = RetryPolicy {
        retry_on: DEFAULT_RETRY_ON.to_owned(),
        num_retries: Some(DEFAULT_ATTEMPTS),
        retry_host_predicate: if consistent_hash { Vec::new() } else { vec![previous_hosts()] },
        host_selection_retry_max_attempts: 5,
        ..RetryPolicy::default()
    };
    let Some(retries) = retries else { return Some(default) };
    let HttpRetry {
        attempts,
        per_try_timeout,
        retry_on,
        retry_remote_localities,
        retry_ignore_previous_hosts,
        backoff,
    } = retries;
    let attempts = u32::try_from(*attempts).ok().filter(|&attempts| attempts > 0)?;
    let (retry_on, retriable_status_codes) = conditions(retry_on);
    Some(RetryPolicy {
        retry_on,
        num_retries: Some(attempts),
        per_try_timeout: per_try_timeout.map(duration),
        retry_priority: (*retry_remote_localities == Some(true)).then(previous_priorities),
        retry_host_predicate: match retry_ignore_previous_hosts {
            Some(true) => vec![previous_hosts()],
            Some(false) => Vec::new(),
            None => default.retry_host_predicate,
        },
        retriable_status_codes,
        retry_back_off: backoff
            .map(|b| RetryPolicyRetryBackOff { base_interval: Some(duration(b)), max_interval: None }),
        ..default
    })
}

/// `retries.retryOn` -> `RetryPolicy.retry_on`, `retriable_status_codes`
///
/// HTTP status codes among the conditions are moved to the codes, and the condition that makes them count is appended.
///
/// istiod: `retry.go` `parseRetryOn`
fn conditions(retry_on: &str) -> (String, Vec<u32>) {
    if retry_on.is_empty() {
        return (DEFAULT_RETRY_ON.to_owned(), Vec::new());
    }
    let (mut conditions, mut codes) = (Vec::new(), Vec::new());
    for part in retry_on.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        match part.parse().ok().filter(|&code| is_http_status(code)) {
            Some(code) => codes.push(code),
            None => conditions.push(part),
        }
    }
    let mut conditions = conditions.join(",");
    if !codes.is_empty() && !conditions.contains(RETRIABLE_STATUS_CODES) {
        conditions.push(',');
        conditions.push_str(RETRIABLE_STATUS_CODES);
    }
    (conditions, codes)
}

/// Says whether Go has a text for the code: `http.StatusText`.
fn is_http_status(code: u32) -> bool {
    matches!(code, 100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451 | 500..=508 | 510 | 511)
}

fn previous_hosts() -> RetryPolicyRetryHostPredicate {
    RetryPolicyRetryHostPredicate {
        name: "envoy.retry_host_predicates.previous_hosts".to_owned(),
        config_type: Some(RetryPolicyRetryHostPredicateConfigType::TypedConfig(
            PreviousHostsPredicate::default().into(),
        )),
    }
}

fn previous_priorities() -> RetryPolicyRetryPriority {
    let config = PreviousPrioritiesConfig { update_frequency: 2 };
    RetryPolicyRetryPriority {
        name: "envoy.retry_priorities.previous_priorities".to_owned(),
        config_type: Some(RetryPolicyRetryPriorityConfigType::TypedConfig(config.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::conditions;

    #[test]
    fn status_codes_are_moved() {
        for (written, retry_on, codes) in [
            ("5xx", "5xx", vec![]),
            ("5xx, 503,,reset", "5xx,reset,retriable-status-codes", vec![503]),
            ("retriable-status-codes,429", "retriable-status-codes", vec![429]),
            ("503", ",retriable-status-codes", vec![503]),
            ("999,306", "999,306", vec![]),
        ] {
            assert_eq!(conditions(written), (retry_on.to_owned(), codes), "{written}");
        }
    }
}
