//! `WorkloadEntry` (`networking.istio.io`): a workload that is no pod.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A workload that is no pod, such as a virtual machine, or an endpoint of a ServiceEntry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WorkloadEntry {
    /// Its address, its name, or a Unix socket as `unix:///path`; empty where its network's gateway leads to
    /// it.
    pub address: String,
    /// Its ports by the service port's name.
    pub ports: BTreeMap<String, u32>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its network; workloads of different networks need gateways.
    pub network: String,
    /// Where it is: `region/zone/subzone`.
    pub locality: String,
    /// Its share of the traffic; zero means one.
    pub weight: u32,
    /// The identity that it runs under.
    pub service_account: String,
    /// Whether a controller has found it healthy: the condition `Healthy` of the resource's status.
    #[serde(skip)]
    pub status_healthy: bool,
}

/// What istiod reads back of a WorkloadEntry's `status`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadEntryStatus {
    /// What has been found out about it.
    pub conditions: Vec<WorkloadEntryCondition>,
}

/// One thing that has been found out about a WorkloadEntry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadEntryCondition {
    /// What it is about, such as `Healthy`.
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
}
