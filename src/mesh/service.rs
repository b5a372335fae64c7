//! The mesh's services, whatever they were made from: a Kubernetes Service or a ServiceEntry.

use std::collections::BTreeMap;

use crate::installation::Features;
use crate::mesh::protocol::Protocol;
use crate::mesh::visibility::ExportTo;
use crate::model::Timestamp;
use crate::source::ResourceRef;

/// The address of a service that has none of its own. istiod: `constants.UnspecifiedIP`.
pub const UNSPECIFIED_IP: &str = "0.0.0.0";

/// One service: a hostname with ports. A ServiceEntry gives one for each host and address.
///
/// istiod: `pilot/pkg/model/service.go` `Service`
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// The fully qualified hostname, as written (a wildcard is possible for a ServiceEntry).
    pub hostname: String,
    /// The name that istiod sorts by: the Kubernetes name, or the host of a ServiceEntry.
    pub name: String,
    /// The name of the resource, by which policies refer to it.
    pub object_name: String,
    /// The namespace of the resource.
    pub namespace: String,
    /// The registry it came from.
    pub registry: Registry,
    /// When the resource was created.
    pub creation: Option<Timestamp>,
    /// The ports, in the order of the resource.
    pub ports: Vec<Port>,
    /// How its endpoints are found.
    pub resolution: Resolution,
    /// The address: the first cluster IP, the ServiceEntry address (an IP or a CIDR), or [`UNSPECIFIED_IP`].
    pub default_address: String,
    /// All cluster IPs, where Kubernetes gave any (istiod: `ClusterVIPs` of the one cluster), or ServiceEntry addresses.
    pub cluster_vips: Vec<String>,
    /// The automatically allocated IPv4 address, or empty.
    pub auto_allocated_ipv4: String,
    /// The automatically allocated IPv6 address, or empty.
    pub auto_allocated_ipv6: String,
    /// Outside of the mesh: an ExternalName, or a ServiceEntry with location `MESH_EXTERNAL`.
    pub mesh_external: bool,
    /// The namespaces that may see it; empty means the mesh's default.
    pub export_to: ExportTo,
    /// The resource's labels.
    pub labels: BTreeMap<String, String>,
    /// The labels of the workloads behind it.
    pub selector: BTreeMap<String, String>,
    /// Identities that may serve it beyond those of its endpoints: annotations, or `subjectAltNames`; sorted.
    /// See [`crate::mesh::Mesh::service_accounts`] for the complete list.
    pub service_accounts: Vec<String>,
    /// Other names of this service: ExternalName Services that point at it, by namespace then hostname.
    pub aliases: Vec<NamespacedHostname>,
    /// What an ExternalName Service points at, else empty.
    pub external_name: String,
    /// `internalTrafficPolicy: Local`.
    pub node_local: bool,
    /// `publishNotReadyAddresses`.
    pub publish_not_ready_addresses: bool,
    /// `trafficDistribution`, by field or annotation.
    pub traffic_distribution: TrafficDistribution,
    /// The port an ORIGINAL_DST cluster goes to in place of the service port, by service port.
    pub passthrough_target_ports: BTreeMap<u32, u32>,
    /// Addresses by which other networks reach it: `externalIPs`, load balancer ingress, or node addresses.
    pub external_addresses: Vec<String>,
    /// Node port by service port, where a node selector annotation makes nodes the gateways.
    pub external_ports: BTreeMap<u32, u32>,
    /// How Envoy connects to a DNS name with several addresses (annotation `istio.io/connect-strategy`).
    pub dns_connect_strategy: DnsConnectStrategy,
    /// The resource it was made from.
    pub source: ResourceRef,
}

/// A hostname with the namespace of the service that bears it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamespacedHostname {
    /// The namespace.
    pub namespace: String,
    /// The hostname.
    pub hostname: String,
}

/// Where a service comes from. istiod: `provider.ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registry {
    /// A Kubernetes Service.
    Kubernetes,
    /// A ServiceEntry.
    External,
}

/// How the endpoints of a service are found. istiod: `model.Resolution`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// Envoy picks one of the endpoints it is given.
    ClientSideLb,
    /// Envoy asks DNS and uses all answers.
    DnsLb,
    /// Envoy goes where the client meant to go.
    Passthrough,
    /// Envoy asks DNS and uses one answer.
    DnsRoundRobinLb,
    /// Another name of another service.
    Alias,
    /// Envoy asks DNS for the host of each request.
    DynamicDns,
}

/// `trafficDistribution`. istiod: `model.TrafficDistribution`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum TrafficDistribution {
    /// No preference.
    #[default]
    Any,
    /// `PreferClose` and `PreferSameZone`.
    PreferSameZone,
    /// `PreferSameNode`.
    PreferSameNode,
}

/// Annotation `istio.io/connect-strategy`. istiod: `model.DNSConnectStrategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum DnsConnectStrategy {
    /// Envoy's default.
    #[default]
    Default,
    /// `RACE_FIRST_TCP_CONNECT`: happy eyeballs.
    FirstHealthyRace,
}

/// A port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// The name; unique in the service.
    pub name: String,
    /// The number that clients use.
    pub number: u32,
    /// The protocol, by appProtocol, name or number.
    pub protocol: Protocol,
    /// What `targetPort` says of a Kubernetes Service; unset for a ServiceEntry (see its endpoints).
    pub target_port: Option<TargetPort>,
}

/// A Kubernetes `targetPort`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// A number.
    Number(u32),
    /// The name of a container port.
    Name(String),
}

impl Service {
    /// Returns the port of this number, unless it is UDP. istiod: `PortList.GetByPort`.
    pub fn port(&self, number: u32) -> Option<&Port> {
        self.ports.iter().find(|p| p.number == number && p.protocol != Protocol::Udp)
    }

    /// Says whether it is a Kubernetes Service.
    pub fn is_kubernetes(&self) -> bool {
        self.registry == Registry::Kubernetes
    }

    /// Says whether it has a label with a value; an empty label is none.
    pub fn has_label(&self, label: &str) -> bool {
        !label.is_empty() && self.labels.get(label).is_some_and(|value| !value.is_empty())
    }

    /// Says whether requests stick to endpoints until these are gone. istiod: `SupportsDrainingEndpoints`
    pub fn supports_draining_endpoints(&self, features: &Features) -> bool {
        self.has_label(&features.persistent_session_label) || self.has_label(&features.persistent_session_header_label)
    }

    /// Says whether endpoints that are not healthy are always sent: of a service with `trafficDistribution`, or of all by
    /// `PILOT_SEND_UNHEALTHY_ENDPOINTS`. istiod: `ForcesSupportUnhealthyEndpoints`
    pub fn forces_unhealthy_endpoints(&self, features: &Features) -> bool {
        features.send_unhealthy_endpoints || self.traffic_distribution != TrafficDistribution::Any
    }
}
