//! Priorities by place: requests go elsewhere only when what is near has failed.

use std::collections::BTreeSet;

use crate::envoy::{self, LocalityLbEndpoints};
use crate::model::istio::LocalityLoadBalancerSettingFailover;
use crate::proxy::Locality;

/// Each priority by labels has room for this many by place.
const PRIORITIES: u32 = 5;

/// `localityLbSetting.failover` -> `LocalityLbEndpoints.priority`
///
/// The same sub-zone, zone, region, then others, and last other regions that the setting does not name for the client's. Priorities
/// that are there already come first. Numbers are made consecutive.
///
/// istiod: `loadbalancer.go` `applyLocalityFailover`
pub(super) fn failover(
    mut groups: Vec<LocalityLbEndpoints>,
    client: &Locality,
    failover: &[LocalityLoadBalancerSettingFailover],
) -> Vec<LocalityLbEndpoints> {
    let elsewhere = envoy::Locality::default();
    let to = failover.iter().find(|setting| setting.from == client.region).map(|setting| setting.to.as_str());
    for group in &mut groups {
        let place = group.locality.as_ref().unwrap_or(&elsewhere);
        let by_place = match distance(client, place) {
            3 if to.is_some_and(|to| to != place.region) => 4,
            distance => distance,
        };
        group.priority = group.priority.saturating_mul(PRIORITIES).saturating_add(by_place);
    }
    let priorities: Vec<u32> = groups.iter().map(|group| group.priority).collect();
    for (group, priority) in groups.iter_mut().zip(consecutive(&priorities)) {
        group.priority = priority;
    }
    groups
}

/// Renumbers priorities from 0 without gaps. istiod does so in both kinds of failover.
pub(super) fn consecutive(priorities: &[u32]) -> Vec<u32> {
    let distinct: BTreeSet<u32> = priorities.iter().copied().collect();
    let rank = |priority: &u32| u32::try_from(distinct.range(..priority).count()).unwrap_or(u32::MAX);
    priorities.iter().map(rank).collect()
}

/// How far a place is. istiod: `util.go` `LbPriority`.
fn distance(client: &Locality, place: &envoy::Locality) -> u32 {
    if client.region != place.region {
        3
    } else if client.zone != place.zone {
        2
    } else {
        u32::from(client.sub_zone != place.sub_zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(region: &str, zone: &str, priority: u32) -> LocalityLbEndpoints {
        let locality =
            envoy::Locality { region: region.to_owned(), zone: zone.to_owned(), ..envoy::Locality::default() };
        LocalityLbEndpoints { locality: Some(locality), priority, ..LocalityLbEndpoints::default() }
    }

    fn priorities(groups: Vec<LocalityLbEndpoints>, setting: &[(&str, &str)]) -> Vec<u32> {
        let client = Locality { region: "eu".to_owned(), zone: "a".to_owned(), sub_zone: String::new() };
        let setting: Vec<_> = setting
            .iter()
            .map(|(from, to)| LocalityLoadBalancerSettingFailover { from: (*from).to_owned(), to: (*to).to_owned() })
            .collect();
        failover(groups, &client, &setting).iter().map(|g| g.priority).collect()
    }

    #[test]
    fn near_comes_first_without_gaps() {
        let groups = || vec![group("us", "a", 0), group("eu", "a", 0), group("asia", "a", 0)];
        assert_eq!(priorities(groups(), &[]), [1, 0, 1]);
        assert_eq!(priorities(groups(), &[("eu", "asia")]), [2, 0, 1]);
        assert_eq!(priorities(groups(), &[("us", "asia")]), [1, 0, 1]);
    }

    #[test]
    fn priorities_by_labels_come_before_places() {
        assert_eq!(priorities(vec![group("us", "a", 0), group("eu", "a", 1)], &[]), [0, 1]);
    }
}
