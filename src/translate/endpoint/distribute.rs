//! Weights by place.

use crate::envoy::LocalityLbEndpoints;
use crate::model::istio::LocalityLoadBalancerSettingDistribute;
use crate::proxy::Locality;
use crate::translate::endpoint::locality;

/// `localityLbSetting.distribute` -> `LocalityLbEndpoints.load_balancing_weight`
///
/// The first entry whose `from` is the client's place divides its percentages among the places in `to`, each by the weights of
/// its endpoints. Places that it does not name lose their endpoints.
///
/// istiod: `loadbalancer.go` `applyLocalityWeights`, which takes the entries of `to` in no fixed order; here it is theirs as text
pub(super) fn distribute(
    mut groups: Vec<LocalityLbEndpoints>,
    client: &Locality,
    distribute: &[LocalityLoadBalancerSettingDistribute],
) -> Vec<LocalityLbEndpoints> {
    let from = (client.region.as_str(), client.zone.as_str(), client.sub_zone.as_str());
    let Some(entry) = distribute.iter().find(|entry| locality::matches(from, &entry.from)) else { return groups };
    let mut unmatched: Vec<usize> = (0..groups.len()).collect();
    for (to, percent) in &entry.to {
        let (matched, rest) = unmatched.into_iter().partition::<Vec<_>, _>(|&index| is_in(&groups[index], to));
        unmatched = rest;
        let weight = |index: &usize| groups[*index].load_balancing_weight.unwrap_or(1);
        let weights: Vec<(usize, u32)> = matched.iter().map(|index| (*index, weight(index))).collect();
        let total = weights.iter().fold(0u32, |sum, (_, weight)| sum.wrapping_add(*weight));
        for (index, weight) in weights {
            groups[index].load_balancing_weight =
                share(weight, *percent, total).or(groups[index].load_balancing_weight);
        }
    }
    for index in unmatched {
        groups[index].lb_endpoints = Vec::new();
    }
    groups
}

fn is_in(group: &LocalityLbEndpoints, rule: &str) -> bool {
    let place = group.locality.as_ref();
    let place = place.map(|p| (p.region.as_str(), p.zone.as_str(), p.sub_zone.as_str()));
    locality::matches(place.unwrap_or_default(), rule)
}

/// Returns what a group gets of the percentage, rounded up; none if that is nothing.
fn share(weight: u32, percent: u32, total: u32) -> Option<u32> {
    if total == 0 {
        return None;
    }
    Some(weight.wrapping_mul(percent).div_ceil(total)).filter(|&share| share > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envoy::{self, LbEndpoint};

    #[test]
    fn percentages_are_divided_by_weight() {
        let group = |text: &str, weight| LocalityLbEndpoints {
            locality: Some(locality::locality(text)),
            lb_endpoints: vec![LbEndpoint::default()],
            load_balancing_weight: Some(weight),
            ..LocalityLbEndpoints::default()
        };
        let client = Locality { region: "eu".to_owned(), zone: "a".to_owned(), sub_zone: String::new() };
        let to = [("eu/a/*".to_owned(), 70), ("us".to_owned(), 30)].into();
        let setting = [LocalityLoadBalancerSettingDistribute { from: "eu/*".to_owned(), to }];
        let groups = vec![group("eu/a", 2), group("eu/b", 2), group("us/a", 1), group("us/b", 3)];
        let seen: Vec<_> = distribute(groups, &client, &setting)
            .iter()
            .map(|g: &envoy::LocalityLbEndpoints| (g.load_balancing_weight, g.lb_endpoints.len()))
            .collect();
        assert_eq!(seen, [(Some(70), 1), (Some(2), 0), (Some(8), 1), (Some(23), 1)]);
    }
}
