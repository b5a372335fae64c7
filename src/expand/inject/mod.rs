//! The sidecar injector.
//!
//! ```text
//! Pod ──template──▶ Patch ──merged──▶ the Pod's own words again ──▶ cluster, metrics, probes, status ──▶ in order
//! ```
//!
//! What nothing of the translation reads is left out: volumes, mounts and resources.
//!
//! istiod: `pkg/kube/inject`

mod container;
mod decision;
mod deployed;
mod environment;
mod gateway;
mod go_json;
mod metadata;
mod openshift;
mod order;
mod overrides;
mod probes;
mod prometheus;
mod proxy_config;
mod sidecar;
mod templates;
mod validate;
mod volumes;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use self::overrides::Kept;
use super::workload::Workload;
use super::{node, strategic_merge};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expand::Target;
use crate::ingest::{self, Manifests};
use crate::installation::{Behaviour, Installation, NativeSidecars, TemplateValues};
use crate::model::Config;
use crate::model::istio::ProxyConfigResource;
use crate::model::istio::label::NETWORK;
use crate::model::kubernetes::{MutatingWebhookConfiguration, Pod};
use crate::source::ResourceRef;

pub(super) use decision::IGNORED_NAMESPACES;
pub(super) use deployed::container_ports;

/// The container that the injector adds.
const PROXY: &str = "istio-proxy";
/// The annotation in which the injector keeps what it has added.
const STATUS: &str = "sidecar.istio.io/status";

/// The injector, with the settings of the mesh.
pub(super) struct Injector<'m> {
    manifests: &'m Manifests,
    target: &'m Target<'m>,
    /// The mesh config as it is written.
    mesh: Value,
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
}

/// Why istiod refuses a Pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The Pod's annotation that is to blame, if one is.
    annotation: Option<String>,
    why: String,
}

impl Refusal {
    /// Says so at the workload.
    pub(super) fn diagnostic(&self, workload: &Workload<'_>) -> Diagnostic {
        let message = format!("istiod refuses to inject the Pod, so the API server does not take it: {}", self.why);
        let place = match &self.annotation {
            Some(name) => workload.field_of_pod(&format!("metadata.annotations[\"{name}\"]")),
            None => "metadata.name".to_owned(),
        };
        Diagnostic::error("pod-refused", message).at(workload.source, &place)
    }
}

/// What a template adds to a Pod.
struct Patch {
    labels: Map<String, Value>,
    annotations: Map<String, Value>,
    spec: Value,
    /// The names of its volumes, which are not made.
    volumes: Vec<String>,
}

impl Patch {
    fn object(&self, pull_secrets: &[String]) -> Value {
        let mut object = json!({
            "metadata": {"labels": self.labels, "annotations": self.annotations},
            "spec": self.spec,
        });
        if !pull_secrets.is_empty() {
            object["spec"]["imagePullSecrets"] = pull_secrets.iter().map(|name| json!({"name": name})).collect();
        }
        object
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
            webhooks: decision::webhooks(manifests, target.options.revision()),
            proxy_configs,
        }
    }

    /// Injects a Pod, if its namespace or the Pod itself asks for it.
    ///
    /// istiod: `webhook.go` `injectPod`
    ///
    /// # Errors
    ///
    /// istiod refuses the Pod.
    pub(super) fn inject(
        &self,
        pod: &mut Map<String, Value>,
        workload: &Workload<'_>,
    ) -> Result<Option<Template>, Refusal> {
        let namespace = workload.meta.namespace.as_str();
        let labels = node::map(node::map(pod, "metadata"), "labels").clone();
        let annotations = node::map(node::map(pod, "metadata"), "annotations").clone();
        if !self.asks(pod, namespace, &labels, &annotations) {
            return Ok(None);
        }
        validate::annotations(self, &annotations)?;
        let Some(template) = templates::made(&templates::selected(self, &annotations)?) else { return Ok(None) };
        let values = self.values();
        let mut original = pod.clone();
        let mut proxy_ids = openshift::DEFAULT_IDS;
        if values.openshift {
            let mut namespaces = self.manifests.namespaces.iter();
            let known = namespaces.find(|known| known.meta.name == namespace);
            proxy_ids = known.map_or(proxy_ids, |known| openshift::proxy_ids(&known.meta.annotations));
            openshift::forget_user(node::map(&mut original, "spec"));
        }
        let status = annotations.get(STATUS).and_then(Value::as_str);
        let status = status.map(|text| serde_json::from_str::<Value>(text).unwrap_or_default());
        let kept = Kept::read(&annotations)?;
        let (own, own_annotations) = self.stripped(&original, status.as_ref(), &kept);
        let proxy_config = proxy_config::effective(self, namespace, &labels, &annotations);
        let native = template == Template::Sidecar && decision::is_native(self.runs_native(&own), &annotations);
        let context = environment::Context {
            workload,
            labels: &labels,
            annotations: &own_annotations,
            template,
            is_injected: true,
            containers: list(&own, "containers"),
            proxy_config: &proxy_config,
            proxy_ids,
        };
        validate::template(self, &context)?;
        let patch = match template {
            Template::Sidecar => sidecar::patch(self, &context, native),
            Template::Gateway | Template::Waypoint => gateway::patch(self, &context),
        };
        let mut injected = original.clone();
        if native {
            move_proxy(node::map(&mut injected, "spec"));
        }
        injected = merged(injected, patch.object(&values.image_pull_secrets))?;
        overrides::reapply(&mut injected, &original, &patch, &kept, status.as_ref())?;
        let is_transparent = proxy_config.get("interceptionMode").and_then(Value::as_str) == Some("TPROXY");
        overrides::adjust_user(&mut injected, &original, is_transparent);
        let network = self.network(&labels);
        if let Some(Value::Array(variables)) = proxy_of(node::map(&mut injected, "spec")).and_then(|p| p.get_mut("env"))
        {
            let cluster = &self.target.installation.injector.cluster_id;
            let cluster = (!cluster.is_empty()).then_some(cluster.as_str());
            environment::overwrite_cluster(variables, cluster, network.as_deref());
        }
        prometheus::merge(self, &mut injected)?;
        prometheus::tell_secure_port(self, &mut injected);
        probes::rewrite(self, &mut injected, status.is_some());
        metadata::complete(self, &mut injected, &patch, network.as_deref());
        order::reorder(node::map(&mut injected, "spec"), self.holds_applications(&annotations));
        *pod = injected;
        Ok(Some(template))
    }

    /// Says which template nobody knows of a Pod that has been injected.
    pub(super) fn doubt(&self, pod: &Map<String, Value>, workload: &Workload<'_>) -> Option<Diagnostic> {
        templates::doubt(self, pod, workload)
    }

    /// Says whether a Pod is injected.
    fn asks(
        &self,
        pod: &mut Map<String, Value>,
        namespace: &str,
        labels: &Map<String, Value>,
        annotations: &Map<String, Value>,
    ) -> bool {
        let mut namespaces = self.manifests.namespaces.iter();
        let namespace_labels = namespaces.find(|n| n.meta.name == namespace).map(|n| &n.meta.labels);
        let host_network = node::map(pod, "spec").get("hostNetwork").and_then(Value::as_bool).unwrap_or_default();
        let setup = &self.target.installation.injector;
        let asked = decision::asked(setup, namespace_labels, |key| labels.get(key)?.as_str());
        let pod_labels: BTreeMap<String, String> =
            labels.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
        let named = (self.revision(), asked);
        decision::asks(setup, named, &self.webhooks, (namespace, namespace_labels), &pod_labels)
            && decision::is_required(setup, namespace, host_network, labels, annotations)
    }

    /// Returns spec and annotations of a Pod without what an earlier injection has added, and with what the Pod said of it.
    ///
    /// istiod: `inject.go` `stripPod`, `webhook.go` `reinsertOverrides`
    fn stripped(
        &self,
        original: &Map<String, Value>,
        status: Option<&Value>,
        kept: &Kept,
    ) -> (Map<String, Value>, Map<String, Value>) {
        let part = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
        let mut spec = part(original.get("spec"));
        let mut annotations = part(original.get("metadata").and_then(|metadata| metadata.get("annotations")));
        if let Some(status) = status.filter(|status| status.is_object()) {
            for field in ["containers", "initContainers"] {
                let added: Vec<&Value> = status.get(field).and_then(Value::as_array).into_iter().flatten().collect();
                if let Some(Value::Array(all)) = spec.get_mut(field) {
                    all.retain(|container| !container.get("name").is_some_and(|name| added.contains(&name)));
                }
            }
            prometheus::forget(self, &mut annotations);
            annotations.remove(STATUS);
        }
        kept.reinsert(&mut spec);
        (spec, annotations)
    }

    /// Says whether sidecars of a Pod can be native: on its node if it names one, else on all nodes.
    fn runs_native(&self, spec: &Map<String, Value>) -> bool {
        match self.target.installation.features.native_sidecars {
            NativeSidecars::Enabled => true,
            NativeSidecars::Disabled => false,
            NativeSidecars::Auto => {
                let node = spec.get("nodeName").and_then(Value::as_str);
                decision::nodes_run_native_sidecars(self.manifests, node)
            }
        }
    }

    /// Says whether the application waits for the proxy, by the values, the mesh and the Pod's annotation.
    fn holds_applications(&self, annotations: &Map<String, Value>) -> bool {
        const FIELD: &str = "holdApplicationUntilProxyStarts";
        let of_mesh = self.mesh.get("defaultConfig").and_then(|config| config.get(FIELD)?.as_bool());
        let own = annotations.get("proxy.istio.io/config").and_then(Value::as_str).and_then(ingest::json_of_yaml);
        let own = own.and_then(|config| config.get(FIELD)?.as_bool());
        self.values().hold_application || own.or(of_mesh) == Some(true)
    }

    /// Returns the revision whose injector it is.
    pub(super) fn revision(&self) -> &str {
        self.target.options.revision()
    }

    /// Returns how the istiod runs whose injector it is.
    pub(super) fn installation(&self) -> &'m Installation {
        self.target.installation
    }

    /// Says whether istiod does something that releases do differently.
    fn does(&self, behaviour: Behaviour) -> bool {
        self.target.installation.does(behaviour)
    }

    /// Says whether Prometheus asks the agent for all metrics of a Pod, as far as the mesh config says.
    pub(super) fn merges_metrics(&self) -> bool {
        self.mesh.get("enablePrometheusMerge").and_then(Value::as_bool) != Some(false)
    }

    /// Returns the values that the templates read.
    fn values(&self) -> &'m TemplateValues {
        &self.target.installation.injector.template
    }

    /// Returns a text of the mesh config.
    fn mesh_text(&self, path: &[&str]) -> Option<&str> {
        path.iter().try_fold(&self.mesh, |at, field| at.get(field))?.as_str()
    }

    /// Returns the agent's port, as the mesh has it.
    fn status_port(&self) -> i64 {
        let port = self.mesh.get("defaultConfig").and_then(|config| config.get("statusPort")?.as_i64());
        port.unwrap_or(15020)
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

    /// Returns the network that a proxy with these labels states.
    fn network(&self, labels: &Map<String, Value>) -> Option<String> {
        let label = labels.get(NETWORK).and_then(Value::as_str).map(str::to_owned);
        label.or_else(|| self.target.network(self.manifests))
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

/// Lays a patch over a Pod.
fn merged(pod: Map<String, Value>, patch: Value) -> Result<Map<String, Value>, Refusal> {
    let Value::Object(patch) = patch else { return Ok(pod) };
    match strategic_merge::merge(pod, patch, strategic_merge::merge_key_of_pod) {
        Ok(Value::Object(pod)) => Ok(pod),
        Ok(_) => Ok(Map::new()),
        Err(why) => Err(Refusal { annotation: None, why }),
    }
}

/// Moves the Pod's own container `istio-proxy` to the init containers, where a native sidecar is.
fn move_proxy(spec: &mut Map<String, Value>) {
    let Some(Value::Array(containers)) = spec.get_mut("containers") else { return };
    let Some(at) = containers.iter().position(|container| container.get("name").and_then(Value::as_str) == Some(PROXY))
    else {
        return;
    };
    let proxy = containers.remove(at);
    if let Value::Array(init) = spec.entry("initContainers").or_insert_with(|| json!([])) {
        init.push(proxy);
    }
}

/// Returns a list of a Pod's spec.
fn list<'s>(spec: &'s Map<String, Value>, field: &str) -> &'s [Value] {
    spec.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns the container of a name.
fn named<'c>(containers: &'c [Value], name: &str) -> Option<&'c Value> {
    containers.iter().find(|container| container.get("name").and_then(Value::as_str) == Some(name))
}

/// Returns all containers, those that start first before the others.
fn containers(spec: &Map<String, Value>) -> Vec<&Value> {
    list(spec, "initContainers").iter().chain(list(spec, "containers")).collect()
}

fn containers_mut(spec: &mut Map<String, Value>) -> Vec<&mut Value> {
    let lists = spec.iter_mut().filter(|(field, _)| matches!(field.as_str(), "initContainers" | "containers"));
    lists.filter_map(|(_, list)| list.as_array_mut()).flatten().collect()
}

/// Returns the container `istio-proxy`.
fn proxy_of(spec: &mut Map<String, Value>) -> Option<&mut Value> {
    let is_in = |field: &str| named(list(spec, field), PROXY).is_some();
    let field = if is_in("containers") { "containers" } else { "initContainers" };
    let all = spec.get_mut(field)?.as_array_mut()?;
    all.iter_mut().find(|container| container.get("name").and_then(Value::as_str) == Some(PROXY))
}
