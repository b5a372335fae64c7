//! Endpoints in other networks, which are reached through gateways.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::installation::Behaviour;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::network::{GatewayIndex, NetworkGateway};
use crate::proxy::{IpMode, ProxyKind};
use crate::translate::endpoint::locality::{self, LocalityEndpoint, LocalityEndpoints};
use crate::translate::endpoint::{Request, filter, is_dns, lb_endpoint};

impl<'m> Request<'m> {
    /// The gateways that matter. istiod: `endpoint_builder.go` `gateways`.
    pub(super) fn gateways(&self) -> &'m GatewayIndex {
        let gateways = &self.view.mesh.network_gateways;
        if is_dns(self.service) { &gateways.unresolved } else { &gateways.resolved }
    }
}

/// Says whether a proxy reaches other networks by HBONE. Sidecars keep to mutual TLS, and so do gateways before
/// [`Behaviour::ReachesNetworksFromGateways`].
///
/// istiod: `ep_filters.go` `EndpointsByNetworkFilter`
pub(super) fn is_ambient(request: &Request<'_>) -> bool {
    let client = request.view.client;
    let by_kind = if request.view.mesh.does(Behaviour::ReachesNetworksFromGateways) {
        client.kind != ProxyKind::Sidecar
    } else {
        is_waypoint(request)
    };
    request.view.mesh.installation.features.ambient_multi_network && by_kind
}

/// Says whether a proxy is a waypoint, and no gateway between networks.
fn is_waypoint(request: &Request<'_>) -> bool {
    request.view.client.waypoint.as_ref().is_some_and(|waypoint| waypoint.managed)
}

/// `MeshNetworks`, label `topology.istio.io/network` -> endpoints as they are reached from the client's network
///
/// Endpoints of other networks give their weight to the gateways of their network, and are left out without mutual TLS, by whose
/// SNI those gateways route; by HBONE any is reached. All weights are multiplied so that they can be divided.
///
/// istiod: `ep_filters.go` `EndpointsByNetworkFilter`
pub(super) fn by_network<'m>(request: &Request<'m>, groups: Vec<LocalityEndpoints<'m>>) -> Vec<LocalityEndpoints<'m>> {
    if !request.gateways().is_multi_network() && !is_ambient(request) {
        return groups;
    }
    groups.into_iter().map(|group| for_group(request, group)).collect()
}

fn for_group<'m>(request: &Request<'m>, group: LocalityEndpoints<'m>) -> LocalityEndpoints<'m> {
    let scale = request.gateways().weight_scale();
    let ambient = is_ambient(request);
    let mut direct = Vec::new();
    let mut by_gateway: BTreeMap<&NetworkGateway, u32> = BTreeMap::new();
    for mut endpoint in group.endpoints {
        let weight = endpoint.weight().max(1).saturating_mul(scale);
        endpoint.lb_endpoint.load_balancing_weight = Some(weight);
        match route(request, endpoint.endpoint) {
            Route::Direct => direct.extend(has_address(&endpoint).then_some(endpoint)),
            Route::Gateways(gateways) if ambient || lb_endpoint::accepts_mutual_tls(&endpoint.lb_endpoint) => {
                let share = weight / u32::try_from(gateways.len()).unwrap_or(u32::MAX);
                for gateway in gateways {
                    let total = by_gateway.entry(gateway).or_default();
                    *total = total.wrapping_add(share);
                }
            }
            Route::Gateways(_) | Route::Nowhere => {}
        }
    }
    let gateways = by_gateway.into_iter().map(|(gateway, weight)| through(request, gateway, weight.max(1)));
    let endpoints: Vec<_> = direct.into_iter().chain(gateways).collect();
    LocalityEndpoints { weight: locality::refreshed_weight(&endpoints), endpoints, ..group }
}

/// How a client reaches an endpoint.
enum Route<'m> {
    /// By its address.
    Direct,
    /// Through these.
    Gateways(Vec<&'m NetworkGateway>),
    /// There are gateways, but of the wrong IP family; or the client does not reach other networks by HBONE.
    Nowhere,
}

fn route<'m>(request: &Request<'m>, endpoint: Option<&'m Endpoint>) -> Route<'m> {
    let client = request.view.client;
    let (network, cluster_id) = endpoint.map_or(("", ""), |e| (e.network.as_str(), e.cluster_id.as_str()));
    let ambient = is_ambient(request);
    let is_sidecar = client.kind == ProxyKind::Sidecar;
    let gateways: Vec<&NetworkGateway> = request
        .gateways()
        .select(network, cluster_id)
        .iter()
        .filter(|gateway| if ambient { gateway.hbone_port != 0 } else { !is_sidecar || gateway.port != 0 })
        .collect();
    let any_family = !request.view.mesh.does(Behaviour::FiltersNetworkGatewaysByFamily);
    let is_reachable = |gateway: &&NetworkGateway| any_family || is_of_family(client.ip_mode, &gateway.address);
    let reachable: Vec<&NetworkGateway> = gateways.iter().copied().filter(is_reachable).collect();
    let features = &request.view.mesh.installation.features;
    let from_gateways = request.view.mesh.does(Behaviour::ReachesNetworksFromGateways);
    let asks = if from_gateways { features.ambient_multi_network } else { ambient };
    if asks && !filter::in_network(&client.network, network) {
        let is_kept_out = (is_waypoint(request) && !features.ambient_waypoint_multi_network)
            || (client.is_ingress_gateway && !features.ambient_ingress_multi_network);
        if is_kept_out || reachable.is_empty() {
            return Route::Nowhere;
        }
    }
    // A client that does not know its network takes the gateway where there is one.
    let mesh = request.view.mesh;
    let forces = mesh.does(Behaviour::ForcesNetworkGateways);
    let unknown_network = forces && client.network.is_empty() && !network.is_empty();
    let same_network = !unknown_network && filter::in_network(&client.network, network);
    if gateways.is_empty() || same_network {
        return Route::Direct;
    }
    if reachable.is_empty() { Route::Nowhere } else { Route::Gateways(reachable) }
}

/// istiod: `ep_filters.go` `filterGatewaysByIPFamily`
fn is_of_family(ip_mode: IpMode, address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return ip_mode == IpMode::Dual };
    match ip_mode {
        IpMode::Ipv4 => address.to_canonical().is_ipv4(),
        IpMode::Ipv6 => address.to_canonical().is_ipv6(),
        IpMode::Dual => true,
    }
}

/// Only a socket address, or a tunnel to one, is an address between networks. istiod: `util.go` `GetEndpointHost`.
fn has_address(endpoint: &LocalityEndpoint<'_>) -> bool {
    endpoint.endpoint.is_some_and(|e| e.port != 0 && e.addresses.first().is_some_and(|address| !address.is_empty()))
}

/// A gateway as an endpoint, with the labels that failover looks at.
fn through<'m>(request: &Request<'_>, gateway: &NetworkGateway, weight: u32) -> LocalityEndpoint<'m> {
    let labels = [
        ("topology.istio.io/cluster", gateway.cluster_id.as_str()),
        ("topology.istio.io/network", gateway.network.as_str()),
    ];
    let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
    LocalityEndpoint {
        endpoint: None,
        labels: Cow::Owned(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()),
        lb_endpoint: lb_endpoint::gateway(request, gateway, weight),
    }
}
