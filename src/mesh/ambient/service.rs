//! Services as the ambient index knows them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::attachment::{Attacher, Attachment, Refusal};
use super::{AmbientContext, scope};
use crate::go;
use crate::installation::Behaviour;
use crate::mesh::order;
use crate::mesh::registry::kubernetes_service::hostname;
use crate::model::istio::{ServiceEntry, WorkloadEntry};
use crate::model::kubernetes::Service as KubernetesService;
use crate::model::{Config, ObjectMeta};
use crate::source::ResourceRef;

const INGRESS_USE_WAYPOINT: &str = "istio.io/ingress-use-waypoint";

/// One hostname in one namespace. istiod: `model.ServiceInfo`.
#[derive(Debug, Clone, PartialEq)]
pub struct AmbientService {
    /// The hostname.
    pub hostname: String,
    /// The namespace.
    pub namespace: String,
    /// The waypoint that owns it.
    pub waypoint: Option<Attachment>,
    /// Why it has not the waypoint that it asks for.
    pub refusal: Option<Refusal>,
    /// Gateways send its requests through the waypoint.
    pub ingress_use_waypoint: bool,
    /// Other networks reach it.
    pub global: bool,
    /// Its cluster IPs; none for a ServiceEntry.
    pub addresses: Vec<String>,
    /// The network of these, or empty.
    pub network: String,
    /// The Service or ServiceEntry.
    pub source: ResourceRef,
}

/// Of several with one hostname in one namespace a Kubernetes Service counts, else the oldest. Before
/// [`Behaviour::KeepsServiceEntriesOfServiceHosts`] a Service hides the ServiceEntries of all namespaces.
///
/// istiod: `ambient/services.go` `ServicesCollection`
pub(super) fn all(
    context: &AmbientContext<'_>,
    attacher: &Attacher<'_>,
    services: &[&Config<KubernetesService>],
    entries: &[Arc<Config<ServiceEntry>>],
    workloads: &[Arc<Config<WorkloadEntry>>],
) -> BTreeMap<(String, String), AmbientService> {
    let mut out = BTreeMap::new();
    for service in services.iter().filter(|service| service.spec.spec.r#type != "ExternalName") {
        let mut known = of_kubernetes(context, attacher, service);
        known.ingress_use_waypoint &= !known.global || !is_elsewhere_too(context, service, workloads);
        out.insert((known.namespace.clone(), known.hostname.clone()), known);
    }
    let keeps = context.behaviours.contains(Behaviour::KeepsServiceEntriesOfServiceHosts);
    let of_services: BTreeSet<String> = out.keys().map(|(_, hostname): &(String, String)| hostname.clone()).collect();
    let with_blocks = context.behaviours.contains(Behaviour::OwnsServiceEntriesOfBlocks);
    let is_known =
        |entry: &&Config<ServiceEntry>| with_blocks || !entry.spec.addresses.iter().any(|text| is_block(text));
    let mut entries: Vec<&Config<ServiceEntry>> = entries.iter().map(AsRef::as_ref).filter(is_known).collect();
    entries.sort_by(|a, b| order::by_creation(&a.meta, &b.meta));
    for entry in entries {
        for host in entry.spec.hosts.iter().filter(|host| keeps || !of_services.contains(*host)) {
            if let Entry::Vacant(free) = out.entry((entry.meta.namespace.clone(), host.clone())) {
                free.insert(of_entry(context, attacher, entry, host));
            }
        }
    }
    out
}

/// Returns the ServiceEntries that count for one of their hosts at least. Those that others hide from all sides have no workloads
/// since [`Behaviour::DropsEndpointsOfShadowedServiceEntries`].
///
/// istiod: `ambient/workloads.go` `serviceEntryWorkloadBuilder`
pub(super) fn shown<'e>(
    context: &AmbientContext<'_>,
    entries: &'e [Arc<Config<ServiceEntry>>],
    services: &BTreeMap<(String, String), AmbientService>,
) -> Vec<&'e Config<ServiceEntry>> {
    let counting: BTreeSet<ResourceRef> = services.values().map(|service| service.source).collect();
    let drops = context.behaviours.contains(Behaviour::DropsEndpointsOfShadowedServiceEntries);
    entries.iter().map(AsRef::as_ref).filter(|entry| !drops || counting.contains(&entry.source)).collect()
}

fn of_kubernetes(
    context: &AmbientContext<'_>,
    attacher: &Attacher<'_>,
    service: &Config<KubernetesService>,
) -> AmbientService {
    let meta = &service.meta;
    let namespace = attacher.namespace_labels(&meta.namespace);
    AmbientService {
        global: context.multi_network && scope::is_global(context.config, namespace, &meta.labels),
        addresses: addresses(service),
        ..known(context, attacher, meta, hostname(&meta.name, &meta.namespace, context.cluster_domain), service.source)
    }
}

/// Says whether a Service has workloads in another network. Of such a one istiod forgets whether gateways use its waypoint.
///
/// istiod: `ambient/multicluster.go` `SplitHorizonServices`
fn is_elsewhere_too(
    context: &AmbientContext<'_>,
    service: &Config<KubernetesService>,
    workloads: &[Arc<Config<WorkloadEntry>>],
) -> bool {
    let selector = &service.spec.spec.selector;
    let local = context.networks.system_namespace();
    let is_one = |entry: &Arc<Config<WorkloadEntry>>| {
        let has = |(key, value): (&String, &String)| {
            entry.meta.labels.get(key).or_else(|| entry.spec.labels.get(key)) == Some(value)
        };
        entry.meta.namespace == service.meta.namespace
            && !entry.spec.network.is_empty()
            && entry.spec.network != local
            && selector.iter().all(has)
    };
    !selector.is_empty() && workloads.iter().any(is_one)
}

fn of_entry(
    context: &AmbientContext<'_>,
    attacher: &Attacher<'_>,
    entry: &Config<ServiceEntry>,
    host: &str,
) -> AmbientService {
    known(context, attacher, &entry.meta, host.to_owned(), entry.source)
}

fn known(
    context: &AmbientContext<'_>,
    attacher: &Attacher<'_>,
    meta: &ObjectMeta,
    hostname: String,
    source: ResourceRef,
) -> AmbientService {
    let (waypoint, refusal) = match attacher.for_service(meta) {
        Ok(waypoint) => (waypoint, None),
        Err(refusal) => (None, Some(refusal)),
    };
    AmbientService {
        hostname,
        namespace: meta.namespace.clone(),
        waypoint,
        refusal,
        ingress_use_waypoint: ingress_use_waypoint(context, &meta.labels, attacher.namespace_labels(&meta.namespace)),
        global: false,
        addresses: Vec::new(),
        network: context.networks.system_namespace().to_owned(),
        source,
    }
}

/// Label `istio.io/ingress-use-waypoint`, else that of the namespace. istiod: `services.go` `ingressUseWaypointFromLabels`.
fn ingress_use_waypoint(
    context: &AmbientContext<'_>,
    labels: &BTreeMap<String, String>,
    namespace: Option<&BTreeMap<String, String>>,
) -> bool {
    let label = labels.get(INGRESS_USE_WAYPOINT);
    let label = label.or_else(|| namespace.and_then(|labels| labels.get(INGRESS_USE_WAYPOINT)));
    if !context.behaviours.contains(Behaviour::ReadsIngressUseWaypointAsBool) {
        return label.is_some_and(|value| value.eq_ignore_ascii_case("true"));
    }
    label.is_some_and(|text| go::parse_bool(text) == Some(true))
}

/// Says whether a text stands for several addresses. istiod: `helpers.go` `parseCidrOrIP`, before 1.30.
fn is_block(text: &str) -> bool {
    text.parse::<IpNet>().is_ok_and(|block| block.prefix_len() != block.max_prefix_len())
}

/// istiod: `services.go` `getVIPs`
fn addresses(service: &Config<KubernetesService>) -> Vec<String> {
    let spec = &service.spec.spec;
    let one = std::slice::from_ref(&spec.cluster_ip);
    let all = if spec.cluster_ips.is_empty() { one } else { &spec.cluster_ips };
    all.iter().filter_map(|address| Some(address.parse::<IpAddr>().ok()?.to_string())).collect()
}
