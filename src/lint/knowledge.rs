//! What the input claims to hold: the one place that decides whether something that is not in it is missing.
//!
//! A folder holds a part of a cluster. Charts, operators and other repositories make the rest, so what is not here may well be there.
//! The input claims to hold all objects of a kind in a namespace if it holds some of them, if nothing in it makes others, and if
//! no document that could not be read may hold others ([`super::unread`]).

use std::collections::{BTreeMap, BTreeSet};

use super::context::Item;
use super::unread::{Unread, is_workload};
use crate::ingest::{self, Manifests, Resource};
use crate::mesh::labels;
use crate::model::kubernetes::Secret;
use crate::source::{Node, NodeKind};

/// Why something that is not in the input may be there after all.
pub(crate) type Reason = &'static str;

const NOT_HERE: Reason = "the files hold nothing of that namespace";
const NO_SERVICES: Reason = "the files hold no Service of that namespace";
const NO_WORKLOADS: Reason = "the files hold no workload of that namespace";
const NO_CREDENTIALS: Reason = "the files hold no certificate of that namespace";
const NO_CONFIG_MAPS: Reason = "the files hold no ConfigMap of that namespace";
const RELEASE: Reason = "a release of a chart makes objects of that namespace";
const CHART: Reason = "a chart or a template of these files may make it";
const OPERATOR: Reason = "an operator makes it for an object of these files";
const CONTROLLER: Reason = "a controller makes it";
const GENERATOR: Reason = "Kustomize generates it";
const OPEN_NAME: Reason = "an object of that kind has a name that is not filled in";
const REPLACED: Reason = "another definition of an object has it, and files do not say which one is applied";
const INSTALL: Reason = "the install makes it, and the files hold no istiod";
const UNREAD: Reason = "a document that cannot be read may have it";
const NAMELESS: Reason = "objects without a namespace are applied to one that the files do not name";

/// Of documents that could not be read: any object of a kind.
const NO_WORDS: [&str; 0] = [];

/// What the files hold of a namespace.
#[derive(Debug, Default)]
struct Held {
    services: bool,
    workloads: bool,
    credentials: bool,
    config_maps: bool,
    service_accounts: bool,
    /// A release of a chart is installed into it.
    release: bool,
    /// Names of objects of kinds that operators look after, with the texts in them.
    operated: Vec<(String, BTreeSet<String>)>,
}

/// What the input claims to hold.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    namespaces: BTreeMap<String, Held>,
    /// The root namespace, if the files hold no istiod.
    install: Option<String>,
    /// Whether charts or templates were passed over.
    has_charts: bool,
    /// Kinds of which an object has a name or namespace with a placeholder.
    open_kinds: BTreeSet<String>,
    /// Secrets and ConfigMaps that Kustomize generates.
    generated: BTreeSet<String>,
    /// Objects that operators look after in no namespace: the texts in them.
    cluster_wide: Vec<(String, BTreeSet<String>)>,
    /// Subsets of DestinationRules that other definitions replace: namespace, host, name.
    replaced_subsets: Vec<[String; 3]>,
    /// Pods of workloads that other definitions replace: namespace and labels.
    replaced_pods: Vec<(String, BTreeMap<String, String>)>,
    /// Whether some objects say their namespace and others do not.
    is_partly_nameless: bool,
    /// Labels of Pods that do not say their namespace: they are applied to one that others name, maybe.
    nameless_pods: Vec<BTreeMap<String, String>>,
    /// ServiceAccounts that do not say their namespace, and those that such Pods run as.
    nameless_accounts: BTreeSet<String>,
    /// Documents that could not be read.
    unread: Vec<Unread>,
    /// Names of the external authorizers of mesh configs in HelmReleases, Applications and IstioOperators; nothing if there is none.
    providers: Option<BTreeSet<String>>,
}

impl Knowledge {
    /// Looks at all objects of the input.
    pub(crate) fn new<'i, 'a: 'i>(
        items: impl Iterator<Item = &'i Item<'a>> + Clone,
        manifests: &Manifests,
        root_namespace: &str,
    ) -> Self {
        let is_istiod = |item: &Item<'_>| {
            matches!(item.kind(), "Service" | "Deployment")
                && item.namespace == root_namespace
                && item.is_written()
                && item.name().starts_with("istiod")
        };
        let mut out = Self {
            install: (!items.clone().any(is_istiod)).then(|| root_namespace.to_owned()),
            has_charts: manifests.passed_over > 0 || manifests.overlays.iter().any(|one| one.has_charts),
            unread: Unread::all(manifests),
            generated: manifests.overlays.iter().flat_map(|one| one.generated.iter().cloned()).collect(),
            ..Self::default()
        };
        let written = |item: &Item<'_>| !item.object().meta.namespace.is_empty();
        let namespaced = items.clone().filter(|item| !item.namespace.is_empty() && item.is_written());
        let (named, nameless): (Vec<bool>, Vec<bool>) = namespaced.map(written).partition(|named| *named);
        out.is_partly_nameless = !named.is_empty() && !nameless.is_empty();
        for overlay in manifests.overlays.iter().filter(|one| one.has_charts) {
            out.namespaces.entry(overlay.namespace.clone().unwrap_or_default()).or_default().release = true;
        }
        for item in items.filter(|item| item.is_written()) {
            out.add(item);
        }
        for document in &manifests.replaced {
            out.add_replaced(document.namespace().to_owned(), document.node(&manifests.sources));
        }
        out
    }

    /// Looks at a definition that another one replaces.
    fn add_replaced(&mut self, namespace: String, object: Node<'_>) {
        let kind = object.get("kind").and_then(Node::as_str);
        let spec = object.get("spec");
        if kind == Some("DestinationRule") {
            let text = |node: Option<Node<'_>>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
            let host = text(spec.and_then(|spec| spec.get("host")));
            let subsets = spec.and_then(|spec| spec.get("subsets")).into_iter().flat_map(Node::items);
            self.replaced_subsets
                .extend(subsets.map(|subset| [namespace.clone(), host.clone(), text(subset.get("name"))]));
            return;
        }
        let pod = if kind == Some("Pod") { Some(object) } else { spec.and_then(|spec| spec.get("template")) };
        if let Some(labels) = pod.and_then(|pod| pod.get("metadata")?.get("labels")) {
            let pairs = labels.entries();
            let pairs = pairs.filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.as_str()?.to_owned())));
            self.replaced_pods.push((namespace, pairs.collect()));
        }
    }

    /// Says why a DestinationRule may have a subset after all; `is_host` is asked for namespaces and hosts.
    pub(crate) fn subset(&self, is_host: impl Fn(&str, &str) -> bool, name: &str) -> Option<Reason> {
        let has = |[namespace, host, subset]: &[String; 3]| subset == name && is_host(namespace, host);
        self.replaced_subsets.iter().any(has).then_some(REPLACED)
    }

    /// Says why workloads of a namespace may have some labels after all, though others of the namespace are here.
    pub(crate) fn labels(&self, namespace: &str, wanted: &BTreeMap<String, String>) -> Option<Reason> {
        let has = |(of, labels): &(String, BTreeMap<String, String>)| of == namespace && labels::subset(wanted, labels);
        let replaced = self.replaced_pods.iter().any(has).then_some(REPLACED);
        replaced.or_else(|| self.unread(is_workload, Some(namespace), wanted.values()))
    }

    /// Says why proxies may be there that the files do not hold: in a namespace, or in any.
    pub(crate) fn proxies(&self, namespace: Option<&str>) -> Option<Reason> {
        let chart = self.has_charts.then_some(CHART);
        chart.or_else(|| self.unread(is_workload, namespace, NO_WORDS))
    }

    /// Says whether a document that could not be read may hold an object of a kind that has some words.
    fn unread(
        &self,
        is_kind: impl Fn(&str) -> bool + Copy,
        namespace: Option<&str>,
        words: impl IntoIterator<Item: AsRef<str>>,
    ) -> Option<Reason> {
        let words: Vec<_> = words.into_iter().collect();
        let may_hold = |one: &Unread| one.may_hold(is_kind, namespace, &words);
        self.unread.iter().any(may_hold).then_some(UNREAD)
    }

    /// The same for an object of this name, which may be a part of another one's.
    fn unread_name(&self, kind: &str, namespace: &str, name: &str) -> Option<Reason> {
        self.unread(|own| own == kind, Some(namespace), [name])
    }

    fn add(&mut self, item: &Item<'_>) {
        let open = |text: &str| ingest::placeholder::find_in_refused(text).is_some();
        if open(item.name()) || open(&item.namespace) {
            self.open_kinds.insert(item.kind().to_owned());
        }
        if item.kind() == "Namespace" {
            self.namespaces.entry(item.name().to_owned()).or_default();
            return;
        }
        if let Some(namespace) = target_of_release(item) {
            self.namespaces.entry(namespace).or_default().release = true;
        }
        if item.object().resource.is_none() && !item.group().is_empty() {
            self.operated(item);
        }
        if item.namespace.is_empty() {
            return;
        }
        if item.object().meta.namespace.is_empty() {
            match &item.object().resource {
                Some(Resource::Pod(pod)) => {
                    self.nameless_pods.push(item.labels().clone());
                    self.nameless_accounts.insert(pod.spec.spec.service_account_name.clone());
                }
                Some(Resource::ServiceAccount(_)) => drop(self.nameless_accounts.insert(item.name().to_owned())),
                _ => {}
            }
        }
        let held = self.namespaces.entry(item.namespace.clone()).or_default();
        match &item.object().resource {
            Some(Resource::Service(_)) => held.services = true,
            Some(Resource::Pod(_)) => held.workloads = true,
            Some(Resource::ConfigMap(_)) => held.config_maps = true,
            Some(Resource::ServiceAccount(_)) => held.service_accounts = true,
            Some(Resource::Secret(secret)) => held.credentials |= is_credential(&secret.spec),
            _ => {}
        }
    }

    fn operated(&mut self, item: &Item<'_>) {
        let mut texts = BTreeSet::new();
        item.node().get("spec").into_iter().for_each(|spec| collect(spec, &mut texts, 0));
        item.node().get("data").into_iter().for_each(|data| collect(data, &mut texts, 0));
        let providers = item.node().get("spec").and_then(mesh_config).map(|config| {
            let list = config.get("extensionProviders").into_iter().flat_map(Node::items);
            list.filter_map(|one| one.get("name")?.as_str().map(str::to_owned)).collect::<BTreeSet<String>>()
        });
        if let Some(providers) = providers {
            self.providers.get_or_insert_default().extend(providers);
        }
        let entry = (item.name().to_owned(), texts);
        // ClusterIssuer, ClusterExternalSecret; CloudNativePG's Cluster is of a namespace.
        let of_cluster = item.object().meta.namespace.is_empty()
            && item.kind().strip_prefix("Cluster").is_some_and(|rest| rest.starts_with(char::is_uppercase));
        if item.namespace.is_empty() || of_cluster {
            self.cluster_wide.push(entry);
        } else {
            self.namespaces.entry(item.namespace.clone()).or_default().operated.push(entry);
        }
    }

    /// Says why an object of a kind may be in a namespace, whatever its name.
    fn any(&self, kind: &str, namespace: &str) -> Option<Reason> {
        let held = self.namespaces.get(namespace);
        held.is_none()
            .then_some(NOT_HERE)
            .or(held.filter(|held| held.release).map(|_| RELEASE))
            .or(self.has_charts.then_some(CHART))
            .or(self.open_kinds.contains(kind).then_some(OPEN_NAME))
            .or((self.is_partly_nameless && namespace == "default").then_some(NAMELESS))
    }

    /// Says why an object of some kind may be there after all.
    pub(crate) fn object(&self, kind: &str, namespace: &str) -> Option<Reason> {
        let unread = || self.unread(|own| own == kind, Some(namespace), NO_WORDS);
        self.any(kind, namespace).or_else(unread)
    }

    fn held(&self, namespace: &str, holds: impl Fn(&Held) -> bool) -> bool {
        self.namespaces.get(namespace).is_some_and(holds)
    }

    /// Says why a name may be made by an operator for one of its objects: these often begin with the object's name.
    fn operator(&self, namespace: &str, name: &str) -> Option<Reason> {
        let begins =
            |owner: &str| name.strip_prefix(owner).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        let operated = self.namespaces.get(namespace).into_iter().flat_map(|held| &held.operated);
        operated.clone().any(|(owner, _)| begins(owner)).then_some(OPERATOR)
    }

    /// Says why a Service may be there after all.
    pub(crate) fn service(&self, namespace: &str, name: &str) -> Option<Reason> {
        self.any("Service", namespace)
            .or((!self.held(namespace, |held| held.services)).then_some(NO_SERVICES))
            .or((self.install.as_deref() == Some(namespace)).then_some(INSTALL))
            .or(self.operator(namespace, name))
            .or_else(|| self.unread_name("Service", namespace, name))
    }

    /// Says why a Secret with a certificate may be there after all; what is known of who asks for it may say that a controller makes it.
    pub(crate) fn secret(&self, namespace: &str, name: &str, asked_by: Option<&Item<'_>>) -> Option<Reason> {
        let annotated =
            asked_by.is_some_and(|item| item.annotations().keys().any(|key| key.contains("cert-manager.io/")));
        annotated
            .then_some(CONTROLLER)
            .or(self.generated.contains(name).then_some(GENERATOR))
            .or(self.made(namespace, name))
            .or(self.any("Secret", namespace))
            .or((!self.held(namespace, |held| held.credentials)).then_some(NO_CREDENTIALS))
            .or_else(|| self.unread_name("Secret", namespace, name))
    }

    /// Says why a ConfigMap may be there after all.
    pub(crate) fn config_map(&self, namespace: &str, name: &str) -> Option<Reason> {
        self.generated
            .contains(name)
            .then_some(GENERATOR)
            .or(self.made(namespace, name))
            .or(self.any("ConfigMap", namespace))
            .or((!self.held(namespace, |held| held.config_maps)).then_some(NO_CONFIG_MAPS))
            .or_else(|| self.unread_name("ConfigMap", namespace, name))
    }

    /// Says whether an object that a controller looks after has a name, or names it: Certificate, SealedSecret, ExternalSecret.
    fn made(&self, namespace: &str, name: &str) -> Option<Reason> {
        let own = self.namespaces.get(namespace).into_iter().flat_map(|held| &held.operated);
        let names = |(owner, texts): &(String, BTreeSet<String>)| owner == name || texts.contains(name);
        own.chain(&self.cluster_wide).any(names).then_some(CONTROLLER)
    }

    /// Says why a selector may select something after all.
    pub(crate) fn workloads(&self, namespace: &str, selector: &BTreeMap<String, String>) -> Option<Reason> {
        let own = self.namespaces.get(namespace).into_iter().flat_map(|held| &held.operated);
        let of_operator = own.clone().any(|(owner, texts)| {
            selector.values().any(|value| value == owner || value.starts_with(&format!("{owner}-")))
                || !selector.is_empty() && selector.values().all(|value| texts.contains(value))
        });
        self.any("Deployment", namespace)
            .or((!self.held(namespace, |held| held.workloads)).then_some(NO_WORKLOADS))
            .or(of_operator.then_some(OPERATOR))
            .or(self.nameless_pods.iter().any(|pod| labels::subset(selector, pod)).then_some(NAMELESS))
            .or_else(|| self.unread(is_workload, Some(namespace), selector.values()))
    }

    /// Says why a ServiceAccount may be there, or a workload that runs as it.
    pub(crate) fn service_account(&self, namespace: &str, name: &str) -> Option<Reason> {
        let holds = |held: &Held| held.workloads;
        self.any("ServiceAccount", namespace)
            .or((!self.held(namespace, holds)).then_some(NO_WORKLOADS))
            .or(self.nameless_accounts.contains(name).then_some(NAMELESS))
            .or(self.operator(namespace, name))
            .or(self.made(namespace, name))
            .or_else(|| self.unread_name("ServiceAccount", namespace, name))
            .or_else(|| self.unread(is_workload, Some(namespace), [name]))
    }

    /// Says whether the files hold anything of a namespace.
    pub(crate) fn knows(&self, namespace: &str) -> bool {
        self.namespaces.contains_key(namespace)
    }

    /// Says whether an external authorizer may be known to the mesh after all.
    pub(crate) fn provider(&self, name: &str, has_mesh_config: bool) -> bool {
        match &self.providers {
            Some(known) => known.contains(name),
            None => !has_mesh_config,
        }
    }
}

/// Returns the namespace that an object installs a chart into: Flux's HelmRelease, Argo's Application, K3s' HelmChart and others.
fn target_of_release(item: &Item<'_>) -> Option<String> {
    let spec = item.node().get("spec");
    let text = |path: &[&str]| {
        let node = path.iter().try_fold(spec?, |node, key| node.get(key))?;
        node.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    match item.kind() {
        "HelmRelease" | "HelmChart" => text(&["targetNamespace"]).or_else(|| Some(item.namespace.clone())),
        "Application" if item.group() == "argoproj.io" => text(&["destination", "namespace"]),
        "ApplicationSet" => text(&["template", "spec", "destination", "namespace"]),
        "Kustomization" if item.group() == "kustomize.toolkit.fluxcd.io" => text(&["targetNamespace"]),
        "App" | "Release" | "Bundle" | "PackageInstall" => text(&["targetNamespace"])
            .or_else(|| text(&["forProvider", "namespace"]))
            .or_else(|| text(&["defaultNamespace"])),
        _ => None,
    }
}

/// Finds the mesh config in the values of an install: at `meshConfig`, however deep.
fn mesh_config(spec: Node<'_>) -> Option<Node<'_>> {
    match spec.kind() {
        NodeKind::Map(entries) => entries.into_iter().find_map(|(key, value)| match key.as_str() {
            Some("meshConfig") => Some(value),
            _ => mesh_config(value),
        }),
        NodeKind::Seq(items) => items.into_iter().find_map(mesh_config),
        _ => None,
    }
}

/// Collects the texts of an object that may be names.
fn collect(node: Node<'_>, out: &mut BTreeSet<String>, depth: usize) {
    const NAME: usize = 253;
    match node.kind() {
        NodeKind::String(text) if text.len() <= NAME => drop(out.insert(text.to_owned())),
        NodeKind::Seq(items) if depth < 16 => items.into_iter().for_each(|item| collect(item, out, depth + 1)),
        NodeKind::Map(entries) if depth < 16 => {
            entries.into_iter().for_each(|(_, value)| collect(value, out, depth + 1));
        }
        _ => {}
    }
}

/// Whether a Secret holds a certificate with its key, or a CA.
fn is_credential(secret: &Secret) -> bool {
    let has = |key: &str| secret.data.contains_key(key) || secret.string_data.contains_key(key);
    secret.r#type == "kubernetes.io/tls" || ["tls.crt", "cert", "cacert", "ca.crt"].into_iter().any(has)
}
