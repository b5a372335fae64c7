//! Clusters: `source/common/upstream/upstream_impl.cc` and the cluster types in `source/extensions/clusters`.

use serde_json::Value;

use super::{Rule, cluster_endpoints, cluster_load_balancing, cluster_protocol, extension};
use crate::rejection::duration;
use crate::rejection::finding::Findings;
use crate::rejection::json::{self, flag, has, list, message_name, text};

pub(super) const RULES: &[Rule] = &[
    eds,
    dynamic_forward_proxy,
    health_checks,
    extension::protocol_options,
    extension::cluster_type,
    cluster_endpoints::of_cluster,
    cluster_load_balancing::policy,
    cluster_load_balancing::hashing,
    cluster_load_balancing::subsets,
    cluster_protocol::alpn,
    cluster_protocol::grpc_health_check,
];
pub(super) const OUTLIER_DETECTION: &[Rule] = &[outlier_detection];
pub(super) const CIRCUIT_BREAKERS: &[Rule] = &[circuit_breakers];

/// `EdsClusterFactory::createClusterImpl`, and `ClusterInfoImpl`.
fn eds<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    let is_eds = text(cluster, "type") == "EDS";
    if is_eds && !has(cluster, "eds_cluster_config") {
        found.reject("cannot create an EDS cluster without an EDS config");
    }
    if !is_eds && has(cluster, "eds_cluster_config") {
        found.reject_field("eds_cluster_config", "eds_cluster_config set in a non-EDS cluster");
    }
    found.field(cluster, "eds_cluster_config", |config, found| {
        if is_eds && !has(config, "eds_config") {
            found.reject("Missing config source specifier in envoy::config::core::v3::ConfigSource");
        }
    });
}

/// `ClusterFactory::createClusterWithConfig` of `clusters/dynamic_forward_proxy`: HTTP options of its own, without the checks of
/// certificates.
fn dynamic_forward_proxy<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    let null = Value::Null;
    let config = cluster.pointer("/cluster_type/typed_config").unwrap_or(&null);
    if message_name(config) != "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig"
        || flag(config, "allow_insecure_cluster_options")
    {
        return;
    }
    let Some(http) = cluster_protocol::http_options(cluster) else { return };
    let options = http.get("upstream_http_protocol_options").unwrap_or(&null);
    if !flag(options, "auto_sni") || !flag(options, "auto_san_validation") {
        let message = "dynamic_forward_proxy cluster must have auto_sni and auto_san_validation true unless \
                       allow_insecure_cluster_options is set.";
        found.reject_field("typed_extension_protocol_options", message);
    }
}

/// `HostSetImpl`'s health checkers: several need names.
fn health_checks<'a>(cluster: &'a Value, found: &mut Findings<'a>) {
    let checks = list(cluster, "health_checks");
    let unnamed = checks.iter().position(|check| text(check, "name").is_empty());
    if let (true, Some(index)) = (checks.len() > 1, unnamed) {
        let message = format!(
            "health check at index {index} is missing a name; all health checks must have a name when multiple health checks are \
             configured"
        );
        found.reject_field("health_checks", message);
    }
}

/// `DetectorConfig` and `DetectorImpl` of `outlier_detection_impl.cc`: the longest ejection is at least as long as the first, which
/// is 30 seconds unless it is set.
fn outlier_detection<'a>(detection: &'a Value, found: &mut Findings<'a>) {
    let base = json::duration(detection, "base_ejection_time").unwrap_or(duration::Nanoseconds(30_000_000_000));
    if json::duration(detection, "max_ejection_time").is_some_and(|max| max < base) {
        found.reject_field(
            "max_ejection_time",
            "outlier detector's max_ejection_time cannot be smaller than base_ejection_time",
        );
    }
}

/// `ClusterInfoImpl::ResourceManagers`: a host's thresholds know connections only.
fn circuit_breakers<'a>(breakers: &'a Value, found: &mut Findings<'a>) {
    found.each(breakers, "per_host_thresholds", |thresholds, found| {
        if ["max_pending_requests", "max_requests", "max_retries", "max_connection_pools", "retry_budget"]
            .iter()
            .any(|name| has(thresholds, name))
        {
            found.reject("Unsupported field in per_host_thresholds");
        }
    });
}
