//! Networks: the gateways by which one network is reached from another.
//!
//! istiod: `pilot/pkg/model/network.go`, `pilot/pkg/serviceregistry/kube/controller/network.go`

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::installation::{Behaviour, Behaviours, Installation};
use crate::mesh::gateway_api::is_auto_passthrough;
use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::gateway_api::{GatewaySpecAddress, KubernetesGateway, Listener};
use crate::model::istio::label;
use crate::model::istio::{MeshNetworks, NetworkIstioNetworkGatewayGw, NetworkNetworkEndpointsNe};

/// The label that names the port of such a gateway.
const GATEWAY_PORT_LABEL: &str = "networking.istio.io/gatewayPort";
/// The port of such a gateway if the label is missing. istiod: `DefaultNetworkGatewayPort`.
const DEFAULT_GATEWAY_PORT: u32 = 15443;
/// The port of HBONE. istiod: `DefaultNetworkGatewayHBONEPort`.
const HBONE_PORT: u32 = 15008;

/// An address of a gateway of a network. The order is istiod's: by address, then port. istiod: `model.NetworkGateway`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkGateway {
    /// An IP address; a hostname is possible for one that istiod could not resolve.
    pub address: String,
    /// The port for mutual TLS of sidecars; 0 if there is none.
    pub port: u32,
    /// The port for HBONE; 0 if there is none.
    pub hbone_port: u32,
    /// The network that it leads to.
    pub network: String,
    /// The Kubernetes cluster that it is in; empty if mesh networks name its address.
    pub cluster_id: String,
}

/// The gateways between networks, as istiod has found them. istiod: `model.NetworkManager`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkGateways {
    /// Those with an IP address. A hostname is left out: istiod asks DNS for it, which says nothing for manifests alone.
    pub resolved: GatewayIndex,
    /// Those that matter for endpoints that Envoy looks up, hostnames too. It lags behind, as istiod does.
    pub unresolved: GatewayIndex,
}

impl NetworkGateways {
    /// Finds the gateways that mesh networks, Services and Gateways of the Gateway API name. `system_namespace` are the labels of the
    /// root namespace.
    ///
    /// istiod: `network.go` `NewNetworkManager`
    pub fn new<'a>(
        networks: &MeshNetworks,
        system_namespace: &BTreeMap<String, String>,
        services: impl Iterator<Item = &'a Service>,
        kubernetes_gateways: &[Arc<Config<KubernetesGateway>>],
        installation: &Installation,
    ) -> Self {
        let cluster_id = installation.cluster_id.as_str();
        let registry = registry_gateways(networks, cluster_id);
        let mut services: Vec<&Service> = services.filter(|s| s.is_kubernetes()).collect();
        services.sort_by_key(|s| (&s.namespace, &s.name));

        let mut gateways: BTreeSet<NetworkGateway> = from_mesh_networks(networks).collect();
        let mut out = Self::default().reload(&gateways);
        if system_namespace.get(label::NETWORK).is_some_and(|network| !network.is_empty()) {
            out = out.reload(&gateways);
        }
        for service in services {
            let found = from_service(service, &registry, installation);
            if !found.is_empty() {
                gateways.extend(found);
                out = out.reload(&gateways);
            }
        }
        for gateway in kubernetes_gateways {
            let found = from_kubernetes_gateway(gateway, cluster_id);
            if !found.is_empty() {
                gateways.extend(found);
                out = out.reload(&gateways);
            }
        }
        out
    }

    /// Takes in what is known now.
    ///
    /// istiod does so whenever a gateway is found: for mesh networks when it starts, for the system namespace's network label, then
    /// for each Service. It looks at the unresolved ones only if there was nothing new among the resolved ones.
    ///
    /// istiod: `network.go` `NetworkManager.reload`
    fn reload(self, gateways: &BTreeSet<NetworkGateway>) -> Self {
        let resolved = gateways.iter().filter(|g| g.address.parse::<IpAddr>().is_ok()).cloned();
        let resolved = GatewayIndex::new(resolved);
        if resolved != self.resolved {
            return Self { resolved, unresolved: self.unresolved };
        }
        Self { resolved, unresolved: GatewayIndex::new(gateways.iter().cloned()) }
    }
}

/// Gateways by network. istiod: `model.NetworkGateways`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GatewayIndex {
    by_network: BTreeMap<String, Vec<NetworkGateway>>,
    by_network_and_cluster: BTreeMap<(String, String), Vec<NetworkGateway>>,
    weight_scale: u32,
}

impl GatewayIndex {
    fn new(gateways: impl Iterator<Item = NetworkGateway>) -> Self {
        let mut out = Self::default();
        for gateway in gateways {
            let key = (gateway.network.clone(), gateway.cluster_id.clone());
            out.by_network.entry(gateway.network.clone()).or_default().push(gateway.clone());
            out.by_network_and_cluster.entry(key).or_default().push(gateway);
        }
        let groups = out.by_network.values().chain(out.by_network_and_cluster.values());
        let counts = groups.map(|gateways| u32::try_from(gateways.len()).unwrap_or(u32::MAX));
        out.weight_scale = counts.reduce(least_common_multiple).unwrap_or_default();
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
                hbone_port: 0,
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
fn registry_gateways(networks: &MeshNetworks, cluster_id: &str) -> BTreeMap<String, Vec<Detail>> {
    let mut out: BTreeMap<String, Vec<Detail>> = BTreeMap::new();
    let of_cluster = networks.networks.iter().filter(|(_, settings)| {
        let from = |ne: &_| matches!(ne, Some(NetworkNetworkEndpointsNe::FromRegistry(r)) if r == cluster_id);
        settings.endpoints.iter().any(|e| from(&e.ne))
    });
    for (network, settings) in of_cluster {
        for gateway in &settings.gateways {
            if let Some(NetworkIstioNetworkGatewayGw::RegistryServiceName(service)) = &gateway.gw {
                let detail = Detail { network: network.clone(), port: gateway.port, hbone_port: 0 };
                out.entry(service.clone()).or_default().push(detail);
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
    registry: &BTreeMap<String, Vec<Detail>>,
    installation: &Installation,
) -> Vec<NetworkGateway> {
    let gateways = details(service, registry, installation.behaviours);
    let at = |address: &String| {
        gateways
            .iter()
            .map(move |Detail { network, port, hbone_port }| NetworkGateway {
                address: address.clone(),
                port: service.external_ports.get(port).copied().unwrap_or(*port),
                hbone_port: *hbone_port,
                network: network.clone(),
                cluster_id: installation.cluster_id.clone(),
            })
            .collect::<Vec<_>>()
    };
    service.external_addresses.iter().flat_map(at).collect()
}

/// A Gateway with a network label: a gateway for each of its addresses and each listener that sends TLS on by server name, or takes
/// HBONE. This is how a gateway is named that is in another cluster (class `istio-remote`).
///
/// istiod: `network.go` `handleGatewayResource`
fn from_kubernetes_gateway(gateway: &Config<KubernetesGateway>, cluster_id: &str) -> Vec<NetworkGateway> {
    let Config { meta, spec, .. } = gateway;
    let Some(network) = meta.labels.get(label::NETWORK).filter(|network| !network.is_empty()) else {
        return Vec::new();
    };
    let passes_on =
        |listener: &&Listener| listener.tls.as_ref().is_some_and(|tls| is_auto_passthrough(meta, listener.port, tls));
    let passing = spec.listeners.iter().filter(passes_on).map(|listener| (listener.port, 0));
    let tunnels = spec.listeners.iter().filter(|listener| listener.protocol == "HBONE");
    let ports: Vec<(u32, u32)> = passing.chain(tunnels.map(|listener| (listener.port, listener.port))).collect();
    let addresses = spec.addresses.iter().filter(|a| ["IPAddress", "Hostname"].contains(&a.r#type.as_str()));
    let at = |address: &GatewaySpecAddress| {
        let gateway = |&(port, hbone_port): &(u32, u32)| NetworkGateway {
            address: address.value.clone(),
            port,
            hbone_port,
            network: network.clone(),
            cluster_id: cluster_id.to_owned(),
        };
        ports.iter().map(gateway).collect::<Vec<_>>()
    };
    addresses.flat_map(at).collect()
}

/// A gateway but for its address.
#[derive(Debug, Clone)]
struct Detail {
    network: String,
    port: u32,
    hbone_port: u32,
}

/// Returns network and ports of each gateway that a Service is. istiod: `network.go` `getGatewayDetails`.
fn details(service: &Service, registry: &BTreeMap<String, Vec<Detail>>, behaviours: Behaviours) -> Vec<Detail> {
    let Some(network) = service.labels.get(label::NETWORK).filter(|n| !n.is_empty()) else {
        return registry.get(&service.hostname).cloned().unwrap_or_default();
    };
    let stated = service.labels.get(GATEWAY_PORT_LABEL).and_then(|p| p.parse::<i64>().ok());
    let port = stated.map_or(DEFAULT_GATEWAY_PORT, |p| u32::try_from(p).unwrap_or(0));
    let listens = |port: u32| service.port(port).map(|_| port);
    let unchecked = (!behaviours.contains(Behaviour::ChecksPortsOfNetworkGateways)).then_some(port);
    match (listens(port).or(unchecked), listens(HBONE_PORT)) {
        (None, None) => Vec::new(),
        (port, hbone_port) => vec![Detail {
            network: network.clone(),
            port: port.unwrap_or_default(),
            hbone_port: hbone_port.unwrap_or_default(),
        }],
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
            hbone_port: 0,
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
        let gateways = GatewayIndex::new(gateways.into_iter());
        assert_eq!(gateways.weight_scale(), 6);
        assert_eq!(gateways.select("b", "c1").len(), 1);
        assert_eq!(gateways.select("b", "c2").len(), 3);
        assert!(gateways.select("c", "").is_empty());
        assert!(!GatewayIndex::default().is_multi_network());
    }
}
