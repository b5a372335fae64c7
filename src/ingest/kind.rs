//! Which kinds are read, in which versions, and as which type: the one table of them.

use std::sync::Arc;

use super::crd;
use super::de::{self, Style};
use super::defaults;
use super::metadata::{self, TypeMeta};
use super::problem::{MAX_PROBLEMS, Problem};
use super::shape;
use super::validation;
use crate::model::gateway_api::GatewayStatus;
use crate::model::istio::{ServiceEntryStatus, WorkloadEntryStatus};
use crate::model::{Config, ObjectMeta, kubernetes};
use crate::nearest;
use crate::source::{Node, ResourceRef};

/// Istio's kinds by their names in manifests: the model's `ProxyConfig` is the one of the mesh config.
mod istio {
    pub(super) use crate::model::istio::ProxyConfigResource as ProxyConfig;
    pub(super) use crate::model::istio::*;
}

/// The Gateway API's kinds by their names in manifests, but for the Gateway, whose name Istio's own kind has.
mod gateway_api {
    pub(super) use crate::model::gateway_api::{
        BackendTlsPolicy as BackendTLSPolicy, GatewayClass, GrpcRoute as GRPCRoute, HttpRoute as HTTPRoute,
        KubernetesGateway, ListenerSet, ReferenceGrant, TcpRoute as TCPRoute, TlsRoute as TLSRoute,
    };
}

/// What a kind of object is to us.
pub(crate) enum Known {
    /// Read, by this entry of the table.
    Yes(&'static Kind),
    /// Read, but not in this version: the API server serves others.
    OtherVersions(&'static [&'static str]),
    /// Passed over.
    No,
}

impl Known {
    /// Takes an object of an unknown kind for a workload, if it has the shape of one.
    pub(crate) fn or_by_shape(self, object: Node<'_>) -> Self {
        match self {
            Self::No if shape::is_workload(object) => Self::Yes(&shape::WORKLOAD),
            other => other,
        }
    }
}

/// A kind that is read.
pub(crate) struct Kind {
    pub(super) group: &'static str,
    pub(super) name: &'static str,
    pub(super) versions: &'static [&'static str],
    pub(super) namespaced: bool,
    pub(super) read: fn(Node<'_>, bool, &mut Vec<Problem>) -> Option<Resource>,
}

impl Kind {
    /// Returns the entry for an object.
    pub(crate) fn of(object: &TypeMeta<'_>) -> Known {
        match KINDS.iter().find(|kind| kind.name == object.kind && kind.group == object.group) {
            None => Known::No,
            Some(kind) if kind.versions.contains(&object.version) => Known::Yes(kind),
            Some(kind) => Known::OtherVersions(kind.versions),
        }
    }

    /// Reads an object of this kind whether or not the API server would take it; nothing if its fields have other types.
    pub(crate) fn read_leniently(&self, object: Node<'_>) -> Option<Resource> {
        let mut resource = (self.read)(object, self.namespaced, &mut Vec::new())?;
        if let Some(status) = object.get("status") {
            read_status(&mut resource, status);
        }
        Some(resource)
    }

    /// Reads an object of this kind; all that is wrong with it goes to `problems`, and then there is none.
    pub(crate) fn read(&self, object: Node<'_>, problems: &mut Vec<Problem>) -> Option<Resource> {
        if self.group.ends_with(".istio.io") {
            crd::check(self.name, object, problems);
            if !problems.is_empty() {
                return None;
            }
        }
        let mut resource = (self.read)(object, self.namespaced, problems)?;
        if let Some(status) = object.get("status") {
            read_status(&mut resource, status);
        }
        if problems.is_empty() {
            validation::check(&resource, object, problems);
        }
        defaults::complete(&mut resource);
        problems.iter().all(|problem| !problem.is_error()).then_some(resource)
    }
}

/// Reads what istiod reads back of a status: addresses that its controllers gave to a ServiceEntry or a Gateway, and the health of a
/// WorkloadEntry.
fn read_status(resource: &mut Resource, status: Node<'_>) {
    match resource {
        Resource::ServiceEntry(entry) => {
            let status = de::from_node::<ServiceEntryStatus>(status, Style::Proto);
            Arc::make_mut(entry).spec.status_addresses = status.map(|(status, _)| status.addresses).unwrap_or_default();
        }
        Resource::WorkloadEntry(entry) => {
            let status = de::from_node::<WorkloadEntryStatus>(status, Style::Proto);
            let conditions = status.map(|(status, _)| status.conditions).unwrap_or_default();
            Arc::make_mut(entry).spec.status_healthy =
                conditions.iter().any(|c| c.r#type == "Healthy" && c.status == "True");
        }
        Resource::KubernetesGateway(gateway) => {
            let status = serde_json::from_value::<GatewayStatus>(status.to_json());
            let mut addresses = status.map(|status| status.addresses).unwrap_or_default();
            for address in addresses.iter_mut().filter(|address| address.r#type.is_empty()) {
                // The API server fills it in.
                "IPAddress".clone_into(&mut address.r#type);
            }
            Arc::make_mut(gateway).spec.status_addresses = addresses;
        }
        _ => {}
    }
}

/// Workloads of kinds that are not known by name.
mod other_workload {
    pub(super) use crate::model::kubernetes::OtherWorkload;
}

/// Reads a workload by its shape.
pub(super) fn other_workload(
    object: Node<'_>,
    namespaced: bool,
    problems: &mut Vec<Problem>,
) -> Option<Config<kubernetes::OtherWorkload>> {
    let spec = shape::workload(object)?;
    let meta = metadata::object_meta(object, problems)?;
    let meta = metadata::complete(object, namespaced, meta, problems);
    Some(Config { meta, spec, source: ResourceRef::NONE })
}

/// Installations.
mod operator {
    pub(super) use crate::model::istio::IstioOperator;
}

/// Reads an installation, whose values have no schema. `istioctl install -f FILE` asks for no name.
fn operator(
    object: Node<'_>,
    namespaced: bool,
    problems: &mut Vec<Problem>,
) -> Option<Config<operator::IstioOperator>> {
    let meta = metadata::object_meta(object, problems)?;
    let meta = metadata::complete_unnamed(object, namespaced, meta, problems);
    let spec = object.get("spec").map(Node::to_json).unwrap_or_default();
    Some(Config { meta, spec: operator::IstioOperator { spec }, source: ResourceRef::NONE })
}

/// The fields of an object.
const OF_OBJECTS: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];

/// Reads an object of an Istio kind: a protobuf message under `spec`.
fn istio<T: serde::de::DeserializeOwned + Default>(
    object: Node<'_>,
    namespaced: bool,
    problems: &mut Vec<Problem>,
) -> Option<Config<T>> {
    for (key, _) in object.entries() {
        if !key.as_str().is_some_and(|key| OF_OBJECTS.contains(&key)) {
            problems.push(metadata::unknown_field(
                object,
                key,
                nearest::field(key.as_str().unwrap_or_default(), OF_OBJECTS.iter().copied()),
            ));
        }
    }
    let spec = match object.get("spec") {
        None => T::default(),
        Some(spec) => match de::from_node(spec, Style::Proto) {
            Ok((value, unknown)) => {
                problems.extend(
                    unknown
                        .into_iter()
                        .take(MAX_PROBLEMS)
                        .map(|one| metadata::unknown_field(object, one.key, one.near)),
                );
                value
            }
            Err(error) => {
                problems.push(metadata::typed(object, &error));
                return None;
            }
        },
    };
    let meta = metadata::object_meta(object, problems)?;
    let meta = metadata::complete(object, namespaced, meta, problems);
    Some(Config { meta, spec, source: ResourceRef::NONE })
}

/// Reads an object of one of Kubernetes' own kinds.
fn kubernetes<T: kubernetes::Kind>(
    object: Node<'_>,
    namespaced: bool,
    problems: &mut Vec<Problem>,
) -> Option<Config<T>> {
    match de::from_node::<T::Api>(object, Style::Kubernetes) {
        Ok((api, unknown)) => {
            problems.extend(
                unknown.into_iter().take(MAX_PROBLEMS).map(|one| metadata::unknown_field(object, one.key, one.near)),
            );
            let (meta, spec) = T::from_api(api);
            let meta = metadata::complete(object, namespaced, meta, problems);
            Some(Config { meta, spec, source: ResourceRef::NONE })
        }
        Err(error) => {
            problems.push(metadata::typed(object, &error));
            None
        }
    }
}

/// Reads an object of a kind of the Gateway API, with its defaults.
fn gateway_api<T: serde::de::DeserializeOwned>(
    object: Node<'_>,
    namespaced: bool,
    problems: &mut Vec<Problem>,
) -> Option<Config<T>> {
    let type_meta = metadata::type_meta(object).ok()?;
    let mut value = crd::complete(&type_meta, object, problems)?;
    let spec = value.get_mut("spec").map(serde_json::Value::take).unwrap_or_else(|| value.take());
    let spec = match serde_json::from_value(spec) {
        Ok(spec) => spec,
        Err(error) => {
            let span = object.span();
            problems.push(Problem::new("invalid-value", error.to_string(), span.start, span.end));
            return None;
        }
    };
    let meta = metadata::object_meta(object, problems)?;
    let meta = metadata::complete(object, namespaced, meta, problems);
    Some(Config { meta, spec, source: ResourceRef::NONE })
}

/// Returns the name of the CustomResourceDefinition of a kind: its plural and its group.
fn crd_name(group: &str, kind: &str) -> Option<String> {
    if !group.ends_with(".istio.io") && group != "gateway.networking.k8s.io" {
        return None;
    }
    let name = kind.to_ascii_lowercase();
    let plural = match name.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        Some(stem) => format!("{stem}ies"),
        None if name.ends_with('s') => format!("{name}es"),
        None => format!("{name}s"),
    };
    Some(format!("{plural}.{group}"))
}

/// What a kind's list is ordered by.
fn name(meta: &ObjectMeta) -> (&str, &str) {
    (&meta.namespace, &meta.name)
}

/// Says where a resource was read, unless it says so already: then others may have it too.
fn with_source<T: Clone>(mut config: Arc<Config<T>>, source: ResourceRef) -> Arc<Config<T>> {
    if config.source != source {
        Arc::make_mut(&mut config).source = source;
    }
    config
}

macro_rules! kinds {
    ($(
        $(#[$doc:meta])*
        $field:ident: $reader:ident $group:literal [$($version:literal),*] $kind:ident $(($name:literal))? $scope:ident;
    )*) => {
        /// The resources of the input, by kind; each list by namespace and name.
        #[derive(Debug, Clone, Default)]
        pub struct Resources {
            $( $(#[$doc])* pub $field: Vec<Arc<Config<$reader::$kind>>>, )*
        }

        /// A resource of any kind.
        #[derive(Debug, Clone)]
        pub(crate) enum Resource {
            $( $kind(Arc<Config<$reader::$kind>>), )*
        }

        impl Resource {
            /// Returns its name, namespace and so on.
            pub(crate) fn meta(&self) -> &ObjectMeta {
                match self {
                    $( Self::$kind(config) => &config.meta, )*
                }
            }

            /// Returns where it was read.
            pub(super) fn source(&self) -> ResourceRef {
                match self {
                    $( Self::$kind(config) => config.source, )*
                }
            }

            /// Says where it was read.
            pub(super) fn read_at(self, source: ResourceRef) -> Self {
                match self {
                    $( Self::$kind(config) => Self::$kind(with_source(config, source)), )*
                }
            }
        }

        impl Resources {
            /// Adds a resource that a document holds.
            pub(crate) fn put(&mut self, resource: Resource, source: ResourceRef) {
                match resource {
                    $( Resource::$kind(config) => self.$field.push(with_source(config, source)), )*
                }
            }

            /// Puts a resource in the place of the one of its name; each list is in its order.
            pub(crate) fn replace(&mut self, resource: Resource, source: ResourceRef) {
                match resource {
                    $( Resource::$kind(config) => {
                        let place = self.$field.binary_search_by(|old| name(&old.meta).cmp(&name(&config.meta)));
                        if let Some(old) = place.ok().and_then(|place| self.$field.get_mut(place)) {
                            *old = with_source(config, source);
                        }
                    } )*
                }
            }

            /// Keeps only resources that were read at these places.
            pub(crate) fn retain(&mut self, keep: impl Fn(ResourceRef) -> bool) {
                $( self.$field.retain(|config| keep(config.source)); )*
            }

            /// Puts each list back in its order.
            pub(crate) fn sort(&mut self) {
                $( self.$field.sort_by(|a, b| name(&a.meta).cmp(&name(&b.meta))); )*
            }

            /// Drops all resources of the kinds for which there is a reason, by their names as CustomResourceDefinitions
            /// (`envoyfilters.networking.istio.io`); returns what was dropped, and why. Kubernetes' own kinds stay.
            pub(crate) fn drop_kinds(
                &mut self,
                why: impl Fn(&str) -> Option<&'static str>,
            ) -> Vec<(&'static str, &'static str, ResourceRef)> {
                let mut dropped = Vec::new();
                $(
                    let kind = kinds!(@name $kind $(($name))?);
                    if let Some(why) = crd_name($group, kind).and_then(|name| why(&name)) {
                        let configs = std::mem::take(&mut self.$field);
                        dropped.extend(configs.into_iter().map(|config| (kind, why, config.source)));
                    }
                )*
                dropped
            }

            /// Drops all resources in namespaces that are not kept, but ConfigMaps; returns how many.
            pub(crate) fn drop_namespaces(&mut self, keep: impl Fn(&str) -> bool) -> usize {
                let mut dropped = 0;
                $(
                    if kinds!(@ $scope) && stringify!($kind) != "ConfigMap" {
                        let before = self.$field.len();
                        self.$field.retain(|config| keep(&config.meta.namespace));
                        dropped += before - self.$field.len();
                    }
                )*
                dropped
            }

            /// Returns all resources, each with its group and kind.
            pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, Resource)> {
                let all = std::iter::empty();
                $(
                    let of_kind = self.$field.iter();
                    let all = all.chain(of_kind.map(|config| {
                        ($group, kinds!(@name $kind $(($name))?), Resource::$kind(Arc::clone(config)))
                    }));
                )*
                all
            }

            /// Returns how many resources there are of each kind.
            pub fn counts(&self) -> Vec<(&'static str, usize)> {
                vec![$( (kinds!(@label $kind $(($name))?), self.$field.len()), )*]
            }
        }

        const KINDS: &[Kind] = &[$(
            Kind {
                group: $group,
                name: kinds!(@name $kind $(($name))?),
                versions: &[$($version),*],
                namespaced: kinds!(@ $scope),
                read: |object, namespaced, problems| {
                    $reader(object, namespaced, problems).map(|config| Resource::$kind(Arc::new(config)))
                },
            },
        )*];
    };
    (@name $kind:ident) => { stringify!($kind) };
    (@name $kind:ident ($name:literal)) => { $name };
    (@label $kind:ident) => { stringify!($kind) };
    (@label $kind:ident ($name:literal)) => { concat!($name, " (Gateway API)") };
    (@ namespaced) => { true };
    (@ cluster) => { false };
}

kinds! {
    /// `v1` Namespace
    namespaces: kubernetes "" ["v1"] Namespace cluster;
    /// `v1` Node
    nodes: kubernetes "" ["v1"] Node cluster;
    /// `v1` Service
    services: kubernetes "" ["v1"] Service namespaced;
    /// `v1` Endpoints
    endpoints: kubernetes "" ["v1"] Endpoints namespaced;
    /// `discovery.k8s.io/v1` EndpointSlice
    endpoint_slices: kubernetes "discovery.k8s.io" ["v1"] EndpointSlice namespaced;
    /// `v1` Pod
    pods: kubernetes "" ["v1"] Pod namespaced;
    /// `v1` ServiceAccount
    service_accounts: kubernetes "" ["v1"] ServiceAccount namespaced;
    /// `v1` Secret
    secrets: kubernetes "" ["v1"] Secret namespaced;
    /// `v1` ConfigMap
    config_maps: kubernetes "" ["v1"] ConfigMap namespaced;
    /// `apps/v1` Deployment
    deployments: kubernetes "apps" ["v1"] Deployment namespaced;
    /// `apps/v1` StatefulSet
    stateful_sets: kubernetes "apps" ["v1"] StatefulSet namespaced;
    /// `apps/v1` DaemonSet
    daemon_sets: kubernetes "apps" ["v1"] DaemonSet namespaced;
    /// `apps/v1` ReplicaSet
    replica_sets: kubernetes "apps" ["v1"] ReplicaSet namespaced;
    /// `v1` ReplicationController
    replication_controllers: kubernetes "" ["v1"] ReplicationController namespaced;
    /// `batch/v1` Job
    jobs: kubernetes "batch" ["v1"] Job namespaced;
    /// `batch/v1` CronJob
    cron_jobs: kubernetes "batch" ["v1"] CronJob namespaced;
    /// Workloads of any other kind, known by the template of Pods that they have: Rollouts, CloneSets, Knative's Services
    other_workloads: other_workload "" [] OtherWorkload namespaced;
    /// `networking.k8s.io/v1` Ingress
    ingresses: kubernetes "networking.k8s.io" ["v1"] Ingress namespaced;
    /// `networking.k8s.io/v1` IngressClass
    ingress_classes: kubernetes "networking.k8s.io" ["v1"] IngressClass cluster;

    /// `gateway.networking.k8s.io` GatewayClass
    gateway_classes: gateway_api "gateway.networking.k8s.io" ["v1", "v1beta1"] GatewayClass cluster;
    /// `gateway.networking.k8s.io` Gateway
    kubernetes_gateways: gateway_api "gateway.networking.k8s.io" ["v1", "v1beta1"] KubernetesGateway("Gateway") namespaced;
    /// `gateway.networking.k8s.io` ListenerSet
    listener_sets: gateway_api "gateway.networking.k8s.io" ["v1"] ListenerSet namespaced;
    /// `gateway.networking.k8s.io` HTTPRoute
    http_routes: gateway_api "gateway.networking.k8s.io" ["v1", "v1beta1"] HTTPRoute namespaced;
    /// `gateway.networking.k8s.io` GRPCRoute
    grpc_routes: gateway_api "gateway.networking.k8s.io" ["v1"] GRPCRoute namespaced;
    /// `gateway.networking.k8s.io` TLSRoute
    tls_routes: gateway_api "gateway.networking.k8s.io" ["v1", "v1alpha3", "v1alpha2"] TLSRoute namespaced;
    /// `gateway.networking.k8s.io` TCPRoute
    tcp_routes: gateway_api "gateway.networking.k8s.io" ["v1", "v1alpha2"] TCPRoute namespaced;
    /// `gateway.networking.k8s.io` ReferenceGrant
    reference_grants: gateway_api "gateway.networking.k8s.io" ["v1", "v1beta1"] ReferenceGrant namespaced;
    /// `gateway.networking.k8s.io` BackendTLSPolicy
    backend_tls_policies: gateway_api "gateway.networking.k8s.io" ["v1", "v1alpha3"] BackendTLSPolicy namespaced;

    /// `admissionregistration.k8s.io` MutatingWebhookConfiguration
    mutating_webhook_configurations: kubernetes "admissionregistration.k8s.io" ["v1"] MutatingWebhookConfiguration cluster;
    /// `install.istio.io` IstioOperator
    istio_operators: operator "install.istio.io" ["v1alpha1"] IstioOperator namespaced;

    /// `networking.istio.io` VirtualService
    virtual_services: istio "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] VirtualService namespaced;
    /// `networking.istio.io` DestinationRule
    destination_rules: istio "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] DestinationRule namespaced;
    /// `networking.istio.io` Gateway
    gateways: istio "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] Gateway namespaced;
    /// `networking.istio.io` ServiceEntry
    service_entries: istio "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] ServiceEntry namespaced;
    /// `networking.istio.io` WorkloadEntry
    workload_entries: istio "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] WorkloadEntry namespaced;
    /// `networking.istio.io` WorkloadGroup
    workload_groups: istio "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] WorkloadGroup namespaced;
    /// `networking.istio.io` Sidecar
    sidecars: istio "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] Sidecar namespaced;
    /// `networking.istio.io` EnvoyFilter
    envoy_filters: istio "networking.istio.io" ["v1alpha3"] EnvoyFilter namespaced;
    /// `networking.istio.io` ProxyConfig
    proxy_configs: istio "networking.istio.io" ["v1beta1"] ProxyConfig namespaced;
    /// `security.istio.io` AuthorizationPolicy
    authorization_policies: istio "security.istio.io" ["v1", "v1beta1"] AuthorizationPolicy namespaced;
    /// `security.istio.io` PeerAuthentication
    peer_authentications: istio "security.istio.io" ["v1", "v1beta1"] PeerAuthentication namespaced;
    /// `security.istio.io` RequestAuthentication
    request_authentications: istio "security.istio.io" ["v1", "v1beta1"] RequestAuthentication namespaced;
    /// `telemetry.istio.io` Telemetry
    telemetries: istio "telemetry.istio.io" ["v1", "v1alpha1"] Telemetry namespaced;
    /// `extensions.istio.io` WasmPlugin
    wasm_plugins: istio "extensions.istio.io" ["v1alpha1"] WasmPlugin namespaced;
    /// `extensions.istio.io` TrafficExtension
    traffic_extensions: istio "extensions.istio.io" ["v1alpha1"] TrafficExtension namespaced;
}
