//! What policies are for: workloads by label, or resources by name (`type.istio.io`).

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::proto::proto_enum;

/// Selects workloads by their labels (`type.istio.io`; `WorkloadSelector` is the one of networking).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TypeWorkloadSelector {
    /// Labels that they must have; empty means all.
    pub match_labels: BTreeMap<String, String>,
}

/// A port by number (`type.istio.io`; `PortSelector` is the one of networking).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TypePortSelector {
    /// The number.
    pub number: u32,
}

/// A resource that a policy is for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PolicyTargetReference {
    /// The API group of its kind; empty means Kubernetes' own.
    pub group: String,
    /// Its kind: `Gateway`, `GatewayClass`, `Service` or `ServiceEntry`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Not used: it is in the policy's own namespace.
    pub namespace: String,
}

proto_enum! {
    /// The side of a connection, seen from a workload (`type.istio.io`; `WorkloadMode` is the one of
    /// telemetry).
    pub enum TypeWorkloadMode {
        /// As `ClientAndServer`.
        Undefined = 0 => "UNDEFINED",
        /// It is the client.
        Client = 1 => "CLIENT",
        /// It is the server.
        Server = 2 => "SERVER",
        /// Both.
        ClientAndServer = 3 => "CLIENT_AND_SERVER",
    }
}
