//! What `translate` may ask about one proxy.

use std::net::IpAddr;
use std::sync::Arc;

use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::destination_rule::ConsolidatedDestinationRule;
use crate::mesh::gateway::MergedGateway;
use crate::mesh::labels;
use crate::mesh::peer_authentication::ComposedPeerAuthentication;
use crate::mesh::service::{Service, UNSPECIFIED_IP};
use crate::proxy::identity::{Client, IpMode, Proxy, ProxyKind};
use crate::proxy::scope::SidecarScope;

/// What outbound clusters, endpoints and routes depend on; see [`Client`].
#[derive(Debug, Clone, Copy)]
pub struct OutboundView<'m> {
    /// The mesh.
    pub mesh: &'m Mesh,
    /// What the proxy imports.
    pub scope: &'m SidecarScope,
    /// What of the proxy matters.
    pub client: &'m Client,
}

/// Everything that one proxy's configuration depends on.
#[derive(Debug, Clone, Copy)]
pub struct ProxyView<'m> {
    /// The outbound part.
    pub outbound: OutboundView<'m>,
    /// The proxy.
    pub proxy: &'m Proxy,
    /// What a router serves, see [`Proxy::merged_gateway`]; none for a sidecar, and for a router without Gateways.
    pub gateway: Option<&'m MergedGateway>,
    /// The mode of mutual TLS that its policies ask for.
    pub peer_authentication: &'m ComposedPeerAuthentication,
}

impl<'m> ProxyView<'m> {
    /// Says whether a sidecar takes HBONE beside plain connections.
    ///
    /// istiod: `context.go` `EnableHBONEListen`
    pub fn listens_to_hbone(&self) -> bool {
        let features = &self.outbound.mesh.installation.features;
        features.sidecar_hbone_listening && self.proxy.enable_hbone
    }

    /// The servers of a router.
    pub fn merged_gateway(&self) -> Option<&'m MergedGateway> {
        self.gateway
    }

    /// The mode of mutual TLS, for all ports and for single ones.
    pub fn peer_authentication(&self) -> &'m ComposedPeerAuthentication {
        self.peer_authentication
    }
}

impl<'m> OutboundView<'m> {
    /// Says whether the proxy reaches other networks by one tunnel inside of another.
    ///
    /// A waypoint does whether the mesh has several networks or not, since [`Behaviour::OpensDoubleTunnelsInOneNetwork`].
    ///
    /// istiod: `context.go` `ShouldCreateDoubleHBONEResources`
    pub fn opens_double_tunnels(&self) -> bool {
        let features = &self.mesh.installation.features;
        let is_gateway = features.ambient_multi_network
            && self.client.is_ingress_gateway
            && features.ambient_ingress_multi_network
            && self.sends_hbone();
        let is_waypoint = self.client.waypoint.as_ref().is_some_and(|waypoint| waypoint.managed);
        let in_one_network = self.mesh.does(Behaviour::OpensDoubleTunnelsInOneNetwork);
        let has_networks = features.ambient_multi_network || in_one_network;
        is_gateway || (is_waypoint && features.ambient_waypoint_multi_network && has_networks)
    }

    /// Says whether clusters of the proxy have a socket for HBONE, whether or not there is an endpoint for it.
    ///
    /// istiod: `cluster_builder.go` `NewClusterBuilder`, `sendHbone`
    pub fn dials_hbone(&self) -> bool {
        self.mesh.installation.features.hbone_send || self.client.kind == ProxyKind::Waypoint
    }

    /// Says whether the proxy, which is no waypoint, reaches workloads by HBONE.
    pub fn sends_hbone(&self) -> bool {
        self.mesh.installation.features.hbone_send && !self.client.disable_hbone_send
    }

    /// The service of this hostname in the scope.
    pub fn service(&self, hostname: &str) -> Option<&'m Arc<Service>> {
        self.scope.services_by_hostname.get(hostname).map(|&i| &self.scope.services[i])
    }

    /// The DestinationRule for a service: of those in the scope's own namespace the first whose workload selector matches, else the
    /// last without selector.
    ///
    /// istiod: `sidecar.go` `DestinationRule`
    pub fn destination_rule(&self, hostname: &str) -> Option<&'m ConsolidatedDestinationRule> {
        let rules = self.scope.destination_rules.get(hostname)?;
        let selected = rules.iter().find(|r| {
            let selector = r.rule.spec.workload_selector.as_ref();
            let own = r.rule.meta.namespace == self.scope.namespace;
            own && selector.is_some_and(|s| labels::subset(&s.match_labels, &self.client.labels))
        });
        selected.map(|r| &**r).or_else(|| self.inbound_destination_rule(hostname))
    }

    /// The DestinationRule that speaks for the inbound side of a service: workload selectors do not count there.
    ///
    /// istiod: `sidecar.go` `DestinationRule`
    pub fn inbound_destination_rule(&self, hostname: &str) -> Option<&'m ConsolidatedDestinationRule> {
        let rules = self.scope.destination_rules.get(hostname)?;
        rules.iter().rev().find(|r| r.rule.spec.workload_selector.is_none()).map(|r| &**r)
    }

    /// The address of a service: its first cluster IP of a family that the proxy has, else an automatic one, else the default.
    ///
    /// istiod: `service.go` `GetAddressForProxy`
    pub fn service_address<'s>(&self, service: &'s Service) -> &'s str {
        let vip = self.supported(service.cluster_vips.iter().map(String::as_str)).first().copied();
        let automatic = || {
            let automatic = [&service.auto_allocated_ipv4, &service.auto_allocated_ipv6];
            let counts = self.takes_automatic_addresses() && service.default_address == UNSPECIFIED_IP;
            automatic.into_iter().map(String::as_str).find(|a| counts && self.family(a).is_some())
        };
        vip.or_else(automatic).unwrap_or(&service.default_address)
    }

    /// Whether automatic addresses count: the proxy answers DNS, and there is a controller that makes them, or the proxy asks istiod
    /// for some. istiod: `service.go` `nodeUsesAutoallocatedIPs`
    fn takes_automatic_addresses(&self) -> bool {
        let asks = || self.client.metadata.get("DNS_AUTO_ALLOCATE").is_some_and(|value| value == "true");
        self.client.dns_capture && (self.mesh.features().ip_autoallocate || asks())
    }

    /// All addresses of a service, of families that the proxy has.
    ///
    /// istiod: `service.go` `GetAllAddressesForProxy`
    pub fn service_all_addresses(&self, service: &Service) -> Vec<String> {
        let mut addresses: Vec<&str> = service.cluster_vips.iter().map(String::as_str).collect();
        if addresses.is_empty() && self.takes_automatic_addresses() {
            let automatic = [service.auto_allocated_ipv4.as_str(), service.auto_allocated_ipv6.as_str()];
            addresses.extend(automatic.into_iter().filter(|a| !a.is_empty()));
        }
        let features = self.mesh.features();
        let both = (features.dual_stack || features.ambient) && self.client.ip_mode == IpMode::Dual;
        let mut addresses = if both { addresses } else { self.supported(addresses.into_iter()) };
        let default = service.default_address.as_str();
        let default_counts = service.cluster_vips.is_empty()
            || self.family(default).is_some()
            || !self.mesh.does(Behaviour::FiltersClusterIpsByFamily);
        if addresses.is_empty() && !default.is_empty() && default_counts {
            addresses.push(default);
        }
        addresses.into_iter().map(str::to_owned).collect()
    }

    /// The addresses by which other networks know a service of scope GLOBAL, in the proxy's network and of families that it has.
    ///
    /// istiod: `listener_waypoint.go` `globalServiceVIPs`
    pub fn global_service_addresses(&self, service: &Service) -> Vec<String> {
        let ambient = &self.mesh.ambient;
        let known = ambient.service(&service.namespace, &service.hostname).filter(|known| known.global);
        let known = known.filter(|known| self.client.network.is_empty() || known.network == self.client.network);
        let addresses = known.into_iter().flat_map(|known| &known.addresses).map(String::as_str);
        let addresses: Vec<&str> = match self.client.ip_mode {
            IpMode::Dual => addresses.collect(),
            IpMode::Ipv4 | IpMode::Ipv6 => self.supported(addresses),
        };
        addresses.into_iter().map(str::to_owned).collect()
    }

    /// The addresses of a service after the first. istiod: `service.go` `GetExtraAddressesForProxy`.
    pub fn service_extra_addresses(&self, service: &Service) -> Vec<String> {
        self.service_all_addresses(service).into_iter().skip(1).collect()
    }

    /// Returns the addresses of families that the proxy has; of a proxy that has both, those of the first one's family.
    ///
    /// istiod: `FilterAddressesByIPFamily`
    fn supported<'s>(&self, addresses: impl Iterator<Item = &'s str>) -> Vec<&'s str> {
        let mut all = addresses.filter_map(|a| Some((a, self.family(a)?))).peekable();
        let first = all.peek().map(|(_, family)| *family);
        all.filter(|(_, family)| Some(*family) == first).map(|(address, _)| address).collect()
    }

    /// Returns the family of an address or CIDR, if the proxy has it.
    fn family(&self, address: &str) -> Option<Family> {
        let ip = address.split_once('/').map_or(address, |(ip, _)| ip).parse::<IpAddr>().ok()?;
        match (ip, self.client.ip_mode) {
            (IpAddr::V4(_), IpMode::Ipv4 | IpMode::Dual) => Some(Family::Ipv4),
            (IpAddr::V6(_), IpMode::Ipv6 | IpMode::Dual) => Some(Family::Ipv6),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Ipv4,
    Ipv6,
}
