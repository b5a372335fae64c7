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
}
