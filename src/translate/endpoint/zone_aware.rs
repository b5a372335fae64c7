//! Priorities by region, within which Envoy balances by zone.

use crate::envoy::LocalityLbEndpoints;
use crate::model::istio::ZoneAwareLoadBalancerSettingFailover;
use crate::translate::endpoint::failover::consecutive;

/// Each priority by labels has room for this many by region.
const PRIORITIES: u32 = 3;

/// `zoneAwareLbSetting.failover` -> `LocalityLbEndpoints.priority`
///
/// The client's region, then the one that the setting names for it, then all others. Priorities that are there already come first.
/// Numbers are made consecutive.
///
/// istiod: `loadbalancer.go` `applyZoneAwareRegionalFailover`
pub(super) fn failover(
    mut groups: Vec<LocalityLbEndpoints>,
    client_region: &str,
    failover: &[ZoneAwareLoadBalancerSettingFailover],
) -> Vec<LocalityLbEndpoints> {
    let to = failover.iter().find(|setting| setting.from == client_region).map(|setting| setting.to.as_str());
    for group in &mut groups {
        let region = group.locality.as_ref().map_or("", |locality| locality.region.as_str());
        let by_region = match region {
            region if region == client_region => 0,
            region if to == Some(region) => 1,
            _ => 2,
        };
        group.priority = group.priority.saturating_mul(PRIORITIES).saturating_add(by_region);
    }
    let priorities: Vec<u32> = groups.iter().map(|group| group.priority).collect();
    for (group, priority) in groups.iter_mut().zip(consecutive(&priorities)) {
        group.priority = priority;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envoy::Locality;

    #[test]
    fn regions_follow_one_another() {
        let group = |region: &str| LocalityLbEndpoints {
            locality: Some(Locality { region: region.to_owned(), ..Locality::default() }),
            ..LocalityLbEndpoints::default()
        };
        let priorities = |setting: &[(&str, &str)]| -> Vec<u32> {
            let setting: Vec<_> = setting
                .iter()
                .map(|(from, to)| ZoneAwareLoadBalancerSettingFailover {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                })
                .collect();
            let groups = failover(vec![group("us"), group("eu"), group("asia")], "eu", &setting);
            groups.iter().map(|group| group.priority).collect()
        };
        assert_eq!(priorities(&[]), [1, 0, 1]);
        assert_eq!(priorities(&[("eu", "asia")]), [2, 0, 1]);
        assert_eq!(priorities(&[("us", "asia")]), [1, 0, 1]);
    }
}
