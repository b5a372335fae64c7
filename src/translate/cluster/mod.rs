//! Clusters (CDS): where requests can go.
//!
//! ```text
//! service x port ──▶ upstream ──▶ Cluster "outbound|9080||reviews.."        one rule, one field: see `outbound::cluster`
//!            └ subsets ──▶       Cluster "outbound|9080|v1|reviews.."
//! service target, Sidecar.ingress ──▶ Cluster "inbound|9080||"
//! service of a waypoint           ──▶ Cluster "inbound-vip|9080|http|reviews.."   and the tunnels: `waypoint`, `hbone`
//! always                          ──▶ BlackHoleCluster, PassthroughCluster, InboundPassthroughCluster
//! ALLOW_ANY_DYNAMIC_DNS           ──▶ AllowAnyDynamicDNSCluster
//! ```
//!
//! istiod: `pilot/pkg/networking/core/cluster.go` `BuildClusters`

mod allow_any_dynamic_dns;
mod alt_stat_name;
mod baggage;
mod built_in;
mod circuit_breakers;
mod common_lb_config;
mod connection_pool;
mod discovery_type;
mod dns;
mod dynamic_forward_proxy;
mod hbone;
mod http_protocol_options;
mod inbound;
mod inbound_vip;
mod ingress;
mod internal_upstream;
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
mod waypoint;

use crate::envoy::Cluster;
use crate::proxy::{ProxyKind, ProxyView};

pub(crate) use outbound::outbound;
pub(crate) use sni_dnat::sni_dnat;

/// The clusters of a proxy but those of [`outbound`], by the side on which EnvoyFilters find them.
#[derive(Debug, Default)]
pub(crate) struct OwnClusters {
    /// Of a router, all that are patched.
    pub(crate) outbound: Vec<Cluster>,
    /// Each with the hosts of its services.
    pub(crate) inbound: Vec<(Cluster, Vec<String>)>,
    /// Those that no patch is for.
    pub(crate) unpatched: Vec<Cluster>,
}

/// Builds all clusters of a proxy but those of [`outbound`]: its own ports, and what every proxy of its kind has.
///
/// A router's clusters for `AUTO_PASSTHROUGH` are made by [`sni_dnat`].
///
/// istiod: `cluster.go` `buildClusters`
pub(crate) fn own(view: &ProxyView<'_>) -> OwnClusters {
    let outbound = &view.outbound;
    let sds_external = sds_external::sds_external(outbound);
    let mut clusters = OwnClusters::default();
    match outbound.client.kind {
        ProxyKind::Sidecar => {
            clusters.outbound = vec![built_in::black_hole(outbound), built_in::passthrough(outbound)];
            clusters.outbound.extend(allow_any_dynamic_dns::cluster(outbound));
            clusters.inbound = inbound::inbound(view);
            clusters.inbound.push((built_in::inbound_passthrough(outbound), Vec::new()));
            clusters.unpatched.extend(view.listens_to_hbone().then(|| waypoint::main_internal(view)));
            clusters.unpatched.extend(hbone::of_client(view));
        }
        ProxyKind::Router => {
            clusters.outbound = vec![built_in::black_hole(outbound)];
            if view.merged_gateway().is_some_and(|gateway| gateway.contains_auto_passthrough) {
                clusters.outbound.extend(sni_dnat(outbound));
            }
            clusters.unpatched.extend(hbone::of_client(view));
        }
        ProxyKind::Waypoint => clusters.unpatched = waypoint::own(view),
    }
    clusters.unpatched.extend(sds_external);
    clusters
}
