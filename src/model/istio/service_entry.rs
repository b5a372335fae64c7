//! `ServiceEntry` (`networking.istio.io`): a service that Kubernetes does not know.

use serde::Deserialize;

use super::sidecar::WorkloadSelector;
use super::workload_entry::WorkloadEntry;
use crate::model::proto::proto_enum;

/// A service that Kubernetes does not know, or not as Istio should.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceEntry {
    /// Its names.
    pub hosts: Vec<String>,
    /// Its virtual addresses, or CIDRs of them; empty may mean that istiod gives it some.
    pub addresses: Vec<String>,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// Whether it is part of the mesh.
    pub location: ServiceEntryLocation,
    /// How its endpoints' addresses are found.
    pub resolution: ServiceEntryResolution,
    /// Its endpoints. Excludes `workload_selector`.
    pub endpoints: Vec<WorkloadEntry>,
    /// Pods and WorkloadEntries of its namespace that are its endpoints.
    pub workload_selector: Option<WorkloadSelector>,
    /// Namespaces that see it: names, `.` for its own, `*` for all. Empty means the mesh's default.
    pub export_to: Vec<String>,
    /// Names of which the server's certificate must have one.
    pub subject_alt_names: Vec<String>,
    /// Addresses that a controller allocated: `status.addresses` of the resource.
    #[serde(skip)]
    pub status_addresses: Vec<ServiceEntryAddress>,
}

proto_enum! {
    /// Whether a service is part of the mesh.
    pub enum ServiceEntryLocation {
        /// Outside: no mutual TLS by itself.
        MeshExternal = 0 => "MESH_EXTERNAL",
        /// Inside.
        MeshInternal = 1 => "MESH_INTERNAL",
    }
}

proto_enum! {
    /// How the addresses of endpoints are found.
    pub enum ServiceEntryResolution {
        /// Not at all: traffic goes to the address that the client asked for.
        None = 0 => "NONE",
        /// They are given.
        Static = 1 => "STATIC",
        /// By DNS, and all answers are endpoints.
        Dns = 2 => "DNS",
        /// By DNS, and the first answer is the endpoint.
        DnsRoundRobin = 3 => "DNS_ROUND_ROBIN",
        /// By DNS, of the very name that the client asked for; for wildcards.
        DynamicDns = 4 => "DYNAMIC_DNS",
    }
}

/// A port of a ServiceEntry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServicePort {
    /// The number that clients use.
    pub number: u32,
    /// `HTTP`, `HTTPS`, `GRPC`, `HTTP2`, `MONGO`, `TCP`, `TLS` and so on.
    pub protocol: String,
    /// The port's name.
    pub name: String,
    /// The endpoints' port; zero means `number`.
    pub target_port: u32,
}

/// What istiod has noted about a ServiceEntry (`status`), as far as it reads it again.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceEntryStatus {
    /// Addresses that it has given to the hosts.
    pub addresses: Vec<ServiceEntryAddress>,
}

/// An address that istiod has given to a host of a ServiceEntry (`status.addresses`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceEntryAddress {
    /// The address.
    pub value: String,
    /// The host; empty means all of the ServiceEntry's.
    pub host: String,
}
