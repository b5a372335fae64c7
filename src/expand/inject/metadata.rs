//! Labels and annotations that the injector writes.

use serde_json::{Map, Value, json};

use super::{PROXY, Template};
use crate::expand::node;
use crate::expand::workload::Workload;

/// Adds them to a Pod's metadata; what is there counts first.
///
/// istiod: `files/injection-template.yaml`, `files/gateway-injection-template.yaml`, `webhook.go` `applyMetadata`
pub(super) fn complete(
    metadata: &mut Map<String, Value>,
    workload: &Workload<'_>,
    template: Template,
    native: bool,
    istiod_revision: &str,
    first_container: Option<&String>,
    proxy_config: &Map<String, Value>,
) {
    let labels = node::map(metadata, "labels");
    let text = |labels: &Map<String, Value>, keys: &[&str]| {
        let mut values = keys.iter().filter_map(|key| labels.get(*key)?.as_str());
        values.find(|value| !value.is_empty()).map(str::to_owned)
    };
    let name = text(labels, &["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"]);
    let mut name = name.unwrap_or_else(|| workload.meta.name.clone());
    let revision = text(labels, &["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"]);
    if template == Template::Sidecar {
        let cut = name.char_indices().nth(63).map_or(name.len(), |(at, _)| at);
        name.truncate(cut);
        name = name.strip_suffix('-').unwrap_or(&name).to_owned();
        let mode = text(labels, &["security.istio.io/tlsMode"]).unwrap_or_else(|| "istio".to_owned());
        labels.insert("security.istio.io/tlsMode".to_owned(), json!(mode));
        let variables = proxy_config.get("proxyMetadata");
        if variables.and_then(|v| v.get("ISTIO_META_ENABLE_HBONE")).and_then(Value::as_str) == Some("true") {
            let tunnel = text(labels, &["networking.istio.io/tunnel"]).unwrap_or_else(|| "http".to_owned());
            labels.insert("networking.istio.io/tunnel".to_owned(), json!(tunnel));
        }
    }
    labels.insert("service.istio.io/canonical-name".to_owned(), json!(name));
    let revision = revision.unwrap_or_else(|| "latest".to_owned());
    labels.insert("service.istio.io/canonical-revision".to_owned(), json!(revision));

    let annotations = node::map(metadata, "annotations");
    annotations.insert("istio.io/rev".to_owned(), json!(istiod_revision));
    if let Some(container) = first_container {
        for key in ["kubectl.kubernetes.io/default-logs-container", "kubectl.kubernetes.io/default-container"] {
            annotations.entry(key).or_insert_with(|| json!(container));
        }
    }
    annotations.insert("sidecar.istio.io/status".to_owned(), json!(status(template, native, istiod_revision)));
}

/// What the injector has added, for itself to take it out again.
fn status(template: Template, native: bool, revision: &str) -> String {
    let (init, containers, volumes): (Value, Value, &str) = match (template, native) {
        (Template::Sidecar, true) => (json!(["istio-init", PROXY]), Value::Null, r#","istio-ca-crl""#),
        (Template::Sidecar, false) => (json!(["istio-init"]), json!([PROXY]), r#","istio-ca-crl""#),
        (Template::Gateway | Template::Waypoint, _) => (Value::Null, json!([PROXY]), ""),
    };
    // In the order of the injector's own struct.
    format!(
        concat!(
            r#"{{"initContainers":{},"containers":{},"volumes":["workload-socket","credential-socket","workload-certs","#,
            r#""istio-envoy","istio-data","istio-podinfo","istio-token","istiod-ca-cert"{}],"#,
            r#""imagePullSecrets":null,"revision":{}}}"#
        ),
        init,
        containers,
        volumes,
        json!(revision)
    )
}
