//! Pods: which count, where they run, and whose they are.
//!
//! istiod: `pilot/pkg/serviceregistry/kube/controller/pod.go`, `pkg/kube/util.go`

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::workload::{Workload, WorkloadContext};
use super::{locality, spiffe};
use crate::installation::{Behaviour, Behaviours};
use crate::mesh::endpoint::{Endpoint, Health};
use crate::mesh::service::{Port, TargetPort};
use crate::model::kubernetes::{Container, Pod};
use crate::model::{Config, ObjectMeta};

/// Nodes' labels by node name.
pub(crate) type NodeLabels = BTreeMap<String, BTreeMap<String, String>>;

/// Says whether istiod sees the Pod at all: its informer leaves out what has failed.
pub(crate) fn is_watched(pod: &Pod, behaviours: Behaviours) -> bool {
    pod.status.phase != "Failed" || !behaviours.contains(Behaviour::IgnoresFailedPods)
}

/// Says whether the Pod takes part as a workload: it has an address, is not over, and is ready.
///
/// istiod: `shouldPodBeInEndpoints`, `IsPodReady`
pub(crate) fn is_workload(pod: &Pod) -> bool {
    let over = matches!(pod.status.phase.as_str(), "Failed" | "Succeeded");
    let ready = pod.status.conditions.iter().any(|c| c.r#type == "Ready" && c.status == "True");
    !over && ready && !pod.status.pod_ip.is_empty()
}

/// Returns the locality of a Pod: what its label says, else that of its node; or empty. istiod: `getPodLocality`.
pub(crate) fn locality_of(pod: &Config<Pod>, nodes: &NodeLabels, behaviours: Behaviours) -> String {
    let of_node = || nodes.get(&pod.spec.spec.node_name).and_then(locality::of_node);
    locality::stated(&pod.meta.labels, behaviours).or_else(of_node).unwrap_or_default()
}

/// Returns the name of what the Pod belongs to: its Deployment, CronJob and so on, or itself.
///
/// The owner counts only for a Pod whose name was generated. istiod: `GetWorkloadMetaFromPod`, `GetDeployMetaFromPod`.
pub(crate) fn workload_name(meta: &ObjectMeta) -> String {
    static CRON_JOB: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(.+)-\d{8,10}$").expect("a valid pattern"));
    if let Some(stated) = meta.labels.get("service.istio.io/workload-name") {
        return stated.clone();
    }
    let owner = meta.owner_references.iter().find(|o| o.controller && !meta.generate_name.is_empty());
    let Some(owner) = owner else { return meta.name.clone() };
    let without_hash = |label: &str| {
        let hash = meta.labels.get(label).filter(|h| !h.is_empty())?;
        owner
            .name
            .ends_with(hash.as_str())
            .then(|| owner.name.strip_suffix(&format!("-{hash}")).unwrap_or(&owner.name).to_owned())
    };
    match owner.kind.as_str() {
        "ReplicaSet" => without_hash("pod-template-hash").or_else(|| without_hash("rollouts-pod-template-hash")),
        "ReplicationController" => meta.labels.get("deploymentconfig").filter(|d| !d.is_empty()).cloned(),
        "Job" => CRON_JOB.captures(&owner.name).map(|c| c[1].to_owned()),
        _ => None,
    }
    .unwrap_or_else(|| owner.name.clone())
}

/// Returns the Pod's service account; the API server fills in `default`.
pub(crate) fn service_account(pod: &Pod) -> &str {
    if pod.spec.service_account_name.is_empty() { "default" } else { &pod.spec.service_account_name }
}

/// Returns the endpoint that a Pod is, without address and port. istiod: `NewEndpointBuilder`.
pub(crate) fn endpoint(pod: &Config<Pod>, nodes: &NodeLabels, context: &WorkloadContext<'_>) -> Endpoint {
    let locality = locality_of(pod, nodes, context.behaviours);
    let node = &pod.spec.spec.node_name;
    let network = context.networks.of(&pod.spec.status.pod_ip, &pod.meta.labels);
    let labels = locality::augmented(&pod.meta.labels, context.cluster_id, &locality, node, &network);
    Endpoint {
        labels: Arc::new(labels),
        addresses: Vec::new(),
        service_port_name: String::new(),
        service_port_number: 0,
        port: 0,
        service_account: spiffe::identity(context.trust_domain, &pod.meta.namespace, service_account(&pod.spec)),
        network,
        locality,
        cluster_id: context.cluster_id.to_owned(),
        weight: 0,
        tls_mode: tls_mode(&pod.meta.labels).to_owned(),
        namespace: pod.meta.namespace.clone(),
        workload_name: workload_name(&pod.meta),
        health: Health::Healthy,
        node_name: node.clone(),
    }
}

/// istiod: `GetTLSModeFromEndpointLabels`
fn tls_mode(labels: &BTreeMap<String, String>) -> &str {
    labels.get("security.istio.io/tlsMode").map_or("disabled", String::as_str)
}

/// Returns a Pod as a workload that ServiceEntries can select. istiod: `notifyWorkloadHandlers`.
pub(crate) fn workload(pod: &Config<Pod>, nodes: &NodeLabels, context: &WorkloadContext<'_>) -> Workload {
    let addresses = match pod.spec.status.pod_ips.as_slice() {
        both if context.features.dual_stack && both.len() > 1 => both.to_vec(),
        _ => vec![pod.spec.status.pod_ip.clone()],
    };
    Workload {
        name: pod.meta.name.clone(),
        namespace: pod.meta.namespace.clone(),
        endpoint: Endpoint { addresses, ..endpoint(pod, nodes, context) },
        ports: named_ports(&pod.spec),
        only_for_dns_service_entry: false,
        is_entry: false,
    }
}

/// Returns the TCP ports of the Pod by name; the first of several wins. istiod: `getPortMap`.
fn named_ports(pod: &Pod) -> BTreeMap<String, u32> {
    let mut out = BTreeMap::new();
    let named = containers(pod)
        .flat_map(|c| &c.ports)
        .filter(|p| !p.name.is_empty() && p.protocol != "UDP" && p.protocol != "SCTP");
    for port in named {
        out.entry(port.name.clone()).or_insert(port.container_port);
    }
    out
}

/// Returns the containers, then the init containers that go on running (native sidecars).
fn containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    let native = pod.spec.init_containers.iter().filter(|c| c.restart_policy == "Always");
    pod.spec.containers.iter().chain(native)
}

/// Returns the port on which the Pod serves a service port; nothing if no container port has its name. istiod: `FindPort`.
pub(crate) fn target_port(pod: &Pod, port: &Port) -> Option<u32> {
    match port.target_port.as_ref()? {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => {
            let udp = port.protocol == crate::mesh::protocol::Protocol::Udp;
            let mut ports = containers(pod).flat_map(|c| &c.ports);
            ports.find(|p| p.name == *name && (p.protocol == "UDP") == udp).map(|p| p.container_port)
        }
    }
}
