//! Priorities by labels that client and endpoint share.

use std::collections::BTreeMap;

use crate::translate::endpoint::failover;
use crate::translate::endpoint::locality::{LocalityEndpoint, LocalityEndpoints};

/// `localityLbSetting.failoverPriority`, `trafficDistribution` -> `LocalityLbEndpoints.priority`
///
/// The more of the labels, in order, an endpoint shares with the client, the higher its priority. Endpoints of one place with
/// different priorities are split.
///
/// istiod: `loadbalancer.go` `applyFailoverPriorities`
pub(super) fn by_priority<'m>(
    groups: Vec<LocalityEndpoints<'m>>,
    client_labels: &BTreeMap<String, String>,
    priority_labels: &[String],
) -> Vec<LocalityEndpoints<'m>> {
    let wanted = wanted(client_labels, priority_labels);
    let mut split: Vec<LocalityEndpoints<'m>> = groups.into_iter().flat_map(|group| split(group, &wanted)).collect();
    let priorities: Vec<u32> = split.iter().map(|group| group.priority).collect();
    for (group, priority) in split.iter_mut().zip(failover::consecutive(&priorities)) {
        group.priority = priority;
    }
    split
}

/// The labels with the values that an endpoint should have: the client's own, or those that stand in the setting (`key=value`).
///
/// A value for a label counts wherever the label is named. istiod: `priorityLabelOverrides`.
fn wanted<'a>(client_labels: &'a BTreeMap<String, String>, priority_labels: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let parse = |text: &'a String| {
        let mut parts = text.split('=');
        let key = parts.next().unwrap_or_default();
        let value = parts.next().filter(|_| parts.next().is_none());
        (key, value)
    };
    let overrides: BTreeMap<&str, &str> =
        priority_labels.iter().filter_map(|text| parse(text).1.map(|value| (parse(text).0, value))).collect();
    let own = |key: &str| client_labels.get(key).map_or("", String::as_str);
    let key = |text: &'a String| parse(text).0;
    priority_labels.iter().map(key).map(|key| (key, overrides.get(key).copied().unwrap_or_else(|| own(key)))).collect()
}

/// Splits the endpoints of a place by priority. istiod: `applyFailoverPriorityPerLocality`.
fn split<'m>(group: LocalityEndpoints<'m>, wanted: &[(&str, &str)]) -> Vec<LocalityEndpoints<'m>> {
    let mut by_priority: BTreeMap<usize, Vec<LocalityEndpoint<'m>>> = BTreeMap::new();
    for endpoint in group.endpoints {
        let value = |key: &str| endpoint.labels.get(key).map_or("", String::as_str);
        let shared = wanted.iter().take_while(|(key, wanted)| value(key) == *wanted).count();
        by_priority.entry(wanted.len() - shared).or_default().push(endpoint);
    }
    let locality = group.locality;
    by_priority
        .into_iter()
        .map(|(priority, endpoints)| LocalityEndpoints {
            locality: locality.clone(),
            weight: Some(endpoints.iter().map(LocalityEndpoint::weight).fold(0, u32::wrapping_add)),
            endpoints,
            priority: u32::try_from(priority).unwrap_or(u32::MAX),
        })
        .collect()
}
