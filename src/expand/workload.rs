//! Workloads: what makes Pods.

use std::collections::BTreeSet;

use serde_json::Value;

use super::owner;
use crate::ingest::Manifests;
use crate::model::kubernetes::{LabelSelector, Pod, PodStatus, PodTemplate};
use crate::model::{Config, ObjectMeta};
use crate::source::{FieldPath, ResourceRef, Step};

/// A workload that has at least one Pod.
pub(super) struct Workload<'m> {
    /// `Deployment` and so on; `Pod` for a Pod that no cluster has seen yet.
    pub(super) kind: &'m str,
    pub(super) meta: &'m ObjectMeta,
    pub(super) source: ResourceRef,
    /// Labels of its Pods.
    selector: Option<&'m LabelSelector>,
    /// The headless Service of a StatefulSet.
    pub(super) service_name: &'m str,
    /// The number of its first Pod, where they are numbered.
    pub(super) first: i32,
    /// Of a kind that is not Kubernetes' own, its template.
    other: Option<&'m PodTemplate>,
}

/// Returns all workloads that are to have a Pod, by kind, namespace and name: not those scaled to zero or suspended, nor those
/// that another kind of workload has made.
pub(super) fn workloads(manifests: &Manifests) -> Vec<Workload<'_>> {
    let mut all = Vec::new();
    let no_selector = LabelSelector::default();
    let some = |selector| Some(selector).filter(|selector: &&LabelSelector| **selector != no_selector);
    let runs = |replicas: Option<i32>| replicas != Some(0);
    for d in manifests.deployments.iter().filter(|d| runs(d.spec.replicas)) {
        all.push(workload("Deployment", d, some(&d.spec.selector)));
    }
    for d in &manifests.daemon_sets {
        all.push(workload("DaemonSet", d, some(&d.spec.selector)));
    }
    for s in manifests.stateful_sets.iter().filter(|s| runs(s.spec.replicas)) {
        let set = workload("StatefulSet", s, some(&s.spec.selector));
        all.push(Workload { first: s.spec.ordinals_start, service_name: &s.spec.service_name, ..set });
    }
    for r in manifests.replica_sets.iter().filter(|r| runs(r.spec.replicas) && !is_owned(&r.meta)) {
        all.push(workload("ReplicaSet", r, some(&r.spec.selector)));
    }
    for r in manifests.replication_controllers.iter().filter(|r| runs(r.spec.replicas) && !is_owned(&r.meta)) {
        all.push(workload("ReplicationController", r, some(&r.spec.selector)));
    }
    for j in manifests.jobs.iter().filter(|j| runs(j.spec.parallelism) && !j.spec.suspend && !is_owned(&j.meta)) {
        all.push(workload("Job", j, j.spec.selector.as_ref().and_then(some)));
    }
    for c in manifests.cron_jobs.iter().filter(|c| !c.spec.suspend) {
        all.push(workload("CronJob", c, None));
    }
    for p in manifests.pods.iter().filter(|p| is_bare(p)) {
        all.push(workload("Pod", p, None));
    }
    for other in &manifests.other_workloads {
        let kind = manifests.document(other.source).map_or("", |document| document.kind.as_str());
        for template in other.spec.templates.iter().filter(|template| runs(template.replicas)) {
            let workload = workload(kind, other, template.selector.as_ref().and_then(some));
            all.push(Workload { other: Some(template), ..workload });
        }
    }
    all.retain(|workload| workload.meta.deletion_timestamp.is_none());
    all.sort_by(|a, b| (&a.meta.namespace, a.kind, &a.meta.name).cmp(&(&b.meta.namespace, b.kind, &b.meta.name)));
    all
}

/// Returns the workloads without a Pod in the input.
pub(super) fn lack_pods<'w, 'm>(manifests: &Manifests, workloads: &'w [Workload<'m>]) -> Vec<&'w Workload<'m>> {
    let mut owned: BTreeSet<(&str, &str, String)> = BTreeSet::new();
    for pod in &manifests.pods {
        for (kind, name) in owner::workloads(&pod.meta, &manifests.replica_sets, &manifests.jobs) {
            owned.insert((&pod.meta.namespace, kind, name));
        }
    }
    let orphans: Vec<&ObjectMeta> = manifests.pods.iter().map(|pod| &pod.meta).filter(|meta| !is_owned(meta)).collect();
    let lacks = |workload: &&Workload<'_>| {
        let Workload { kind, meta, selector, .. } = workload;
        let is_other = workload.other.is_some();
        let mut pods = manifests.pods.iter().map(|pod| &pod.meta).filter(|pod| pod.namespace == meta.namespace);
        if is_other && selector.is_some_and(|selector| pods.any(|pod| selector.matches(&pod.labels))) {
            return false;
        }
        let selected = selector.is_some_and(|selector| {
            orphans.iter().any(|pod| pod.namespace == meta.namespace && selector.matches(&pod.labels))
        });
        *kind == "Pod" || !selected && !owned.contains(&(meta.namespace.as_str(), *kind, meta.name.clone()))
    };
    workloads.iter().filter(lacks).collect()
}

impl<'m> Workload<'m> {
    /// Returns a Deployment that a controller has made for a resource.
    pub(super) fn deployment(meta: &'m ObjectMeta, source: ResourceRef) -> Self {
        Self { kind: "Deployment", meta, source, selector: None, service_name: "", first: 0, other: None }
    }

    /// Returns the Pod template of the workload's document; a Pod is its own.
    pub(super) fn template(&self, manifests: &Manifests) -> Option<Value> {
        let mut object = manifests.object(self.source)?;
        let of_kind = || match self.kind {
            "Pod" => FieldPath::default(),
            "CronJob" => FieldPath::parse("spec.jobTemplate.spec.template"),
            _ => FieldPath::parse("spec.template"),
        };
        let path = self.other.map_or_else(of_kind, |other| other.path.clone());
        for step in &path.0 {
            object = match step {
                Step::Key(key) => object.get_mut(key)?.take(),
                Step::Index(index) => object.get_mut(*index)?.take(),
            };
        }
        Some(object)
    }

    /// Returns the name of the workload.
    pub(super) fn name(&self) -> &'m str {
        self.other.and_then(|other| other.name.as_deref()).unwrap_or(&self.meta.name)
    }

    /// Returns the path of a field of its Pods.
    pub(super) fn field_of_pod(&self, path: &str) -> String {
        match self.kind {
            "Pod" => path.to_owned(),
            "CronJob" => format!("spec.jobTemplate.spec.template.{path}"),
            _ => format!("spec.template.{path}"),
        }
    }
}

fn workload<'m, T>(kind: &'m str, config: &'m Config<T>, selector: Option<&'m LabelSelector>) -> Workload<'m> {
    Workload { kind, meta: &config.meta, source: config.source, selector, service_name: "", first: 0, other: None }
}

/// Returns whether a Pod is as it is written by hand: without owner and status.
fn is_bare(pod: &Config<Pod>) -> bool {
    pod.spec.status == PodStatus::default() && !is_owned(&pod.meta)
}

fn is_owned(meta: &ObjectMeta) -> bool {
    meta.owner_references.iter().any(|owner| owner.controller)
}
