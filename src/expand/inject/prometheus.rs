//! Metrics of the application, merged with the proxy's: the agent answers for both.

use serde_json::{Map, Value, json};

use super::{Injector, proxy_of};
use crate::expand::node;
use crate::go::parse_bool;

/// Annotations by which Prometheus finds the application's metrics, as it spells them.
const OWN: [&str; 3] = ["prometheus_io_scrape", "prometheus_io_path", "prometheus_io_port"];

/// Points Prometheus at the agent, and the agent at the application; nothing if it is not wanted, or done already.
///
/// istiod: `webhook.go` `applyPrometheusMerge`
pub(super) fn merge(injector: &Injector<'_>, pod: &mut Map<String, Value>) {
    let annotations = node::map(node::map(pod, "metadata"), "annotations");
    let [scrape, path, port] = OWN.map(|wanted| {
        let own = annotations.iter().find(|(key, _)| sanitized(key) == wanted);
        own.and_then(|(_, value)| value.as_str()).map(str::to_owned)
    });
    let wish = annotations.get("prometheus.istio.io/merge-metrics").and_then(Value::as_str).and_then(parse_bool);
    let of_mesh = injector.mesh.get("enablePrometheusMerge").and_then(Value::as_bool);
    let agent_port = injector.status_port().to_string();
    if scrape.as_deref().and_then(parse_bool) == Some(false)
        || !wish.or(of_mesh).unwrap_or(true)
        || port.as_ref() == Some(&agent_port)
    {
        return;
    }
    annotations.retain(|key, _| !OWN.contains(&sanitized(key).as_str()));
    annotations.insert("prometheus.io/path".to_owned(), json!("/stats/prometheus"));
    annotations.insert("prometheus.io/port".to_owned(), json!(agent_port));
    annotations.insert("prometheus.io/scrape".to_owned(), json!("true"));
    let [scrape, path, port] = [scrape, path, port].map(Option::unwrap_or_default);
    if [&scrape, &path, &port].iter().all(|text| text.is_empty()) {
        return;
    }
    if let Some(Value::Array(variables)) = proxy_of(node::map(pod, "spec")).and_then(|proxy| proxy.get_mut("env")) {
        // In the order of the agent's own struct.
        let value = format!(r#"{{"scrape":{},"path":{},"port":{}}}"#, json!(scrape), json!(path), json!(port));
        variables.push(json!({"name": "ISTIO_PROMETHEUS_ANNOTATIONS", "value": value}));
    }
}

/// Takes annotations out that an earlier injection has written. istiod: `inject.go` `stripPod`
pub(super) fn forget(injector: &Injector<'_>, annotations: &mut Map<String, Value>) {
    let port = annotations.iter().find(|(key, _)| sanitized(key) == "prometheus_io_port");
    if port.and_then(|(_, value)| value.as_str()) == Some(injector.status_port().to_string().as_str()) {
        annotations.retain(|key, _| !OWN.contains(&sanitized(key).as_str()));
    }
}

/// Returns a key as Prometheus spells it.
fn sanitized(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}
