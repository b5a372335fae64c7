//! What conversion looks up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ingest::Manifests;
use crate::installation::{Behaviour, Features, Installation};
use crate::mesh::certificate;
use crate::mesh::discovery_selectors::DiscoveryNamespaces;
use crate::mesh::gateway_api::grant::ReferenceGrants;
use crate::mesh::service::Service;
use crate::model::gateway_api::{GatewayController, KubernetesGateway};
use crate::model::istio::ServiceEntry;
use crate::model::kubernetes::{ConfigMap, Namespace, Secret, Service as KubernetesService};
use crate::model::{Config, ObjectMeta};

type ByName<'m, T> = BTreeMap<(&'m str, &'m str), &'m Config<T>>;

/// A Gateway that istiod serves.
#[derive(Clone, Copy)]
pub(super) struct ServedGateway<'m> {
    /// The Gateway.
    pub(super) gateway: &'m Config<KubernetesGateway>,
    /// Who serves it.
    pub(super) controller: GatewayController,
}

/// The objects that istiod sees, by namespace and name.
pub(crate) struct Context<'m> {
    /// All objects.
    pub(super) manifests: &'m Manifests,
    /// The cluster domain.
    pub(super) cluster_domain: &'m str,
    /// istiod's switches.
    pub(super) features: &'m Features,
    /// How istiod runs.
    pub(super) installation: &'m Installation,
    /// The mesh's services by hostname and namespace.
    pub(super) services_by_hostname: &'m BTreeMap<String, BTreeMap<String, Arc<Service>>>,
    /// Who may refer to what.
    pub(super) grants: ReferenceGrants,
    services: ByName<'m, KubernetesService>,
    service_entries: ByName<'m, ServiceEntry>,
    secrets: ByName<'m, Secret>,
    config_maps: ByName<'m, ConfigMap>,
    namespaces: BTreeMap<&'m str, &'m Config<Namespace>>,
    seen: &'m DiscoveryNamespaces,
}

impl<'m> Context<'m> {
    /// Indexes what istiod sees.
    pub(crate) fn new(
        manifests: &'m Manifests,
        seen: &'m DiscoveryNamespaces,
        services_by_hostname: &'m BTreeMap<String, BTreeMap<String, Arc<Service>>>,
        installation: &'m Installation,
    ) -> Self {
        let Installation { cluster_domain, features, .. } = installation;
        let grants = manifests.reference_grants.iter().map(Arc::as_ref).filter(|grant| is_seen(seen, &grant.meta));
        Self {
            manifests,
            cluster_domain,
            features,
            installation,
            services_by_hostname,
            grants: ReferenceGrants::new(grants, installation.behaviours),
            services: by_name(&manifests.services, seen, |_| true),
            service_entries: by_name(&manifests.service_entries, seen, |entry| seen.is_in_revision(&entry.meta.labels)),
            secrets: by_name(&manifests.secrets, seen, |secret| certificate::is_watched(&secret.spec)),
            config_maps: by_name(&manifests.config_maps, seen, |_| true),
            namespaces: manifests.namespaces.iter().map(|n| (n.meta.name.as_str(), &**n)).collect(),
            seen,
        }
    }

    /// Says whether istiod reads an object: it is in a namespace that it looks at, and for no other revision.
    pub(super) fn reads(&self, meta: &ObjectMeta) -> bool {
        is_seen(self.seen, meta)
    }

    /// Returns the Gateways that istiod serves. Those for other revisions count too: their Deployment may be here.
    pub(super) fn gateways(&self) -> impl Iterator<Item = ServedGateway<'m>> {
        let gateways = self.manifests.kubernetes_gateways.iter().map(Arc::as_ref).filter(|gateway| {
            self.seen.contains(&gateway.meta.namespace)
                && (self.does(Behaviour::KeepsGatewaysOfOtherRevisions)
                    || self.seen.is_in_revision(&gateway.meta.labels))
        });
        gateways.filter_map(|gateway| self.served(gateway))
    }

    /// Returns a Gateway with its controller, if istiod serves it.
    pub(super) fn served(&self, gateway: &'m Config<KubernetesGateway>) -> Option<ServedGateway<'m>> {
        let controller = self.controller(&gateway.spec.gateway_class_name)?;
        (controller != GatewayController::Remote).then_some(ServedGateway { gateway, controller })
    }

    /// Says whether istiod does something that releases do differently.
    pub(super) fn does(&self, behaviour: Behaviour) -> bool {
        self.installation.does(behaviour)
    }

    /// Returns a Gateway, whoever serves it.
    pub(super) fn gateway(&self, namespace: &str, name: &str) -> Option<&'m Config<KubernetesGateway>> {
        let mut all = self.manifests.kubernetes_gateways.iter().map(Arc::as_ref);
        all.find(|g| g.meta.namespace == namespace && g.meta.name == name && self.seen.contains(namespace))
    }

    /// Returns istiod's controller of a class.
    pub(super) fn controller(&self, class: &str) -> Option<GatewayController> {
        let classes =
            self.manifests.gateway_classes.iter().filter(|class| self.seen.is_in_revision(&class.meta.labels));
        self.features.known_classes().controller(class, classes.map(Arc::as_ref))
    }

    /// Says whether a class is there, and neither istiod's own nor that of its waypoints.
    pub(super) fn is_foreign_class(&self, name: &str) -> bool {
        let mut classes = self.manifests.gateway_classes.iter();
        let class = classes.find(|class| class.meta.name == name);
        let own = ["istio.io/gateway-controller", "istio.io/mesh-controller"];
        class.is_some_and(|class| !own.contains(&class.spec.controller_name.as_str()))
    }

    pub(super) fn service(&self, namespace: &str, name: &str) -> Option<&'m Config<KubernetesService>> {
        self.services.get(&(namespace, name)).copied()
    }

    pub(super) fn service_entry(&self, namespace: &str, name: &str) -> Option<&'m Config<ServiceEntry>> {
        self.service_entries.get(&(namespace, name)).copied()
    }

    pub(super) fn secret(&self, namespace: &str, name: &str) -> Option<&'m Config<Secret>> {
        self.secrets.get(&(namespace, name)).copied()
    }

    pub(super) fn config_map(&self, namespace: &str, name: &str) -> Option<&'m Config<ConfigMap>> {
        self.config_maps.get(&(namespace, name)).copied()
    }

    /// Returns all namespaces by name, with their labels. The name is a label too.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = (&'m str, BTreeMap<String, String>)> {
        self.namespaces.iter().map(|(name, namespace)| (*name, labels(namespace)))
    }

    /// Returns the labels of a namespace; none if it is not there.
    pub(super) fn namespace_labels(&self, name: &str) -> Option<BTreeMap<String, String>> {
        self.namespaces.get(name).map(|namespace| labels(namespace))
    }

    /// Returns the hostname of a Service.
    pub(super) fn hostname(&self, name: &str, namespace: &str) -> String {
        format!("{name}.{namespace}.svc.{}", self.cluster_domain)
    }
}

fn is_seen(seen: &DiscoveryNamespaces, meta: &ObjectMeta) -> bool {
    seen.contains(&meta.namespace) && seen.is_in_revision(&meta.labels)
}

/// Indexes the objects that `counts` and that are in a namespace that istiod looks at.
fn by_name<'m, T>(
    configs: &'m [Arc<Config<T>>],
    seen: &DiscoveryNamespaces,
    counts: impl Fn(&Config<T>) -> bool,
) -> ByName<'m, T> {
    let seen = configs.iter().filter(|config| seen.contains(&config.meta.namespace) && counts(config));
    seen.map(|config| ((config.meta.namespace.as_str(), config.meta.name.as_str()), &**config)).collect()
}

/// istiod: `gateway_utils.go` `toNamespaceSet`
fn labels(namespace: &Config<Namespace>) -> BTreeMap<String, String> {
    let mut labels = namespace.meta.labels.clone();
    labels.insert("kubernetes.io/metadata.name".to_owned(), namespace.meta.name.clone());
    labels
}
