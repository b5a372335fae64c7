//! The proxy's settings: `ProxyConfig` of the mesh, of resources and of the Pod's annotation, one over the other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Injector;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::ingest;
use crate::model::istio::ProxyConfigResource;
use crate::model::{Config, ObjectMeta};

/// Returns the settings of a Pod, with names in camel case.
///
/// istiod: `pilot/pkg/model/proxy_config.go` `EffectiveProxyConfig`
pub(super) fn effective(
    injector: &Injector<'_>,
    namespace: &str,
    labels: &Map<String, Value>,
    annotations: &Map<String, Value>,
) -> Map<String, Value> {
    let root = injector.mesh.get("rootNamespace").and_then(Value::as_str).unwrap_or("istio-system");
    let first = |config: &Config<ProxyConfigResource>| source(injector, config);
    let whole = |namespace: &str| of_whole_namespace(injector, namespace).next().map(first);
    let has = |key: &str, value: &str| labels.get(key).and_then(Value::as_str) == Some(value);
    let selected = selecting(injector, namespace, has).next();
    let annotation = annotations.get("proxy.istio.io/config").and_then(Value::as_str);
    let layers = [
        injector.mesh.get("defaultConfig").cloned(),
        whole(root),
        if namespace == root { None } else { whole(namespace) },
        selected.map(first),
        annotation.and_then(ingest::json_of_yaml),
    ];
    layers.into_iter().flatten().fold(Map::new(), |below, layer| match layer {
        Value::Object(layer) => {
            merged(below, layer.into_iter().map(|(key, value)| (camel_case(&key), value)).collect())
        }
        _ => below,
    })
}

/// The resources for all Pods of a namespace (those of the root namespace for all of the mesh), of which the first counts.
fn of_whole_namespace<'i>(
    injector: &'i Injector<'_>,
    namespace: &'i str,
) -> impl Iterator<Item = &'i Config<ProxyConfigResource>> {
    let of_namespace = injector.proxy_configs.iter().filter(move |config| config.meta.namespace == namespace);
    of_namespace.filter(|config| selector(config).is_none()).copied()
}

/// The resources that select a Pod, of which the first counts; `has` says whether it has a label.
fn selecting<'i>(
    injector: &'i Injector<'_>,
    namespace: &'i str,
    has: impl Fn(&str, &str) -> bool,
) -> impl Iterator<Item = &'i Config<ProxyConfigResource>> {
    let of_namespace = injector.proxy_configs.iter().filter(move |config| config.meta.namespace == namespace);
    let selects = move |config: &&&Config<ProxyConfigResource>| {
        selector(config).is_some_and(|selector| selector.iter().all(|(key, value)| has(key, value)))
    };
    of_namespace.filter(selects).copied()
}

/// Says which resources do not count, for a whole namespace or for a Pod that was made.
pub(super) fn overridden(injector: &Injector<'_>) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let mut say = |loser: &Config<ProxyConfigResource>, winner: &Config<ProxyConfigResource>, path: &str, why: &str| {
        let ObjectMeta { namespace, name, .. } = &winner.meta;
        let message = format!("the ProxyConfig is ignored: {namespace}/{name} {why} too");
        let diagnostic = Diagnostic::warning("proxy-config-overridden", message).at(loser.source, path);
        diagnostics.push(diagnostic.label_at(winner.source, path, "this one is older, or comes first by name"));
    };
    let namespaces: BTreeSet<&str> = injector.proxy_configs.iter().map(|c| c.meta.namespace.as_str()).collect();
    for namespace in namespaces {
        let mut whole = of_whole_namespace(injector, namespace);
        if let Some(first) = whole.next() {
            whole.for_each(|other| say(other, first, "metadata.name", "is for the whole namespace"));
        }
        let mut found = BTreeSet::new();
        for pod in injector.manifests.pods.iter().filter(|pod| pod.meta.namespace == namespace) {
            let mut selecting = selecting(injector, namespace, |key, value| {
                pod.meta.labels.get(key).is_some_and(|label| label == value)
            });
            let Some(first) = selecting.next() else { continue };
            for other in selecting.filter(|other| found.insert((other.source, first.source))) {
                say(other, first, "spec.selector", &format!("selects {}", pod.meta.name));
            }
        }
    }
    diagnostics
}

/// Returns settings without what the agent has anyway, as the injector writes them into the Pod.
///
/// istiod: `template.go` `cleanProxyConfig`
pub(super) fn without_defaults(config: &Map<String, Value>) -> Map<String, Value> {
    let defaults = [
        ("configPath", json!("./etc/istio/proxy")),
        ("binaryPath", json!("/usr/local/bin/envoy")),
        ("controlPlaneAuthPolicy", json!("MUTUAL_TLS")),
        ("serviceCluster", json!("istio-proxy")),
        ("drainDuration", json!("45s")),
        ("terminationDrainDuration", json!("5s")),
        ("discoveryAddress", json!("istiod.istio-system.svc:15012")),
        ("proxyAdminPort", json!(15000)),
        ("statNameLength", json!(189)),
        ("statusPort", json!(15020)),
        ("interceptionMode", json!("REDIRECT")),
        ("proxyMetadata", json!({})),
    ];
    let is_default = |key: &str, value: &Value| defaults.iter().any(|(name, default)| *name == key && default == value);
    config.iter().filter(|(key, value)| !is_default(key, value)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn selector(config: &Config<ProxyConfigResource>) -> Option<&std::collections::BTreeMap<String, String>> {
    config.spec.selector.as_ref().map(|selector| &selector.match_labels).filter(|labels| !labels.is_empty())
}

/// Returns a resource as settings of the mesh config's kind.
fn source(injector: &Injector<'_>, config: &Config<ProxyConfigResource>) -> Value {
    let spec = injector.manifests.node(config.source).and_then(|node| node.get("spec"));
    let names = [
        ("concurrency", "concurrency"),
        ("image", "image"),
        ("environmentVariables", "proxyMetadata"),
        ("environment_variables", "proxyMetadata"),
    ];
    let fields = names.iter().filter_map(|(from, to)| Some(((*to).to_owned(), spec?.get(from)?.to_json())));
    Value::Object(fields.collect())
}

fn merged(mut below: Map<String, Value>, above: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in above {
        let value = match (below.remove(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => Value::Object(merged(old, new)),
            (Some(old), Value::Null) => old,
            (_, value) => value,
        };
        below.insert(key, value);
    }
    below
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| {
        let mut letters = part.chars();
        let head = letters.next().map(|c| c.to_ascii_uppercase());
        name + &head.into_iter().chain(letters).collect::<String>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_maps_and_replaces_the_rest() {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        let below = map(json!({"concurrency": 2, "proxyMetadata": {"A": "1", "B": "1"}}));
        let above = map(json!({"concurrency": 4, "proxyMetadata": {"B": "2"}}));
        let expected = map(json!({"concurrency": 4, "proxyMetadata": {"A": "1", "B": "2"}}));
        assert_eq!(merged(below, above), expected);
        assert_eq!(camel_case("stat_name_length"), "statNameLength");
    }
}
