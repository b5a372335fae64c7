//! Workloads by their shape: whatever its kind, what has a template of Pods makes Pods.
//!
//! Argo's Rollout, OpenShift's DeploymentConfig, Kruise's CloneSet and Knative's Service have it at `spec.template`; a
//! ClusterServiceVersion of OLM has whole Deployments in a list.

use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta;

use super::de::{self, Style};
use super::kind::{Kind, Resource, other_workload};
use crate::model::kubernetes::{LabelSelector, OtherWorkload, PodTemplate, PodTemplateSpec};
use crate::source::{FieldPath, Node, NodeKind};

/// Where kinds have a template of Pods.
const TEMPLATES: &[&str] = &[
    "spec.template",
    "spec.podTemplate",
    "spec.jobTemplate.spec.template",
    "spec.workloadTemplate.deploymentTemplate.spec.template",
];

/// Where OLM has its Deployments.
const DEPLOYMENTS: &str = "spec.install.spec.deployments";

/// The entry of the table of kinds for workloads of unknown ones.
pub(super) static WORKLOAD: Kind = Kind {
    group: "",
    name: "",
    versions: &[],
    namespaced: true,
    read: |object, namespaced, problems| {
        other_workload(object, namespaced, problems).map(|config| Resource::OtherWorkload(Arc::new(config)))
    },
};

/// Says whether an object has the shape of a workload.
pub(super) fn is_workload(object: Node<'_>) -> bool {
    places(object).next().is_some()
}

fn places(object: Node<'_>) -> impl Iterator<Item = (String, Node<'_>)> {
    let at = move |path: &str| object.at(&FieldPath::parse(path));
    let own = TEMPLATES.iter().filter_map(move |path| Some(((*path).to_owned(), at(path)?)));
    let of_list = at(DEPLOYMENTS).into_iter().flat_map(Node::items).enumerate();
    let of_list = of_list.filter_map(|(index, deployment)| {
        let template = deployment.get("spec")?.get("template")?;
        Some((format!("{DEPLOYMENTS}[{index}].spec.template"), template))
    });
    own.chain(of_list).filter(|(_, template)| is_template(*template))
}

/// Whether it is a template of Pods: its containers have names.
fn is_template(template: Node<'_>) -> bool {
    let containers = template.get("spec").and_then(|spec| spec.get("containers"));
    let mut containers = containers.into_iter().flat_map(Node::items).peekable();
    containers.peek().is_some() && containers.all(|container| matches!(container.kind(), NodeKind::Map(_)))
}

/// Reads a workload; nothing if its template is none that Kubernetes would take.
pub(super) fn workload(object: Node<'_>) -> Option<OtherWorkload> {
    let mut templates = Vec::new();
    for (path, template) in places(object) {
        let (api, _) = de::from_node::<core::PodTemplateSpec>(template, Style::Kubernetes).ok()?;
        let owner = FieldPath::parse(&path);
        let owner = object.at(&FieldPath(owner.0.get(..owner.0.len() - 1)?.to_vec()))?;
        let name = path.starts_with(DEPLOYMENTS).then(|| {
            let of_list = FieldPath::parse(path.trim_end_matches(".spec.template"));
            object.at(&of_list)?.get("name")?.as_str().map(str::to_owned)
        });
        let replicas = match owner.get("replicas").map(Node::kind) {
            Some(NodeKind::Int(number)) => i32::try_from(number).ok(),
            _ => None,
        };
        templates.push(PodTemplate {
            name: name.flatten(),
            path: FieldPath::parse(&path),
            replicas,
            selector: owner.get("selector").and_then(selector),
            template: PodTemplateSpec::from(api),
        });
    }
    (!templates.is_empty()).then_some(OtherWorkload { templates })
}

/// Reads a selector; of older kinds it is a map of labels.
fn selector(node: Node<'_>) -> Option<LabelSelector> {
    if node.get("matchLabels").is_none() && node.get("matchExpressions").is_none() {
        let labels =
            node.entries().filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value.as_str()?.to_owned())));
        return Some(LabelSelector { match_labels: labels.collect(), ..LabelSelector::default() });
    }
    let (api, _) = de::from_node::<meta::LabelSelector>(node, Style::Kubernetes).ok()?;
    Some(api.into())
}
