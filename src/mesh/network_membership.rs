//! Which network an address is in.
//!
//! istiod: `serviceregistry/kube/controller/controller.go` `Network`, `network.go` `reloadMeshNetworks`

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::istio::label;
use crate::model::istio::{MeshNetworks, NetworkNetworkEndpointsNe};

/// What decides the network of an address that does not say so itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NetworkMembership {
    /// Label of the system namespace.
    system_namespace: String,
    /// The network whose `fromRegistry` is this cluster.
    from_registry: String,
    /// `fromCidr` entries.
    cidrs: Vec<(IpNet, String)>,
}

impl NetworkMembership {
    /// Reads the system namespace's labels and the mesh networks.
    pub fn new(system_namespace: &BTreeMap<String, String>, networks: &MeshNetworks, cluster_id: &str) -> Self {
        let mut out = Self {
            system_namespace: system_namespace.get(label::NETWORK).cloned().unwrap_or_default(),
            ..Self::default()
        };
        for (name, network) in &networks.networks {
            for endpoints in &network.endpoints {
                match &endpoints.ne {
                    Some(NetworkNetworkEndpointsNe::FromCidr(cidr)) => {
                        out.cidrs.extend(cidr.parse().ok().map(|net: IpNet| (net.trunc(), name.clone())));
                    }
                    Some(NetworkNetworkEndpointsNe::FromRegistry(registry))
                        if registry == cluster_id && out.from_registry.is_empty() =>
                    {
                        out.from_registry.clone_from(name);
                    }
                    Some(NetworkNetworkEndpointsNe::FromRegistry(_)) | None => {}
                }
            }
        }
        // Of several networks that contain an address istiod takes the widest.
        out.cidrs.sort_by_key(|(net, _)| net.prefix_len());
        out
    }

    /// The network that the system namespace's label names, or empty.
    pub(crate) fn system_namespace(&self) -> &str {
        &self.system_namespace
    }

    /// Returns the network of a workload: its label, the system namespace's label, the mesh networks; or empty.
    pub fn of(&self, address: &str, labels: &BTreeMap<String, String>) -> String {
        let stated = labels.get(label::NETWORK).filter(|n| !n.is_empty());
        if let Some(network) = stated {
            return network.clone();
        }
        if !self.system_namespace.is_empty() {
            return self.system_namespace.clone();
        }
        if !self.from_registry.is_empty() {
            return self.from_registry.clone();
        }
        let Ok(ip) = address.parse::<IpAddr>() else { return String::new() };
        self.cidrs.iter().find(|(net, _)| net.contains(&ip)).map(|(_, name)| name.clone()).unwrap_or_default()
    }
}
