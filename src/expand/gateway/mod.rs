//! What istiod deploys for a Gateway of the Gateway API: ServiceAccount, Deployment, Service; and the Pod that comes of it.
//!
//! istiod: `gatewaycommon/deploymentcontroller.go`, `files/kube-gateway.yaml`, `files/waypoint.yaml`

mod class;
mod overlay;
mod pod;
mod service;
pub(super) mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use self::overlay::Overlays;
use super::inject::Injector;
use super::workload::Workload;
use super::{Invented, Made, address, ambient, node, shows_a_cluster};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expand::Target;
use crate::ingest::Manifests;
use crate::model::gateway_api::{GatewayController, KubernetesGateway};
use crate::model::istio::label::{DATAPLANE_MODE, NETWORK};
use crate::model::{Config, ObjectMeta};

/// Who has made an object.
const MANAGED_LABEL: &str = "gateway.istio.io/managed";
/// The Gateway that a Pod runs.
const GATEWAY_LABEL: &str = "gateway.networking.k8s.io/gateway-name";

/// ServiceAccount, Deployment, Service and Pod of each Gateway that istiod serves and whose addresses it has to make, as far as the
/// input has none.
///
/// An input that has a Pod with an address shows what a cluster holds, so a Gateway without a Pod is one that has none; unless the
/// mesh is ambient, and nothing in the input shows that anybody has seen to the Gateways or to ambient mode.
///
/// istiod: `deploymentcontroller.go` `configureIstioGateway`
pub(super) fn make(manifests: &Manifests, target: &Target<'_>, diagnostics: &mut Diagnostics) -> Vec<Made> {
    let features = &target.installation.features;
    if !features.gateway_api_deployment_controller {
        return Vec::new();
    }
    let mut gateways = served(manifests, target);
    if shows_a_cluster(manifests) {
        gateways.retain(|(gateway, controller)| {
            features.ambient && !ambient::is_seen_to(manifests, target) && lacks_all(manifests, gateway, *controller)
        });
    }
    if gateways.is_empty() {
        return Vec::new();
    }
    let injector = Injector::new(manifests, target);
    let mut services = address::free(Ipv4Addr::new(10, 96, 0, 0), 12, manifests);
    let mut pods = address::free(Ipv4Addr::new(10, 128, 0, 0), 9, manifests);
    let pod_names = manifests.pods.iter().map(|pod| (pod.meta.namespace.as_str(), pod.meta.name.clone()));
    let mut pod_names: BTreeSet<(&str, String)> = pod_names.collect();
    let mut made = Vec::new();
    for (gateway, controller) in gateways {
        let deployed = Deployed::new(gateway, controller, manifests, target);
        let namespace = gateway.meta.namespace.as_str();
        let workload = Workload::deployment(&deployed.meta, gateway.source);
        let objects = match Objects::new(&deployed, &workload, manifests, &injector, diagnostics) {
            Ok(objects) => objects,
            Err(refusal) => {
                diagnostics.push(refusal);
                continue;
            }
        };
        if !has(&manifests.service_accounts, namespace, &deployed.service_account) {
            made.push(deployed.made("ServiceAccount", &deployed.service_account, "", objects.service_account));
        }
        let name = &deployed.meta.name;
        if let Some(twice) = service::name_given_twice(&objects.service) {
            let message =
                format!("the API server takes no Service for the Gateway: two of its ports would be named `{twice}`");
            diagnostics.push(Diagnostic::warning("gateway-not-deployed", message).at(gateway.source, "spec.listeners"));
        } else if !has(&manifests.services, namespace, name)
            && let Some(address) = services.address(&format!("{namespace}/{name}"))
        {
            let (object, says) = super::service::with_address(objects.service, &address.to_string());
            made.push(deployed.made("Service", name, &says, object));
        }
        if runs(manifests, gateway) || has(&manifests.deployments, namespace, name) {
            continue;
        }
        let template = objects.deployment.pointer("/spec/template").cloned().unwrap_or_default();
        let is_scaled_to_zero = objects.deployment.pointer("/spec/replicas") == Some(&json!(0));
        made.push(deployed.made("Deployment", name, "", objects.deployment));
        if is_scaled_to_zero {
            continue;
        }
        let Some(address) = pods.address(&format!("{namespace}/Deployment/{name}")) else { continue };
        let pod_name = super::pod::name(&workload, &pod_names);
        let object = pod::pod(manifests, template, &workload, &pod_name, &address.to_string());
        made.push(deployed.made("Pod", &pod_name, &format!(", {address}"), object));
        pod_names.insert((namespace, pod_name));
    }
    made
}

/// The Gateways whose Deployment and Service istiod makes, each with its controller.
fn served<'m>(
    manifests: &'m Manifests,
    target: &Target<'_>,
) -> Vec<(&'m Config<KubernetesGateway>, GatewayController)> {
    let features = &target.installation.features;
    let controller = |gateway: &'m Arc<Config<KubernetesGateway>>| {
        let classes = manifests.gateway_classes.iter().map(Arc::as_ref);
        let controller = features.known_classes().controller(&gateway.spec.gateway_class_name, classes)?;
        let is_served = controller != GatewayController::Remote
            && gateway.spec.is_managed(features.gateway_api_manual_deployment)
            && gateway.meta.labels.get("istio.io/rev").is_none_or(|label| label == target.options.revision());
        is_served.then_some((&**gateway, controller))
    };
    manifests.kubernetes_gateways.iter().filter_map(controller).collect()
}

/// Says whether a Gateway's status says where it is reached.
fn needs_nothing(gateway: &Config<KubernetesGateway>) -> bool {
    !gateway.spec.status_addresses.is_empty()
}

/// Says whether nothing of what istiod makes for a Gateway is in the input.
fn lacks_all(manifests: &Manifests, gateway: &Config<KubernetesGateway>, controller: GatewayController) -> bool {
    let namespace = gateway.meta.namespace.as_str();
    let name = gateway.spec.deployment_name(&gateway.meta, controller);
    !needs_nothing(gateway)
        && !runs(manifests, gateway)
        && !has(&manifests.deployments, namespace, &name)
        && !has(&manifests.services, namespace, &name)
}

/// Says whether a Pod runs a Gateway.
fn runs(manifests: &Manifests, gateway: &Config<KubernetesGateway>) -> bool {
    manifests.pods.iter().any(|pod| {
        pod.meta.namespace == gateway.meta.namespace && pod.meta.labels.get(GATEWAY_LABEL) == Some(&gateway.meta.name)
    })
}

/// What is deployed for a Gateway, as ConfigMaps change it.
struct Objects {
    service_account: Value,
    service: Value,
    deployment: Value,
}

impl Objects {
    fn new(
        deployed: &Deployed<'_>,
        workload: &Workload<'_>,
        manifests: &Manifests,
        injector: &Injector<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self, Diagnostic> {
        let overlays = Overlays::of(deployed.gateway, manifests, diagnostics)?;
        let template = pod::template(deployed, injector, workload);
        Ok(Self {
            service_account: deployed.managed(overlays.service_account(deployed.account())?),
            service: deployed.managed(overlays.service(service::service(
                deployed,
                manifests,
                injector.installation(),
            ))?),
            deployment: deployed.managed(overlays.deployment(deployed.deployment(&template))?),
        })
    }
}

fn has<T>(configs: &[Arc<Config<T>>], namespace: &str, name: &str) -> bool {
    configs.iter().any(|config| config.meta.namespace == namespace && config.meta.name == name)
}

/// A Gateway with the names and labels of what is made for it.
struct Deployed<'m> {
    gateway: &'m Config<KubernetesGateway>,
    controller: GatewayController,
    /// Name and namespace of Deployment and Service.
    meta: ObjectMeta,
    service_account: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    /// When the Gateway was made, as it is written.
    created: Option<String>,
}

impl<'m> Deployed<'m> {
    fn new(
        gateway: &'m Config<KubernetesGateway>,
        controller: GatewayController,
        manifests: &Manifests,
        target: &Target<'_>,
    ) -> Self {
        let Config { meta, spec, .. } = gateway;
        let copies = target.installation.features.gateway_api_copy_labels;
        let infrastructure = spec.infrastructure.as_ref();
        let labels = infrastructure.map(|i| &i.labels).filter(|labels| !labels.is_empty());
        let annotations = infrastructure.map(|i| &i.annotations).filter(|annotations| !annotations.is_empty());
        let own = |map: &BTreeMap<String, String>| if copies { map.clone() } else { BTreeMap::new() };
        let mut annotations = annotations.map_or_else(|| own(&meta.annotations), without_gateway_api);
        // What is for the controller itself.
        for key in [
            "kubectl.kubernetes.io/last-applied-configuration",
            "gateway.istio.io/name-override",
            "gateway.istio.io/service-account",
            "gateway.istio.io/controller-version",
        ] {
            annotations.remove(key);
        }
        let mut labels = labels.map_or_else(|| own(&meta.labels), without_gateway_api);
        let object = manifests.node(gateway.source);
        let created = object.and_then(|object| object.get("metadata")?.get("creationTimestamp")?.as_str());
        override_labels(gateway, &mut labels, manifests, target);
        Self {
            gateway,
            controller,
            meta: ObjectMeta {
                name: spec.deployment_name(meta, controller),
                namespace: meta.namespace.clone(),
                ..ObjectMeta::default()
            },
            service_account: spec.service_account(meta, controller),
            labels,
            annotations,
            created: created.map(str::to_owned),
        }
    }

    /// The labels of what is made: the Gateway's own, and those that tell whose it is.
    fn labels(&self) -> Map<String, Value> {
        let own = [
            (GATEWAY_LABEL, self.gateway.meta.name.as_str()),
            ("gateway.networking.k8s.io/gateway-class-name", &self.gateway.spec.gateway_class_name),
        ];
        let written = self.labels.iter().map(|(key, value)| (key.clone(), json!(value)));
        written.chain(own.map(|(key, value)| (key.to_owned(), json!(value)))).collect()
    }

    /// The labels of Deployment and Pod.
    fn managed_labels(&self) -> Map<String, Value> {
        let mut labels = self.labels();
        labels.insert(MANAGED_LABEL.to_owned(), json!(class::managed_by(self.controller)));
        labels
    }

    /// Says who has made an object, whatever was changed in it. istiod: `deploymentcontroller.go` `apply`
    fn managed(&self, mut object: Value) -> Value {
        if let Some(root) = object.as_object_mut() {
            let labels = node::map(node::map(root, "metadata"), "labels");
            labels.insert(MANAGED_LABEL.to_owned(), json!(class::managed_by(self.controller)));
        }
        object
    }

    /// Says whether what is deployed is a waypoint, or an east-west gateway, which is one too.
    fn is_waypoint(&self) -> bool {
        matches!(self.controller, GatewayController::Waypoint | GatewayController::EastWest)
    }

    fn account(&self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": self.metadata(&self.service_account, &self.labels()),
        })
    }

    fn deployment(&self, template: &Value) -> Value {
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.metadata(&self.meta.name, &self.managed_labels()),
            "spec": {
                "selector": {"matchLabels": {GATEWAY_LABEL: self.gateway.meta.name}},
                "template": template,
            },
        })
    }

    fn metadata(&self, name: &str, labels: &Map<String, Value>) -> Value {
        json!({"name": name, "namespace": self.meta.namespace, "labels": labels, "annotations": self.annotations})
    }

    /// Takes an object for as old as the Gateway, where the Gateway's age is known: order of age decides between objects.
    fn aged(&self, mut object: Value) -> Value {
        if let (Some(created), Some(root)) = (&self.created, object.as_object_mut()) {
            node::map(root, "metadata").insert("creationTimestamp".to_owned(), json!(created));
        }
        object
    }

    fn made(&self, kind: &'static str, name: &str, says: &str, object: Value) -> Made {
        let invented = Invented {
            kind,
            namespace: self.meta.namespace.clone(),
            name: name.to_owned(),
            field: "",
            value: format!("of Gateway {}{says}", self.gateway.meta.name),
            source: self.gateway.source,
        };
        let object = self.aged(object);
        Made { source: self.gateway.source, object, replaces: false, invented: vec![invented] }
    }
}

/// A gateway of an ambient mesh stays out of ambient mode itself, and a waypoint is in the mesh's network, unless labels say otherwise.
///
/// istiod: `deploymentcontroller.go` `setLabelOverrides`
fn override_labels(
    gateway: &Config<KubernetesGateway>,
    labels: &mut BTreeMap<String, String>,
    manifests: &Manifests,
    target: &Target<'_>,
) {
    let class = &gateway.spec.gateway_class_name;
    let is_waypoint = class.contains("waypoint") || class.contains("east-west");
    let own = &gateway.meta.labels;
    if target.installation.features.ambient_waypoints && !is_waypoint && !own.contains_key(DATAPLANE_MODE) {
        labels.entry(DATAPLANE_MODE.to_owned()).or_insert_with(|| "none".to_owned());
    }
    if is_waypoint
        && !own.contains_key(NETWORK)
        && let Some(network) = target.network(manifests)
    {
        labels.insert(NETWORK.to_owned(), network);
    }
}

/// Labels or annotations that a Gateway asks for; it cannot ask for those of the Gateway API itself.
///
/// istiod: `deploymentcontroller.go` `translateInfraMeta`
fn without_gateway_api(written: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let kept = written.iter().filter(|(key, _)| !key.starts_with("gateway.networking.k8s.io/"));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}
