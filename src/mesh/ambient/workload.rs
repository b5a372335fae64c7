//! Workloads as the ambient index knows them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::AmbientContext;
use super::attachment::{Attacher, Attachment, Refusal};
use crate::model::istio::label::REDIRECTION;
use crate::model::istio::{ServiceEntry, WorkloadEntry};
use crate::model::kubernetes::Pod;
use crate::model::{Config, Timestamp};
use crate::source::ResourceRef;

/// The label of workloads that take HBONE themselves.
pub(crate) const TUNNEL_LABEL: &str = "networking.istio.io/tunnel";

/// A Pod, a WorkloadEntry, or an endpoint in a ServiceEntry. istiod: `model.WorkloadInfo`.
#[derive(Debug, Clone, PartialEq)]
pub struct AmbientWorkload {
    /// By what workloads of one age are ordered.
    pub uid: String,
    /// When it was created.
    pub creation: Option<Timestamp>,
    /// Its addresses; none for one with a hostname.
    pub addresses: Vec<String>,
    /// The network that these are in, or empty.
    pub network: String,
    /// The waypoint that owns it.
    pub waypoint: Option<Attachment>,
    /// Why it has not the waypoint that it asks for.
    pub refusal: Option<Refusal>,
    /// It takes HBONE.
    pub hbone: bool,
    /// ztunnel takes its connections.
    pub redirected: bool,
    /// Its namespace.
    pub namespace: String,
    /// Its service account.
    pub service_account: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What it was made from.
    pub source: ResourceRef,
}

/// Collects the workloads, the oldest first.
pub(super) fn all(
    context: &AmbientContext<'_>,
    attacher: &Attacher<'_>,
    pods: &[&Config<Pod>],
    entries: &[Arc<Config<WorkloadEntry>>],
    service_entries: &[&Config<ServiceEntry>],
) -> Vec<AmbientWorkload> {
    let of_pods = pods.iter().filter_map(|pod| of_pod(context, attacher, pod));
    let of_entries = entries.iter().map(|entry| of_entry(context, attacher, entry));
    let inline = service_entries.iter().flat_map(|entry| of_service_entry(context, attacher, entry));
    let mut out: Vec<AmbientWorkload> = of_pods.chain(of_entries).chain(inline).collect();
    out.sort_by(|a, b| (a.creation, &a.uid).cmp(&(b.creation, &b.uid)));
    out
}

/// A Pod that is not over and has an address, ready or not. Its network is that of the system namespace, whatever it says itself.
///
/// istiod: `ambient/workloads.go` `podWorkloadBuilder`
fn of_pod(context: &AmbientContext<'_>, attacher: &Attacher<'_>, pod: &Config<Pod>) -> Option<AmbientWorkload> {
    let Config { meta, spec, source } = pod;
    let status = &spec.status;
    if matches!(status.phase.as_str(), "Failed" | "Succeeded") {
        return None;
    }
    let only = std::slice::from_ref(&status.pod_ip);
    let addresses = if status.pod_ips.is_empty() { only } else { &status.pod_ips };
    let addresses: Option<Vec<String>> = addresses.iter().map(|address| canonical(address)).collect();
    let addresses = addresses.filter(|addresses| !addresses.is_empty())?;
    let (waypoint, refusal) = split(attacher.for_workload(&meta.namespace, &meta.labels));
    Some(AmbientWorkload {
        uid: format!("{}//Pod/{}/{}", context.cluster_id, meta.namespace, meta.name),
        creation: meta.creation_timestamp,
        addresses,
        network: context.networks.system_namespace().to_owned(),
        waypoint,
        refusal,
        hbone: takes_hbone(&meta.labels, &meta.annotations),
        redirected: is_redirected(&meta.annotations),
        namespace: meta.namespace.clone(),
        service_account: spec.spec.service_account_name.clone(),
        labels: meta.labels.clone(),
        source: *source,
    })
}

/// istiod: `ambient/workloads.go` `workloadEntryWorkloadBuilder`
fn of_entry(context: &AmbientContext<'_>, attacher: &Attacher<'_>, entry: &Config<WorkloadEntry>) -> AmbientWorkload {
    let Config { meta, spec, source } = entry;
    let mut labels = spec.labels.clone();
    labels.extend(meta.labels.clone());
    let (waypoint, refusal) = split(attacher.for_workload(&meta.namespace, &labels));
    AmbientWorkload {
        uid: format!("{}/networking.istio.io/WorkloadEntry/{}/{}", context.cluster_id, meta.namespace, meta.name),
        creation: meta.creation_timestamp,
        addresses: canonical(&spec.address).into_iter().collect(),
        network: network(&spec.network, context),
        waypoint,
        refusal,
        hbone: takes_hbone(&labels, &meta.annotations),
        redirected: is_redirected(&meta.annotations),
        namespace: meta.namespace.clone(),
        service_account: spec.service_account.clone(),
        labels,
        source: *source,
    }
}

/// The endpoints of a ServiceEntry: labels of an endpoint name its waypoint, but those of the ServiceEntry say whether it takes
/// HBONE. One network that is stated holds for the endpoints after it too, as in istiod.
///
/// istiod: `ambient/workloads.go` `serviceEntryWorkloadBuilder`
fn of_service_entry(
    context: &AmbientContext<'_>,
    attacher: &Attacher<'_>,
    entry: &Config<ServiceEntry>,
) -> Vec<AmbientWorkload> {
    let Config { meta, spec, source } = entry;
    let mut stated = String::new();
    let endpoints = spec.endpoints.iter().map(|endpoint| {
        if !endpoint.network.is_empty() {
            stated.clone_from(&endpoint.network);
        }
        let (waypoint, refusal) = split(attacher.for_workload(&meta.namespace, &endpoint.labels));
        AmbientWorkload {
            uid: format!(
                "{}/networking.istio.io/ServiceEntry/{}/{}/{}",
                context.cluster_id, meta.namespace, meta.name, endpoint.address
            ),
            creation: meta.creation_timestamp,
            addresses: canonical(&endpoint.address).into_iter().collect(),
            network: network(&stated, context),
            waypoint,
            refusal,
            hbone: takes_hbone(&meta.labels, &meta.annotations),
            redirected: is_redirected(&meta.annotations),
            namespace: meta.namespace.clone(),
            service_account: endpoint.service_account.clone(),
            labels: endpoint.labels.clone(),
            source: *source,
        }
    });
    endpoints.collect()
}

fn network(stated: &str, context: &AmbientContext<'_>) -> String {
    if stated.is_empty() { context.networks.system_namespace().to_owned() } else { stated.to_owned() }
}

fn split(attachment: Result<Option<Attachment>, Refusal>) -> (Option<Attachment>, Option<Refusal>) {
    match attachment {
        Ok(waypoint) => (waypoint, None),
        Err(refusal) => (None, Some(refusal)),
    }
}

fn canonical(address: &str) -> Option<String> {
    Some(address.parse::<IpAddr>().ok()?.to_string())
}

/// istiod: `ambient/workloads.go` `setTunnelProtocol`
fn takes_hbone(labels: &BTreeMap<String, String>, annotations: &BTreeMap<String, String>) -> bool {
    is_redirected(annotations) || supports_tunnel(labels)
}

fn is_redirected(annotations: &BTreeMap<String, String>) -> bool {
    annotations.get(REDIRECTION).is_some_and(|value| value == "enabled")
}

/// Label `networking.istio.io/tunnel`: says whether `http` is among its values. istiod: `model.SupportsTunnel`.
pub(crate) fn supports_tunnel(labels: &BTreeMap<String, String>) -> bool {
    labels.get(TUNNEL_LABEL).is_some_and(|value| value.split(',').any(|tunnel| tunnel == "http"))
}
