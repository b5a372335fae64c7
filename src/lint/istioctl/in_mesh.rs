//! Whether a workload has a sidecar, by what istioctl looks at.
//!
//! istiod: `pkg/config/analysis/analyzers/util/in_mesh.go`, `config.go`

use crate::lint::context::{Item, LintContext, Typed, View};
use crate::model::istio::label::{DATAPLANE_MODE, REDIRECTION};
use crate::model::kubernetes::{Container, Deployment, Pod, PodSpec};

use super::selector::Labels;

/// The container of the proxy.
pub(super) const PROXY: &str = "istio-proxy";
/// Label and annotation that ask for injection.
pub(super) const INJECT: &str = "sidecar.istio.io/inject";
/// Label of namespaces that asks for injection.
pub(super) const INJECTION: &str = "istio-injection";
pub(super) use crate::model::istio::label::REVISION;

/// Returns the containers, and after them the init containers.
pub(super) fn containers(spec: &PodSpec) -> impl Iterator<Item = &Container> {
    spec.containers.iter().chain(&spec.init_containers)
}

/// Whether the Pod has a sidecar, or will. istiod: `PodInMesh`
pub(super) fn pod(pod: &Typed<'_, Pod>, context: &LintContext<'_>) -> bool {
    has_proxy(containers(&pod.spec.spec))
        .or_else(|| asked(pod.labels()))
        .or_else(|| asked(pod.annotations()))
        .unwrap_or_else(|| namespace(&pod.namespace, context))
}

/// Whether the Deployment's Pods have a sidecar, or will. istiod: `DeploymentInMesh`
pub(super) fn deployment(deployment: &Typed<'_, Deployment>, context: &LintContext<'_>) -> bool {
    let template = &deployment.spec.template;
    has_proxy(template.spec.containers.iter())
        .or_else(|| asked(&template.metadata.labels))
        .or_else(|| asked(&template.metadata.annotations))
        .unwrap_or_else(|| namespace(&deployment.namespace, context))
}

/// Whether ztunnel takes the Pod's traffic. istiod: `PodInAmbientMode`
pub(super) fn is_ambient_pod(pod: &Item<'_>) -> bool {
    pod.annotations().get(REDIRECTION).is_some_and(|value| value == "enabled")
}

/// Whether ztunnel takes the namespace's traffic. istiod: `NamespaceInAmbientMode`
pub(super) fn is_ambient_namespace(namespace: Option<&Item<'_>>) -> bool {
    namespace.is_some_and(|namespace| {
        namespace.label(INJECTION) != "enabled"
            && namespace.label(REVISION).is_empty()
            && namespace.label(DATAPLANE_MODE) == "ambient"
    })
}

/// Whether it is a part of Istio itself. istiod: `IsIstioControlPlane`
pub(super) fn is_control_plane(item: &Item<'_>) -> bool {
    item.labels().contains_key("istio") || item.label("release") == "istio"
}

fn has_proxy<'c>(mut containers: impl Iterator<Item = &'c Container>) -> Option<bool> {
    let proxy = containers.find(|container| container.name == PROXY)?;
    (!proxy.image.is_empty()).then_some(true)
}

fn asked(labels: &Labels) -> Option<bool> {
    labels.get(INJECT).map(|value| value == "true")
}

/// Whether Pods of a namespace get a sidecar if they say nothing themselves.
pub(super) fn namespace(name: &str, context: &LintContext<'_>) -> bool {
    let Some(labels) = context.namespace_labels(name) else { return false };
    let label = |key: &str| labels.get(key).map_or("", String::as_str);
    // istioctl forgets the namespaces that a revision injects.
    let by_revision = context.view == View::Meshc && !label(REVISION).is_empty();
    match label(INJECTION) {
        "enabled" => true,
        "" => by_revision,
        _ => false,
    }
}
