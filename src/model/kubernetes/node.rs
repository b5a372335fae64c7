//! `Node`.

use k8s_openapi::api::core::v1 as api;

use super::super::ObjectMeta;
use super::Kind;

/// A machine of the cluster. Region and zone are in its labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// The cloud's name for the machine.
    pub provider_id: String,
    /// How the machine is reached (`status.addresses`).
    pub addresses: Vec<NodeAddress>,
}

/// An address of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeAddress {
    /// `InternalIP`, `ExternalIP`, `Hostname`, `InternalDNS` or `ExternalDNS`.
    pub r#type: String,
    /// The address itself.
    pub address: String,
}

impl Kind for Node {
    type Api = api::Node;

    fn from_api(api: api::Node) -> (ObjectMeta, Self) {
        let node = Self {
            provider_id: api.spec.unwrap_or_default().provider_id.unwrap_or_default(),
            addresses: super::list(api.status.unwrap_or_default().addresses),
        };
        (api.metadata.into(), node)
    }
}

impl From<api::NodeAddress> for NodeAddress {
    fn from(api: api::NodeAddress) -> Self {
        Self { r#type: api.type_, address: api.address }
    }
}
