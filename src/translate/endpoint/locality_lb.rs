//! Load balancing by place: what is in force, and its effect on the endpoints.

use std::borrow::Cow;

use crate::envoy::LocalityLbEndpoints;
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::service::{Service, TrafficDistribution};
use crate::model::istio::{LocalityLoadBalancerSetting, ZoneAwareLoadBalancerSetting};
use crate::proxy::{Client, ProxyKind};
use crate::translate::endpoint::failover_priority::ByNetwork;
use crate::translate::endpoint::locality::LocalityEndpoints;
use crate::translate::endpoint::{distribute, failover, failover_priority, zone_aware};
use crate::translate::traffic_policy::EffectiveTrafficPolicy;

/// The labels by which `trafficDistribution: PreferSameZone` prefers endpoints.
const SAME_ZONE: [&str; 3] =
    ["topology.istio.io/network", "topology.kubernetes.io/region", "topology.kubernetes.io/zone"];
/// Those that `PreferSameNode` adds.
const SAME_NODE: [&str; 2] = ["topology.istio.io/subzone", "kubernetes.io/hostname"];

/// What is in force for a service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Placement<'a> {
    /// Localities by weight or by priority.
    Locality(LocalityLb<'a>),
    /// Zones of the client's region alike, other regions behind them.
    ZoneAware(ZoneAwareLb<'a>),
}

/// Load balancing by zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ZoneAwareLb<'a> {
    /// The setting.
    pub(crate) setting: &'a ZoneAwareLoadBalancerSetting,
    /// What the network means to failover by labels.
    by_network: ByNetwork,
}

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

impl<'a> Placement<'a> {
    /// `zoneAwareLbSetting` and `localityLbSetting` of the DestinationRule, `trafficDistribution`, the same settings of the mesh config:
    /// the first that is there; none if that is a `localityLbSetting` that is switched off.
    ///
    /// istiod: `loadbalancer.go` `GetEffectiveLbSetting`, before 1.31 `GetLocalityLbSetting`
    pub(crate) fn new(mesh: &'a Mesh, service: &Service, policy: &EffectiveTrafficPolicy<'a>) -> Option<Self> {
        let by_network = if mesh.does(Behaviour::PrefersNetworksInFailoverPriority) {
            ByNetwork::Preferred
        } else {
            ByNetwork::Required
        };
        let with = |setting, failover| Self::Locality(LocalityLb { setting, failover, by_network });
        let zone_aware = |setting| Self::ZoneAware(ZoneAwareLb { setting, by_network });
        let outlier_detection = policy.outlier_detection.is_some();
        if let Some(setting) = policy.load_balancer.and_then(|lb| lb.zone_aware_lb_setting.as_ref()) {
            return Some(zone_aware(setting));
        }
        let by_rule = policy.load_balancer.and_then(|lb| lb.locality_lb_setting.as_ref());
        if let Some(setting) = by_rule {
            return enabled(setting).then(|| with(Cow::Borrowed(setting), outlier_detection));
        }
        if let Some(setting) = traffic_distribution(service.traffic_distribution) {
            return Some(with(Cow::Owned(setting), true));
        }
        if let Some(setting) = &mesh.config.zone_aware_lb_setting {
            return Some(zone_aware(setting));
        }
        let setting = mesh.config.locality_lb_setting.as_ref().filter(|setting| enabled(setting))?;
        Some(with(Cow::Borrowed(setting), outlier_detection))
    }

    /// The labels of failover that are in force; empty for none.
    pub(crate) fn failover_labels(&self) -> &[String] {
        match self {
            Self::Locality(locality) if locality.failover && locality.setting.distribute.is_empty() => {
                &locality.setting.failover_priority
            }
            Self::Locality(_) => &[],
            Self::ZoneAware(zones) => {
                if zones.is_enabled() {
                    &zones.setting.failover_priority
                } else {
                    &[]
                }
            }
        }
    }

    /// Sets weights or priorities.
    pub(super) fn apply(
        &self,
        groups: Vec<LocalityEndpoints<'_>>,
        client: &Client,
        labels: Labels,
    ) -> Vec<LocalityLbEndpoints> {
        match self {
            Self::Locality(locality) => locality.apply(groups, client, labels),
            Self::ZoneAware(zones) => zones.apply(groups, client, labels),
        }
    }
}

impl ZoneAwareLb<'_> {
    /// Says whether zones count; if not, it keeps Envoy from balancing by zones at all.
    pub(crate) fn is_enabled(&self) -> bool {
        self.setting.enabled != Some(false)
    }

    /// Sets priorities; a waypoint does not know its own zone well enough. istiod: `loadbalancer.go` `ApplyZoneAwareLoadBalancer`
    fn apply(&self, groups: Vec<LocalityEndpoints<'_>>, client: &Client, labels: Labels) -> Vec<LocalityLbEndpoints> {
        if !self.is_enabled() || client.kind == ProxyKind::Waypoint {
            return groups.into_iter().map(LocalityEndpoints::into_envoy).collect();
        }
        let groups = by_labels(groups, client, &self.setting.failover_priority, labels, self.by_network);
        let groups = groups.into_iter().map(LocalityEndpoints::into_envoy).collect();
        zone_aware::failover(groups, &client.locality.region, &self.setting.failover)
    }
}

/// Sets priorities by labels, if there are any.
fn by_labels<'m>(
    groups: Vec<LocalityEndpoints<'m>>,
    client: &Client,
    priority_labels: &[String],
    labels: Labels,
    by_network: ByNetwork,
) -> Vec<LocalityEndpoints<'m>> {
    let groups = match labels {
        _ if priority_labels.is_empty() => return groups,
        Labels::All => groups,
        Labels::First => groups.into_iter().take(1).collect(),
        Labels::None => return groups,
    };
    failover_priority::by_priority(groups, &client.labels, priority_labels, by_network)
}

impl LocalityLb<'_> {
    /// Sets weights or priorities. istiod: `loadbalancer.go` `ApplyLocalityLoadBalancer`.
    fn apply(&self, groups: Vec<LocalityEndpoints<'_>>, client: &Client, labels: Labels) -> Vec<LocalityLbEndpoints> {
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
        let by_labels = by_labels(groups, client, failover_priority, labels, self.by_network);
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
