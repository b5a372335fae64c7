//! The container `istio-proxy`.

use serde_json::{Map, Value, json};

use super::environment::Context;
use super::{Injector, PROXY, Template};
use crate::installation::Behaviour;

/// Returns the part of the container that all templates have.
///
/// istiod: `files/injection-template.yaml`, `files/gateway-injection-template.yaml`
pub(super) fn proxy(injector: &Injector<'_>, context: &Context<'_>, environment: &[Value]) -> Value {
    let Context { template, annotations, proxy_config, .. } = context;
    let values = injector.values();
    let annotation = |key: &str, default: &str| {
        annotations.get(&format!("sidecar.istio.io/{key}")).and_then(Value::as_str).unwrap_or(default).to_owned()
    };
    let role = match template {
        Template::Sidecar => "sidecar",
        Template::Gateway => "router",
        Template::Waypoint => "waypoint",
    };
    let mut arguments = vec![
        "proxy".to_owned(),
        role.to_owned(),
        "--domain".to_owned(),
        format!("$(POD_NAMESPACE).svc.{}", injector.cluster_domain()),
        format!("--proxyLogLevel={}", annotation("logLevel", &values.log_level)),
        format!("--proxyComponentLogLevel={}", annotation("componentLogLevel", &values.component_log_level)),
        format!("--log_output_level={}", annotation("agentLogLevel", &values.agent_log_level)),
    ];
    if !values.sts_port.is_empty() && values.sts_port != "0" {
        arguments.push(format!("--stsPort={}", values.sts_port));
    }
    if values.log_as_json {
        arguments.push("--log_as_json".to_owned());
    }
    if !values.outlier_log_path.is_empty() && *template == Template::Sidecar {
        arguments.push(format!("--outlierLogPath={}", values.outlier_log_path));
    }
    json!({
        "name": PROXY,
        "image": image(injector, annotations, proxy_config),
        "args": arguments,
        "env": environment,
        "ports": [{"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"}],
    })
}

/// Returns the image of the proxy.
fn image(injector: &Injector<'_>, annotations: &Map<String, Value>, proxy_config: &Map<String, Value>) -> String {
    let name = &injector.values().image;
    whole(annotations, name)
        .unwrap_or_else(|| published(injector, annotations, name, image_type(injector, proxy_config)))
}

/// Returns the image of the container that redirects traffic.
///
/// istiod: `files/injection-template.yaml`, `inject.go` `ProxyInitImage`
pub(super) fn init_image(
    injector: &Injector<'_>,
    annotations: &Map<String, Value>,
    proxy_config: &Map<String, Value>,
) -> String {
    let values = injector.values();
    whole(annotations, &values.init_image).unwrap_or_else(|| {
        if injector.does(Behaviour::ReadsImageOfProxyInit) {
            published(injector, annotations, &values.init_image, &values.variant)
        } else {
            published(injector, annotations, &values.image, image_type(injector, proxy_config))
        }
    })
}

/// Returns the image that an annotation, else the values, name completely: with a slash.
fn whole(annotations: &Map<String, Value>, stated: &str) -> Option<String> {
    let name = annotations.get("sidecar.istio.io/proxyImage").and_then(Value::as_str).unwrap_or(stated);
    name.contains('/').then(|| name.to_owned())
}

/// Returns the image of a gateway that an install lays; it may have a tag of its own.
///
/// istio: `manifests/charts/gateways/istio-ingress/templates/deployment.yaml`
pub(super) fn installed_image(injector: &Injector<'_>, tag: &str) -> String {
    let values = injector.values();
    let none = Map::new();
    whole(&none, &values.image).unwrap_or_else(|| {
        let image = published(injector, &none, &values.image, "");
        let (name, of_mesh) = image.rsplit_once(':').unwrap_or((&image, ""));
        let tag = if tag.is_empty() { of_mesh } else { tag };
        let variant = if values.variant.is_empty() { String::new() } else { format!("-{}", values.variant) };
        format!("{name}:{tag}{variant}")
    })
}

/// Returns the type of image that a ProxyConfig asks for, else the values do.
fn image_type<'v>(injector: &Injector<'v>, proxy_config: &'v Map<String, Value>) -> &'v str {
    let image = proxy_config.get("image").filter(|image| image.is_object());
    let stated = image.map(|image| {
        let stated = ["imageType", "image_type"].iter().find_map(|name| image.get(name)?.as_str());
        stated.unwrap_or_default()
    });
    // Before, a ProxyConfig that names no type takes the one of the values away.
    let counts = |stated: &&str| !stated.is_empty() || !injector.does(Behaviour::ReadsImageOfProxyInit);
    stated.filter(counts).unwrap_or(&injector.values().variant)
}

/// Returns an image that Istio publishes.
///
/// istiod: `inject.go` `ProxyImage`
fn published(injector: &Injector<'_>, annotations: &Map<String, Value>, name: &str, image_type: &str) -> String {
    const KINDS: [&str; 2] = ["distroless", "debug"];
    let values = injector.values();
    let release = injector.target.installation.release;
    let hub = if values.hub.is_empty() { release.hub() } else { &values.hub };
    let release = release.to_string();
    let tag = if values.tag.is_empty() { release.as_str() } else { &values.tag };
    let name = if name.is_empty() { "proxyv2" } else { name };
    let bare = || KINDS.iter().find_map(|kind| tag.strip_suffix(kind)?.strip_suffix('-')).unwrap_or(tag);
    let annotation = annotations.get("sidecar.istio.io/proxyImageType").and_then(Value::as_str);
    let tag = match annotation.unwrap_or(image_type) {
        "" => tag.to_owned(),
        "default" => bare().to_owned(),
        kind => format!("{}-{kind}", bare()),
    };
    format!("{hub}/{name}:{tag}")
}

/// Returns the probe of the agent's readiness, by what says how often it asks.
pub(super) fn readiness_probe(delay: &str, period: &str, threshold: &str) -> Value {
    let mut probe = json!({
        "httpGet": {"path": "/healthz/ready", "port": 15021},
        "periodSeconds": number(period),
        "timeoutSeconds": 3,
        "failureThreshold": number(threshold),
    });
    if delay != "0" {
        probe["initialDelaySeconds"] = number(delay);
    }
    probe
}

/// Returns a text as a number, as YAML reads what the template prints.
fn number(text: &str) -> Value {
    text.trim().parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
}
