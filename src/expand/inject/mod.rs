//! The sidecar injector of a default install.
//!
//! What nothing of the translation reads is left out: volumes and mounts, probes and their rewriting, security contexts,
//! resources and the variables made from them, the container `istio-init`.
//!
//! istiod: `pkg/kube/inject`

mod container;
mod decision;
mod environment;
mod metadata;
mod prometheus;
mod proxy_config;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::node;
use super::workload::Workload;
use crate::diagnostic::Diagnostics;
use crate::expand::Target;
use crate::ingest::{self, Manifests};
use crate::installation::{Installation, NativeSidecars};
use crate::model::Config;
use crate::model::istio::ProxyConfigResource;
use crate::model::kubernetes::{MutatingWebhookConfiguration, Pod};
use crate::source::ResourceRef;

pub(super) use decision::IGNORED_NAMESPACES;

/// The container that the injector adds.
const PROXY: &str = "istio-proxy";

/// The injector, with the settings of the mesh.
pub(super) struct Injector<'m> {
    manifests: &'m Manifests,
    target: &'m Target<'m>,
    /// The mesh config as it is written.
    mesh: Value,
    /// Whether the proxy is an init container that keeps running, as on nodes of Kubernetes 1.33 and later.
    native: bool,
    /// The webhooks of the revision that the input has.
    webhooks: Vec<&'m MutatingWebhookConfiguration>,
    /// ProxyConfigs, the oldest first.
    proxy_configs: Vec<&'m Config<ProxyConfigResource>>,
}

/// What the injector makes of a Pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Template {
    /// A sidecar beside the Pod's own containers.
    Sidecar,
    /// A gateway: the Pod's own container `istio-proxy`, filled in.
    Gateway,
    /// A waypoint, or an east-west gateway of an ambient mesh. The injector makes none; istiod deploys them.
    Waypoint,
}

impl Template {
    /// Returns what the summary says of the Pod.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Sidecar => ", with a sidecar",
            Self::Gateway => ", a gateway",
            Self::Waypoint => ", a waypoint",
        }
    }

    /// Returns the template that a Pod asks for; none if it asks for others, which make no Envoy that istiod knows as one of
    /// these.
    fn of(annotations: &Map<String, Value>) -> Option<Self> {
        let Some(names) = annotations.get("inject.istio.io/templates").and_then(Value::as_str) else {
            return Some(Self::Sidecar);
        };
        names.split(',').map(str::trim).find_map(|name| match name {
            "sidecar" => Some(Self::Sidecar),
            "gateway" => Some(Self::Gateway),
            _ => None,
        })
    }
}

impl<'m> Injector<'m> {
    pub(super) fn new(manifests: &'m Manifests, target: &'m Target<'m>) -> Self {
        let given = target.options.mesh_config.as_ref().and_then(|file| file.content.as_ref().ok());
        let given = given.map(|text| String::from_utf8_lossy(text).into_owned());
        let mut maps = manifests.config_maps.iter();
        let name = target.options.of_revision("istio");
        let mut map = || maps.find(|map| map.meta.namespace == target.installation.namespace && map.meta.name == name);
        let installed = || Some(target.installation.mesh.as_ref()?.config.clone());
        let mesh = given.or_else(|| map()?.spec.data.get("mesh").cloned()).or_else(installed);
        let mut proxy_configs: Vec<_> = manifests.proxy_configs.iter().map(Arc::as_ref).collect();
        proxy_configs.sort_by_key(|config| config.meta.creation_timestamp);
        Self {
            manifests,
            target,
            mesh: mesh.and_then(|text| ingest::json_of_yaml(&text)).unwrap_or(Value::Null),
            native: match target.installation.features.native_sidecars {
                NativeSidecars::Enabled => true,
                NativeSidecars::Disabled => false,
                NativeSidecars::Auto => decision::nodes_run_native_sidecars(manifests),
            },
            webhooks: decision::webhooks(manifests, target.options.revision()),
            proxy_configs,
        }
    }

    /// Injects a Pod, if its namespace or the Pod itself asks for it.
    pub(super) fn inject(&self, pod: &mut Map<String, Value>, workload: &Workload<'_>) -> Option<Template> {
        let namespace = workload.meta.namespace.as_str();
        let labels = node::map(node::map(pod, "metadata"), "labels").clone();
        let annotations = node::map(node::map(pod, "metadata"), "annotations").clone();
        let mut namespaces = self.manifests.namespaces.iter();
        let namespace_labels = namespaces.find(|n| n.meta.name == namespace).map(|n| &n.meta.labels);
        let host_network = node::map(pod, "spec").get("hostNetwork").and_then(Value::as_bool).unwrap_or_default();
        let setup = &self.target.installation.injector;
        let asked = decision::asked(setup, namespace_labels, |key| labels.get(key)?.as_str());
        let pod_labels: BTreeMap<String, String> =
            labels.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        let named = (self.revision(), asked);
        let asked = decision::asks(setup, named, &self.webhooks, (namespace, namespace_labels), &pod_labels)
            && decision::is_required(setup, namespace, host_network, &labels, &annotations);
        let template = asked.then(|| Template::of(&annotations)).flatten()?;

        strip(pod, &annotations);
        let (own, own_init) = (take(pod, "containers"), take(pod, "initContainers"));
        let proxy_config = proxy_config::effective(self, namespace, &labels, &annotations);
        let context = environment::Context { workload, labels: &labels, annotations: &annotations, template };
        let scrape = prometheus::merge(self, &annotations);
        let mut environment = environment::variables(self, &context, &proxy_config, &own);
        environment.extend(scrape.as_ref().and_then(|scrape| scrape.variable.clone()));
        let native = template == Template::Sidecar && decision::is_native(self.native, &annotations);
        let mut proxy = container::proxy(self, template, &annotations, &environment);
        if native {
            proxy["restartPolicy"] = json!("Always");
        }
        let is_proxy = |container: &Value| container.get("name").and_then(Value::as_str) == Some(PROXY);
        if let Some(overlay) = own.iter().chain(&own_init).find(|container| is_proxy(container)) {
            proxy = container::overlaid(proxy, overlay);
        }
        let mut containers: Vec<Value> = own.into_iter().filter(|container| !is_proxy(container)).collect();
        let mut init: Vec<Value> = own_init.into_iter().filter(|container| !is_proxy(container)).collect();
        let applications = containers.iter().filter_map(|container| container.get("name")?.as_str().map(str::to_owned));
        let applications: Vec<String> = applications.collect();
        if native {
            init.insert(0, proxy);
        } else {
            containers.push(proxy);
        }
        let spec = node::map(pod, "spec");
        spec.insert("containers".to_owned(), Value::Array(containers));
        if !init.is_empty() {
            spec.insert("initContainers".to_owned(), Value::Array(init));
        }
        let metadata = node::map(pod, "metadata");
        metadata::complete(metadata, workload, template, native, self.revision(), applications.first(), &proxy_config);
        for (key, value) in &setup.annotations {
            node::map(metadata, "annotations").insert(key.clone(), json!(value));
        }
        if let Some(scrape) = scrape {
            prometheus::annotate(node::map(metadata, "annotations"), &scrape);
        }
        Some(template)
    }

    /// Returns the revision whose injector it is.
    pub(super) fn revision(&self) -> &str {
        self.target.options.revision()
    }

    /// Returns the proxy's container in the Pod of a Gateway that istiod deploys, by labels of the Pod and annotations of the
    /// Gateway.
    ///
    /// istiod: `files/kube-gateway.yaml`
    pub(super) fn gateway_container(
        &self,
        workload: &Workload<'_>,
        gateway: &str,
        labels: &Map<String, Value>,
        annotations: &Map<String, Value>,
    ) -> Value {
        let by = Map::from_iter([("gateway.networking.k8s.io/gateway-name".to_owned(), json!(gateway))]);
        let proxy_config = proxy_config::effective(self, &workload.meta.namespace, &by, &Map::new());
        let context = environment::Context { workload, labels, annotations, template: Template::Gateway };
        let mut environment = environment::variables(self, &context, &proxy_config, &[]);
        if let Some(network) = labels.get("topology.istio.io/network") {
            environment.push(json!({"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": network}));
        }
        let mut container = container::proxy(self, Template::Gateway, annotations, &environment);
        container["ports"] = gateway_ports();
        container
    }

    /// Returns the proxy's container in the Pod of a waypoint that istiod deploys, by labels of the Pod and annotations of the Gateway.
    ///
    /// istiod: `files/waypoint.yaml`
    pub(super) fn waypoint_container(
        &self,
        workload: &Workload<'_>,
        gateway: &str,
        (labels, annotations): (&Map<String, Value>, &Map<String, Value>),
        service_account: &str,
        east_west: bool,
    ) -> Value {
        let by = Map::from_iter([("gateway.networking.k8s.io/gateway-name".to_owned(), json!(gateway))]);
        let proxy_config = proxy_config::effective(self, &workload.meta.namespace, &by, &Map::new());
        let context = environment::Context { workload, labels, annotations, template: Template::Waypoint };
        let mut environment = environment::variables(self, &context, &proxy_config, &[]);
        let named = |variable: &&Value| variable.get("name").and_then(Value::as_str) == Some("ISTIO_META_NETWORK");
        if let Some(network) = environment.iter().find(named).and_then(|variable| variable.get("value")).cloned()
            && east_west
        {
            environment.push(json!({"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": network}));
        }
        let mut container = container::proxy(self, Template::Waypoint, annotations, &environment);
        if let Some(arguments) = container["args"].as_array_mut() {
            arguments.push(json!(format!("--serviceCluster={service_account}.$(POD_NAMESPACE)")));
        }
        container["ports"] = gateway_ports();
        container
    }

    /// Returns the proxy's container in the Pod of a gateway that an install lays without the injector's help; it listens on these
    /// ports.
    ///
    /// istio: `manifests/charts/gateways/istio-ingress/templates/deployment.yaml`
    pub(super) fn installed_container(&self, workload: &Workload<'_>, ports: &[u32]) -> Value {
        let environment = environment::of_installed_gateway(self, workload);
        let mut container = container::proxy(self, Template::Gateway, &Map::new(), &environment);
        let ports = ports.iter().map(|port| json!({"containerPort": port, "protocol": "TCP"}));
        let metrics = json!({"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"});
        container["ports"] = Value::Array(ports.chain([metrics]).collect());
        container
    }

    /// Returns the id of the cluster that proxies state.
    fn cluster_id(&self) -> &str {
        let Installation { injector, cluster_id, .. } = self.target.installation;
        if injector.cluster_id.is_empty() { cluster_id } else { &injector.cluster_id }
    }

    /// Returns the domain in which proxies look for Services.
    fn cluster_domain(&self) -> &str {
        let Installation { injector, cluster_domain, .. } = self.target.installation;
        if injector.cluster_domain.is_empty() { cluster_domain } else { &injector.cluster_domain }
    }

    /// Returns the id of the mesh: what is stated, else the trust domain.
    fn mesh_id(&self) -> &str {
        let Installation { injector, mesh_id, .. } = self.target.installation;
        let stated = mesh_id.as_ref().or(Some(&injector.mesh_id).filter(|id| !id.is_empty()));
        stated.map_or_else(|| self.trust_domain(), String::as_str)
    }

    /// Returns the network that proxies state, unless a label of theirs does.
    fn network(&self) -> Option<String> {
        self.target.network(self.manifests)
    }

    /// Returns the trust domain, which is the mesh's name too.
    fn trust_domain(&self) -> &str {
        self.mesh.get("trustDomain").and_then(Value::as_str).filter(|d| !d.is_empty()).unwrap_or("cluster.local")
    }
}

/// Says which ProxyConfigs do not count for any proxy, or for one.
pub(super) fn overridden_proxy_configs(manifests: &Manifests, target: &Target<'_>) -> Diagnostics {
    proxy_config::overridden(&Injector::new(manifests, target))
}

/// A Pod without a proxy that asks for the injector of another revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRevision {
    /// Its name.
    pub name: String,
    /// The revision that its labels or its Namespace's ask for.
    pub revision: String,
    /// The Pod, or the workload that it is of.
    pub source: ResourceRef,
}

/// Returns the Pods that the injector of this revision leaves to others.
pub(super) fn other_revisions(manifests: &Manifests, target: &Target<'_>) -> Vec<OtherRevision> {
    let own = target.options.revision();
    let of_pod = |pod: &Config<Pod>| {
        let namespace = manifests.namespaces.iter().find(|n| n.meta.name == pod.meta.namespace);
        let labels = namespace.map(|namespace| &namespace.meta.labels);
        let revision =
            decision::asked(&target.installation.injector, labels, |key| pod.meta.labels.get(key).map(String::as_str))?;
        let mut containers = pod.spec.spec.containers.iter().chain(&pod.spec.spec.init_containers);
        let has_proxy = containers.any(|container| container.name == PROXY);
        let is_own = revision == own || target.installation.injector.tags.contains(revision);
        (!is_own && !has_proxy).then(|| OtherRevision {
            name: pod.meta.name.clone(),
            revision: revision.to_owned(),
            source: pod.source,
        })
    };
    manifests.pods.iter().filter_map(|pod| of_pod(pod)).collect()
}

/// The ports of the container of a gateway or waypoint that istiod deploys.
fn gateway_ports() -> Value {
    json!([
        {"containerPort": 15020, "name": "metrics", "protocol": "TCP"},
        {"containerPort": 15021, "name": "status-port", "protocol": "TCP"},
        {"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"},
    ])
}

/// Takes containers that an earlier injection has added out of a Pod.
fn strip(pod: &mut Map<String, Value>, annotations: &Map<String, Value>) {
    const STATUS: &str = "sidecar.istio.io/status";
    let status =
        annotations.get(STATUS).and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(status) = status else { return };
    for list in ["containers", "initContainers"] {
        let added: Vec<&Value> = status.get(list).and_then(Value::as_array).into_iter().flatten().collect();
        let kept = take(pod, list).into_iter().filter(|c| !c.get("name").is_some_and(|name| added.contains(&name)));
        let kept: Vec<Value> = kept.collect();
        node::map(pod, "spec").insert(list.to_owned(), Value::Array(kept));
    }
}

fn take(pod: &mut Map<String, Value>, list: &str) -> Vec<Value> {
    match node::map(pod, "spec").remove(list) {
        Some(Value::Array(containers)) => containers,
        _ => Vec::new(),
    }
}
