//! Load balancing settings of any policy.

use crate::envoy::{
    ClusterCommonLbConfig, ClusterCommonLbConfigLocalityConfigSpecifier, ClusterCommonLbConfigLocalityWeightedLbConfig,
    ClusterCommonLbConfigZoneAwareLbConfig, HealthStatus, HealthStatusSet, Percent,
};
use crate::proxy::ProxyKind;
use crate::translate::cluster::outlier_detection;
use crate::translate::cluster::upstream::{ClusterMode, Upstream};
use crate::translate::endpoint::Placement;

/// `outlierDetection`, `loadBalancer.{localityLbSetting, zoneAwareLbSetting}`, `trafficDistribution` -> `Cluster.common_lb_config`
///
/// istiod: `cluster_traffic_policy.go` `applyLoadBalancer`
pub(super) fn common_lb_config(upstream: &Upstream<'_>) -> ClusterCommonLbConfig {
    ClusterCommonLbConfig {
        healthy_panic_threshold: outlier_detection::healthy_panic_threshold(
            upstream.view.mesh,
            upstream.service,
            upstream.policy.outlier_detection,
        ),
        locality_config_specifier: locality_config(upstream),
        override_host_status: override_host_status(upstream),
        ..ClusterCommonLbConfig::default()
    }
}

/// Whether the weights of localities count: with explicit failover that can happen, or with weights by locality; or zones, but for a
/// waypoint.
///
/// istiod: `loadbalancer.go` `ApplyToCluster`, before 1.31 `cluster_traffic_policy.go` `applyLocalityLoadBalancer`
fn locality_config(upstream: &Upstream<'_>) -> Option<ClusterCommonLbConfigLocalityConfigSpecifier> {
    use ClusterCommonLbConfigLocalityConfigSpecifier as Specifier;
    let always = upstream.view.mesh.features().locality_weighted_lb;
    let weighted = match Placement::new(upstream.view.mesh, upstream.service, &upstream.policy) {
        Some(Placement::ZoneAware(zones)) if upstream.view.client.kind != ProxyKind::Waypoint => {
            return Some(Specifier::ZoneAwareLbConfig(ClusterCommonLbConfigZoneAwareLbConfig {
                routing_enabled: (!zones.is_enabled()).then_some(Percent { value: 0.0 }),
                min_cluster_size: zones.setting.min_cluster_size.map(u64::from),
                ..ClusterCommonLbConfigZoneAwareLbConfig::default()
            }));
        }
        Some(Placement::Locality(locality)) => {
            let explicit = !locality.setting.failover.is_empty() || !locality.setting.failover_priority.is_empty();
            (locality.failover && explicit) || !locality.setting.distribute.is_empty()
        }
        Some(Placement::ZoneAware(_)) | None => false,
    };
    let config = ClusterCommonLbConfigLocalityWeightedLbConfig::default;
    (always || weighted).then(|| Specifier::LocalityWeightedLbConfig(config()))
}

/// The labels of `PILOT_PERSISTENT_SESSION_LABEL`, `PILOT_PERSISTENT_SESSION_HEADER_LABEL` -> `Cluster.common_lb_config.override_host_status`
///
/// Endpoints that drain stay for requests that stick to them. Only for the whole service.
///
/// istiod: `cluster.go` `buildOutboundClusters`
fn override_host_status(upstream: &Upstream<'_>) -> Option<HealthStatusSet> {
    let whole = upstream.mode == ClusterMode::Default && upstream.subset.is_none();
    (whole && upstream.service.supports_draining_endpoints(upstream.view.mesh.features())).then(|| HealthStatusSet {
        statuses: vec![HealthStatus::Healthy, HealthStatus::Draining, HealthStatus::Unknown, HealthStatus::Degraded],
    })
}
