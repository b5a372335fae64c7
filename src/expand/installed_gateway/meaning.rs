//! From selectors that nothing matches to the gateways that they mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Labels;
use super::component;
use crate::diagnostic::Diagnostics;
use crate::expand::Target;
use crate::expand::inject::Injector;
use crate::ingest::{self, Manifests};
use crate::installation::{GatewayComponent, Installation, InstalledGateway};
use crate::model::Config;
use crate::model::istio::Gateway;
use crate::source::ResourceRef;

/// Where `istioctl install --set profile=demo` lays its gateways.
const NAMESPACE: &str = "istio-system";

/// A gateway that is meant and is not there.
pub(super) struct Wanted {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Which of `istioctl install` it is; none for one of the Helm chart.
    pub(super) component: Option<InstalledGateway>,
    /// The labels that select it.
    pub(super) labels: Labels,
    /// Ports of the Gateways that select it, with the protocol that the first of them says.
    pub(super) ports: BTreeMap<u32, String>,
    /// Who asks first: `Gateway default/bookinfo`.
    pub(super) reason: String,
    /// Who asks first.
    pub(super) source: ResourceRef,
}

impl Wanted {
    /// Returns the gateway that a selector means, to somebody in a namespace. A selector without `istio` and `app` means none.
    fn new(asked: &Asked<'_>, injector: &Injector<'_>) -> Option<Self> {
        let Asked { selector, namespace, .. } = asked;
        if selector.is_empty() {
            return None;
        }
        let of_install = of_install(injector);
        let is_meant = |(namespace, gateway): &(String, InstalledGateway)| {
            is_subset(selector, &component::pod_labels(gateway, namespace, injector))
        };
        let (component, namespace, name) = if let Some((namespace, gateway)) = of_install.into_iter().find(is_meant) {
            let name = gateway.name.clone();
            (Some(gateway), namespace, name)
        } else {
            let (namespace, name) = of_chart(selector, namespace)?;
            (None, namespace.to_owned(), name.to_owned())
        };
        Some(Self {
            namespace,
            name,
            component,
            labels: selector.clone(),
            ports: asked.ports(),
            reason: asked.reason.clone(),
            source: asked.source,
        })
    }

    /// Says whether a selector matches its Pods.
    fn is_selected(&self, selector: &Labels, injector: &Injector<'_>) -> bool {
        match &self.component {
            Some(gateway) => is_subset(selector, &component::pod_labels(gateway, &self.namespace, injector)),
            None => is_subset(selector, &self.labels),
        }
    }
}

/// The gateways that nobody lists, with their namespaces: those of the IstioOperator's profile, else of the profile `demo`.
fn of_install(injector: &Injector<'_>) -> [(String, InstalledGateway); 2] {
    let Installation { gateways, namespace, .. } = injector.installation();
    GatewayComponent::ALL.map(|component| {
        let of_profile = gateways.iter().find(|gateway| gateway.component == component && gateway.stated_by.is_none());
        match of_profile {
            Some(gateway) => (namespace.clone(), gateway.clone()),
            None => (NAMESPACE.to_owned(), InstalledGateway::of_demo(component)),
        }
    })
}

/// A Gateway or an Ingress, by what it needs.
struct Asked<'m> {
    selector: Labels,
    namespace: &'m str,
    gateway: Option<&'m Gateway>,
    reason: String,
    source: ResourceRef,
}

impl Asked<'_> {
    fn ports(&self) -> BTreeMap<u32, String> {
        let servers = self.gateway.into_iter().flat_map(|gateway| &gateway.servers);
        let mut ports = BTreeMap::new();
        for port in servers.filter_map(|server| server.port.as_ref()).filter(|port| port.number != 0) {
            ports.entry(port.number).or_insert_with(|| port.protocol.clone());
        }
        ports
    }
}

/// Returns the gateways that are meant: one that a selector before has asked for is the one of all that match it.
pub(super) fn wanted(manifests: &Manifests, target: &Target<'_>) -> Vec<Wanted> {
    let asked = asked(manifests, target);
    if asked.is_empty() {
        return Vec::new();
    }
    let injector = &Injector::new(manifests, target);
    let workloads: Vec<_> = workloads(manifests).collect();
    let mut all: Vec<Wanted> = Vec::new();
    for asked in asked {
        if workloads.iter().any(|(_, labels)| is_subset(&asked.selector, labels)) {
            continue;
        }
        if let Some(known) = all.iter_mut().find(|known| known.is_selected(&asked.selector, injector)) {
            for (number, protocol) in asked.ports() {
                known.ports.entry(number).or_insert(protocol);
            }
            continue;
        }
        let Some(new) = Wanted::new(&asked, injector) else { continue };
        // Another of this name has other labels: the first one stays, and this selector matches nothing.
        if all.iter().all(|known| (&known.namespace, &known.name) != (&new.namespace, &new.name)) {
            all.push(new);
        }
    }
    all
}

/// Returns the Gateways and Ingresses that istiod serves by the labels of Pods: Gateways by namespace and name, then Ingresses.
fn asked<'m>(manifests: &'m Manifests, target: &Target<'_>) -> Vec<Asked<'m>> {
    let is_ours = |labels: &Labels| labels.get("istio.io/rev").is_none_or(|label| label == target.options.revision());
    let gateways = manifests.gateways.iter().filter(|gateway| is_ours(&gateway.meta.labels));
    let of_gateways = gateways.map(|gateway| Asked {
        selector: gateway.spec.selector.clone(),
        namespace: &gateway.meta.namespace,
        gateway: Some(&gateway.spec),
        reason: format!("Gateway {}/{}", gateway.meta.namespace, gateway.meta.name),
        source: gateway.source,
    });
    let mut all: Vec<Asked<'m>> = of_gateways.collect();
    if manifests.ingresses.is_empty() {
        return all;
    }
    let mesh =
        ingest::mesh_settings(manifests, target.options, target.installation.clone(), &mut Diagnostics::default())
            .config;
    let served = manifests.ingresses.iter().filter(|ingress| mesh.serves_ingress(ingress, &manifests.ingress_classes));
    all.extend(served.map(|ingress| Asked {
        selector: mesh.ingress_gateway_selector(),
        namespace: NAMESPACE,
        gateway: None,
        reason: format!("Ingress {}/{}", ingress.meta.namespace, ingress.meta.name),
        source: ingress.source,
    }));
    all
}

/// Returns namespace and name of the Helm release that a selector means. `name.namespace` says the namespace: no Service has a dot
/// in its name.
fn of_chart<'l>(selector: &'l Labels, namespace: &'l str) -> Option<(&'l str, &'l str)> {
    let value = |key: &str| selector.get(key).map(String::as_str).filter(|value| !value.is_empty());
    let name = match (value("istio"), value("app")) {
        // What the chart itself makes of the release's name.
        (Some(istio), Some(app)) if app.strip_prefix("istio-") == Some(istio) => app,
        (Some(istio), _) => istio,
        (None, app) => app?,
    };
    Some(match name.split_once('.') {
        Some((name, namespace)) if !name.is_empty() && !namespace.is_empty() => (namespace, name),
        _ => (namespace, name),
    })
}

/// Returns the labels of all Pods, those that are and those that workloads make, with their namespaces.
pub(super) fn workloads(manifests: &Manifests) -> impl Iterator<Item = (&str, &Labels)> {
    fn of<'m, T>(
        configs: &'m [Arc<Config<T>>],
        labels: impl Fn(&'m T) -> &'m Labels + 'm,
    ) -> impl Iterator<Item = (&'m str, &'m Labels)> {
        configs.iter().map(move |config| (config.meta.namespace.as_str(), labels(&config.spec)))
    }
    let pods = manifests.pods.iter().map(|pod| (pod.meta.namespace.as_str(), &pod.meta.labels));
    pods.chain(of(&manifests.deployments, |d| &d.template.metadata.labels))
        .chain(of(&manifests.daemon_sets, |d| &d.template.metadata.labels))
        .chain(of(&manifests.stateful_sets, |s| &s.template.metadata.labels))
        .chain(of(&manifests.replica_sets, |r| &r.template.metadata.labels))
        .chain(of(&manifests.replication_controllers, |r| &r.template.metadata.labels))
        .chain(of(&manifests.jobs, |j| &j.template.metadata.labels))
        .chain(of(&manifests.cron_jobs, |c| &c.job.template.metadata.labels))
}

pub(super) fn is_subset(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}
