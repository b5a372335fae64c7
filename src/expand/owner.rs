//! The workload that a Pod belongs to, from its owner.

use std::sync::Arc;

use crate::model::kubernetes::{Job, ReplicaSet};
use crate::model::{Config, ObjectMeta};

/// Returns kind and name of the workloads that a Pod is of: its owner, and the owner's owner. That one is known if the input
/// has the owner; else it is told from the owner's name, which is the workload's with a suffix.
pub(super) fn workloads(
    pod: &ObjectMeta,
    replica_sets: &[Arc<Config<ReplicaSet>>],
    jobs: &[Arc<Config<Job>>],
) -> Vec<(&'static str, String)> {
    const KINDS: [&str; 7] =
        ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob"];
    let mut found = Vec::new();
    let Some(owner) = pod.owner_references.iter().find(|owner| owner.controller) else { return found };
    found.extend(KINDS.iter().filter(|kind| **kind == owner.kind).map(|kind| (*kind, owner.name.clone())));
    let (above, metas): (&'static str, Vec<&ObjectMeta>) = match owner.kind.as_str() {
        "ReplicaSet" => ("Deployment", replica_sets.iter().map(|set| &set.meta).collect()),
        "Job" => ("CronJob", jobs.iter().map(|job| &job.meta).collect()),
        _ => return found,
    };
    let known = metas.into_iter().find(|meta| meta.namespace == pod.namespace && meta.name == owner.name);
    match known.map(|meta| meta.owner_references.iter().find(|owner| owner.controller)) {
        Some(Some(owner)) if owner.kind == above => found.push((above, owner.name.clone())),
        Some(_) => {}
        None => found.extend(owner.name.rsplit_once('-').map(|(name, _)| (above, name.to_owned()))),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OwnerReference;

    #[test]
    fn finds_the_workload_behind_the_owner() {
        let meta = |name: &str, owner: Option<(&str, &str)>| ObjectMeta {
            name: name.to_owned(),
            namespace: "default".to_owned(),
            owner_references: owner
                .map(|(kind, name)| OwnerReference {
                    kind: kind.to_owned(),
                    name: name.to_owned(),
                    controller: true,
                    ..OwnerReference::default()
                })
                .into_iter()
                .collect(),
            ..ObjectMeta::default()
        };
        let set = |name, owner| Arc::new(Config { meta: meta(name, owner), ..Config::<ReplicaSet>::default() });
        let sets =
            [set("web-1", Some(("Deployment", "web"))), set("alone-1", None), set("r-1", Some(("Rollout", "r")))];
        for (owner, expected) in [
            (None, vec![]),
            (Some(("StatefulSet", "db")), vec![("StatefulSet", "db")]),
            (Some(("ReplicaSet", "web-1")), vec![("ReplicaSet", "web-1"), ("Deployment", "web")]),
            (Some(("ReplicaSet", "alone-1")), vec![("ReplicaSet", "alone-1")]),
            (Some(("ReplicaSet", "r-1")), vec![("ReplicaSet", "r-1")]),
            (Some(("ReplicaSet", "api-v1-7d9")), vec![("ReplicaSet", "api-v1-7d9"), ("Deployment", "api-v1")]),
            (Some(("Job", "report-29000000")), vec![("Job", "report-29000000"), ("CronJob", "report")]),
            (Some(("Node", "n")), vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(kind, name)| (kind, name.to_owned())).collect();
            assert_eq!(workloads(&meta("pod", owner), &sets, &[]), expected, "{owner:?}");
        }
    }
}
