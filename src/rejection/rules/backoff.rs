//! Intervals that grow: a longest one that is shorter than the first.

use serde_json::Value;

use super::Rule;
use crate::rejection::finding::Findings;
use crate::rejection::json::duration;

pub(super) const RETRY: &[Rule] = &[retry];
pub(super) const STRATEGY: &[Rule] = &[strategy];
pub(super) const REFRESH_RATE: &[Rule] = &[refresh_rate];

/// `RetryPolicyImpl`.
fn retry<'a>(backoff: &'a Value, found: &mut Findings<'a>) {
    check(backoff, "retry_policy.max_interval must greater than or equal to the base_interval", found);
}

/// `JitteredExponentialBackOffStrategy`'s callers.
fn strategy<'a>(backoff: &'a Value, found: &mut Findings<'a>) {
    check(backoff, "max_interval must be greater than or equal to the base_interval", found);
}

/// `Config::Utility::prepareDnsRefreshStrategy`.
fn refresh_rate<'a>(rate: &'a Value, found: &mut Findings<'a>) {
    check(rate, "dns_failure_refresh_rate must have max_interval greater than or equal to the base_interval", found);
}

fn check<'a>(message: &'a Value, problem: &str, found: &mut Findings<'a>) {
    if let (Some(base), Some(max)) = (duration(message, "base_interval"), duration(message, "max_interval"))
        && max < base
    {
        found.reject_field("max_interval", problem);
    }
}
