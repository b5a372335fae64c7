//! The gateways of `istioctl install`: those of an IstioOperator, or of the profile `demo`.
//!
//! istio: `manifests/charts/gateways/istio-ingress`, `manifests/charts/gateways/istio-egress`, `operator/pkg/render/postprocess.go`

use serde_json::{Value, json};

use super::{Labels, Objects, labels};
use crate::expand::inject::{Injector, container_ports};
use crate::expand::strategic_merge::{merge, merge_key_of_deployment, merge_key_of_service};
use crate::expand::workload::Workload;
use crate::installation::InstalledGateway;
use crate::model::ObjectMeta;

/// The namespace in which the charts tell Helm's own gateways by labels.
const NAMESPACE: &str = "istio-system";

/// Returns the labels of the objects.
fn labels_of(gateway: &InstalledGateway, injector: &Injector<'_>) -> Labels {
    let version = injector.installation().release.to_string();
    let mut all = gateway.labels.clone();
    all.extend(labels([
        ("app.kubernetes.io/instance", "istio"),
        ("app.kubernetes.io/managed-by", "Helm"),
        ("app.kubernetes.io/name", gateway.component.key()),
        ("app.kubernetes.io/part-of", "istio"),
        ("app.kubernetes.io/version", &version),
        ("helm.sh/chart", &format!("{}-{version}", gateway.component.chart())),
        ("install.operator.istio.io/owning-resource", "unknown"),
        ("istio.io/rev", injector.revision()),
        ("operator.istio.io/component", gateway.component.title()),
        ("release", "istio"),
    ]));
    all
}

/// Returns the labels of the Pods.
pub(super) fn pod_labels(gateway: &InstalledGateway, namespace: &str, injector: &Injector<'_>) -> Labels {
    // The charts write the revision as it is set, and `latest` where it is not.
    let revision = injector.revision();
    let canonical = if revision == "default" { "latest" } else { revision };
    let own = ["app.kubernetes.io/version", "version"].iter().find_map(|key| gateway.labels.get(*key));
    let canonical = own.map_or(canonical, String::as_str);
    let is_injected = !gateway.injection_template.is_empty();
    let mut all = labels_of(gateway, injector);
    all.remove("release");
    if namespace == NAMESPACE {
        all.extend(labels([("chart", "gateways"), ("heritage", "Tiller"), ("release", "istio")]));
    }
    all.extend(labels([
        ("service.istio.io/canonical-name", &gateway.name),
        ("service.istio.io/canonical-revision", canonical),
        ("sidecar.istio.io/inject", if is_injected { "true" } else { "false" }),
    ]));
    if !is_injected {
        all.extend(labels([("istio.io/dataplane-mode", "none")]));
    } else if revision == "default" {
        all.remove("istio.io/rev");
    }
    all
}

/// Returns what is installed. The Pods come with their proxy, so that nobody injects them, unless a template is named for it.
pub(super) fn objects(
    gateway: &InstalledGateway,
    injector: &Injector<'_>,
    meta: &ObjectMeta,
    workload: &Workload<'_>,
) -> Objects {
    let account = format!("{}-service-account", gateway.name);
    let is_injected = !gateway.injection_template.is_empty();
    let mut annotations = Labels::new();
    if injector.merges_metrics() {
        annotations.extend(labels([
            ("prometheus.io/path", "/stats/prometheus"),
            ("prometheus.io/port", "15020"),
            ("prometheus.io/scrape", "true"),
        ]));
    }
    if is_injected {
        annotations.extend(labels([
            ("inject.istio.io/templates", gateway.injection_template.as_str()),
            ("sidecar.istio.io/inject", "true"),
        ]));
    } else {
        annotations.extend(labels([("istio.io/rev", injector.revision()), ("sidecar.istio.io/inject", "false")]));
    }
    annotations.extend(gateway.pod_annotations.clone());
    let of_pod = pod_labels(gateway, &meta.namespace, injector);
    let container = if is_injected { injectable(gateway) } else { injector.installed_container(workload, gateway) };
    let template = json!({
        "metadata": {"labels": of_pod, "annotations": annotations},
        "spec": {"serviceAccountName": account, "containers": [container]},
    });
    let own = labels_of(gateway, injector);
    let mut objects = Objects::new(&account, meta, &own, (&gateway.labels, template));
    if !is_injected {
        objects.deployment["metadata"]["labels"]["istio.io/dataplane-mode"] = json!("none");
    }
    if gateway.has_service {
        let mut service = super::service(meta, &own, (&gateway.labels, &gateway.service_type), &gateway.ports);
        if !gateway.service_annotations.is_empty() {
            service["metadata"]["annotations"] = json!(gateway.service_annotations);
        }
        if let Some(spec) = service["spec"].as_object_mut() {
            spec.extend(gateway.service.clone());
        }
        objects.service = Some(service);
    }
    patch(&mut objects, &gateway.patches);
    objects
}

/// The container that the injector completes.
fn injectable(gateway: &InstalledGateway) -> Value {
    let unprivileged = (!gateway.is_root).then(|| json!({"name": "ISTIO_META_UNPRIVILEGED_POD", "value": "true"}));
    let own = gateway.env.iter().map(|(name, value)| json!({"name": name, "value": value}));
    json!({
        "name": "istio-proxy",
        "image": "auto",
        "ports": container_ports(&gateway.ports),
        "env": unprivileged.into_iter().chain(own).collect::<Vec<_>>(),
    })
}

/// Lays what the component says of Kubernetes over the objects, each as a strategic merge patch. What cannot be laid changes nothing.
///
/// istiod: `postprocess.go` `postProcess`
fn patch(objects: &mut Objects, patches: &Value) {
    let stated = |field: &str| patches.get(field).filter(|value| !value.is_null());
    let in_template = |part: Value| json!({"spec": {"template": part}});
    let of_proxy = |variables: &Value| json!({"spec": {"containers": [{"name": "istio-proxy", "env": variables}]}});
    let deployment = [
        stated("podAnnotations").map(|value| in_template(json!({"metadata": {"annotations": value}}))),
        stated("env").map(|value| in_template(of_proxy(value))),
        stated("securityContext").map(|value| in_template(json!({"spec": {"securityContext": value}}))),
        stated("replicaCount").map(|value| json!({"spec": {"replicas": value}})),
    ];
    for patch in deployment.into_iter().flatten() {
        lay(&mut objects.deployment, patch, merge_key_of_deployment);
    }
    let Some(service) = &mut objects.service else { return };
    let without_ports = |value: &Value| {
        let mut fields = value.as_object().cloned().unwrap_or_default();
        // They are values of the chart.
        fields.remove("ports");
        json!({"spec": fields})
    };
    let patches = [
        stated("serviceAnnotations").map(|value| json!({"metadata": {"annotations": value}})),
        stated("service").map(without_ports),
    ];
    for patch in patches.into_iter().flatten() {
        lay(service, patch, merge_key_of_service);
    }
}

fn lay(object: &mut Value, patch: Value, key: fn(&str) -> Option<&'static str>) {
    let (Value::Object(own), Value::Object(patch)) = (object.clone(), patch) else { return };
    if let Ok(patched) = merge(own, patch, key) {
        *object = patched;
    }
}
