//! How Envoy learns the endpoints of a cluster.

use crate::envoy::{
    AggregatedConfigSource, ApiVersion, ClusterDiscoveryType, ClusterEdsClusterConfig, ConfigSource,
    ConfigSourceConfigSourceSpecifier, Duration,
};
use crate::installation::Features;
use crate::mesh::service::{DnsConnectStrategy, Resolution, Service};
use crate::model::istio::LoadBalancerSettingsSimpleLb;
use crate::proxy::ProxyKind;
use crate::translate::traffic_policy::{self, EffectiveTrafficPolicy};

/// `ServiceEntry.resolution` (of a Kubernetes Service: with or without cluster IP) -> `Cluster.type`
///
/// A router has no original destination to go to, so it is given the endpoints instead.
///
/// istiod: `cluster.go` `convertResolution`
pub(super) fn discovery_type(features: &Features, kind: ProxyKind, service: &Service) -> ClusterDiscoveryType {
    match service.resolution {
        Resolution::DnsLb if service.dns_connect_strategy == DnsConnectStrategy::FirstHealthyRace => {
            ClusterDiscoveryType::LogicalDns
        }
        Resolution::DnsLb => ClusterDiscoveryType::StrictDns,
        Resolution::DnsRoundRobinLb => ClusterDiscoveryType::LogicalDns,
        Resolution::Passthrough if features.eds_for_headless && service.is_kubernetes() => ClusterDiscoveryType::Eds,
        Resolution::Passthrough if kind != ProxyKind::Router => ClusterDiscoveryType::OriginalDst,
        Resolution::Passthrough | Resolution::ClientSideLb | Resolution::Alias | Resolution::DynamicDns => {
            ClusterDiscoveryType::Eds
        }
    }
}

/// `DestinationRule.trafficPolicy.loadBalancer.simple: PASSTHROUGH` -> `Cluster.type`
///
/// istiod: `cluster_traffic_policy.go` `applyLoadBalancer`
pub(super) fn with_policy(resolved: ClusterDiscoveryType, policy: &EffectiveTrafficPolicy<'_>) -> ClusterDiscoveryType {
    match traffic_policy::simple_lb(policy.load_balancer) {
        LoadBalancerSettingsSimpleLb::Passthrough => ClusterDiscoveryType::OriginalDst,
        _ => resolved,
    }
}

/// Says whether Envoy asks DNS, for endpoints that stand in the cluster itself.
pub(super) fn is_dns(r#type: ClusterDiscoveryType) -> bool {
    matches!(r#type, ClusterDiscoveryType::StrictDns | ClusterDiscoveryType::LogicalDns)
}

/// -> `Cluster.eds_cluster_config`
///
/// istiod: `cluster_builder.go` `maybeApplyEdsConfig`
pub(super) fn eds_cluster_config(r#type: ClusterDiscoveryType, name: &str) -> Option<ClusterEdsClusterConfig> {
    (r#type == ClusterDiscoveryType::Eds).then(|| ClusterEdsClusterConfig {
        service_name: name.to_owned(),
        eds_config: Some(ConfigSource {
            config_source_specifier: Some(ConfigSourceConfigSourceSpecifier::Ads(AggregatedConfigSource::default())),
            initial_fetch_timeout: Some(Duration::seconds(0)),
            resource_api_version: ApiVersion::V3,
            ..ConfigSource::default()
        }),
    })
}
