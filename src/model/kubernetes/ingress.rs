//! `Ingress` and `IngressClass`.

use k8s_openapi::api::networking::v1 as api;

use super::super::ObjectMeta;
use super::{Kind, LoadBalancerIngress};

/// Routes from outside the cluster to services, by host and path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingress {
    /// The IngressClass that serves it; left out leaves it to the annotation or the default class.
    pub ingress_class_name: Option<String>,
    /// Where requests go that match no rule.
    pub default_backend: Option<IngressBackend>,
    /// Certificates by host.
    pub tls: Vec<IngressTls>,
    /// Rules by host.
    pub rules: Vec<IngressRule>,
    /// The load balancer's addresses (`status.loadBalancer.ingress`).
    pub load_balancer_ingress: Vec<LoadBalancerIngress>,
}

/// A certificate for hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressTls {
    /// The hosts.
    pub hosts: Vec<String>,
    /// The Secret with certificate and key.
    pub secret_name: String,
}

/// The paths of one host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressRule {
    /// The host, perhaps with a wildcard in front; empty means all.
    pub host: String,
    /// Its paths (`http.paths`); `None` without `http`.
    pub http: Option<Vec<HttpIngressPath>>,
}

/// Where requests of a path go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HttpIngressPath {
    /// The path.
    pub path: String,
    /// `Exact`, `Prefix` or `ImplementationSpecific`.
    pub path_type: String,
    /// Where they go.
    pub backend: IngressBackend,
}

/// Where requests go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressBackend {
    /// The service; `None` if it is some other resource, which istiod does not serve.
    pub service: Option<IngressServiceBackend>,
}

/// A port of a service of the Ingress's namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressServiceBackend {
    /// The service's name.
    pub name: String,
    /// The port's name; empty if it has a number.
    pub port_name: String,
    /// The port's number; zero if it has a name.
    pub port_number: u32,
}

/// Who serves the Ingresses of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IngressClass {
    /// The controller's name; istiod's is `istio.io/ingress-controller`.
    pub controller: String,
}

impl Kind for Ingress {
    type Api = api::Ingress;

    fn from_api(api: api::Ingress) -> (ObjectMeta, Self) {
        let spec = api.spec.unwrap_or_default();
        let addresses = api.status.and_then(|status| status.load_balancer).and_then(|status| status.ingress);
        let ingress = Self {
            ingress_class_name: spec.ingress_class_name,
            default_backend: spec.default_backend.map(IngressBackend::from),
            tls: super::list(spec.tls),
            rules: super::list(spec.rules),
            load_balancer_ingress: super::list(addresses),
        };
        (api.metadata.into(), ingress)
    }
}

impl Kind for IngressClass {
    type Api = api::IngressClass;

    fn from_api(api: api::IngressClass) -> (ObjectMeta, Self) {
        let class = Self { controller: api.spec.unwrap_or_default().controller.unwrap_or_default() };
        (api.metadata.into(), class)
    }
}

impl From<api::IngressTLS> for IngressTls {
    fn from(api: api::IngressTLS) -> Self {
        Self { hosts: api.hosts.unwrap_or_default(), secret_name: api.secret_name.unwrap_or_default() }
    }
}

impl From<api::IngressRule> for IngressRule {
    fn from(api: api::IngressRule) -> Self {
        Self { host: api.host.unwrap_or_default(), http: api.http.map(|http| super::list(Some(http.paths))) }
    }
}

impl From<api::HTTPIngressPath> for HttpIngressPath {
    fn from(api: api::HTTPIngressPath) -> Self {
        Self { path: api.path.unwrap_or_default(), path_type: api.path_type, backend: api.backend.into() }
    }
}

impl From<api::IngressBackend> for IngressBackend {
    fn from(api: api::IngressBackend) -> Self {
        Self { service: api.service.map(IngressServiceBackend::from) }
    }
}

impl From<api::IngressServiceBackend> for IngressServiceBackend {
    fn from(api: api::IngressServiceBackend) -> Self {
        let port = api.port.unwrap_or_default();
        Self {
            name: api.name,
            port_name: port.name.unwrap_or_default(),
            port_number: super::port(port.number.unwrap_or_default()),
        }
    }
}

impl From<api::IngressLoadBalancerIngress> for LoadBalancerIngress {
    fn from(api: api::IngressLoadBalancerIngress) -> Self {
        Self { ip: api.ip.unwrap_or_default(), hostname: api.hostname.unwrap_or_default() }
    }
}
