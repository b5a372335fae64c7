//! From selectors that nothing matches to the gateways that they mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Labels;
use super::demo::{self, Demo};
use crate::diagnostic::Diagnostics;
use crate::expand::Target;
use crate::ingest::{self, Manifests};
use crate::model::Config;
use crate::model::istio::Gateway;
use crate::source::ResourceRef;

/// A gateway that is meant and is not there.
pub(super) struct Wanted {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Which of the demo profile it is; none for one of the Helm chart.
    pub(super) demo: Option<Demo>,
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
    fn new(asked: &Asked<'_>, revision: &str) -> Option<Self> {
        let Asked { selector, namespace, .. } = asked;
        if selector.is_empty() {
            return None;
        }
        let is_of_demo = |demo: &Demo| is_subset(selector, &demo.pod_labels(revision));
        let (demo, namespace, name) = if let Some(demo) = Demo::ALL.into_iter().find(is_of_demo) {
            (Some(demo), demo::NAMESPACE, demo.name())
        } else {
            let (namespace, name) = of_chart(selector, namespace)?;
            (None, namespace, name)
        };
        Some(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            demo,
            labels: selector.clone(),
            ports: asked.ports(),
            reason: asked.reason.clone(),
            source: asked.source,
        })
    }

    /// Says whether a selector matches its Pods.
    fn is_selected(&self, selector: &Labels, revision: &str) -> bool {
        match self.demo {
            Some(demo) => is_subset(selector, &demo.pod_labels(revision)),
            None => is_subset(selector, &self.labels),
        }
    }
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
    let revision = target.options.revision();
    let asked = asked(manifests, target);
    if asked.is_empty() {
        return Vec::new();
    }
    let workloads = workload_labels(manifests);
    let mut all: Vec<Wanted> = Vec::new();
    for asked in asked {
        if workloads.iter().any(|labels| is_subset(&asked.selector, labels)) {
            continue;
        }
        if let Some(known) = all.iter_mut().find(|known| known.is_selected(&asked.selector, revision)) {
            for (number, protocol) in asked.ports() {
                known.ports.entry(number).or_insert(protocol);
            }
            continue;
        }
        let Some(new) = Wanted::new(&asked, revision) else { continue };
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
        namespace: demo::NAMESPACE,
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

/// Returns the labels of all Pods, those that are and those that workloads make.
fn workload_labels(manifests: &Manifests) -> Vec<&Labels> {
    fn of<'m, T>(
        configs: &'m [Arc<Config<T>>],
        labels: impl Fn(&'m T) -> &'m Labels + 'm,
    ) -> impl Iterator<Item = &'m Labels> {
        configs.iter().map(move |config| labels(&config.spec))
    }
    let pods = manifests.pods.iter().map(|pod| &pod.meta.labels);
    pods.chain(of(&manifests.deployments, |d| &d.template.metadata.labels))
        .chain(of(&manifests.daemon_sets, |d| &d.template.metadata.labels))
        .chain(of(&manifests.stateful_sets, |s| &s.template.metadata.labels))
        .chain(of(&manifests.replica_sets, |r| &r.template.metadata.labels))
        .chain(of(&manifests.replication_controllers, |r| &r.template.metadata.labels))
        .chain(of(&manifests.jobs, |j| &j.template.metadata.labels))
        .chain(of(&manifests.cron_jobs, |c| &c.job.template.metadata.labels))
        .collect()
}

fn is_subset(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}
