//! `Endpoints`: the older list of a service's addresses.

use k8s_openapi::api::core::v1 as api;

use super::super::ObjectMeta;
use super::Kind;

/// The addresses behind the service of the same name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Groups of addresses that share their ports.
    pub subsets: Vec<EndpointSubset>,
}

/// Addresses that all have the same ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSubset {
    /// Addresses that are ready for traffic.
    pub addresses: Vec<EndpointAddress>,
    /// Addresses that are not ready yet, or no longer.
    pub not_ready_addresses: Vec<EndpointAddress>,
    /// The ports of every address.
    pub ports: Vec<EndpointPort>,
}

/// One address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointAddress {
    /// IP address.
    pub ip: String,
    /// Name of the endpoint below the service's DNS name.
    pub hostname: String,
    /// The node that it is on.
    pub node_name: String,
    /// What is at the address, usually a Pod.
    pub target_ref: Option<ObjectReference>,
}

/// A port of endpoints, in both forms of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointPort {
    /// The service port's name that it belongs to.
    pub name: String,
    /// Number; left out in a slice means all ports.
    pub port: Option<u32>,
    /// `TCP`, `UDP` or `SCTP`; empty means `TCP`.
    pub protocol: String,
    /// The application protocol.
    pub app_protocol: Option<String>,
}

/// Points at a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObjectReference {
    /// The resource's kind.
    pub kind: String,
    /// The resource's namespace.
    pub namespace: String,
    /// The resource's name.
    pub name: String,
}

impl Kind for Endpoints {
    type Api = api::Endpoints;

    fn from_api(api: api::Endpoints) -> (ObjectMeta, Self) {
        (api.metadata.into(), Self { subsets: super::list(api.subsets) })
    }
}

impl From<api::EndpointSubset> for EndpointSubset {
    fn from(api: api::EndpointSubset) -> Self {
        Self {
            addresses: super::list(api.addresses),
            not_ready_addresses: super::list(api.not_ready_addresses),
            ports: super::list(api.ports),
        }
    }
}

impl From<api::EndpointAddress> for EndpointAddress {
    fn from(api: api::EndpointAddress) -> Self {
        Self {
            ip: api.ip,
            hostname: api.hostname.unwrap_or_default(),
            node_name: api.node_name.unwrap_or_default(),
            target_ref: api.target_ref.map(ObjectReference::from),
        }
    }
}

impl From<api::EndpointPort> for EndpointPort {
    fn from(api: api::EndpointPort) -> Self {
        Self {
            name: api.name.unwrap_or_default(),
            port: Some(super::port(api.port)),
            protocol: api.protocol.unwrap_or_default(),
            app_protocol: api.app_protocol,
        }
    }
}

impl From<api::ObjectReference> for ObjectReference {
    fn from(api: api::ObjectReference) -> Self {
        Self {
            kind: api.kind.unwrap_or_default(),
            namespace: api.namespace.unwrap_or_default(),
            name: api.name.unwrap_or_default(),
        }
    }
}
