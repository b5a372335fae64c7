//! Labels and annotations that the injector writes.

use serde_json::{Map, Value, json};

use super::environment::Context;
use super::{Injector, Patch, STATUS, Template};
use crate::expand::node;
use crate::installation::Behaviour;
use crate::model::istio::label::{NETWORK, REVISION};

/// The network that istio's CNI plugin is, where it is not chained.
const MULTUS_NETWORK: (&str, &str) = ("default", "istio-cni");

/// Returns the labels of a template; what the Pod has counts first.
///
/// istiod: `files/injection-template.yaml`, `files/gateway-injection-template.yaml`
pub(super) fn labels(injector: &Injector<'_>, context: &Context<'_>) -> Map<String, Value> {
    let own = |keys: &[&str]| {
        let mut values = keys.iter().filter_map(|key| context.labels.get(*key)?.as_str());
        values.find(|value| !value.is_empty()).map(str::to_owned)
    };
    let name = own(&["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"]);
    let mut name = name.unwrap_or_else(|| context.workload.meta.name.clone());
    let revision = own(&["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"]);
    let mut labels = Map::new();
    let mut set = |key: &str, value: String| labels.insert(key.to_owned(), json!(value));
    if context.template == Template::Sidecar {
        let cut = name.char_indices().nth(63).map_or(name.len(), |(at, _)| at);
        name.truncate(cut);
        if injector.does(Behaviour::TrimsCanonicalNames) {
            name = String::from(name.trim_matches(['-', '_', '.']));
        } else if name.ends_with('-') {
            name.pop();
        }
        set("security.istio.io/tlsMode", own(&["security.istio.io/tlsMode"]).unwrap_or_else(|| "istio".to_owned()));
        if context.metadatum("ISTIO_META_ENABLE_HBONE") == Some("true") {
            const TUNNEL: &str = "networking.istio.io/tunnel";
            set(TUNNEL, own(&[TUNNEL]).unwrap_or_else(|| "http".to_owned()));
        }
    }
    set("service.istio.io/canonical-name", name);
    set("service.istio.io/canonical-revision", revision.unwrap_or_else(|| "latest".to_owned()));
    labels
}

/// Returns the annotations that every template has.
pub(super) fn annotations(injector: &Injector<'_>, context: &Context<'_>) -> Map<String, Value> {
    let mut annotations = Map::new();
    annotations.insert(REVISION.to_owned(), json!(injector.revision()));
    if let Some(container) = context.applications().first() {
        for key in ["kubectl.kubernetes.io/default-logs-container", "kubectl.kubernetes.io/default-container"] {
            if context.annotation(key).is_none() {
                annotations.insert(key.to_owned(), json!(container));
            }
        }
    }
    annotations
}

/// Writes what the injector writes last: the network, its status, annotations of the installation.
///
/// istiod: `webhook.go` `applyMetadata`
pub(super) fn complete(injector: &Injector<'_>, pod: &mut Map<String, Value>, patch: &Patch, network: Option<&str>) {
    let metadata = node::map(pod, "metadata");
    if let Some(network) = network {
        node::map(metadata, "labels").insert(NETWORK.to_owned(), json!(network));
    }
    let annotations = node::map(metadata, "annotations");
    annotations.insert(STATUS.to_owned(), json!(status(injector, patch)));
    for (key, value) in &injector.target.installation.injector.annotations {
        annotations.insert(key.clone(), json!(value));
    }
}

/// What the injector has added, for itself to take it out again.
fn status(injector: &Injector<'_>, patch: &Patch) -> String {
    let names = |field: &str| {
        let list = patch.spec.get(field).and_then(Value::as_array).filter(|list| !list.is_empty());
        list.map_or(Value::Null, |list| list.iter().filter_map(|one| one.get("name").cloned()).collect())
    };
    let secrets = &injector.values().image_pull_secrets;
    let secrets = if secrets.is_empty() { Value::Null } else { json!(secrets) };
    // In the order of the injector's own struct.
    format!(
        r#"{{"initContainers":{},"containers":{},"volumes":{},"imagePullSecrets":{secrets},"revision":{}}}"#,
        names("initContainers"),
        names("containers"),
        json!(patch.volumes),
        json!(injector.revision())
    )
}

/// Adds the CNI plugin to networks that a Pod asks Multus for.
///
/// istiod: `template.go` `appendMultusNetwork`
pub(super) fn with_multus_network(own: &str) -> String {
    let (namespace, name) = MULTUS_NETWORK;
    if own.is_empty() {
        return format!("{namespace}/{name}");
    }
    let Some(end) = own.rfind(']') else {
        let plugin = format!("{namespace}/{name}");
        let has = own.split(',').any(|network| network.trim() == plugin);
        return if has { own.to_owned() } else { format!("{own}, {plugin}") };
    };
    let Ok(networks) = serde_json::from_str::<Vec<Map<String, Value>>>(own) else { return own.to_owned() };
    let is_plugin = |network: &Map<String, Value>| {
        network.get("name").and_then(Value::as_str) == Some(name)
            && network.get("namespace").and_then(Value::as_str) == Some(namespace)
    };
    if networks.iter().any(is_plugin) {
        return own.to_owned();
    }
    format!(r#"{}, {{"name": "{name}", "namespace": "{namespace}"}}{}"#, &own[..end], &own[end..])
}
