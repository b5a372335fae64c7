//! `TcpProxy`: where connections go, and for how long.

use super::{ListenerClass, ListenerView};
use crate::envoy::{
    HashPolicy, HashPolicyPolicySpecifier, HashPolicySourceIp, TcpProxy, TcpProxyClusterSpecifier,
    TcpProxyTunnelingConfig,
};
use crate::model::istio::{
    ConnectionPoolSettingsTcpSettings, DestinationRule, LoadBalancerSettings,
    LoadBalancerSettingsConsistentHashLbHashKey, LoadBalancerSettingsLbPolicy, Subset, TrafficPolicyTunnelSettings,
};
use crate::translate::address;
use crate::translate::duration::duration;

/// A proxy to one cluster that no DestinationRule speaks of.
pub(crate) fn to_cluster(view: &ListenerView<'_>, class: ListenerClass, stat_prefix: &str, cluster: &str) -> TcpProxy {
    TcpProxy {
        stat_prefix: stat_prefix.to_owned(),
        cluster_specifier: Some(TcpProxyClusterSpecifier::Cluster(cluster.to_owned())),
        access_log: view.telemetry.of(class).access_logs.tcp.clone(),
        idle_timeout: view.idle_timeout(),
        ..TcpProxy::default()
    }
}

/// A proxy to destinations, by what the DestinationRule of the first says; `subset` is empty if there are several.
///
/// Idle timeout and duration are those of the rule, not of the subset.
///
/// istiod: `networkfilter.go` `buildOutboundNetworkFiltersWithSingleDestination`,
/// `buildOutboundNetworkFiltersWithWeightedClusters`
pub(super) fn to_destinations(
    view: &ListenerView<'_>,
    class: ListenerClass,
    cluster_specifier: TcpProxyClusterSpecifier,
    rule: Option<&DestinationRule>,
    subset: &str,
) -> TcpProxy {
    let tcp = rule.and_then(tcp_settings);
    TcpProxy {
        cluster_specifier: Some(cluster_specifier),
        access_log: view.telemetry.of(class).access_logs.tcp.clone(),
        idle_timeout: tcp.and_then(|tcp| tcp.idle_timeout).map(duration).or_else(|| view.idle_timeout()),
        hash_policy: rule.map_or_else(Vec::new, |rule| hash_policy(rule, subset)),
        max_downstream_connection_duration: tcp.and_then(|tcp| tcp.max_connection_duration).map(duration),
        ..TcpProxy::default()
    }
}

/// `DestinationRule.trafficPolicy.connectionPool.tcp` -> `TcpProxy.idle_timeout`, `max_downstream_connection_duration`
fn tcp_settings(rule: &DestinationRule) -> Option<&ConnectionPoolSettingsTcpSettings> {
    rule.traffic_policy.as_ref()?.connection_pool.as_ref()?.tcp.as_ref()
}

/// `DestinationRule.trafficPolicy.loadBalancer.consistentHash.useSourceIp` -> `TcpProxy.hash_policy`
///
/// A load balancer of the subset decides alone.
///
/// istiod: `networkfilter.go` `maybeSetHashPolicy`
fn hash_policy(rule: &DestinationRule, subset: &str) -> Vec<HashPolicy> {
    let of_subset = find_subset(rule, subset).and_then(|subset| subset.traffic_policy.as_ref()?.load_balancer.as_ref());
    let of_rule = || rule.traffic_policy.as_ref()?.load_balancer.as_ref();
    if !of_subset.or_else(of_rule).is_some_and(uses_source_ip) {
        return Vec::new();
    }
    vec![HashPolicy { policy_specifier: Some(HashPolicyPolicySpecifier::SourceIp(HashPolicySourceIp::default())) }]
}

fn uses_source_ip(load_balancer: &LoadBalancerSettings) -> bool {
    match &load_balancer.lb_policy {
        Some(LoadBalancerSettingsLbPolicy::ConsistentHash(hash)) => {
            matches!(hash.hash_key, Some(LoadBalancerSettingsConsistentHashLbHashKey::UseSourceIp(true)))
        }
        Some(LoadBalancerSettingsLbPolicy::Simple(_)) | None => false,
    }
}

/// `DestinationRule.trafficPolicy.tunnel` -> `TcpProxy.tunneling_config`
///
/// A subset has only its own.
///
/// istiod: `core/tunnelingconfig/apply.go`
pub(super) fn tunneling_config(rule: &DestinationRule, subset: &str) -> Option<TcpProxyTunnelingConfig> {
    let policy = if subset.is_empty() {
        rule.traffic_policy.as_ref()
    } else {
        find_subset(rule, subset)?.traffic_policy.as_ref()
    };
    let TrafficPolicyTunnelSettings { protocol, target_host, target_port } = policy?.tunnel.as_ref()?;
    Some(TcpProxyTunnelingConfig {
        hostname: address::host_port(target_host, *target_port),
        use_post: protocol == "POST",
        ..TcpProxyTunnelingConfig::default()
    })
}

fn find_subset<'r>(rule: &'r DestinationRule, name: &str) -> Option<&'r Subset> {
    rule.subsets.iter().find(|subset| subset.name == name)
}
