//! Load balancing settings of any policy.

use crate::envoy::{
    ClusterCommonLbConfig, ClusterCommonLbConfigLocalityConfigSpecifier, ClusterCommonLbConfigLocalityWeightedLbConfig,
    HealthStatus, HealthStatusSet,
};
use crate::translate::cluster::outlier_detection;
use crate::translate::cluster::upstream::{ClusterMode, Upstream};
use crate::translate::endpoint::LocalityLb;

/// `outlierDetection`, `loadBalancer.localityLbSetting`, `trafficDistribution` -> `Cluster.common_lb_config`
///
/// istiod: `cluster_traffic_policy.go` `applyLoadBalancer`
pub(super) fn common_lb_config(upstream: &Upstream<'_>) -> ClusterCommonLbConfig {
    ClusterCommonLbConfig {
        healthy_panic_threshold: outlier_detection::healthy_panic_threshold(
            upstream.view.mesh,
            upstream.service,
            upstream.policy.outlier_detection,
        ),
        locality_config_specifier: locality_weighted(upstream).then(|| {
            ClusterCommonLbConfigLocalityConfigSpecifier::LocalityWeightedLbConfig(
                ClusterCommonLbConfigLocalityWeightedLbConfig::default(),
            )
        }),
        override_host_status: override_host_status(upstream),
        ..ClusterCommonLbConfig::default()
    }
}

/// Says whether the weights of localities count: with explicit failover that can happen, or with weights by locality.
///
/// istiod: `cluster_traffic_policy.go` `applyLocalityLoadBalancer`
fn locality_weighted(upstream: &Upstream<'_>) -> bool {
    if upstream.view.mesh.features().locality_weighted_lb {
        return true;
    }
    let Some(locality) = LocalityLb::new(upstream.view.mesh, upstream.service, &upstream.policy) else {
        return false;
    };
    let explicit = !locality.setting.failover.is_empty() || !locality.setting.failover_priority.is_empty();
    (locality.failover && explicit) || !locality.setting.distribute.is_empty()
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
