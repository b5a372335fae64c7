//! `mirror`, `mirrors`: copies of requests whose answers are thrown away.

use crate::envoy::{FractionalPercent, RouteActionRequestMirrorPolicy};
use crate::installation::Features;
use crate::model::istio::{Destination, HttpMirrorPolicy, HttpRoute, Percent};
use crate::translate::route::percent::{always, fractional_percent, integer_percent};

/// `VirtualService.http[].mirror`, `mirrors` -> `RouteAction.request_mirror_policies`
///
/// One with an explicit percentage of zero is left out. The cluster of a destination is what `cluster` says.
///
/// istiod: `route.go` `applyHTTPRouteDestination`, `TranslateRequestMirrorPolicy`
pub(super) fn request_mirror_policies(
    features: &Features,
    route: &HttpRoute,
    cluster: impl Fn(&Destination) -> String,
) -> Vec<RouteActionRequestMirrorPolicy> {
    let mirror = route.mirror.as_ref().map(|d| (Some(d), mirror_percent(route)));
    let mirrors =
        route.mirrors.iter().map(|m: &HttpMirrorPolicy| (m.destination.as_ref(), percentage(m.percentage.as_ref())));
    mirror
        .into_iter()
        .chain(mirrors)
        .filter_map(|(destination, percent)| {
            Some(RouteActionRequestMirrorPolicy {
                cluster: cluster(destination?),
                runtime_fraction: Some(always(percent?)),
                trace_sampled: Some(false),
                disable_shadow_host_suffix_append: features.disable_shadow_host_suffix,
                ..RouteActionRequestMirrorPolicy::default()
            })
        })
        .collect()
}

/// `mirrorPercentage`, `mirrorPercent` -> `RequestMirrorPolicy.runtime_fraction`
///
/// istiod: `route.go` `MirrorPercent`
fn mirror_percent(route: &HttpRoute) -> Option<FractionalPercent> {
    match (&route.mirror_percentage, route.mirror_percent) {
        (Some(percent), _) => percentage(Some(percent)),
        (None, Some(percent)) => (percent > 0).then(|| integer_percent(percent)),
        (None, None) => percentage(None),
    }
}

/// Returns all if nothing is said, and nothing for zero. istiod: `route.go` `MirrorPercentByPolicy`.
fn percentage(percent: Option<&Percent>) -> Option<FractionalPercent> {
    match percent {
        Some(percent) => (percent.value > 0.0).then(|| fractional_percent(percent)),
        None => Some(integer_percent(100)),
    }
}
