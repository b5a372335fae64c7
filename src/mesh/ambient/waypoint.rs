//! Gateways as waypoints: how they are reached, and for whom they are.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::AmbientContext;
use crate::model::gateway_api::{FromNamespaces, GatewayClass, KubernetesGateway, Listener, Namespaces};
use crate::model::{Config, ObjectMeta};
use crate::source::ResourceRef;

/// The port on which waypoints take HBONE.
pub(crate) const HBONE_PORT: u32 = 15008;
const WAYPOINT_FOR: &str = "istio.io/waypoint-for";
const INBOUND_BINDING: &str = "ambient.istio.io/waypoint-inbound-binding";

/// A Gateway with an address: whatever its class, services and workloads can name it.
///
/// istiod: `ambient/waypoints.go` `Waypoint`
#[derive(Debug, Clone, PartialEq)]
pub struct Waypoint {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it is reached; none if no address of its status says so.
    pub address: Option<WaypointAddress>,
    /// What it is for.
    pub traffic_type: TrafficType,
    /// Whose services and workloads it takes.
    pub allowed: Namespaces,
    /// The Gateway.
    pub source: ResourceRef,
}

/// How a waypoint is reached, which is also how its proxies find what it owns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaypointAddress {
    /// By a Service.
    Hostname {
        /// The namespace of the Gateway.
        namespace: String,
        /// The Service's hostname.
        hostname: String,
    },
    /// By an IP address.
    Address {
        /// The network that it is in, or empty.
        network: String,
        /// The address.
        address: String,
    },
}

/// What a waypoint is for. istiod: `istio.io/waypoint-for`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrafficType {
    /// Requests to services.
    Service,
    /// Requests to workloads by their own address.
    Workload,
    /// Both.
    All,
    /// Nothing: `none`, or a word that istiod does not know.
    None,
}

impl TrafficType {
    /// Reads the value of the label `istio.io/waypoint-for`.
    pub fn parse(text: &str) -> Self {
        match text {
            "service" => Self::Service,
            "workload" => Self::Workload,
            "all" => Self::All,
            _ => Self::None,
        }
    }

    /// Says whether services may be attached.
    pub fn takes_services(self) -> bool {
        matches!(self, Self::Service | Self::All)
    }

    /// Says whether workloads may be attached.
    pub fn takes_workloads(self) -> bool {
        matches!(self, Self::Workload | Self::All)
    }
}

impl Waypoint {
    /// Says whether objects of a namespace, with its labels, may be attached.
    ///
    /// istiod: `waypoints.go` `AllowsAttachmentFromNamespace`
    pub fn allows(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        match self.allowed.from {
            FromNamespaces::All => true,
            FromNamespaces::Selector => self.allowed.selector.as_ref().is_some_and(|selector| selector.matches(labels)),
            FromNamespaces::Same | FromNamespaces::None => self.namespace == namespace,
        }
    }
}

/// Collects the Gateways whose status has an address. istiod: `waypoints.go` `gatewayToWaypointTransform`.
pub(super) fn all(context: &AmbientContext<'_>) -> BTreeMap<(String, String), Waypoint> {
    let gateways = context.manifests.kubernetes_gateways.iter();
    let gateways = gateways.filter(|gateway| context.seen.contains(&gateway.meta.namespace));
    let with_address = gateways.filter(|gateway| !gateway.spec.status_addresses.is_empty());
    let waypoint = |gateway: &Config<KubernetesGateway>| {
        let classes = &context.manifests.gateway_classes;
        let class = classes.iter().find(|class| class.meta.name == gateway.spec.gateway_class_name);
        waypoint(gateway, class.map(AsRef::as_ref), context.networks.system_namespace())
    };
    with_address
        .map(|gateway| ((gateway.meta.namespace.clone(), gateway.meta.name.clone()), waypoint(gateway)))
        .collect()
}

fn waypoint(gateway: &Config<KubernetesGateway>, class: Option<&Config<GatewayClass>>, network: &str) -> Waypoint {
    let Config { meta, spec, source } = gateway;
    let of_class = || class.and_then(|class| class.meta.labels.get(WAYPOINT_FOR));
    let traffic_type = meta.labels.get(WAYPOINT_FOR).or_else(of_class);
    Waypoint {
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        address: address(meta, spec, network),
        traffic_type: traffic_type.map_or(TrafficType::Service, |text| TrafficType::parse(text)),
        allowed: allowed(gateway, class),
        source: *source,
    }
}

/// The first hostname of the status, else the first IP address. istiod: `waypoints.go` `getGatewayAddress`.
fn address(meta: &ObjectMeta, spec: &KubernetesGateway, network: &str) -> Option<WaypointAddress> {
    let of_type = |wanted: &'static str| spec.status_addresses.iter().filter(move |a| a.r#type == wanted);
    let hostname = of_type("Hostname").next().map(|address| WaypointAddress::Hostname {
        namespace: meta.namespace.clone(),
        hostname: address.value.clone(),
    });
    let by_ip = || {
        let ip = of_type("IPAddress").find_map(|address| address.value.parse::<IpAddr>().ok())?;
        Some(WaypointAddress::Address { network: network.to_owned(), address: ip.to_string() })
    };
    hostname.or_else(by_ip)
}

/// `allowedRoutes` of the listener that the annotation binds, else of the one for HBONE. istiod: `waypoints.go` `makeAllowedRoutes`.
fn allowed(gateway: &Config<KubernetesGateway>, class: Option<&Config<GatewayClass>>) -> Namespaces {
    let binding = gateway.meta.annotations.get(INBOUND_BINDING);
    let binding = binding.or_else(|| class.and_then(|class| class.meta.annotations.get(INBOUND_BINDING)));
    let listeners = &gateway.spec.listeners;
    let bound = binding.and_then(|text| bound_listener(text, listeners));
    let hbone = || listeners.iter().find(|l| l.protocol == "HBONE" && l.port == HBONE_PORT);
    bound.or_else(hbone).map(|listener| listener.allowed_routes.namespaces.clone()).unwrap_or_default()
}

/// `<protocol>` or `<protocol>/<port>`. istiod: `waypoints.go` `makeInboundBinding`, `findBoundListener`.
fn bound_listener<'l>(binding: &str, listeners: &'l [Listener]) -> Option<&'l Listener> {
    let (protocol, port) = binding.split_once('/').unwrap_or((binding, ""));
    if !matches!(protocol, "NONE" | "PROXY") || port.contains('/') {
        return None;
    }
    match port.parse::<u32>().unwrap_or_default() {
        0 if protocol == "PROXY" => listeners.iter().find(|listener| listener.protocol == "istio.io/PROXY"),
        0 => None,
        port => listeners.iter().find(|listener| listener.port == port),
    }
}
