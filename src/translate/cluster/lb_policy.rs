//! How Envoy picks one of the endpoints.

use crate::envoy::{ClusterDiscoveryType, ClusterLbPolicy};
use crate::model::istio::{
    LoadBalancerSettings, LoadBalancerSettingsConsistentHashLbHashAlgorithm, LoadBalancerSettingsSimpleLb,
};
use crate::translate::traffic_policy;

/// `DestinationRule.trafficPolicy.loadBalancer` -> `Cluster.lb_policy`
///
/// Redis, where its filter is on, is always sharded by Maglev.
///
/// istiod: `cluster_traffic_policy.go` `applyLoadBalancer`, `ApplyRingHashLoadBalancer`
pub(super) fn lb_policy(
    resolved: ClusterDiscoveryType,
    settings: Option<&LoadBalancerSettings>,
    is_redis: bool,
) -> ClusterLbPolicy {
    if resolved == ClusterDiscoveryType::OriginalDst {
        return ClusterLbPolicy::ClusterProvided;
    }
    if is_redis {
        return ClusterLbPolicy::Maglev;
    }
    if let Some(hash) = traffic_policy::consistent_hash(settings) {
        return match hash.hash_algorithm {
            Some(LoadBalancerSettingsConsistentHashLbHashAlgorithm::Maglev(_)) => ClusterLbPolicy::Maglev,
            Some(LoadBalancerSettingsConsistentHashLbHashAlgorithm::RingHash(_)) | None => ClusterLbPolicy::RingHash,
        };
    }
    match traffic_policy::simple_lb(settings) {
        LoadBalancerSettingsSimpleLb::Unspecified
        | LoadBalancerSettingsSimpleLb::LeastConn
        | LoadBalancerSettingsSimpleLb::LeastRequest => ClusterLbPolicy::LeastRequest,
        LoadBalancerSettingsSimpleLb::Random => ClusterLbPolicy::Random,
        LoadBalancerSettingsSimpleLb::RoundRobin => ClusterLbPolicy::RoundRobin,
        LoadBalancerSettingsSimpleLb::Passthrough => ClusterLbPolicy::ClusterProvided,
    }
}
