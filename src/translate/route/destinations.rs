//! `http[].route`: where the requests go.
//!
//! istiod: `route.go` `processDestination`, `processWeightedDestination`

use crate::envoy::{
    RouteActionClusterSpecifier, RouteActionHashPolicy, WeightedCluster, WeightedClusterClusterWeight,
    WeightedClusterClusterWeightHostRewriteSpecifier,
};
use crate::model::istio::{Destination, HttpRouteDestination};
use crate::translate::route::hash_policy;
use crate::translate::route::headers::{HeaderOperations, header_operations};
use crate::translate::route::virtual_service::HttpRouteOptions;

/// What the destinations of a route give to the route and its action.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Destinations {
    /// One cluster, or several with weights.
    pub(super) cluster_specifier: Option<RouteActionClusterSpecifier>,
    /// The headers of the only destination; several keep theirs.
    pub(super) headers: HeaderOperations,
    /// What is hashed, for each destination that asks for it.
    pub(super) hash_policy: Vec<RouteActionHashPolicy>,
    /// Whether there is one destination, and it asks for a consistent hash.
    pub(super) consistent_hash: bool,
}

/// `http[].route` -> `RouteAction.cluster` or `weighted_clusters`, `hash_policy`, and the headers of the only destination
///
/// Of several destinations those with weight zero are left out.
pub(super) fn destinations(options: &HttpRouteOptions<'_>, destinations: &[HttpRouteDestination]) -> Destinations {
    let hash = |d: &HttpRouteDestination| hash_policy::for_destination(options.view, d.destination.as_ref()?);
    if let [only] = destinations {
        let hash = hash(only);
        return Destinations {
            cluster_specifier: Some(RouteActionClusterSpecifier::Cluster(cluster(options, only))),
            headers: header_operations(only.headers.as_ref()),
            hash_policy: hash.and_then(hash_policy::hash_policy).into_iter().collect(),
            consistent_hash: hash.is_some(),
        };
    }
    let weighted: Vec<_> = destinations.iter().filter(|d| d.weight != 0).collect();
    let clusters = weighted.iter().map(|d| cluster_weight(options, d)).collect();
    let specifier =
        RouteActionClusterSpecifier::WeightedClusters(WeightedCluster { clusters, ..WeightedCluster::default() });
    Destinations {
        cluster_specifier: Some(specifier),
        headers: HeaderOperations::default(),
        hash_policy: weighted.iter().filter_map(|d| hash(d)).filter_map(hash_policy::hash_policy).collect(),
        consistent_hash: false,
    }
}

fn cluster(options: &HttpRouteOptions<'_>, destination: &HttpRouteDestination) -> String {
    let unset = Destination::default();
    options.cluster(destination.destination.as_ref().unwrap_or(&unset))
}

/// `http[].route[]` -> `WeightedCluster.clusters[]`
#[expect(clippy::cast_sign_loss, reason = "istiod casts too, and validation refuses what is below zero")]
fn cluster_weight(options: &HttpRouteOptions<'_>, destination: &HttpRouteDestination) -> WeightedClusterClusterWeight {
    let headers = header_operations(destination.headers.as_ref());
    WeightedClusterClusterWeight {
        name: cluster(options, destination),
        weight: Some(destination.weight as u32),
        request_headers_to_add: headers.request_headers_to_add,
        request_headers_to_remove: headers.request_headers_to_remove,
        response_headers_to_add: headers.response_headers_to_add,
        response_headers_to_remove: headers.response_headers_to_remove,
        host_rewrite_specifier: headers
            .authority
            .map(WeightedClusterClusterWeightHostRewriteSpecifier::HostRewriteLiteral),
        ..WeightedClusterClusterWeight::default()
    }
}
