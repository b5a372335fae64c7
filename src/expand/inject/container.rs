//! The container `istio-proxy`.

use serde_json::{Map, Value, json};

use super::{Injector, PROXY, Template};

/// Returns the part of the container that all templates have.
///
/// istiod: `files/injection-template.yaml`, `files/gateway-injection-template.yaml`
pub(super) fn proxy(
    injector: &Injector<'_>,
    template: Template,
    annotations: &Map<String, Value>,
    environment: &[Value],
) -> Value {
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
    if !values.outlier_log_path.is_empty() && template == Template::Sidecar {
        arguments.push(format!("--outlierLogPath={}", values.outlier_log_path));
    }
    json!({
        "name": PROXY,
        "image": image(injector, annotations, &values.image),
        "args": arguments,
        "env": environment,
        "ports": [{"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"}],
    })
}

/// Returns the image of a container whose image the values name so: with a slash it is complete.
///
/// istiod: `inject.go` `ProxyImage`
pub(super) fn image(injector: &Injector<'_>, annotations: &Map<String, Value>, stated: &str) -> String {
    const KINDS: [&str; 2] = ["distroless", "debug"];
    let values = injector.values();
    let annotation = |key: &str| annotations.get(key).and_then(Value::as_str);
    let whole = annotation("sidecar.istio.io/proxyImage").unwrap_or(stated);
    if whole.contains('/') {
        return whole.to_owned();
    }
    let release = injector.target.installation.release.to_string();
    let tag = if values.tag.is_empty() { release.as_str() } else { &values.tag };
    let name = if values.image.is_empty() { "proxyv2" } else { &values.image };
    let bare = || KINDS.iter().find_map(|kind| tag.strip_suffix(kind)?.strip_suffix('-')).unwrap_or(tag);
    let tag = match annotation("sidecar.istio.io/proxyImageType").unwrap_or(&values.variant) {
        "" => tag.to_owned(),
        "default" => bare().to_owned(),
        kind => format!("{}-{kind}", bare()),
    };
    format!("{}/{name}:{tag}", values.hub)
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
