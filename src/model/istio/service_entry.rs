//! `istio.networking.v1alpha3` of Istio's API.

use serde::Deserialize;

use super::sidecar::WorkloadSelector;
use super::workload_entry::WorkloadEntry;
use crate::model::proto::proto_enum;

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceEntry {
    pub hosts: Vec<String>,
    pub addresses: Vec<String>,
    pub ports: Vec<ServicePort>,
    pub location: ServiceEntryLocation,
    pub resolution: ServiceEntryResolution,
    pub endpoints: Vec<WorkloadEntry>,
    pub workload_selector: Option<WorkloadSelector>,
    pub export_to: Vec<String>,
    pub subject_alt_names: Vec<String>,
}

proto_enum! {
    pub enum ServiceEntryLocation {
        MeshExternal = 0 => "MESH_EXTERNAL",
        MeshInternal = 1 => "MESH_INTERNAL",
    }
}

proto_enum! {
    pub enum ServiceEntryResolution {
        None = 0 => "NONE",
        Static = 1 => "STATIC",
        Dns = 2 => "DNS",
        DnsRoundRobin = 3 => "DNS_ROUND_ROBIN",
        DynamicDns = 4 => "DYNAMIC_DNS",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServicePort {
    pub number: u32,
    pub protocol: String,
    pub name: String,
    pub target_port: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceEntryAddress {
    pub value: String,
    pub host: String,
}
