//! Clusters (CDS): where requests can go.
//!
//! ```text
//! service x port ──▶ upstream ──▶ Cluster "outbound|9080||reviews.."        one rule, one field: see `outbound::cluster`
//!            └ subsets ──▶       Cluster "outbound|9080|v1|reviews.."
//! service target, Sidecar.ingress ──▶ Cluster "inbound|9080||"
//! always                          ──▶ BlackHoleCluster, PassthroughCluster, InboundPassthroughCluster
//! ```
//!
//! istiod: `pilot/pkg/networking/core/cluster.go` `BuildClusters`

mod alt_stat_name;
mod built_in;
mod circuit_breakers;
mod common_lb_config;
mod connection_pool;
mod discovery_type;
mod dns;
mod dynamic_forward_proxy;
mod http_protocol_options;
mod inbound;
mod ingress;
mod lb_config;
mod lb_policy;
mod metadata;
mod metadata_exchange;
mod outbound;
mod outlier_detection;
mod sds_external;
mod sni_dnat;
mod tls;
mod upstream;
mod upstream_bind_config;
mod upstream_protocol;

use std::collections::BTreeSet;

use crate::envoy::Cluster;
use crate::proxy::{ProxyKind, ProxyView};

pub(crate) use outbound::outbound;
pub(crate) use sni_dnat::sni_dnat;

/// Builds all clusters of a proxy but those of [`outbound`]: its own ports, and what every proxy of its kind has.
///
/// Of several with one name only the first stays. A router's clusters for `AUTO_PASSTHROUGH` are made by [`sni_dnat`].
///
/// istiod: `cluster.go` `buildClusters`
pub(crate) fn inbound(view: &ProxyView<'_>) -> Vec<Cluster> {
    let outbound = &view.outbound;
    let mut clusters = vec![built_in::black_hole(outbound)];
    match outbound.client.kind {
        ProxyKind::Sidecar => {
            clusters.push(built_in::passthrough(outbound));
            clusters.extend(inbound::inbound(view));
            clusters.push(built_in::inbound_passthrough(outbound));
        }
        ProxyKind::Router => {
            if view.merged_gateway().is_some_and(|gateway| gateway.contains_auto_passthrough) {
                clusters.extend(sni_dnat(outbound));
            }
        }
    }
    clusters.extend(sds_external::sds_external(outbound));
    let mut names = BTreeSet::new();
    clusters.retain(|cluster| names.insert(cluster.name.clone()));
    clusters
}
