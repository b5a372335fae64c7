//! The name of a workload by OpenTelemetry's conventions for Kubernetes.

use crate::proxy::Proxy;

/// The annotation that names it outright.
const ANNOTATION: &str = "resource.opentelemetry.io/service.name";

/// Returns the first that is there: the annotation, the labels of the application, the workload's name, the pod's name.
///
/// istiod: `tracing.go` `otelServiceName`
pub(super) fn otel_service_name(proxy: &Proxy) -> String {
    let annotation = proxy.metadata.get("ANNOTATIONS").and_then(|annotations| annotations.get(ANNOTATION)?.as_str());
    let label = |key: &str| proxy.labels.get(key).map(String::as_str);
    [
        annotation,
        label("app.kubernetes.io/instance"),
        label("app.kubernetes.io/name"),
        Some(proxy.workload_name.as_str()),
        Some(proxy.name.as_str()),
    ]
    .into_iter()
    .flatten()
    .find(|name| !name.is_empty())
    .unwrap_or("unknown_service")
    .to_owned()
}
