//! Workloads: Pods and WorkloadEntries as they stand behind services that select them.
//!
//! istiod: `model.WorkloadInstance`

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::{locality, spiffe};
use crate::installation::{Behaviours, Features};
use crate::mesh::endpoint::{Endpoint, Health};
use crate::mesh::network_membership::NetworkMembership;
use crate::model::Config;
use crate::model::istio::WorkloadEntry;

/// One workload. Its endpoint has no port yet.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    /// Its name.
    pub(crate) name: String,
    /// Its namespace.
    pub(crate) namespace: String,
    /// Its endpoint, without port.
    pub(crate) endpoint: Endpoint,
    /// Its ports by name.
    pub(crate) ports: BTreeMap<String, u32>,
    /// Its address is a host name or a socket: only a ServiceEntry with DNS can use it.
    pub(crate) only_for_dns_service_entry: bool,
    /// It is a WorkloadEntry.
    pub(crate) is_entry: bool,
}

/// What workloads are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkloadContext<'m> {
    /// The id of the cluster.
    pub(crate) cluster_id: &'m str,
    /// The domain of its Services.
    pub(crate) cluster_domain: &'m str,
    /// The mesh's trust domain.
    pub(crate) trust_domain: &'m str,
    /// Which network an address is in.
    pub(crate) networks: &'m NetworkMembership,
    /// istiod's switches.
    pub(crate) features: &'m Features,
    /// What istiod does.
    pub(crate) behaviours: Behaviours,
}

const TLS_MODE: &str = "security.istio.io/tlsMode";

impl Workload {
    /// Converts a WorkloadEntry; its metadata labels go before those of its spec.
    ///
    /// Its network is what it states itself: the registry of the config cluster asks neither the system namespace nor the mesh
    /// networks, as it does for Pods.
    ///
    /// istiod: `ConvertWorkloadEntry`, `convertWorkloadEntryToWorkloadInstance`
    pub(crate) fn from_workload_entry(config: &Config<WorkloadEntry>, context: &WorkloadContext<'_>) -> Self {
        let mut entry = config.spec.clone();
        entry.labels.extend(config.meta.labels.clone());
        let meta = &config.meta;
        let group = meta.annotations.get("istio.io/autoRegistrationGroup");
        let stated = group.or_else(|| meta.labels.get("service.istio.io/workload-name"));
        let workload_name = stated.unwrap_or(&meta.name).clone();
        Self { is_entry: true, ..Self::new(&entry, &meta.name, &workload_name, &meta.namespace, context) }
    }

    /// Converts an endpoint of a ServiceEntry.
    pub(crate) fn from_inline_endpoint(
        entry: &WorkloadEntry,
        name: &str,
        namespace: &str,
        context: &WorkloadContext<'_>,
    ) -> Self {
        Self::new(entry, name, name, namespace, context)
    }

    /// The same, of no name and no namespace.
    pub(crate) fn without_name(self) -> Self {
        let nothing = String::new;
        Self {
            name: nothing(),
            namespace: nothing(),
            endpoint: Endpoint { namespace: nothing(), workload_name: nothing(), ..self.endpoint },
            ..self
        }
    }

    fn new(
        entry: &WorkloadEntry,
        name: &str,
        workload_name: &str,
        namespace: &str,
        context: &WorkloadContext<'_>,
    ) -> Self {
        let stated_tls = entry.labels.get(TLS_MODE).map(String::as_str);
        let default_tls = if entry.service_account.is_empty() { "disabled" } else { "istio" };
        let service_account = match entry.service_account.as_str() {
            "" => String::new(),
            account => spiffe::identity(context.trust_domain, namespace, account),
        };
        let mut locality = entry.locality.clone();
        if locality.is_empty() {
            locality = locality::stated(&entry.labels, context.behaviours).unwrap_or_default();
        }
        let labels = locality::augmented(&entry.labels, context.cluster_id, &locality, "", &entry.network);
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            is_entry: false,
            only_for_dns_service_entry: !entry.address.is_empty() && entry.address.parse::<IpAddr>().is_err(),
            ports: entry.ports.clone(),
            endpoint: Endpoint {
                labels: Arc::new(labels),
                addresses: vec![entry.address.clone()],
                service_port_name: String::new(),
                service_port_number: 0,
                port: 0,
                service_account,
                network: entry.network.clone(),
                locality,
                cluster_id: context.cluster_id.to_owned(),
                weight: entry.weight,
                tls_mode: stated_tls.unwrap_or(default_tls).to_owned(),
                namespace: namespace.to_owned(),
                workload_name: workload_name.to_owned(),
                health: Health::Unknown,
                node_name: String::new(),
            },
        }
    }
}
