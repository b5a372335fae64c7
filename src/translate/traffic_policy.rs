//! Which traffic policy holds for a port, and for a subset of the service.
//!
//! A port's settings stand alone: what they leave out is Envoy's default, not what the policy says for the other ports. A
//! subset's settings replace those of the rule block by block.
//!
//! istiod: `pilot/pkg/networking/util/util.go`

use crate::installation::{Behaviour, Behaviours};
use crate::model::istio::{
    ClientTlsSettings, ConnectionPoolSettings, DestinationRule, LoadBalancerSettings,
    LoadBalancerSettingsConsistentHashLb, LoadBalancerSettingsLbPolicy, LoadBalancerSettingsSimpleLb,
    MeshConfigDefaultTrafficPolicy, OutlierDetection, TrafficPolicy, TrafficPolicyProxyProtocol,
    TrafficPolicyRetryBudget, TrafficPolicyTunnelSettings,
};

/// The blocks of a traffic policy that hold for one port.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct EffectiveTrafficPolicy<'a> {
    /// `connectionPool`
    pub(crate) connection_pool: Option<&'a ConnectionPoolSettings>,
    /// `loadBalancer`
    pub(crate) load_balancer: Option<&'a LoadBalancerSettings>,
    /// `outlierDetection`
    pub(crate) outlier_detection: Option<&'a OutlierDetection>,
    /// `tls`
    pub(crate) tls: Option<&'a ClientTlsSettings>,
    /// `tunnel`
    pub(crate) tunnel: Option<&'a TrafficPolicyTunnelSettings>,
    /// `proxyProtocol`
    pub(crate) proxy_protocol: Option<&'a TrafficPolicyProxyProtocol>,
    /// `retryBudget`
    pub(crate) retry_budget: Option<&'a TrafficPolicyRetryBudget>,
}

/// `DestinationRule.trafficPolicy.portLevelSettings`: returns what a policy says for a service port.
///
/// Settings for the port replace the whole policy: nothing is inherited, and there is no tunnel, PROXY protocol or retry budget.
///
/// istiod: `util.go` `GetPortLevelTrafficPolicy`
pub(crate) fn for_port(policy: Option<&TrafficPolicy>, port: u32) -> EffectiveTrafficPolicy<'_> {
    resolve(policy, port).0
}

/// `DestinationRule.subsets[].trafficPolicy`: returns what holds for a service port of a subset.
///
/// A block that the subset sets replaces the rule's, and that of the mesh's default. If the subset has settings for the port, those
/// it leaves out are dropped too.
///
/// istiod: `util.go` `MergeSubsetTrafficPolicy`
pub(crate) fn for_subset<'a>(
    policy: Option<&'a TrafficPolicy>,
    subset: Option<&'a TrafficPolicy>,
    port: u32,
    behaviours: Behaviours,
    default: Option<&'a MeshConfigDefaultTrafficPolicy>,
) -> EffectiveTrafficPolicy<'a> {
    // What is there on one side only is not merged.
    let keeps_retry_budget =
        policy.is_none() || subset.is_none() || behaviours.contains(Behaviour::KeepsRetryBudgetInMerges);
    let rule = for_port(policy, port).over_default(default);
    let (own, port_level) = resolve(subset, port);
    let rule_or_none = if port_level {
        EffectiveTrafficPolicy {
            connection_pool: None,
            load_balancer: None,
            outlier_detection: None,
            tls: None,
            ..rule
        }
    } else {
        rule
    };
    EffectiveTrafficPolicy {
        connection_pool: own.connection_pool.or(rule_or_none.connection_pool),
        load_balancer: own.load_balancer.or(rule_or_none.load_balancer),
        outlier_detection: own.outlier_detection.or(rule_or_none.outlier_detection),
        tls: own.tls.or(rule_or_none.tls),
        tunnel: own.tunnel.or(rule.tunnel),
        proxy_protocol: own.proxy_protocol.or(rule.proxy_protocol),
        retry_budget: own.retry_budget.or(rule.retry_budget).filter(|_| keeps_retry_budget),
    }
}

impl<'a> EffectiveTrafficPolicy<'a> {
    /// `MeshConfig.defaultTrafficPolicy`: what holds where a rule sets no such block.
    ///
    /// istiod: `cluster_traffic_policy.go` `applyDefaultTrafficPolicy`
    #[must_use]
    pub(crate) fn over_default(self, default: Option<&'a MeshConfigDefaultTrafficPolicy>) -> Self {
        Self {
            connection_pool: self.connection_pool.or_else(|| default?.connection_pool.as_ref()),
            outlier_detection: self.outlier_detection.or_else(|| default?.outlier_detection.as_ref()),
            ..self
        }
    }
}

/// Returns what a rule says for a service port, of the subset of this name if the rule has it.
///
/// istiod: `endpoint_builder.go` `getSubsetTrafficPolicy`
pub(crate) fn for_subset_name<'a>(
    rule: Option<&'a DestinationRule>,
    subset: &str,
    port: u32,
    behaviours: Behaviours,
) -> EffectiveTrafficPolicy<'a> {
    let Some(rule) = rule else { return EffectiveTrafficPolicy::default() };
    let subset = rule.subsets.iter().find(|s| s.name == subset);
    for_subset(rule.traffic_policy.as_ref(), subset.and_then(|s| s.traffic_policy.as_ref()), port, behaviours, None)
}

/// Returns the policy for the port, and whether it comes from settings for the port alone.
fn resolve(policy: Option<&TrafficPolicy>, port: u32) -> (EffectiveTrafficPolicy<'_>, bool) {
    let Some(policy) = policy else { return (EffectiveTrafficPolicy::default(), false) };
    let level = policy.port_level_settings.iter().find(|p| p.port.as_ref().is_some_and(|p| p.number == port));
    match level {
        Some(level) => {
            let own = EffectiveTrafficPolicy {
                connection_pool: level.connection_pool.as_ref(),
                load_balancer: level.load_balancer.as_ref(),
                outlier_detection: level.outlier_detection.as_ref(),
                tls: level.tls.as_ref(),
                ..EffectiveTrafficPolicy::default()
            };
            (own, true)
        }
        None => (EffectiveTrafficPolicy::from(policy), false),
    }
}

impl<'a> From<&'a TrafficPolicy> for EffectiveTrafficPolicy<'a> {
    fn from(policy: &'a TrafficPolicy) -> Self {
        let TrafficPolicy {
            load_balancer,
            connection_pool,
            outlier_detection,
            tls,
            port_level_settings: _,
            tunnel,
            proxy_protocol,
            retry_budget,
        } = policy;
        Self {
            connection_pool: connection_pool.as_ref(),
            load_balancer: load_balancer.as_ref(),
            outlier_detection: outlier_detection.as_ref(),
            tls: tls.as_ref(),
            tunnel: tunnel.as_ref(),
            proxy_protocol: proxy_protocol.as_ref(),
            retry_budget: retry_budget.as_ref(),
        }
    }
}

/// Returns `loadBalancer.simple`, unspecified where there is none.
pub(crate) fn simple_lb(load_balancer: Option<&LoadBalancerSettings>) -> LoadBalancerSettingsSimpleLb {
    match load_balancer.and_then(|lb| lb.lb_policy.as_ref()) {
        Some(LoadBalancerSettingsLbPolicy::Simple(simple)) => *simple,
        Some(LoadBalancerSettingsLbPolicy::ConsistentHash(_)) | None => LoadBalancerSettingsSimpleLb::Unspecified,
    }
}

/// Returns `loadBalancer.consistentHash`.
pub(crate) fn consistent_hash(
    load_balancer: Option<&LoadBalancerSettings>,
) -> Option<&LoadBalancerSettingsConsistentHashLb> {
    match load_balancer?.lb_policy.as_ref()? {
        LoadBalancerSettingsLbPolicy::ConsistentHash(hash) => Some(hash),
        LoadBalancerSettingsLbPolicy::Simple(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::istio::{PortSelector, TrafficPolicyPortTrafficPolicy};

    fn tls(sni: &str) -> ClientTlsSettings {
        ClientTlsSettings { sni: sni.to_owned(), ..ClientTlsSettings::default() }
    }

    fn policy(sni: Option<&str>, outlier: bool, port_level: Option<TrafficPolicyPortTrafficPolicy>) -> TrafficPolicy {
        TrafficPolicy {
            tls: sni.map(tls),
            outlier_detection: outlier.then(OutlierDetection::default),
            proxy_protocol: Some(TrafficPolicyProxyProtocol::default()),
            port_level_settings: port_level.into_iter().collect(),
            ..TrafficPolicy::default()
        }
    }

    fn level(port: u32, sni: Option<&str>) -> TrafficPolicyPortTrafficPolicy {
        TrafficPolicyPortTrafficPolicy {
            port: Some(PortSelector { number: port }),
            tls: sni.map(tls),
            ..TrafficPolicyPortTrafficPolicy::default()
        }
    }

    /// SNI, outlier detection, PROXY protocol.
    fn seen(policy: EffectiveTrafficPolicy<'_>) -> (Option<&str>, bool, bool) {
        (policy.tls.map(|t| t.sni.as_str()), policy.outlier_detection.is_some(), policy.proxy_protocol.is_some())
    }

    #[test]
    fn a_port_inherits_nothing() {
        let policy = policy(Some("all"), true, Some(level(80, Some("port"))));
        assert_eq!(seen(for_port(Some(&policy), 80)), (Some("port"), false, false));
        assert_eq!(seen(for_port(Some(&policy), 81)), (Some("all"), true, true));
        assert_eq!(seen(for_port(None, 80)), (None, false, false));
    }

    #[test]
    fn a_subset_replaces_blocks() {
        let rule = policy(Some("all"), true, None);
        let subset = TrafficPolicy { tls: Some(tls("subset")), ..TrafficPolicy::default() };
        assert_eq!(
            seen(for_subset(Some(&rule), Some(&subset), 80, Behaviours::default(), None)),
            (Some("subset"), true, true)
        );
        assert_eq!(seen(for_subset(Some(&rule), None, 80, Behaviours::default(), None)), (Some("all"), true, true));
        assert_eq!(
            seen(for_subset(None, Some(&subset), 80, Behaviours::default(), None)),
            (Some("subset"), false, false)
        );
    }

    #[test]
    fn a_port_of_a_subset_replaces_all_blocks_but_those_it_cannot_have() {
        let rule = policy(Some("all"), true, None);
        let subset = TrafficPolicy { port_level_settings: vec![level(80, None)], ..TrafficPolicy::default() };
        assert_eq!(seen(for_subset(Some(&rule), Some(&subset), 80, Behaviours::default(), None)), (None, false, true));
        assert_eq!(
            seen(for_subset(Some(&rule), Some(&subset), 81, Behaviours::default(), None)),
            (Some("all"), true, true)
        );
    }
}
