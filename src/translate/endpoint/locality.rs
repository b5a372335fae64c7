//! Endpoints by the place in which they run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::envoy::{LbEndpoint, Locality, LocalityLbEndpoints};
use crate::mesh::endpoint::Endpoint;

/// The endpoints of one place, each with what later steps ask about it.
#[derive(Debug, Clone)]
pub(super) struct LocalityEndpoints<'m> {
    pub(super) locality: Locality,
    pub(super) endpoints: Vec<LocalityEndpoint<'m>>,
    /// The sum of the weights; none where no endpoint was left.
    pub(super) weight: Option<u32>,
    pub(super) priority: u32,
}

/// One endpoint.
#[derive(Debug, Clone)]
pub(super) struct LocalityEndpoint<'m> {
    /// What it stands for; none for a gateway.
    pub(super) endpoint: Option<&'m Endpoint>,
    /// What failover by labels looks at.
    pub(super) labels: Cow<'m, BTreeMap<String, String>>,
    pub(super) lb_endpoint: LbEndpoint,
}

/// Groups endpoints by their locality as text, in its order. Weights are added up.
///
/// istiod: `endpoint_builder.go` `generate`
pub(super) fn by_locality<'m>(
    endpoints: impl Iterator<Item = (&'m Endpoint, LbEndpoint)>,
) -> Vec<LocalityEndpoints<'m>> {
    let mut groups: BTreeMap<&str, Vec<LocalityEndpoint<'m>>> = BTreeMap::new();
    for (endpoint, lb_endpoint) in endpoints {
        groups.entry(&endpoint.locality).or_default().push(LocalityEndpoint {
            endpoint: Some(endpoint),
            labels: Cow::Borrowed(&endpoint.labels),
            lb_endpoint,
        });
    }
    groups
        .into_iter()
        .map(|(text, endpoints)| LocalityEndpoints {
            locality: locality(text),
            weight: Some(endpoints.iter().map(LocalityEndpoint::weight).fold(0, u32::saturating_add)),
            endpoints,
            priority: 0,
        })
        .collect()
}

impl LocalityEndpoint<'_> {
    /// Its weight.
    pub(super) fn weight(&self) -> u32 {
        self.lb_endpoint.load_balancing_weight.unwrap_or_default()
    }
}

impl LocalityEndpoints<'_> {
    /// Writes the group as Envoy's message.
    pub(super) fn into_envoy(self) -> LocalityLbEndpoints {
        LocalityLbEndpoints {
            locality: Some(self.locality),
            lb_endpoints: self.endpoints.into_iter().map(|endpoint| endpoint.lb_endpoint).collect(),
            load_balancing_weight: self.weight,
            priority: self.priority,
            ..LocalityLbEndpoints::default()
        }
    }
}

/// Returns the sum of weights after endpoints were left out or replaced. istiod: `refreshWeight`.
pub(super) fn refreshed_weight(endpoints: &[LocalityEndpoint<'_>]) -> Option<u32> {
    (!endpoints.is_empty()).then(|| endpoints.iter().map(LocalityEndpoint::weight).fold(0, u32::wrapping_add))
}

/// Reads `region/zone/subzone`. istiod: `pkg/model` `ConvertLocality`.
pub(super) fn locality(text: &str) -> Locality {
    let (region, zone, sub_zone) = split(text);
    Locality { region: region.to_owned(), zone: zone.to_owned(), sub_zone: sub_zone.to_owned() }
}

/// Says whether a place is one that a rule names: `region`, `region/zone`, `region/*` and so on.
///
/// istiod: `util.go` `LocalityMatch`
pub(super) fn matches(place: (&str, &str, &str), rule: &str) -> bool {
    let (region, zone, sub_zone) = split(rule);
    (region == "*" || region == place.0)
        && (zone == "*" || zone.is_empty() || zone == place.1)
        && (sub_zone == "*" || sub_zone.is_empty() || sub_zone == place.2)
}

/// istiod: `serviceregistry/util/label` `SplitLocalityLabel`
fn split(text: &str) -> (&str, &str, &str) {
    let mut parts = text.split('/');
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}
