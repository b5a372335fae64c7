//! The kinds that make pods.

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::core::v1 as core;

use super::super::ObjectMeta;
use super::{Kind, LabelSelector, PodTemplateSpec};
use crate::source::FieldPath;

/// `Deployment`: pods that are all alike, replaced step by step, through ReplicaSets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployment {
    /// How many pods; left out means one.
    pub replicas: Option<i32>,
    /// Labels of its pods.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplateSpec,
}

/// `ReplicaSet`: a number of pods that are all alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplicaSet {
    /// How many pods; left out means one.
    pub replicas: Option<i32>,
    /// Labels of its pods.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplateSpec,
}

/// `ReplicationController`: what a ReplicaSet was called before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplicationController {
    /// How many pods; left out means one.
    pub replicas: Option<i32>,
    /// Labels of its pods; empty means the template's.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplateSpec,
}

/// `StatefulSet`: numbered pods, each with a name that stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatefulSet {
    /// How many pods; left out means one.
    pub replicas: Option<i32>,
    /// The number of the first pod (`ordinals.start`).
    pub ordinals_start: i32,
    /// The headless service that gives the pods their DNS names.
    pub service_name: String,
    /// Labels of its pods.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplateSpec,
}

/// `DaemonSet`: one pod on each node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaemonSet {
    /// Labels of its pods.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplateSpec,
}

/// `Job`: pods that run to an end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    /// How many pods at a time; left out means one.
    pub parallelism: Option<i32>,
    /// How many pods must succeed.
    pub completions: Option<i32>,
    /// `NonIndexed` or `Indexed`.
    pub completion_mode: String,
    /// Whether it is paused, and so has no pods.
    pub suspend: bool,
    /// Labels of its pods, if not made up.
    pub selector: Option<LabelSelector>,
    /// What its pods are made from.
    pub template: PodTemplateSpec,
}

/// `CronJob`: Jobs by the clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CronJob {
    /// When, in the format of cron.
    pub schedule: String,
    /// Whether it is paused.
    pub suspend: bool,
    /// Labels and annotations of its Jobs (`jobTemplate.metadata`).
    pub job_metadata: ObjectMeta,
    /// What its Jobs do (`jobTemplate.spec`).
    pub job: Job,
}

/// A workload of a kind that is not Kubernetes' own, known by the templates of Pods that it has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherWorkload {
    /// What its Pods are made from; most kinds have one.
    pub templates: Vec<PodTemplate>,
}

/// One template of Pods of an [`OtherWorkload`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodTemplate {
    /// The name of the Pods, where it is not the object's.
    pub name: Option<String>,
    /// Where the template is.
    pub path: FieldPath,
    /// How many pods; left out means some.
    pub replicas: Option<i32>,
    /// Labels of its pods, if it says so.
    pub selector: Option<LabelSelector>,
    /// The template.
    pub template: PodTemplateSpec,
}

impl Kind for Deployment {
    type Api = apps::Deployment;

    fn from_api(api: apps::Deployment) -> (ObjectMeta, Self) {
        let spec = api.spec.unwrap_or_default();
        let deployment =
            Self { replicas: spec.replicas, selector: spec.selector.into(), template: spec.template.into() };
        (api.metadata.into(), deployment)
    }
}

impl Kind for ReplicaSet {
    type Api = apps::ReplicaSet;

    fn from_api(api: apps::ReplicaSet) -> (ObjectMeta, Self) {
        let spec = api.spec.unwrap_or_default();
        let set = Self {
            replicas: spec.replicas,
            selector: spec.selector.into(),
            template: spec.template.map(PodTemplateSpec::from).unwrap_or_default(),
        };
        (api.metadata.into(), set)
    }
}

impl Kind for ReplicationController {
    type Api = core::ReplicationController;

    fn from_api(api: core::ReplicationController) -> (ObjectMeta, Self) {
        let spec = api.spec.unwrap_or_default();
        let selector =
            LabelSelector { match_labels: spec.selector.unwrap_or_default(), match_expressions: Vec::default() };
        let controller = Self {
            replicas: spec.replicas,
            selector,
            template: spec.template.map(PodTemplateSpec::from).unwrap_or_default(),
        };
        (api.metadata.into(), controller)
    }
}

impl Kind for StatefulSet {
    type Api = apps::StatefulSet;

    fn from_api(api: apps::StatefulSet) -> (ObjectMeta, Self) {
        let spec = api.spec.unwrap_or_default();
        let set = Self {
            replicas: spec.replicas,
            ordinals_start: spec.ordinals.and_then(|ordinals| ordinals.start).unwrap_or_default(),
            service_name: spec.service_name.unwrap_or_default(),
            selector: spec.selector.into(),
            template: spec.template.into(),
        };
        (api.metadata.into(), set)
    }
}

impl Kind for DaemonSet {
    type Api = apps::DaemonSet;

    fn from_api(api: apps::DaemonSet) -> (ObjectMeta, Self) {
        let spec = api.spec.unwrap_or_default();
        let set = Self { selector: spec.selector.into(), template: spec.template.into() };
        (api.metadata.into(), set)
    }
}

impl Kind for Job {
    type Api = batch::Job;

    fn from_api(api: batch::Job) -> (ObjectMeta, Self) {
        (api.metadata.into(), api.spec.map(Self::from).unwrap_or_default())
    }
}

impl Kind for CronJob {
    type Api = batch::CronJob;

    fn from_api(api: batch::CronJob) -> (ObjectMeta, Self) {
        let spec = api.spec.unwrap_or_default();
        let job = Self {
            schedule: spec.schedule,
            suspend: spec.suspend.unwrap_or_default(),
            job_metadata: spec.job_template.metadata.map(ObjectMeta::from).unwrap_or_default(),
            job: spec.job_template.spec.map(Job::from).unwrap_or_default(),
        };
        (api.metadata.into(), job)
    }
}

impl From<batch::JobSpec> for Job {
    fn from(api: batch::JobSpec) -> Self {
        Self {
            parallelism: api.parallelism,
            completions: api.completions,
            completion_mode: api.completion_mode.unwrap_or_default(),
            suspend: api.suspend.unwrap_or_default(),
            selector: api.selector.map(LabelSelector::from),
            template: api.template.into(),
        }
    }
}
