//! Which Pods are injected, and how.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ingest::Manifests;
use crate::installation::{InjectionPolicy, Injector};
use crate::model::Config;
use crate::model::istio::label::REVISION;
use crate::model::kubernetes::{LabelSelector, MutatingWebhook, MutatingWebhookConfiguration, Node};

/// Namespaces whose Pods are never injected. istiod: `inject.go` `IgnoredNamespaces`
pub(in super::super) const IGNORED_NAMESPACES: [&str; 4] =
    ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

const INJECT: &str = "sidecar.istio.io/inject";
const INJECTION: &str = "istio-injection";

/// Returns the revision whose injector the API server asks about a Pod, if it asks any; labels that name none mean `default`.
/// Namespaces without a label are taken in by `enableNamespacesByDefault` alone.
///
/// istiod: `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`
pub(super) fn asked<'l>(
    injector: &Injector,
    namespace: Option<&'l BTreeMap<String, String>>,
    pod: impl Fn(&str) -> Option<&'l str>,
) -> Option<&'l str> {
    let namespace = |key: &str| namespace.and_then(|labels| labels.get(key)).map(String::as_str);
    if pod(INJECT) == Some("false") {
        return None;
    }
    let default = |asks: bool| asks.then_some("default");
    match (namespace(INJECTION), namespace(REVISION).or_else(|| pod(REVISION))) {
        (Some(injection), _) => default(injection == "enabled"),
        (None, Some(revision)) => Some(revision),
        (None, None) => {
            default(pod(INJECT) == Some("true") || (injector.namespaces_by_default && pod(INJECT).is_none()))
        }
    }
}

/// Returns whether the API server asks the injector of a revision about a Pod: by the webhooks of the input if it has any of the
/// revision, else as those of the chart would. `asked` is the revision, or the tag of one, that the labels name.
pub(super) fn asks(
    injector: &Injector,
    (revision, asked): (&str, Option<&str>),
    webhooks: &[&MutatingWebhookConfiguration],
    namespace: (&str, Option<&BTreeMap<String, String>>),
    pod: &BTreeMap<String, String>,
) -> bool {
    if webhooks.is_empty() {
        return asked.is_some_and(|asked| asked == revision || injector.tags.contains(asked));
    }
    let (name, labels) = namespace;
    let mut labels = labels.cloned().unwrap_or_default();
    labels.insert("kubernetes.io/metadata.name".to_owned(), name.to_owned());
    webhooks.iter().flat_map(|configuration| &configuration.webhooks).any(|webhook| {
        is_injector(webhook) && webhook.namespace_selector.matches(&labels) && webhook.object_selector.matches(pod)
    })
}

/// Returns the webhooks of a revision's injector; its label, else its Service, tells it.
pub(super) fn webhooks<'m>(manifests: &'m Manifests, revision: &str) -> Vec<&'m MutatingWebhookConfiguration> {
    let of_service = |configuration: &'m MutatingWebhookConfiguration| {
        let webhook = configuration.webhooks.iter().find(|webhook| is_injector(webhook))?;
        Some(webhook.service.strip_prefix("istiod-").unwrap_or("default"))
    };
    let all = manifests.mutating_webhook_configurations.iter().filter(|configuration| {
        let label = configuration.meta.labels.get(REVISION).map(String::as_str);
        let has_injector = configuration.spec.webhooks.iter().any(is_injector);
        has_injector && label.or_else(|| of_service(&configuration.spec)) == Some(revision)
    });
    all.map(|configuration| &configuration.spec).collect()
}

fn is_injector(webhook: &MutatingWebhook) -> bool {
    webhook.name.ends_with("sidecar-injector.istio.io")
}

/// Returns whether the injector, once asked, injects a Pod: as the Pod wishes, else as the injector's selectors and policy say.
///
/// istiod: `inject.go` `injectRequired`
pub(super) fn is_required(
    injector: &Injector,
    namespace: &str,
    host_network: bool,
    labels: &Map<String, Value>,
    annotations: &Map<String, Value>,
) -> bool {
    let wish = labels.get(INJECT).or_else(|| annotations.get(INJECT)).and_then(Value::as_str);
    let labels: BTreeMap<String, String> =
        labels.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect();
    let selected = |selectors: &[LabelSelector]| selectors.iter().any(|selector| selector.matches(&labels));
    let wish = match wish {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ if selected(&injector.never_inject) => Some(false),
        _ if selected(&injector.always_inject) => Some(true),
        _ => None,
    };
    let required = match injector.policy {
        InjectionPolicy::Enabled => wish.unwrap_or(true),
        InjectionPolicy::Disabled => wish.unwrap_or(false),
        InjectionPolicy::Illegal => false,
    };
    !host_network && !IGNORED_NAMESPACES.contains(&namespace) && required
}

/// Returns whether a Pod's sidecar is an init container that keeps running.
pub(super) fn is_native(nodes: bool, annotations: &Map<String, Value>) -> bool {
    match annotations.get("sidecar.istio.io/nativeSidecar").and_then(Value::as_str) {
        None | Some("") => nodes,
        Some(wish) => wish != "false",
    }
}

/// Returns whether a Pod's node is of Kubernetes 1.33 or later; if the Pod is on none of the input, whether all are that tell their version.
///
/// istiod: `webhook.go` `DetectNativeSidecar`
pub(super) fn nodes_run_native_sidecars(manifests: &Manifests, of_pod: Option<&str>) -> bool {
    let runs = |node: &Config<Node>| {
        let object = manifests.node(node.source);
        let version = object.and_then(|node| node.get("status")?.get("nodeInfo")?.get("kubeletVersion")?.as_str());
        version.is_none_or(|version| {
            let minor = version.trim_start_matches('v').split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
            minor.is_some_and(|minor| minor >= 33)
        })
    };
    let own = of_pod.and_then(|name| manifests.nodes.iter().find(|node| node.meta.name == name));
    own.map_or_else(|| manifests.nodes.iter().all(|node| runs(node)), |node| runs(node))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn decides_by_labels_of_namespace_and_pod() {
        for (namespace, labels, annotations, expected) in [
            (json!({}), json!({}), json!({}), false),
            (json!({"istio-injection": "enabled"}), json!({}), json!({}), true),
            (json!({"istio-injection": "disabled"}), json!({}), json!({}), false),
            (json!({"istio-injection": "disabled"}), json!({INJECT: "true"}), json!({}), false),
            (json!({"istio-injection": "enabled"}), json!({INJECT: "false"}), json!({}), false),
            (json!({"istio-injection": "enabled"}), json!({}), json!({INJECT: "false"}), false),
            (json!({"istio-injection": "enabled"}), json!({INJECT: "true"}), json!({INJECT: "false"}), true),
            (json!({"istio-injection": "enabled"}), json!({INJECT: "maybe"}), json!({}), true),
            (json!({"istio-injection": "enabled", "istio.io/rev": "canary"}), json!({}), json!({}), true),
            (json!({"istio.io/rev": "default"}), json!({}), json!({}), true),
            (json!({"istio.io/rev": "canary"}), json!({INJECT: "true"}), json!({}), false),
            (json!({}), json!({"istio.io/rev": "default"}), json!({}), true),
            (json!({}), json!({"istio.io/rev": "canary", INJECT: "true"}), json!({}), false),
            (json!({}), json!({"istio.io/rev": "default", INJECT: "false"}), json!({}), false),
            (json!({}), json!({INJECT: "true"}), json!({}), true),
            (json!({}), json!({}), json!({INJECT: "true"}), false),
        ] {
            let namespace_labels: BTreeMap<String, String> =
                serde_json::from_value(namespace.clone()).expect("all are text");
            let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
            let pod = map(&labels);
            let decided = asked(&Injector::default(), Some(&namespace_labels), |key| pod.get(key)?.as_str())
                == Some("default")
                && is_required(&Injector::default(), "default", false, &map(&labels), &map(&annotations));
            assert_eq!(decided, expected, "{namespace} {labels} {annotations}");
        }
    }

    #[test]
    fn never_injects_the_system_and_the_host_network() {
        let none = Map::new();
        assert!(is_required(&Injector::default(), "default", false, &none, &none));
        assert!(!is_required(&Injector::default(), "kube-system", false, &none, &none));
        assert!(!is_required(&Injector::default(), "default", true, &none, &none));
    }
}
