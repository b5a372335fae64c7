//! `Service`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as api;

use super::super::ObjectMeta;
use super::{IntOrString, Kind};

/// A name and an address for a set of pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// What is asked for.
    pub spec: ServiceSpec,
    /// The load balancer's addresses (`status.loadBalancer.ingress`).
    pub load_balancer_ingress: Vec<LoadBalancerIngress>,
}

/// What is asked for of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSpec {
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`; empty means `ClusterIP`.
    pub r#type: String,
    /// The virtual address; `None` for a headless service, empty if the API server has not given one yet.
    pub cluster_ip: String,
    /// All virtual addresses, of both families in a dual-stack cluster; the first is `cluster_ip`.
    pub cluster_ips: Vec<String>,
    /// `IPv4`, `IPv6` or both, in order of preference.
    pub ip_families: Vec<String>,
    /// `SingleStack`, `PreferDualStack` or `RequireDualStack`.
    pub ip_family_policy: String,
    /// The ports that clients connect to.
    pub ports: Vec<ServicePort>,
    /// Labels of the pods behind the service; empty if someone else lists its endpoints.
    pub selector: BTreeMap<String, String>,
    /// The name that an `ExternalName` service stands for.
    pub external_name: String,
    /// Addresses outside the cluster that nodes accept for the service.
    pub external_ips: Vec<String>,
    /// Requested address of the load balancer.
    pub load_balancer_ip: String,
    /// The load balancer's implementation.
    pub load_balancer_class: String,
    /// `ClientIP` or `None`.
    pub session_affinity: String,
    /// `Local` keeps traffic from outside on the node that it came to.
    pub external_traffic_policy: String,
    /// `Local` keeps traffic from inside on its node.
    pub internal_traffic_policy: String,
    /// `PreferClose`, `PreferSameZone` or `PreferSameNode`.
    pub traffic_distribution: String,
    /// Whether DNS and endpoints include pods that are not ready.
    pub publish_not_ready_addresses: bool,
}

/// A port of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServicePort {
    /// The port's name, which may tell the protocol (`http-web`); empty if it is the only one.
    pub name: String,
    /// The number that clients use.
    pub port: u32,
    /// `TCP`, `UDP` or `SCTP`; empty means `TCP`.
    pub protocol: String,
    /// The application protocol, which counts before the name's prefix.
    pub app_protocol: Option<String>,
    /// The pods' port by number or name; left out means `port`.
    pub target_port: Option<IntOrString>,
    /// The port that nodes open, if they do; zero if not.
    pub node_port: u32,
}

/// An address that a load balancer has got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadBalancerIngress {
    /// IP address; empty if it has a name.
    pub ip: String,
    /// DNS name; empty if it has an address.
    pub hostname: String,
}

impl Kind for Service {
    type Api = api::Service;

    fn from_api(api: api::Service) -> (ObjectMeta, Self) {
        let status = api.status.unwrap_or_default();
        let service = Self {
            spec: api.spec.map(ServiceSpec::from).unwrap_or_default(),
            load_balancer_ingress: super::list(status.load_balancer.and_then(|status| status.ingress)),
        };
        (api.metadata.into(), service)
    }
}

impl From<api::ServiceSpec> for ServiceSpec {
    fn from(spec: api::ServiceSpec) -> Self {
        Self {
            r#type: spec.type_.unwrap_or_default(),
            cluster_ip: spec.cluster_ip.unwrap_or_default(),
            cluster_ips: spec.cluster_ips.unwrap_or_default(),
            ip_families: spec.ip_families.unwrap_or_default(),
            ip_family_policy: spec.ip_family_policy.unwrap_or_default(),
            ports: super::list(spec.ports),
            selector: spec.selector.unwrap_or_default(),
            external_name: spec.external_name.unwrap_or_default(),
            external_ips: spec.external_ips.unwrap_or_default(),
            load_balancer_ip: spec.load_balancer_ip.unwrap_or_default(),
            load_balancer_class: spec.load_balancer_class.unwrap_or_default(),
            session_affinity: spec.session_affinity.unwrap_or_default(),
            external_traffic_policy: spec.external_traffic_policy.unwrap_or_default(),
            internal_traffic_policy: spec.internal_traffic_policy.unwrap_or_default(),
            traffic_distribution: spec.traffic_distribution.unwrap_or_default(),
            publish_not_ready_addresses: spec.publish_not_ready_addresses.unwrap_or_default(),
        }
    }
}

impl From<api::ServicePort> for ServicePort {
    fn from(api: api::ServicePort) -> Self {
        Self {
            name: api.name.unwrap_or_default(),
            port: super::port(api.port),
            protocol: api.protocol.unwrap_or_default(),
            app_protocol: api.app_protocol,
            target_port: api.target_port.map(IntOrString::from),
            node_port: super::port(api.node_port.unwrap_or_default()),
        }
    }
}

impl From<api::LoadBalancerIngress> for LoadBalancerIngress {
    fn from(api: api::LoadBalancerIngress) -> Self {
        Self { ip: api.ip.unwrap_or_default(), hostname: api.hostname.unwrap_or_default() }
    }
}
