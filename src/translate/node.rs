//! The node of the bootstrap section: who a proxy is.

use crate::envoy::{Locality, Node, Struct};
use crate::proxy::Proxy;

/// Returns the node that the agent would send.
pub(crate) fn build(proxy: &Proxy) -> Node {
    let locality = &proxy.client.locality;
    Node {
        id: proxy.node_id(),
        cluster: proxy.service_cluster.clone(),
        metadata: Some(Struct(proxy.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect())),
        locality: Some(Locality {
            region: locality.region.clone(),
            zone: locality.zone.clone(),
            sub_zone: locality.sub_zone.clone(),
        }),
        ..Node::default()
    }
}
