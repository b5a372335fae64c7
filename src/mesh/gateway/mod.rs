//! The Gateways of one router, their servers merged by the port on which the router listens.
//!
//! ```text
//! all Gateways -> those of this router     (select)
//!              -> servers, hosts qualified (server)
//!              -> listening ports          (port)
//!              -> merged, or rejected      (merge)
//! ```
//!
//! istiod: `pilot/pkg/model/gateway.go`, `pilot/pkg/model/push_context.go` `mergeGateways`

mod certificate;
mod merge;
mod port;
mod rejection;
pub mod route_name;
mod select;
mod server;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::installation::Features;
use crate::mesh::gateway_api::grant::ReferenceGrants;
use crate::model::Config;
use crate::model::istio::Gateway;

pub use rejection::{Rejection, RejectionReason};
pub use select::{applies, is_by_labels};
pub(crate) use server::LISTENER_ANNOTATION;
pub use server::{GatewayServer, check_duplicates};

/// What the merge reads of a router.
#[derive(Debug, Clone)]
pub struct Router<'a> {
    /// Its namespace: that of its Pod and of its identity.
    pub namespace: &'a str,
    /// Its service account.
    pub service_account: &'a str,
    /// The labels that selectors see.
    pub labels: &'a BTreeMap<String, String>,
    /// The service ports that it serves, in istiod's order.
    pub targets: Vec<Target<'a>>,
    /// istiod's switches.
    pub features: &'a Features,
    /// Who may refer to certificates of other namespaces.
    pub grants: &'a ReferenceGrants,
    /// Whether Gateways of other namespaces are left out beside those of the Gateway API.
    pub merges_strictly: bool,
    /// Whether the CA Secrets of frontend validation are served.
    pub serves_ca_secrets: bool,
}

/// One port of one service that a router serves.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The service's hostname.
    pub hostname: &'a str,
    /// The service's namespace.
    pub namespace: &'a str,
    /// The service's labels.
    pub labels: &'a BTreeMap<String, String>,
    /// The port that clients use.
    pub port: u32,
    /// The port on which the router listens.
    pub target_port: u32,
}

/// The key by which servers share a listener.
///
/// istiod: `gateway.go` `ServerPort`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerPort {
    /// The port on which the router listens: the target port.
    pub number: u32,
    /// The protocol, as written.
    pub protocol: String,
    /// The address, or empty.
    pub bind: String,
}

/// The servers behind one [`ServerPort`].
///
/// istiod: `gateway.go` `MergedServers`
#[derive(Debug, Clone, PartialEq)]
pub struct MergedServers {
    /// In the order of their Gateways.
    pub servers: Vec<Arc<GatewayServer>>,
    /// The route configuration that they share, if they speak HTTP in the clear; HTTPS servers have one each.
    pub route_name: String,
}

/// All servers that one router runs.
///
/// istiod: `gateway.go` `MergedGateway`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MergedGateway {
    /// The keys of `servers`, in the order in which they were seen. A key can be there twice, and then gets its chains twice.
    pub ports: Vec<ServerPort>,
    /// The servers by port.
    pub servers: BTreeMap<ServerPort, MergedServers>,
    /// The servers by route configuration.
    pub servers_by_route_name: BTreeMap<String, Vec<Arc<GatewayServer>>>,
    /// The Gateways that have a server here, accepted or not: `<namespace>/<name>`.
    pub gateway_names: BTreeSet<String>,
    /// Whether any server is AUTO_PASSTHROUGH, which asks for more clusters.
    pub contains_auto_passthrough: bool,
    /// Service ports by listening port, for the EnvoyFilter match of route configurations.
    pub port_map: BTreeMap<u32, BTreeSet<u32>>,
    /// The SDS names that router and Gateways agree on, being in one namespace.
    pub verified_certificates: BTreeSet<String>,
    /// The servers that lost.
    pub rejections: Vec<Rejection>,
}

/// Merges the Gateways that apply to a router; none if no Gateway does.
///
/// `gateways` are all Gateways of the mesh by creation time, name, namespace.
///
/// istiod: `push_context.go` `mergeGateways`
pub fn merge(gateways: &[Arc<Config<Gateway>>], router: &Router<'_>) -> Option<MergedGateway> {
    let selected = select::select(gateways, router);
    (!selected.is_empty()).then(|| merge::merge(&selected, router))
}
