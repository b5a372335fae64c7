//! The settings of the way in which Envoy picks an endpoint.

use crate::envoy::{
    ClusterDiscoveryType, ClusterLbConfig, ClusterLeastRequestLbConfig, ClusterMaglevLbConfig,
    ClusterOriginalDstLbConfig, ClusterRingHashLbConfig, ClusterRoundRobinLbConfig, ClusterSlowStartConfig, Percent,
    RuntimeDouble,
};
use crate::mesh::service::{Port, Service};
use crate::model::istio::{
    LoadBalancerSettings, LoadBalancerSettingsConsistentHashLb, LoadBalancerSettingsConsistentHashLbHashAlgorithm,
    LoadBalancerSettingsSimpleLb, WarmupConfiguration,
};
use crate::translate::duration::duration;
use crate::translate::traffic_policy;

/// Envoy's own default, which istiod writes out.
const MINIMUM_RING_SIZE: u64 = 1024;

/// `DestinationRule.trafficPolicy.loadBalancer` -> `Cluster.{original_dst, ring_hash, maglev, least_request, round_robin}_lb_config`
///
/// istiod: `cluster_traffic_policy.go` `applyLoadBalancer`, `ApplyRingHashLoadBalancer`
pub(super) fn lb_config(
    resolved: ClusterDiscoveryType,
    service: &Service,
    port: &Port,
    settings: Option<&LoadBalancerSettings>,
) -> Option<ClusterLbConfig> {
    if resolved == ClusterDiscoveryType::OriginalDst {
        return original_dst_lb_config(service, port);
    }
    let hash = traffic_policy::consistent_hash(settings).and_then(hash_lb_config);
    hash.or_else(|| slow_start(settings))
}

/// `ServiceEntry.ports[].targetPort` of a service without resolution -> `Cluster.original_dst_lb_config.upstream_port_override`
///
/// istiod: `cluster_builder.go` `buildCluster`
pub(super) fn original_dst_lb_config(service: &Service, port: &Port) -> Option<ClusterLbConfig> {
    let target = service.passthrough_target_ports.get(&port.number)?;
    Some(ClusterLbConfig::OriginalDstLbConfig(ClusterOriginalDstLbConfig {
        upstream_port_override: Some(*target),
        ..ClusterOriginalDstLbConfig::default()
    }))
}

/// `consistentHash.{ringHash, maglev, minimumRingSize}`. Without an algorithm it is a ring of the deprecated size.
fn hash_lb_config(hash: &LoadBalancerSettingsConsistentHashLb) -> Option<ClusterLbConfig> {
    let ring = |size| {
        ClusterLbConfig::RingHashLbConfig(ClusterRingHashLbConfig {
            minimum_ring_size: Some(size),
            ..ClusterRingHashLbConfig::default()
        })
    };
    let set = |size: u64| (size != 0).then_some(size);
    match &hash.hash_algorithm {
        Some(LoadBalancerSettingsConsistentHashLbHashAlgorithm::Maglev(maglev)) => {
            let table_size = Some(set(maglev.table_size)?);
            Some(ClusterLbConfig::MaglevLbConfig(ClusterMaglevLbConfig { table_size }))
        }
        Some(LoadBalancerSettingsConsistentHashLbHashAlgorithm::RingHash(own)) => set(own.minimum_ring_size).map(ring),
        None => Some(ring(set(hash.minimum_ring_size).unwrap_or(MINIMUM_RING_SIZE))),
    }
}

/// `warmup`, `warmupDurationSecs` -> `slow_start_config`
///
/// A hash without settings of its own keeps those of the default policy, least request, as in istiod.
///
/// istiod: `cluster_traffic_policy.go` `applyRoundRobinLoadBalancer`, `applyLeastRequestLoadBalancer`
fn slow_start(settings: Option<&LoadBalancerSettings>) -> Option<ClusterLbConfig> {
    let settings = settings?;
    let config = match (&settings.warmup, settings.warmup_duration_secs) {
        (Some(warmup), _) => slow_start_config(warmup),
        (None, Some(window)) => {
            ClusterSlowStartConfig { slow_start_window: Some(duration(window)), ..ClusterSlowStartConfig::default() }
        }
        (None, None) => return None,
    };
    let slow_start_config = Some(config);
    match traffic_policy::simple_lb(Some(settings)) {
        LoadBalancerSettingsSimpleLb::Random | LoadBalancerSettingsSimpleLb::Passthrough => None,
        LoadBalancerSettingsSimpleLb::RoundRobin => {
            Some(ClusterLbConfig::RoundRobinLbConfig(ClusterRoundRobinLbConfig { slow_start_config }))
        }
        LoadBalancerSettingsSimpleLb::Unspecified
        | LoadBalancerSettingsSimpleLb::LeastConn
        | LoadBalancerSettingsSimpleLb::LeastRequest => {
            Some(ClusterLbConfig::LeastRequestLbConfig(ClusterLeastRequestLbConfig {
                slow_start_config,
                ..ClusterLeastRequestLbConfig::default()
            }))
        }
    }
}

/// istiod: `cluster_traffic_policy.go` `setWarmup`, with its odd runtime key
fn slow_start_config(warmup: &WarmupConfiguration) -> ClusterSlowStartConfig {
    let WarmupConfiguration { duration: window, minimum_percent, aggression } = warmup;
    ClusterSlowStartConfig {
        slow_start_window: window.map(duration),
        aggression: Some(RuntimeDouble { default_value: aggression.unwrap_or(1.0), runtime_key: "(".to_owned() }),
        min_weight_percent: Some(Percent { value: minimum_percent.unwrap_or(10.0) }),
    }
}
