//! One representative Pod of each workload, and the status of Pods that have none.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::inject::{self, Injector, Refusal};
use super::workload::{Workload, lack_pods, workloads};
use super::{Invented, Made, address, ambient, node};
use crate::diagnostic::Diagnostics;
use crate::expand::Target;
use crate::ingest::Manifests;

/// The node's address, where the Pod is on no node of the input.
const HOST: &str = "10.0.0.1";

/// A Pod for each workload that has none: named as the workload, running and ready, injected if it asks for it. A Pod without owner
/// and status, as one writes it by hand, is taken for its own workload.
///
/// A Pod that istiod refuses to inject does not come to be, which is said.
pub(super) fn make(manifests: &Manifests, target: &Target<'_>, diagnostics: &mut Diagnostics) -> Vec<Made> {
    let workloads = workloads(manifests);
    let lacking = lack_pods(manifests, &workloads);
    if lacking.is_empty() {
        return Vec::new();
    }
    let injector = Injector::new(manifests, target);
    let mut pool = address::free(Ipv4Addr::new(10, 128, 0, 0), 9, manifests);
    let pods = manifests.pods.iter();
    let mut names: BTreeSet<(&str, String)> =
        pods.map(|pod| (pod.meta.namespace.as_str(), pod.meta.name.clone())).collect();
    let mut made = Vec::new();
    for workload in lacking {
        let Some(Value::Object(mut pod)) = workload.template(manifests) else { continue };
        let (namespace, kind) = (workload.meta.namespace.as_str(), workload.kind);
        let Some(address) = pool.address(&format!("{namespace}/{kind}/{}", workload.name())) else { continue };
        let is_bare = kind == "Pod";
        let name = if is_bare { workload.meta.name.clone() } else { name(workload, &names) };
        names.insert((namespace, name.clone()));
        pod.retain(|key, _| key == "metadata" || key == "spec");
        let injected = match run(&mut pod, manifests, &injector, workload, &name, &address.to_string()) {
            Ok(injected) => injected,
            Err(refusal) => {
                diagnostics.push(refusal.diagnostic(workload));
                continue;
            }
        };
        diagnostics.push_some(injected.and_then(|_| injector.doubt(&pod, workload)));
        let enrolled = injected.is_none() && ambient::enrol_made(manifests, target, namespace, &mut pod);
        let invented = Invented {
            kind: "Pod",
            namespace: namespace.to_owned(),
            name,
            field: "",
            value: format!(
                "{}{address}{}",
                if is_bare { String::new() } else { format!("of {kind} {}, ", workload.meta.name) },
                injected.map_or(if enrolled { ", in ambient mode" } else { "" }, inject::Template::says)
            ),
            source: workload.source,
        };
        made.push(Made {
            source: workload.source,
            object: Value::Object(pod),
            replaces: is_bare,
            invented: vec![invented],
        });
    }
    made
}

/// Makes a workload's template its running Pod, injected if it asks for it; returns what the injector has made of it.
///
/// # Errors
///
/// istiod refuses the Pod.
pub(super) fn run(
    pod: &mut Map<String, Value>,
    manifests: &Manifests,
    injector: &Injector<'_>,
    workload: &Workload<'_>,
    name: &str,
    address: &str,
) -> Result<Option<inject::Template>, Refusal> {
    pod.insert("apiVersion".to_owned(), json!("v1"));
    pod.insert("kind".to_owned(), json!("Pod"));
    if workload.kind == "Pod" {
        node::map(pod, "metadata").insert("namespace".to_owned(), json!(workload.meta.namespace));
    } else {
        metadata(node::map(pod, "metadata"), workload, name);
    }
    spec(node::map(pod, "spec"), workload, name);
    let injected = injector.inject(pod, workload)?;
    pod.insert("status".to_owned(), status(address, &host(manifests, pod)));
    Ok(injected)
}

/// Returns the Pod's name: the workload's, that of the first for a StatefulSet; with the kind where two would be the same.
pub(super) fn name(workload: &Workload<'_>, taken: &BTreeSet<(&str, String)>) -> String {
    let name = match workload.kind {
        "StatefulSet" => format!("{}-{}", workload.meta.name, workload.first),
        _ => workload.name().to_owned(),
    };
    let is_free = |name: &String| !taken.contains(&(workload.meta.namespace.as_str(), name.clone()));
    let others = (0..).map(|number| match number {
        0 => name.clone(),
        1 => format!("{name}-{}", workload.kind.to_ascii_lowercase()),
        _ => format!("{name}-{}-{number}", workload.kind.to_ascii_lowercase()),
    });
    others.take(taken.len() + 3).find(is_free).unwrap_or(name.clone())
}

/// Adds what the workload's controller writes: from it istiod and the injector tell the workload.
pub(super) fn metadata(metadata: &mut Map<String, Value>, workload: &Workload<'_>, name: &str) {
    let Workload { kind, meta, .. } = workload;
    for field in ["creationTimestamp", "uid", "resourceVersion", "generation", "managedFields", "finalizers"] {
        metadata.remove(field);
    }
    // The controllers' own hashes are of the whole template; this one changes with the name only.
    let hash = address::suffix(&format!("{}/{kind}/{}", meta.namespace, meta.name), 9);
    let (owner_kind, api_version, owner) = match *kind {
        "Deployment" => ("ReplicaSet", "apps/v1", format!("{}-{hash}", meta.name)),
        "CronJob" => ("Job", "batch/v1", format!("{}-00000000", meta.name)),
        "Job" => ("Job", "batch/v1", meta.name.clone()),
        "ReplicationController" => ("ReplicationController", "v1", meta.name.clone()),
        kind => (kind, "apps/v1", workload.name().to_owned()),
    };
    let labels = node::map(metadata, "labels");
    match *kind {
        "Deployment" => {
            labels.insert("pod-template-hash".to_owned(), json!(hash));
        }
        "StatefulSet" => {
            labels.insert("apps.kubernetes.io/pod-index".to_owned(), json!(workload.first.to_string()));
            labels.insert("statefulset.kubernetes.io/pod-name".to_owned(), json!(name));
        }
        "Job" | "CronJob" => {
            labels.insert("batch.kubernetes.io/job-name".to_owned(), json!(owner));
            labels.insert("job-name".to_owned(), json!(owner));
        }
        _ => {}
    }
    labels.retain(|_, value| !value.is_null());
    metadata.insert("name".to_owned(), json!(name));
    metadata.insert("namespace".to_owned(), json!(meta.namespace));
    metadata.insert("generateName".to_owned(), json!(format!("{owner}-")));
    metadata.insert(
        "ownerReferences".to_owned(),
        json!([{"apiVersion": api_version, "kind": owner_kind, "name": owner, "controller": true}]),
    );
}

/// Adds what the controller and the admission of Pods write.
fn spec(spec: &mut Map<String, Value>, workload: &Workload<'_>, name: &str) {
    let account = ["serviceAccountName", "serviceAccount"].iter().find_map(|key| spec.get(*key)?.as_str());
    let account = account.filter(|account| !account.is_empty()).unwrap_or("default").to_owned();
    spec.insert("serviceAccountName".to_owned(), json!(account));
    if workload.kind == "StatefulSet" {
        spec.insert("hostname".to_owned(), json!(name));
        if !workload.service_name.is_empty() {
            spec.insert("subdomain".to_owned(), json!(workload.service_name));
        }
    }
}

pub(super) fn host(manifests: &Manifests, pod: &Map<String, Value>) -> String {
    let name = pod.get("spec").and_then(|spec| spec.get("nodeName")).and_then(Value::as_str);
    let node = name.and_then(|name| manifests.nodes.iter().find(|node| node.meta.name == name));
    let address = node.and_then(|node| node.spec.addresses.iter().find(|address| address.r#type == "InternalIP"));
    address.map_or(HOST, |address| &address.address).to_owned()
}

pub(super) fn status(address: &str, host: &str) -> Value {
    json!({
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "hostIP": host,
        "podIP": address,
        "podIPs": [{"ip": address}],
    })
}
