//! The Pods that workloads make, for rules about what selectors select: folders have Deployments, not Pods.

use std::sync::Arc;

use crate::ingest::{Resource, WrittenObject};
use crate::model::kubernetes::{Pod, PodTemplateSpec};
use crate::model::{Config, ObjectMeta};

/// Returns a Pod for each workload that no other makes, under the workload's name and at its place.
pub(super) fn pods(objects: &[WrittenObject]) -> Vec<WrittenObject> {
    objects.iter().filter_map(|object| Some(pod(object, template(object.resource.as_ref()?)?))).collect()
}

fn template(resource: &Resource) -> Option<&PodTemplateSpec> {
    let (template, meta) = match resource {
        Resource::Deployment(config) => (&config.spec.template, &config.meta),
        Resource::StatefulSet(config) => (&config.spec.template, &config.meta),
        Resource::DaemonSet(config) => (&config.spec.template, &config.meta),
        Resource::ReplicaSet(config) => (&config.spec.template, &config.meta),
        Resource::ReplicationController(config) => (&config.spec.template, &config.meta),
        Resource::Job(config) => (&config.spec.template, &config.meta),
        Resource::CronJob(config) => (&config.spec.job.template, &config.meta),
        _ => return None,
    };
    meta.owner_references.is_empty().then_some(template)
}

fn pod(workload: &WrittenObject, template: &PodTemplateSpec) -> WrittenObject {
    let meta = ObjectMeta {
        name: workload.meta.name.clone(),
        namespace: workload.meta.namespace.clone(),
        ..template.metadata.clone()
    };
    let mut document = workload.document.clone();
    "Pod".clone_into(&mut document.kind);
    document.group.clear();
    let spec = Pod { spec: template.spec.clone(), ..Pod::default() };
    let config = Config { meta: meta.clone(), spec, ..Config::default() };
    WrittenObject { document, meta, resource: Some(Resource::Pod(Arc::new(config))) }
}
