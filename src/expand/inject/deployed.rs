//! The proxy's container of gateways that nobody injects: istiod, or an install, deploys them with it.

use serde_json::{Map, Value, json};

use super::environment::Context;
use super::{Injector, Template, container, environment, openshift, proxy_config};
use crate::expand::workload::Workload;
use crate::installation::{GatewayPort, InstalledGateway};
use crate::model::istio::label::NETWORK;

impl Injector<'_> {
    /// Returns the proxy's container in the Pod of a Gateway that istiod deploys, by labels of the Pod and annotations of the
    /// Gateway.
    ///
    /// istiod: `files/kube-gateway.yaml`
    pub(in super::super) fn gateway_container(
        &self,
        workload: &Workload<'_>,
        gateway: &str,
        labels: &Map<String, Value>,
        annotations: &Map<String, Value>,
    ) -> Value {
        let by = Map::from_iter([("gateway.networking.k8s.io/gateway-name".to_owned(), json!(gateway))]);
        let proxy_config = proxy_config::effective(self, &workload.meta.namespace, &by, &Map::new());
        let context = context_of_deployed(workload, (labels, annotations), Template::Gateway, &proxy_config);
        let mut environment = environment::variables(self, &context);
        if let Some(network) = self.network(labels) {
            environment.push(json!({"name": "ISTIO_META_NETWORK", "value": network}));
        }
        if let Some(network) = labels.get(NETWORK) {
            environment.push(json!({"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": network}));
        }
        let mut container = container::proxy(self, &context, &environment);
        container["ports"] = gateway_ports();
        container
    }

    /// Returns the proxy's container in the Pod of a waypoint that istiod deploys, by labels of the Pod and annotations of the Gateway.
    ///
    /// istiod: `files/waypoint.yaml`
    pub(in super::super) fn waypoint_container(
        &self,
        workload: &Workload<'_>,
        gateway: &str,
        (labels, annotations): (&Map<String, Value>, &Map<String, Value>),
        service_account: &str,
        east_west: bool,
    ) -> Value {
        let by = Map::from_iter([("gateway.networking.k8s.io/gateway-name".to_owned(), json!(gateway))]);
        let proxy_config = proxy_config::effective(self, &workload.meta.namespace, &by, &Map::new());
        let context = context_of_deployed(workload, (labels, annotations), Template::Waypoint, &proxy_config);
        let mut environment = environment::variables(self, &context);
        if let Some(network) = self.network(labels) {
            environment.push(json!({"name": "ISTIO_META_NETWORK", "value": network}));
            if east_west {
                environment.push(json!({"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": network}));
            }
        }
        let mut container = container::proxy(self, &context, &environment);
        if let Some(arguments) = container["args"].as_array_mut() {
            arguments.push(json!(format!("--serviceCluster={service_account}.$(POD_NAMESPACE)")));
        }
        container["ports"] = gateway_ports();
        container
    }

    /// Returns the proxy's container in the Pod of a gateway that an install lays without the injector's help.
    ///
    /// istio: `manifests/charts/gateways/istio-ingress/templates/deployment.yaml`
    pub(in super::super) fn installed_container(&self, workload: &Workload<'_>, gateway: &InstalledGateway) -> Value {
        let environment = environment::of_installed_gateway(self, workload, gateway);
        let none = Map::new();
        let context = context_of_deployed(workload, (&none, &none), Template::Gateway, &none);
        let mut container = container::proxy(self, &context, &environment);
        container["image"] = json!(container::installed_image(self, &gateway.tag));
        container["ports"] = container_ports(&gateway.ports);
        container
    }
}

/// Returns the ports of the container of a gateway that an install lays.
pub(in super::super) fn container_ports(ports: &[GatewayPort]) -> Value {
    let ports = ports.iter().map(|port| json!({"containerPort": port.target, "protocol": port.protocol}));
    let metrics = json!({"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"});
    Value::Array(ports.chain([metrics]).collect())
}

/// The ports of the container of a gateway or waypoint that istiod deploys.
fn gateway_ports() -> Value {
    json!([
        {"containerPort": 15020, "name": "metrics", "protocol": "TCP"},
        {"containerPort": 15021, "name": "status-port", "protocol": "TCP"},
        {"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"},
    ])
}

/// What templates of gateways that istiod deploys are run on.
fn context_of_deployed<'c>(
    workload: &'c Workload<'c>,
    (labels, annotations): (&'c Map<String, Value>, &'c Map<String, Value>),
    template: Template,
    proxy_config: &'c Map<String, Value>,
) -> Context<'c> {
    Context {
        workload,
        labels,
        annotations,
        template,
        is_injected: false,
        containers: &[],
        proxy_config,
        proxy_ids: openshift::DEFAULT_IDS,
    }
}
