//! Outlier detection: ejecting endpoints that keep failing.

use crate::envoy;
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::service::Service;
use crate::model::istio::OutlierDetection;
use crate::translate::duration::duration;

/// `DestinationRule.trafficPolicy.outlierDetection` -> `Cluster.outlier_detection`
///
/// Ejection by success rate is always switched off: it is on in Envoy, and Istio does not offer it. A number of errors of zero
/// switches that detector off instead of ejecting at once.
///
/// istiod: `cluster_traffic_policy.go` `applyOutlierDetection`
pub(super) fn outlier_detection(block: &OutlierDetection) -> envoy::OutlierDetection {
    let OutlierDetection {
        consecutive_errors: _, // replaced by the next two, and not read any more
        consecutive_5xx_errors,
        consecutive_gateway_errors,
        split_external_local_origin_errors,
        consecutive_local_origin_failures,
        interval,
        base_ejection_time,
        max_ejection_percent,
        min_health_percent: _,                 // `healthy_panic_threshold`, below
        outlier_detection_http_error_codes: _, // not read by istiod 1.31
    } = block;
    let split = *split_external_local_origin_errors;
    let local = consecutive_local_origin_failures.filter(|&n| split && n > 0);
    envoy::OutlierDetection {
        enforcing_success_rate: Some(0),
        consecutive_5xx: *consecutive_5xx_errors,
        enforcing_consecutive_5xx: consecutive_5xx_errors.map(enforcing),
        consecutive_gateway_failure: *consecutive_gateway_errors,
        enforcing_consecutive_gateway_failure: consecutive_gateway_errors.map(enforcing),
        interval: interval.map(duration),
        base_ejection_time: base_ejection_time.map(duration),
        max_ejection_percent: u32::try_from(*max_ejection_percent).ok().filter(|&percent| percent > 0),
        split_external_local_origin_errors: split,
        consecutive_local_origin_failure: local,
        enforcing_consecutive_local_origin_failure: local.map(enforcing),
        enforcing_local_origin_success_rate: split.then_some(0),
        ..envoy::OutlierDetection::default()
    }
}

/// `DestinationRule.trafficPolicy.outlierDetection.minHealthPercent` -> `Cluster.common_lb_config.healthy_panic_threshold`
///
/// Present whenever the block is, and zero unless set: Envoy's default of 50 percent is wrong for services with few pods. Zero too
/// for a service that sends its unhealthy endpoints, which would get traffic otherwise.
///
/// istiod: `cluster_traffic_policy.go` `applyOutlierDetection`, `applyLoadBalancer`
pub(super) fn healthy_panic_threshold(
    mesh: &Mesh,
    service: &Service,
    block: Option<&OutlierDetection>,
) -> Option<envoy::Percent> {
    let never = || envoy::Percent { value: 0.0 };
    if service.forces_unhealthy_endpoints(mesh.features()) {
        return Some(never());
    }
    let stated = block.map(|block| block.min_health_percent).filter(|percent| *percent >= 0);
    let stated = stated.map(|percent| envoy::Percent { value: f64::from(percent) });
    stated.or_else(|| mesh.does(Behaviour::SendsUnhealthyEndpoints).then(never))
}

fn enforcing(errors: u32) -> u32 {
    if errors > 0 { 100 } else { 0 }
}
