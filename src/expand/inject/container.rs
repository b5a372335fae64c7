//! The container `istio-proxy`.

use serde_json::{Map, Value, json};

use super::{Injector, PROXY, Template};

/// The image, without its tag.
const IMAGE: &str = "docker.io/istio/proxyv2";

/// Returns the container that a template has.
///
/// istiod: `files/injection-template.yaml`, `files/gateway-injection-template.yaml`
pub(super) fn proxy(
    injector: &Injector<'_>,
    template: Template,
    annotations: &Map<String, Value>,
    environment: &[Value],
) -> Value {
    let annotation = |key: &str, default: &str| {
        annotations.get(&format!("sidecar.istio.io/{key}")).and_then(Value::as_str).unwrap_or(default).to_owned()
    };
    let role = match template {
        Template::Sidecar => "sidecar",
        Template::Gateway => "router",
        Template::Waypoint => "waypoint",
    };
    json!({
        "name": PROXY,
        "image": image(injector, annotations),
        "args": [
            "proxy",
            role,
            "--domain",
            format!("$(POD_NAMESPACE).svc.{}", injector.cluster_domain()),
            format!("--proxyLogLevel={}", annotation("logLevel", "warning")),
            format!("--proxyComponentLogLevel={}", annotation("componentLogLevel", "misc:error")),
            format!("--log_output_level={}", annotation("agentLogLevel", "default:info")),
        ],
        "env": environment,
        "ports": [{"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"}],
    })
}

/// istiod: `inject.go` `ProxyImage`
fn image(injector: &Injector<'_>, annotations: &Map<String, Value>) -> String {
    let release = injector.target.installation.release;
    let annotation = |key: &str| annotations.get(key).and_then(Value::as_str);
    if let Some(image) = annotation("sidecar.istio.io/proxyImage").filter(|image| image.contains('/')) {
        return image.to_owned();
    }
    match annotation("sidecar.istio.io/proxyImageType") {
        None | Some("" | "default") => format!("{IMAGE}:{release}"),
        Some(kind) => format!("{IMAGE}:{release}-{kind}"),
    }
}

/// Lays what a Pod itself says of the container over the template's, as a strategic merge patch does.
///
/// The image `auto` stands for the template's.
pub(super) fn overlaid(template: Value, own: &Value) -> Value {
    let mut own = own.clone();
    if let Some(own) = own.as_object_mut()
        && own.get("image").and_then(Value::as_str).is_none_or(|image| image == "auto" || image.is_empty())
    {
        own.remove("image");
    }
    merged(template, own, "")
}

fn merged(base: Value, over: Value, field: &str) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) => {
            for (key, value) in over {
                match base.remove(&key) {
                    Some(old) => base.insert(key.clone(), merged(old, value, &key)),
                    None => base.insert(key, value),
                };
            }
            Value::Object(base)
        }
        (Value::Array(base), Value::Array(over)) => match field {
            "env" => merged_list(base, &over, "name"),
            "ports" => merged_list(base, &over, "containerPort"),
            "volumeMounts" => merged_list(base, &over, "mountPath"),
            _ => Value::Array(over),
        },
        (base, Value::Null) => base,
        (_, over) => over,
    }
}

/// Lists of things that a key tells apart are joined, the Pod's own first: a variable of the template may use them.
fn merged_list(base: Vec<Value>, over: &[Value], key: &str) -> Value {
    let same = |a: &Value, b: &Value| a.get(key).is_some() && a.get(key) == b.get(key);
    let mut list: Vec<Value> = over.to_vec();
    for item in base {
        match list.iter_mut().find(|own| same(own, &item)) {
            // A value and a source of one exclude each other: the Pod's own counts.
            Some(_) if key == "name" => {}
            Some(own) => *own = merged(item, own.take(), ""),
            None => list.push(item),
        }
    }
    Value::Array(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pods_own_container_counts_first() {
        let own = json!({
            "name": PROXY,
            "image": "auto",
            "env": [{"name": "ISTIO_META_NETWORK", "value": "east"}, {"name": "A", "value": "own"}],
            "ports": [{"containerPort": 8443}],
        });
        let template = json!({
            "name": PROXY,
            "image": "proxy",
            "args": ["proxy"],
            "env": [{"name": "A", "value": "template"}, {"name": "B", "value": "template"}],
            "ports": [{"containerPort": 15090}],
        });
        let expected = json!({
            "name": PROXY,
            "image": "proxy",
            "args": ["proxy"],
            "env": [
                {"name": "ISTIO_META_NETWORK", "value": "east"},
                {"name": "A", "value": "own"},
                {"name": "B", "value": "template"},
            ],
            "ports": [{"containerPort": 8443}, {"containerPort": 15090}],
        });
        assert_eq!(overlaid(template, &own), expected);
    }
}
