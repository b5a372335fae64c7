//! The gateways that `istioctl install` lays.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::source::ResourceRef;

/// A gateway that an IstioOperator, or a profile, asks for. Its parts are values of the chart.
///
/// istio: `manifests/charts/gateways/istio-ingress/values.yaml`, `manifests/charts/gateways/istio-egress/values.yaml`
#[derive(Debug, Clone, PartialEq)]
pub struct InstalledGateway {
    /// Which chart makes it.
    pub component: GatewayComponent,
    /// The name of Deployment and Service.
    pub name: String,
    /// The namespace; none for the one of the installation.
    pub namespace: Option<String>,
    /// The labels that tell its Pods from others.
    pub labels: BTreeMap<String, String>,
    /// The ports of the Service.
    pub ports: Vec<GatewayPort>,
    /// The type of the Service.
    pub service_type: String,
    /// Other fields of the Service's `spec`.
    pub service: Map<String, Value>,
    /// Whether there is a Service: not with `customService`.
    pub has_service: bool,
    /// Annotations of the Service.
    pub service_annotations: BTreeMap<String, String>,
    /// Annotations of the Pods.
    pub pod_annotations: BTreeMap<String, String>,
    /// Variables of the proxy.
    pub env: BTreeMap<String, String>,
    /// The tag of its image, if it is not the one of the mesh.
    pub tag: String,
    /// Whether the proxy runs as root.
    pub is_root: bool,
    /// The injector's template that makes the proxy's container; empty if the chart does.
    pub injection_template: String,
    /// What changes the objects that the chart makes: `k8s` of the component.
    pub patches: Value,
    /// The IstioOperator that lists or enables it; none for one that is the profile's.
    pub stated_by: Option<(ResourceRef, String)>,
}

/// A port of a gateway's Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayPort {
    /// Its name.
    pub name: String,
    /// Its number.
    pub port: u32,
    /// The port of the Pods.
    pub target: u32,
    /// `TCP` or `UDP`.
    pub protocol: String,
    /// Other fields.
    pub rest: Map<String, Value>,
}

/// A chart of gateways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayComponent {
    /// `istio-ingress`
    Ingress,
    /// `istio-egress`
    Egress,
}

impl GatewayComponent {
    /// Both, in the order in which one is chosen for a selector that both match.
    pub const ALL: [Self; 2] = [Self::Ingress, Self::Egress];

    /// Returns the key of its values under `gateways`, which is the default name as well.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ingress => "istio-ingressgateway",
            Self::Egress => "istio-egressgateway",
        }
    }

    /// Returns the name of the chart.
    pub const fn chart(self) -> &'static str {
        match self {
            Self::Ingress => "istio-ingress",
            Self::Egress => "istio-egress",
        }
    }

    /// Returns what the operator calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ingress => "IngressGateways",
            Self::Egress => "EgressGateways",
        }
    }

    /// Returns its list in an IstioOperator's `components`.
    pub const fn list(self) -> &'static str {
        match self {
            Self::Ingress => "ingressGateways",
            Self::Egress => "egressGateways",
        }
    }

    const fn istio_label(self) -> &'static str {
        match self {
            Self::Ingress => "ingressgateway",
            Self::Egress => "egressgateway",
        }
    }
}

impl GatewayPort {
    /// Returns a TCP port.
    pub fn new(name: &str, port: u32, target: u32) -> Self {
        Self { name: name.to_owned(), port, target, protocol: "TCP".to_owned(), rest: Map::new() }
    }
}

impl InstalledGateway {
    /// Returns the gateway of the chart's own values.
    pub fn of_chart(component: GatewayComponent) -> Self {
        let http = [GatewayPort::new("http2", 80, 8080), GatewayPort::new("https", 443, 8443)];
        let labels = [("app", component.key()), ("istio", component.istio_label())];
        let status = GatewayPort::new("status-port", 15021, 15021);
        let (ports, service_type) = match component {
            GatewayComponent::Ingress => ([status].into_iter().chain(http).collect(), "LoadBalancer"),
            GatewayComponent::Egress => (http.to_vec(), "ClusterIP"),
        };
        Self {
            component,
            name: component.key().to_owned(),
            namespace: None,
            labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ports,
            service_type: service_type.to_owned(),
            service: Map::new(),
            has_service: true,
            service_annotations: BTreeMap::new(),
            pod_annotations: BTreeMap::new(),
            env: BTreeMap::new(),
            tag: String::new(),
            is_root: false,
            injection_template: String::new(),
            patches: Value::Null,
            stated_by: None,
        }
    }

    /// Returns the gateway of the profile `demo`.
    ///
    /// istio: `manifests/helm-profiles/demo.yaml`
    pub fn of_demo(component: GatewayComponent) -> Self {
        let mut gateway = Self::of_chart(component);
        if component == GatewayComponent::Ingress {
            gateway.ports.extend([GatewayPort::new("tcp", 31400, 31400), GatewayPort::new("tls", 15443, 15443)]);
        }
        gateway
    }
}
