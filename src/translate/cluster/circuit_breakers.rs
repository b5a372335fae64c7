//! How many connections and requests a cluster may have at once. Without limit unless a rule sets one: Envoy's defaults are too low.

use crate::envoy::{CircuitBreakers, CircuitBreakersThresholds, CircuitBreakersThresholdsRetryBudget, Percent};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::model::istio::{ConnectionPoolSettings, TrafficPolicyRetryBudget};
use crate::translate::duration::duration;

/// istiod's defaults of a retry budget: percent of the active requests, and retries that are always allowed.
const RETRY_PERCENT: f64 = 20.0;
const MIN_RETRY_CONCURRENCY: u32 = 3;

/// `DestinationRule.trafficPolicy.connectionPool`, `retryBudget` -> `Cluster.circuit_breakers`
///
/// The switch of [`disable_track_remaining`](crate::installation::Features::disable_track_remaining) counts before the release.
///
/// istiod: `cluster_traffic_policy.go` `applyConnectionPool`, `getDefaultCircuitBreakerThresholds`
pub(super) fn circuit_breakers(
    mesh: &Mesh,
    connection_pool: Option<&ConnectionPoolSettings>,
    retry_budget: Option<&TrafficPolicyRetryBudget>,
) -> CircuitBreakers {
    let tcp = connection_pool.and_then(|pool| pool.tcp.as_ref());
    let http = connection_pool.and_then(|pool| pool.http.as_ref());
    let threshold = CircuitBreakersThresholds {
        max_connections: Some(limit(tcp.map(|t| t.max_connections))),
        max_pending_requests: Some(limit(http.map(|h| h.http1_max_pending_requests))),
        max_requests: Some(limit(http.map(|h| h.http2_max_requests))),
        max_retries: Some(limit(http.map(|h| h.max_retries))),
        retry_budget: retry_budget.map(self::retry_budget),
        track_remaining: mesh.does(Behaviour::CountsRemainingRequests),
        ..CircuitBreakersThresholds::default()
    };
    CircuitBreakers { thresholds: vec![threshold], ..CircuitBreakers::default() }
}

/// `DestinationRule.trafficPolicy.retryBudget` -> `Cluster.circuit_breakers.thresholds[].retry_budget`
///
/// istiod: `cluster_traffic_policy.go` `applyRetryBudget`
fn retry_budget(budget: &TrafficPolicyRetryBudget) -> CircuitBreakersThresholdsRetryBudget {
    let TrafficPolicyRetryBudget { percent, min_retry_concurrency, budget_interval } = budget;
    let min_retry_concurrency = if *min_retry_concurrency > 0 { *min_retry_concurrency } else { MIN_RETRY_CONCURRENCY };
    CircuitBreakersThresholdsRetryBudget {
        budget_percent: Some(Percent { value: percent.unwrap_or(RETRY_PERCENT) }),
        min_retry_concurrency: Some(min_retry_concurrency),
        budget_interval: budget_interval.map(duration),
    }
}

/// A value that is not positive counts as not set.
fn limit(set: Option<i32>) -> u32 {
    set.and_then(|value| u32::try_from(value).ok()).filter(|&value| value > 0).unwrap_or(u32::MAX)
}
