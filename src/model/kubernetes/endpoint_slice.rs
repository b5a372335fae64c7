//! `EndpointSlice`: a part of a service's addresses.

use k8s_openapi::api::discovery::v1 as api;

use super::super::ObjectMeta;
use super::{EndpointPort, Kind, ObjectReference};

/// Some of the addresses behind the service that its label `kubernetes.io/service-name` names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointSlice {
    /// `IPv4`, `IPv6` or `FQDN`.
    pub address_type: String,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
    /// The ports of every endpoint.
    pub ports: Vec<EndpointPort>,
}

/// One endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoint {
    /// Its addresses; all but the first are ignored by consumers.
    pub addresses: Vec<String>,
    /// Whether it can take traffic.
    pub conditions: EndpointConditions,
    /// Name of the endpoint below the service's DNS name.
    pub hostname: String,
    /// The node that it is on.
    pub node_name: String,
    /// The zone that it is in.
    pub zone: String,
    /// What is at the address, usually a Pod.
    pub target_ref: Option<ObjectReference>,
}

/// State of an endpoint. What is left out is not known, and counts as ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndpointConditions {
    /// Takes traffic and is not shutting down.
    pub ready: Option<bool>,
    /// Takes traffic, perhaps while shutting down.
    pub serving: Option<bool>,
    /// Is shutting down.
    pub terminating: Option<bool>,
}

impl Kind for EndpointSlice {
    type Api = api::EndpointSlice;

    fn from_api(api: api::EndpointSlice) -> (ObjectMeta, Self) {
        let slice = Self {
            address_type: api.address_type,
            endpoints: super::list(Some(api.endpoints)),
            ports: super::list(api.ports),
        };
        (api.metadata.into(), slice)
    }
}

impl From<api::Endpoint> for Endpoint {
    fn from(api: api::Endpoint) -> Self {
        let conditions = api.conditions.unwrap_or_default();
        Self {
            addresses: api.addresses,
            conditions: EndpointConditions {
                ready: conditions.ready,
                serving: conditions.serving,
                terminating: conditions.terminating,
            },
            hostname: api.hostname.unwrap_or_default(),
            node_name: api.node_name.unwrap_or_default(),
            zone: api.zone.unwrap_or_default(),
            target_ref: api.target_ref.map(ObjectReference::from),
        }
    }
}

impl From<api::EndpointPort> for EndpointPort {
    fn from(api: api::EndpointPort) -> Self {
        Self {
            name: api.name.unwrap_or_default(),
            port: api.port.map(super::port),
            protocol: api.protocol.unwrap_or_default(),
            app_protocol: api.app_protocol,
        }
    }
}
