//! The Pods that workloads make, for rules about what selectors select: folders have Deployments, not Pods.

use std::sync::Arc;

use crate::ingest::{Resource, WrittenObject};
use crate::model::kubernetes::{Pod, PodTemplate, PodTemplateSpec};
use crate::model::{Config, ObjectMeta};

/// Returns a Pod for each workload that no other makes, under the workload's name and at its place.
pub(super) fn pods(objects: &[WrittenObject]) -> Vec<WrittenObject> {
    let of_object = |object: &WrittenObject| match &object.resource {
        Some(Resource::OtherWorkload(config)) => {
            let name = |template: &PodTemplate| template.name.clone().unwrap_or_else(|| object.meta.name.clone());
            config.spec.templates.iter().map(|one| pod(object, name(one), &one.template)).collect()
        }
        Some(resource) => {
            template(resource).map(|one| pod(object, object.meta.name.clone(), one)).into_iter().collect()
        }
        None => Vec::new(),
    };
    objects.iter().flat_map(of_object).collect()
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

fn pod(workload: &WrittenObject, name: String, template: &PodTemplateSpec) -> WrittenObject {
    let meta = ObjectMeta { name, namespace: workload.meta.namespace.clone(), ..template.metadata.clone() };
    let mut document = workload.document.clone();
    "Pod".clone_into(&mut document.kind);
    document.group.clear();
    let spec = Pod { spec: template.spec.clone(), ..Pod::default() };
    let config = Config { meta: meta.clone(), spec, ..Config::default() };
    WrittenObject::made(document, meta, Resource::Pod(Arc::new(config)))
}
