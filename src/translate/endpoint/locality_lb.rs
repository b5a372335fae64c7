//! Load balancing by place: what is in force, and its effect on the endpoints.

use std::borrow::Cow;

use crate::envoy::LocalityLbEndpoints;
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::service::{Service, TrafficDistribution};
use crate::model::istio::LocalityLoadBalancerSetting;
use crate::proxy::Client;
use crate::translate::endpoint::failover_priority::ByNetwork;
use crate::translate::endpoint::locality::LocalityEndpoints;
use crate::translate::endpoint::{distribute, failover, failover_priority};
use crate::translate::traffic_policy::EffectiveTrafficPolicy;

/// The labels by which `trafficDistribution: PreferSameZone` prefers endpoints.
const SAME_ZONE: [&str; 3] =
    ["topology.istio.io/network", "topology.kubernetes.io/region", "topology.kubernetes.io/zone"];
/// Those that `PreferSameNode` adds.
const SAME_NODE: [&str; 2] = ["topology.istio.io/subzone", "kubernetes.io/hostname"];

/// The setting in force for a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LocalityLb<'a> {
    /// The setting.
    pub(crate) setting: Cow<'a, LocalityLoadBalancerSetting>,
    /// Whether failover can happen: with outlier detection, or endpoints that are sent with their health.
    pub(crate) failover: bool,
    /// What the network means to failover by labels.
    by_network: ByNetwork,
}

/// For which groups of endpoints their labels are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    /// For all.
    All,
    /// For the first, which is then the only one that failover by labels keeps: a DNS cluster was thought to have one place.
    First,
    /// For none: failover by labels does nothing.
    None,
}

impl<'a> LocalityLb<'a> {
    /// `DestinationRule.trafficPolicy.loadBalancer.localityLbSetting`, `trafficDistribution`, `MeshConfig.localityLbSetting`, the
    /// first that is there; none if that is switched off.
    ///
    /// istiod: `loadbalancer.go` `GetLocalityLbSetting`
    pub(crate) fn new(mesh: &'a Mesh, service: &Service, policy: &EffectiveTrafficPolicy<'a>) -> Option<Self> {
        let by_network = if mesh.does(Behaviour::PrefersNetworksInFailoverPriority) {
            ByNetwork::Preferred
        } else {
            ByNetwork::Required
        };
        let with = |setting, failover| Self { setting, failover, by_network };
        let outlier_detection = policy.outlier_detection.is_some();
        let by_rule = policy.load_balancer.and_then(|lb| lb.locality_lb_setting.as_ref());
        if let Some(setting) = by_rule {
            return enabled(setting).then(|| with(Cow::Borrowed(setting), outlier_detection));
        }
        if let Some(setting) = traffic_distribution(service.traffic_distribution) {
            return Some(with(Cow::Owned(setting), true));
        }
        let setting = mesh.config.locality_lb_setting.as_ref().filter(|setting| enabled(setting))?;
        Some(with(Cow::Borrowed(setting), outlier_detection))
    }

    /// Sets weights or priorities. istiod: `loadbalancer.go` `ApplyLocalityLoadBalancer`.
    pub(super) fn apply(
        &self,
        groups: Vec<LocalityEndpoints<'_>>,
        client: &Client,
        labels: Labels,
    ) -> Vec<LocalityLbEndpoints> {
        let LocalityLoadBalancerSetting { distribute, failover, failover_priority, enabled: _ } = self.setting.as_ref();
        let to_envoy =
            |groups: Vec<LocalityEndpoints<'_>>| groups.into_iter().map(LocalityEndpoints::into_envoy).collect();
        if !distribute.is_empty() {
            return distribute::distribute(to_envoy(groups), &client.locality, distribute);
        }
        if !self.failover {
            return to_envoy(groups);
        }
        if failover_priority.is_empty() {
            return failover::failover(to_envoy(groups), &client.locality, failover);
        }
        let by_labels = match labels {
            Labels::All => failover_priority::by_priority(groups, &client.labels, failover_priority, self.by_network),
            Labels::First => {
                let first = groups.into_iter().take(1).collect();
                failover_priority::by_priority(first, &client.labels, failover_priority, self.by_network)
            }
            Labels::None => groups,
        };
        if failover.is_empty() {
            return to_envoy(by_labels);
        }
        failover::failover(to_envoy(by_labels), &client.locality, failover)
    }
}

fn enabled(setting: &LocalityLoadBalancerSetting) -> bool {
    setting.enabled != Some(false)
}

/// `trafficDistribution` -> failover by labels
fn traffic_distribution(distribution: TrafficDistribution) -> Option<LocalityLoadBalancerSetting> {
    let node: &[&str] = match distribution {
        TrafficDistribution::Any => return None,
        TrafficDistribution::PreferSameZone => &[],
        TrafficDistribution::PreferSameNode => &SAME_NODE,
    };
    Some(LocalityLoadBalancerSetting {
        failover_priority: SAME_ZONE.iter().chain(node).map(ToString::to_string).collect(),
        enabled: Some(true),
        ..LocalityLoadBalancerSetting::default()
    })
}
