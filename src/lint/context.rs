//! What rules look at: the objects of the files, each by its type, and the settings of the mesh.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::apart::Apart;
use super::finding::Finding;
use super::knowledge::Knowledge;
use crate::ingest::{self, Kustomized, Manifests, MeshSettings, Resource, WrittenObject};
use crate::mesh::Mesh;
use crate::model::istio::{MeshConfig, MeshNetworks};
use crate::model::{istio, kubernetes};
use crate::source::{Node, ResourceRef, SourceId, Sources};

/// Namespaces that are no part of any mesh. istiod: `inject.IgnoredNamespaces`
pub(super) const IGNORED_NAMESPACES: &[&str] = &["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/// Kinds without namespaces, of those that rules know.
const CLUSTER_KINDS: &[&str] = &[
    "Namespace",
    "Node",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "GatewayClass",
    "IngressClass",
];

/// Whose view of the files the rules take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// What is true.
    #[default]
    Meshc,
    /// What istioctl says, its false alarms and its way of counting lines included.
    Istioctl,
}

/// Where an object comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A file has it.
    File,
    /// The Pod that a workload of a file makes.
    Template,
    /// A default install has it.
    Assumed,
}

/// One object, as rules see it.
#[derive(Debug)]
pub(crate) struct Item<'a> {
    object: &'a WrittenObject,
    sources: &'a Sources,
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// The namespace; empty for kinds without one.
    pub(crate) namespace: String,
    /// Why it is not judged, once that was asked: thousands of findings may be about one object.
    unfinished: OnceLock<Option<String>>,
}

impl<'a> Item<'a> {
    /// Returns the name.
    pub(crate) fn name(&self) -> &'a str {
        &self.object.meta.name
    }

    /// Returns the kind.
    pub(crate) fn kind(&self) -> &'a str {
        &self.object.document.kind
    }

    /// Returns the API group.
    pub(crate) fn group(&self) -> &'a str {
        &self.object.document.group
    }

    /// Returns `namespace/name`, or the name if there is no namespace. istiod: `resource.FullName.String`
    pub(crate) fn full_name(&self) -> String {
        full_name(&self.namespace, self.name())
    }

    /// Returns `Kind namespace/name`.
    pub(crate) fn resource(&self) -> String {
        format!("{} {}", self.kind(), self.full_name())
    }

    /// Returns the labels.
    pub(crate) fn labels(&self) -> &'a BTreeMap<String, String> {
        &self.object.meta.labels
    }

    /// Returns a label; empty if there is none.
    pub(crate) fn label(&self, key: &str) -> &'a str {
        self.labels().get(key).map_or("", String::as_str)
    }

    /// Returns the annotations.
    pub(crate) fn annotations(&self) -> &'a BTreeMap<String, String> {
        &self.object.meta.annotations
    }

    /// Returns the object as it is written.
    pub(crate) fn node(&self) -> Node<'a> {
        self.object.document.node(self.sources)
    }

    /// Returns the object as it was read.
    pub(crate) fn object(&self) -> &'a WrittenObject {
        self.object
    }

    /// Returns whether a file of the user has it, rather than what a default install would.
    pub(crate) fn is_written(&self) -> bool {
        self.origin != Origin::Assumed
    }

    /// Returns the files that it is in.
    pub(crate) fn sources(&self) -> &'a Sources {
        self.sources
    }
}

/// Returns `namespace/name`, or the name if there is no namespace.
pub(crate) fn full_name(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

/// An object with its typed content.
#[derive(Debug)]
pub(crate) struct Typed<'c, T> {
    /// The object.
    pub(crate) item: &'c Item<'c>,
    /// Its content.
    pub(crate) spec: &'c T,
}

impl<T> Clone for Typed<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Typed<'_, T> {}

impl<'c, T> Deref for Typed<'c, T> {
    type Target = Item<'c>;

    fn deref(&self) -> &Item<'c> {
        self.item
    }
}

/// What all rules look at.
#[derive(Debug)]
pub(crate) struct LintContext<'a> {
    /// The objects, in the order of their names.
    items: Vec<Item<'a>>,
    /// Which of them are of a kind.
    by_kind: BTreeMap<&'a str, Vec<usize>>,
    /// Which of them has a kind, namespace and name, of the Gateway API or not.
    by_name: BTreeMap<(bool, &'a str, String, &'a str), usize>,
    /// Group, kind, namespace and name of the resources that were read.
    documents: &'a BTreeMap<ResourceRef, [String; 4]>,
    /// The mesh config.
    pub(crate) mesh_config: &'a MeshConfig,
    /// The revision whose istiod is meant.
    pub(crate) revision: &'a str,
    /// The mesh networks.
    pub(crate) mesh_networks: &'a MeshNetworks,
    /// What istiod makes of the objects; nothing in istioctl's view.
    pub(crate) mesh: Option<&'a Mesh>,
    /// Whose view it is.
    pub(crate) view: View,
    /// Seconds since 1970, for what expires. Nothing: time stands still, and nothing does.
    pub(crate) now: Option<i64>,
    /// What the input claims to hold.
    pub(crate) knowledge: Knowledge,
    /// Whether the mesh config is that of the mesh, rather than that of a default install.
    pub(crate) has_mesh_config: bool,
    /// Labels of the namespaces, those included that the input is completed with; none in istioctl's view.
    namespaces: BTreeMap<String, Labels>,
    /// Group, kind, namespace and name of the objects that were taken.
    taken: BTreeSet<&'a [String; 4]>,
    /// What Kustomize makes of the objects of a file.
    kustomized: &'a BTreeMap<SourceId, Arc<Kustomized>>,
    /// Which objects are not applied together; none are, in istioctl's view.
    pub(super) apart: Apart,
}

/// Labels by their keys.
type Labels = BTreeMap<String, String>;

impl<'a> LintContext<'a> {
    /// Puts objects together; of two with the same name, the last counts: for us, of those in files.
    pub(crate) fn new(
        objects: impl Iterator<Item = (Origin, &'a Sources, &'a WrittenObject)>,
        (settings, mesh): (&'a MeshSettings, Option<&'a Mesh>),
        (manifests, documents): (&'a Manifests, &'a BTreeMap<ResourceRef, [String; 4]>),
        view: View,
        now: Option<i64>,
    ) -> Self {
        let mut kept: BTreeMap<(&str, &str, String, &str), Item<'a>> = BTreeMap::new();
        for (origin, sources, object) in objects {
            let namespace = namespace(&object.document.kind, &object.meta.namespace, view);
            let item = Item { object, sources, origin, namespace, unfinished: OnceLock::new() };
            let its_own = if item.kind() == "Namespace" { item.name() } else { &item.namespace };
            if IGNORED_NAMESPACES.contains(&its_own) {
                continue;
            }
            let key = (object.document.kind.as_str(), item.group(), item.namespace.clone(), item.name());
            // What is assumed or made from a template takes no written object's place; of two workloads, the last one counts.
            let gives_way = |known: &Item<'_>| known.origin == Origin::Template && origin == Origin::Template;
            if view == View::Istioctl || origin == Origin::File || kept.get(&key).is_none_or(gives_way) {
                kept.insert(key, item);
            }
        }
        let items: Vec<Item<'a>> = kept.into_values().collect();
        let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut by_name = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            by_kind.entry(&item.object.document.kind).or_default().push(index);
            let kind = item.object.document.kind.as_str();
            by_name.insert((item.group() == GATEWAY_API, kind, item.namespace.clone(), item.name()), index);
        }
        let (mesh_config, mesh_networks) = (&settings.config, &settings.networks);
        let (mut knowledge, mut namespaces) = (Knowledge::default(), BTreeMap::new());
        if view == View::Meshc {
            knowledge = Knowledge::new(items.iter(), manifests, &mesh_config.root_namespace);
            namespaces.extend(manifests.namespaces.iter().map(|one| (one.meta.name.clone(), one.meta.labels.clone())));
        }
        let is_mesh_config = |item: &Item<'_>| match &item.object.resource {
            Some(Resource::ConfigMap(map)) => item.is_written() && map.spec.data.contains_key("mesh"),
            _ => false,
        };
        let has_mesh_config = items.iter().any(is_mesh_config);
        let (taken, kustomized) = (documents.values().collect(), &manifests.kustomized);
        Self {
            items,
            by_kind,
            by_name,
            documents,
            mesh_config,
            revision: &settings.revision,
            mesh_networks,
            mesh,
            view,
            now,
            knowledge,
            has_mesh_config,
            namespaces,
            taken,
            kustomized,
            apart: Apart::default(),
        }
    }

    /// Returns all objects.
    pub(crate) fn items(&self) -> &[Item<'a>] {
        &self.items
    }

    /// Returns the objects of a kind of a group.
    pub(crate) fn of<'c>(
        &'c self,
        group: &'static str,
        kind: &str,
    ) -> impl Iterator<Item = &'c Item<'c>> + use<'c, 'a> {
        let indices = self.by_kind.get(kind).map_or(&[][..], Vec::as_slice);
        indices.iter().map(|index| narrow(&self.items[*index])).filter(move |item| item.group() == group)
    }

    /// Returns the object that a resource was read from.
    pub(crate) fn by_resource(&self, resource: ResourceRef) -> Option<&Item<'_>> {
        let [group, kind, namespace, name] = self.documents.get(&resource)?;
        self.named(group == GATEWAY_API, kind, namespace, name)
    }

    /// Returns the resource that was read from an object, the last one if it is defined several times.
    pub(crate) fn reference(&self, item: &Item<'_>) -> Option<ResourceRef> {
        let key = [item.group(), item.kind(), &item.namespace, item.name()];
        let mut all = self.documents.iter().rev();
        all.find(|(_, names)| names.iter().eq(key.iter())).map(|(resource, _)| *resource)
    }

    /// Returns an object of a kind that is not the Gateway API's.
    pub(crate) fn find<'c>(&'c self, kind: &str, namespace: &str, name: &str) -> Option<&'c Item<'c>> {
        self.named(false, kind, namespace, name)
    }

    fn named<'c>(&'c self, of_gateway_api: bool, kind: &str, namespace: &str, name: &str) -> Option<&'c Item<'c>> {
        let index = self.by_name.get(&(of_gateway_api, kind, namespace.to_owned(), name))?;
        Some(narrow(&self.items[*index]))
    }

    /// Returns whether the API server takes an object; of kinds that are not translated, it is not known to refuse any.
    pub(crate) fn is_taken(&self, item: &Item<'_>) -> bool {
        let meta = &item.object.meta;
        let named = |namespace: &str| {
            let key = [item.group(), item.kind(), namespace, &meta.name].map(str::to_owned);
            self.taken.contains(&key)
        };
        item.object.resource.is_none() || named(&item.namespace)
    }

    /// Says why an object is not judged: what it will say is not written yet.
    pub(crate) fn unfinished(&self, item: &Item<'_>) -> Option<String> {
        item.unfinished.get_or_init(|| self.why_unfinished(item)).clone()
    }

    fn why_unfinished(&self, item: &Item<'_>) -> Option<String> {
        if let Some(kustomized) = self.kustomized.get(&item.node().span().source)
            && (kustomized.renamed || kustomized.patches(item.kind(), item.name()))
        {
            return Some("Kustomize changes it".to_owned());
        }
        let object = item.node();
        let source = self.view == View::Meshc && ingest::placeholder::may_be_in(item.sources.slice(object.span()));
        let found = source.then(|| ingest::placeholder::in_object(object)).flatten()?;
        Some(format!("{found} has no value yet"))
    }

    /// Says why a finding is none: the objects that it is about are not applied together.
    pub(super) fn apart_reason(&self, finding: &Finding<'_>) -> Option<&'static str> {
        self.apart.reason(finding, self.kustomized)
    }

    /// Says whether two objects are never applied together.
    pub(crate) fn are_apart(&self, one: &Item<'_>, other: &Item<'_>) -> bool {
        self.apart.of(one, other, self.kustomized).is_some()
    }

    /// Returns the labels of a namespace, as the input is completed.
    pub(crate) fn namespace_labels(&self, name: &str) -> Option<&Labels> {
        self.namespaces.get(name).or_else(|| self.namespace(name).map(Item::labels))
    }

    /// Returns whether there is a namespace of this name.
    pub(crate) fn namespace(&self, name: &str) -> Option<&Item<'_>> {
        self.find("Namespace", "", name)
    }
}

/// Lets an object be as short-lived as the context that holds it.
fn narrow<'c>(item: &'c Item<'_>) -> &'c Item<'c> {
    item
}

/// The API group of the Gateway API.
pub(crate) const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// Returns `Kind namespace/name` of an object that says so much of itself, as [`Item::resource`] does.
pub(crate) fn resource(kind: &str, written_namespace: &str, name: &str) -> String {
    format!("{kind} {}", full_name(&namespace(kind, written_namespace, View::Meshc), name))
}

fn namespace(kind: &str, written: &str, view: View) -> String {
    match view {
        _ if CLUSTER_KINDS.contains(&kind) => String::new(),
        View::Meshc if written.is_empty() => "default".to_owned(),
        _ => written.to_owned(),
    }
}

macro_rules! typed {
    ($( $(#[$doc:meta])* $name:ident: $model:ident $kind:ident $(as $type:ident)?; )*) => {
        impl LintContext<'_> {
            $(
                $(#[$doc])*
                pub(crate) fn $name(&self) -> impl Iterator<Item = Typed<'_, typed!(@ $model $kind $($type)?)>> {
                    let indices = self.by_kind.get(stringify!($kind)).map_or(&[][..], Vec::as_slice);
                    indices.iter().filter_map(|index| {
                        let item = narrow(&self.items[*index]);
                        match &item.object.resource {
                            Some(Resource::$kind(config)) => Some(Typed { item, spec: &config.spec }),
                            _ => None,
                        }
                    })
                }
            )*
        }
    };
    (@ $model:ident $kind:ident) => { $model::$kind };
    (@ $model:ident $kind:ident $type:ident) => { $model::$type };
}

typed! {
    /// Services.
    services: kubernetes Service;
    /// Pods.
    pods: kubernetes Pod;
    /// Deployments.
    deployments: kubernetes Deployment;
    /// Secrets.
    secrets: kubernetes Secret;
    /// ConfigMaps.
    config_maps: kubernetes ConfigMap;
    /// VirtualServices.
    virtual_services: istio VirtualService;
    /// DestinationRules.
    destination_rules: istio DestinationRule;
    /// Istio's Gateways.
    gateways: istio Gateway;
    /// ServiceEntries.
    service_entries: istio ServiceEntry;
    /// WorkloadEntries.
    workload_entries: istio WorkloadEntry;
    /// Sidecars.
    sidecars: istio Sidecar;
    /// EnvoyFilters.
    envoy_filters: istio EnvoyFilter;
    /// ProxyConfigs.
    proxy_configs: istio ProxyConfig as ProxyConfigResource;
    /// AuthorizationPolicies.
    authorization_policies: istio AuthorizationPolicy;
    /// PeerAuthentications.
    peer_authentications: istio PeerAuthentication;
    /// RequestAuthentications.
    request_authentications: istio RequestAuthentication;
    /// Telemetries.
    telemetries: istio Telemetry;
    /// WasmPlugins.
    wasm_plugins: istio WasmPlugin;
}
