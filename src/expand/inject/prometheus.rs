//! Metrics of the application, merged with the proxy's: the agent answers for both.

use serde_json::{Map, Value, json};

use super::Injector;

/// What the application asked for.
pub(super) struct Scrape {
    /// The variable that tells the agent, if there is anything to tell.
    pub(super) variable: Option<Value>,
    /// The agent's port.
    port: String,
}

/// Returns what to merge; nothing if it is not wanted, or done already.
///
/// istiod: `webhook.go` `applyPrometheusMerge`
pub(super) fn merge(injector: &Injector<'_>, annotations: &Map<String, Value>) -> Option<Scrape> {
    let of = |wanted: &str| {
        annotations.iter().find(|(key, _)| sanitized(key) == wanted).and_then(|(_, value)| value.as_str())
    };
    let is_false = |value: &str| matches!(value, "0" | "f" | "F" | "false" | "FALSE" | "False");
    let is_true = |value: &str| matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True");
    let (scrape, path, port) = (of("prometheus_io_scrape"), of("prometheus_io_path"), of("prometheus_io_port"));
    let wish = annotations.get("prometheus.istio.io/merge-metrics").and_then(Value::as_str);
    let wish = wish.filter(|wish| is_false(wish) || is_true(wish)).map(is_true);
    let of_mesh = injector.mesh.get("enablePrometheusMerge").and_then(Value::as_bool);
    if scrape.is_some_and(is_false) || !wish.or(of_mesh).unwrap_or(true) {
        return None;
    }
    let status_port = injector.mesh.get("defaultConfig").and_then(|config| config.get("statusPort")?.as_u64());
    let status_port = status_port.unwrap_or(15020).to_string();
    if port == Some(status_port.as_str()) {
        return None;
    }
    let variable = (scrape.is_some() || path.is_some() || port.is_some()).then(|| {
        let text = |value: Option<&str>| json!(value.unwrap_or_default()).to_string();
        let value = format!(r#"{{"scrape":{},"path":{},"port":{}}}"#, text(scrape), text(path), text(port));
        json!({"name": "ISTIO_PROMETHEUS_ANNOTATIONS", "value": value})
    });
    Some(Scrape { variable, port: status_port })
}

/// Points Prometheus at the agent.
pub(super) fn annotate(annotations: &mut Map<String, Value>, scrape: &Scrape) {
    let own = ["prometheus_io_scrape", "prometheus_io_path", "prometheus_io_port"];
    annotations.retain(|key, _| !own.contains(&sanitized(key).as_str()));
    annotations.insert("prometheus.io/path".to_owned(), json!("/stats/prometheus"));
    annotations.insert("prometheus.io/port".to_owned(), json!(scrape.port));
    annotations.insert("prometheus.io/scrape".to_owned(), json!("true"));
}

/// Returns a key as Prometheus spells it.
fn sanitized(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}
