//! Networks: the gateways by which one network is reached from another.
//!
//! istiod: `pilot/pkg/model/network.go`, `pilot/pkg/serviceregistry/kube/controller/network.go`

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::mesh::service::Service;
use crate::model::istio::{MeshNetworks, NetworkIstioNetworkGatewayGw, NetworkNetworkEndpointsNe};

/// The label that names a network: of a Service it makes the Service a gateway of that network.
const NETWORK_LABEL: &str = "topology.istio.io/network";
/// The label that names the port of such a gateway.
const GATEWAY_PORT_LABEL: &str = "networking.istio.io/gatewayPort";
/// The port of such a gateway if the label is missing. istiod: `DefaultNetworkGatewayPort`.
const DEFAULT_GATEWAY_PORT: u32 = 15443;
/// The port by which ambient meshes know a gateway. istiod: `DefaultNetworkGatewayHBONEPort`.
const HBONE_PORT: u32 = 15008;

/// An address of a gateway of a network. The order is istiod's: by address, then port. istiod: `model.NetworkGateway`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkGateway {
    /// An IP address; a hostname is possible for one that istiod could not resolve.
    pub address: String,
    /// The port for mutual TLS of sidecars; 0 if there is none.
    pub port: u32,
    /// The network that it leads to.
    pub network: String,
    /// The Kubernetes cluster that it is in; empty if mesh networks name its address.
    pub cluster_id: String,
}

/// All gateways between networks. istiod: `model.NetworkGateways`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkGateways {
    by_network: BTreeMap<String, Vec<NetworkGateway>>,
    by_network_and_cluster: BTreeMap<(String, String), Vec<NetworkGateway>>,
    weight_scale: u32,
}

impl NetworkGateways {
    /// Finds the gateways that mesh networks and Services name.
    ///
    /// A gateway whose address is a hostname is left out: istiod asks DNS for it, which says nothing for manifests alone.
    ///
    /// istiod: `network.go` `NetworkManager.reload`
    pub fn new<'a>(networks: &MeshNetworks, services: impl Iterator<Item = &'a Service>, cluster_id: &str) -> Self {
        let mut gateways: BTreeSet<NetworkGateway> = from_mesh_networks(networks).collect();
        let registry = registry_gateways(networks, cluster_id);
        gateways.extend(services.filter(|s| s.is_kubernetes()).flat_map(|s| from_service(s, &registry, cluster_id)));
        gateways.retain(|g| g.address.parse::<IpAddr>().is_ok());
        Self::index(gateways)
    }

    fn index(gateways: BTreeSet<NetworkGateway>) -> Self {
        let mut out = Self { weight_scale: 1, ..Self::default() };
        for gateway in gateways {
            let key = (gateway.network.clone(), gateway.cluster_id.clone());
            out.by_network.entry(gateway.network.clone()).or_default().push(gateway.clone());
            out.by_network_and_cluster.entry(key).or_default().push(gateway);
        }
        let counts = out.by_network.values().chain(out.by_network_and_cluster.values()).map(Vec::len);
        out.weight_scale =
            counts.fold(1, |scale, n| least_common_multiple(scale, u32::try_from(n).unwrap_or(u32::MAX)));
        out
    }

    /// Says whether there is any gateway, so that networks matter at all. istiod: `IsMultiNetworkEnabled`.
    pub fn is_multi_network(&self) -> bool {
        !self.by_network.is_empty()
    }

    /// By what weights are multiplied so that they can be divided among the gateways of any network.
    ///
    /// istiod: `GetLBWeightScaleFactor`
    pub fn weight_scale(&self) -> u32 {
        self.weight_scale.max(1)
    }

    /// Returns the gateways of a network that are in a cluster; if there are none, all of the network.
    ///
    /// istiod: `ep_filters.go` `selectNetworkGateways`
    pub fn select(&self, network: &str, cluster_id: &str) -> &[NetworkGateway] {
        let key = (network.to_owned(), cluster_id.to_owned());
        let in_cluster = self.by_network_and_cluster.get(&key).filter(|g| !g.is_empty());
        in_cluster.or_else(|| self.by_network.get(network)).map_or(&[], Vec::as_slice)
    }
}

/// `MeshNetworks.networks[].gateways[].address`
fn from_mesh_networks(networks: &MeshNetworks) -> impl Iterator<Item = NetworkGateway> {
    networks.networks.iter().flat_map(|(network, settings)| {
        settings.gateways.iter().filter_map(|gateway| match &gateway.gw {
            Some(NetworkIstioNetworkGatewayGw::Address(address)) if !address.is_empty() => Some(NetworkGateway {
                address: address.clone(),
                port: gateway.port,
                network: network.clone(),
                cluster_id: String::new(),
            }),
            _ => None,
        })
    })
}

/// `MeshNetworks.networks[].gateways[].registryServiceName`: network and port by the hostname of a Service. Only of networks that
/// are made of this cluster's endpoints.
///
/// istiod: `network.go` `reloadMeshNetworks`
fn registry_gateways(networks: &MeshNetworks, cluster_id: &str) -> BTreeMap<String, Vec<(String, u32)>> {
    let mut out: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
    let of_cluster = networks.networks.iter().filter(|(_, settings)| {
        let from = |ne: &_| matches!(ne, Some(NetworkNetworkEndpointsNe::FromRegistry(r)) if r == cluster_id);
        settings.endpoints.iter().any(|e| from(&e.ne))
    });
    for (network, settings) in of_cluster {
        for gateway in &settings.gateways {
            if let Some(NetworkIstioNetworkGatewayGw::RegistryServiceName(service)) = &gateway.gw {
                out.entry(service.clone()).or_default().push((network.clone(), gateway.port));
            }
        }
    }
    out
}

/// A Service with a network label, or one that mesh networks name: a gateway for each address by which it is reached from outside.
///
/// istiod: `network.go` `extractGatewaysInner`
fn from_service(
    service: &Service,
    registry: &BTreeMap<String, Vec<(String, u32)>>,
    cluster_id: &str,
) -> Vec<NetworkGateway> {
    let gateways = details(service, registry);
    let at = |address: &String| {
        gateways
            .iter()
            .map(move |(network, port)| NetworkGateway {
                address: address.clone(),
                port: service.external_ports.get(port).copied().unwrap_or(*port),
                network: network.clone(),
                cluster_id: cluster_id.to_owned(),
            })
            .collect::<Vec<_>>()
    };
    service.external_addresses.iter().flat_map(at).collect()
}

/// Returns network and port of each gateway that a Service is. istiod: `network.go` `getGatewayDetails`.
fn details(service: &Service, registry: &BTreeMap<String, Vec<(String, u32)>>) -> Vec<(String, u32)> {
    let Some(network) = service.labels.get(NETWORK_LABEL).filter(|n| !n.is_empty()) else {
        return registry.get(&service.hostname).cloned().unwrap_or_default();
    };
    let stated = service.labels.get(GATEWAY_PORT_LABEL).and_then(|p| p.parse::<i64>().ok());
    let port = stated.map_or(DEFAULT_GATEWAY_PORT, |p| u32::try_from(p).unwrap_or(0));
    if service.port(port).is_some() {
        vec![(network.clone(), port)]
    } else if service.port(HBONE_PORT).is_some() {
        vec![(network.clone(), 0)]
    } else {
        Vec::new()
    }
}

fn least_common_multiple(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a.checked_div(x).unwrap_or_default().saturating_mul(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_scaled_by_the_least_common_multiple_of_gateways() {
        let gateway = |network: &str, cluster: &str, address: &str| NetworkGateway {
            address: address.to_owned(),
            port: DEFAULT_GATEWAY_PORT,
            network: network.to_owned(),
            cluster_id: cluster.to_owned(),
        };
        let gateways = [
            gateway("a", "", "10.0.0.1"),
            gateway("a", "c1", "10.0.0.2"),
            gateway("b", "", "10.0.0.3"),
            gateway("b", "", "10.0.0.4"),
            gateway("b", "c1", "10.0.0.5"),
        ];
        let gateways = NetworkGateways::index(gateways.into_iter().collect());
        assert_eq!(gateways.weight_scale(), 6);
        assert_eq!(gateways.select("b", "c1").len(), 1);
        assert_eq!(gateways.select("b", "c2").len(), 3);
        assert!(gateways.select("c", "").is_empty());
        assert!(!NetworkGateways::default().is_multi_network());
    }
}
