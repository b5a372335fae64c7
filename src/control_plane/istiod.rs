//! istiod's Deployment, or a Pod of it.

use std::collections::BTreeMap;

use crate::ingest::Manifests;
use crate::model::ObjectMeta;
use crate::model::kubernetes::{Container, PodSpec};
use crate::source::ResourceRef;

/// The container that runs istiod. istiod: `manifests/charts/istio-control/istio-discovery/templates/deployment.yaml`
const CONTAINER: &str = "discovery";

/// The label of the version that an object is of.
const VERSION: &str = "app.kubernetes.io/version";

/// An istiod of the input.
#[derive(Debug)]
pub(super) struct Istiod<'m> {
    /// The object's name and namespace.
    pub(super) meta: &'m ObjectMeta,
    /// The labels of its Pods.
    pub(super) labels: &'m BTreeMap<String, String>,
    /// The annotations of its Pods.
    pub(super) annotations: &'m BTreeMap<String, String>,
    /// The account of its Pods.
    pub(super) service_account: &'m str,
    /// The container that runs it.
    pub(super) container: &'m Container,
    /// Where the container is in the object: `spec.template.spec.containers[0]`.
    pub(super) path: String,
    /// The object.
    pub(super) source: ResourceRef,
}

impl<'m> Istiod<'m> {
    /// Returns the istiod of a revision. Of several a Deployment goes before a Pod, and `istio-system` before another namespace.
    pub(super) fn find(manifests: &'m Manifests, revision: &str) -> Option<Self> {
        let mut all = Self::all(manifests);
        all.retain(|istiod| istiod.revision() == revision);
        all.into_iter().min_by_key(|istiod| istiod.meta.namespace != "istio-system")
    }

    /// Returns every istiod, Deployments first.
    pub(super) fn all(manifests: &'m Manifests) -> Vec<Self> {
        let deployments = manifests.deployments.iter().filter_map(|deployment| {
            let template = &deployment.spec.template;
            let meta = (&deployment.meta, &template.metadata);
            Self::of(meta, &template.spec, "spec.template.spec", deployment.source)
        });
        let pods = manifests
            .pods
            .iter()
            .filter_map(|pod| Self::of((&pod.meta, &pod.meta), &pod.spec.spec, "spec", pod.source));
        deployments.chain(pods).collect()
    }

    fn of(
        (meta, of_pods): (&'m ObjectMeta, &'m ObjectMeta),
        spec: &'m PodSpec,
        path: &str,
        source: ResourceRef,
    ) -> Option<Self> {
        let index = spec.containers.iter().position(|container| container.name == CONTAINER)?;
        Some(Self {
            meta,
            labels: &of_pods.labels,
            annotations: &of_pods.annotations,
            service_account: &spec.service_account_name,
            container: spec.containers.get(index)?,
            path: format!("{path}.containers[{index}]"),
            source,
        })
    }

    /// Returns `istio-system/istiod`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.meta.namespace, self.meta.name)
    }

    /// Returns the revision: that of its environment, else of its labels.
    pub(super) fn revision(&self) -> &str {
        let variable = self.container.env.iter().rev().find(|variable| variable.name == "REVISION");
        let stated = variable.map(|variable| variable.value.as_str()).filter(|value| !value.is_empty());
        let label = || self.labels.get("istio.io/rev").or_else(|| self.meta.labels.get("istio.io/rev"));
        stated.or_else(|| label().map(String::as_str)).filter(|revision| !revision.is_empty()).unwrap_or("default")
    }

    /// Returns the version and the field that says so: the tag of its image if that is one, else a label.
    pub(super) fn version(&self) -> Option<(&str, String)> {
        let image = self.container.image.split('@').next().unwrap_or_default();
        let name = image.rsplit('/').next().unwrap_or_default();
        let tag = name.split_once(':').map(|(_, tag)| tag);
        let is_version = |text: &&str| text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
        let label = || self.labels.get(VERSION).or_else(|| self.meta.labels.get(VERSION)).map(String::as_str);
        let of_image = tag.filter(is_version).map(|tag| (tag, format!("{}.image", self.path)));
        of_image.or_else(|| Some((label()?, "metadata.labels".to_owned())))
    }
}
