//! Metrics of the application, merged with the proxy's: the agent answers for both.

use serde_json::{Map, Value, json};

use super::{Injector, Refusal, go_json, proxy_of};
use crate::expand::node;
use crate::go::parse_bool;
use crate::installation::Behaviour;

/// Annotations by which Prometheus finds the application's metrics, as it spells them.
const OWN: [&str; 3] = ["prometheus_io_scrape", "prometheus_io_path", "prometheus_io_port"];
/// The annotation of an application with metrics at several ports.
const TARGETS: &str = "prometheus_istio_io_scrape_targets";
/// The annotation that tells where the agent answers with TLS.
const SECURE_PORT: &str = "prometheus.istio.io/secure-port";

/// Ports of the proxy and its agent, which have no metrics of an application.
///
/// istiod: `pilot/cmd/pilot-agent/status/server.go` `istioReservedPorts`
const RESERVED: [i64; 9] = [15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090];

/// A port with metrics of the application, and their path.
type Target = (String, String);

/// Points Prometheus at the agent, and the agent at the application; nothing if it is not wanted, or done already.
///
/// istiod: `webhook.go` `applyPrometheusMerge`
///
/// # Errors
///
/// The application's metrics are at a port where they cannot be.
pub(super) fn merge(injector: &Injector<'_>, pod: &mut Map<String, Value>) -> Result<(), Refusal> {
    let annotations = node::map(node::map(pod, "metadata"), "annotations");
    let [scrape, path, port] = OWN.map(|wanted| value_of(annotations, wanted).map(str::to_owned));
    let wish = annotations.get("prometheus.istio.io/merge-metrics").and_then(Value::as_str).and_then(parse_bool);
    let of_mesh = injector.mesh.get("enablePrometheusMerge").and_then(Value::as_bool);
    let agent_port = injector.status_port();
    if scrape.as_deref().and_then(parse_bool) == Some(false)
        || !wish.or(of_mesh).unwrap_or(true)
        || port.as_ref() == Some(&agent_port.to_string())
    {
        return Ok(());
    }
    let [scrape, mut path, mut port] = [scrape, path, port].map(Option::unwrap_or_default);
    let targets = targets(injector, annotations);
    if injector.does(Behaviour::ReadsScrapeTargets) {
        let (of, ports): (&str, Vec<&str>) = match targets.as_slice() {
            [] => (OWN[2], Some(port.as_str()).filter(|port| !port.is_empty()).into_iter().collect()),
            targets => (TARGETS, targets.iter().map(|(port, _)| port.as_str()).collect()),
        };
        if let Some(why) = ports.iter().find_map(|port| unfit(port, agent_port)) {
            let annotation = annotations.keys().find(|key| sanitized(key) == of).cloned();
            let name = annotation.as_deref().unwrap_or_default();
            return Err(Refusal { why: format!("annotation `{name}` {why}"), annotation });
        }
    }
    annotations.retain(|key, _| !is_own(injector, key));
    annotations.insert("prometheus.io/path".to_owned(), json!("/stats/prometheus"));
    annotations.insert("prometheus.io/port".to_owned(), json!(agent_port.to_string()));
    annotations.insert("prometheus.io/scrape".to_owned(), json!("true"));
    if let Some((first_port, first_path)) = targets.first() {
        // For agents of before.
        port.clone_from(first_port);
        path.clone_from(first_path);
    }
    if [&scrape, &path, &port].iter().all(|text| text.is_empty()) {
        return Ok(());
    }
    if let Some(Value::Array(variables)) = proxy_of(node::map(pod, "spec")).and_then(|proxy| proxy.get_mut("env")) {
        let value = told(&scrape, &path, &port, &targets);
        variables.push(json!({"name": "ISTIO_PROMETHEUS_ANNOTATIONS", "value": value}));
    }
    Ok(())
}

/// What the agent is told, in the order of its own struct.
fn told(scrape: &str, path: &str, port: &str, targets: &[Target]) -> String {
    let text = |text: &str| go_json::text(&json!(text));
    let [scrape, path, port] = [scrape, path, port].map(text);
    let target = |(port, path): &Target| format!(r#"{{"port":{},"path":{}}}"#, text(port), text(path));
    let targets = match targets {
        [] => String::new(),
        targets => format!(r#","targets":[{}]"#, targets.iter().map(target).collect::<Vec<_>>().join(",")),
    };
    format!(r#"{{"scrape":{scrape},"path":{path},"port":{port}{targets}}}"#)
}

/// The ports of the annotation for several; none if one of them is empty, as then the whole annotation does not count.
///
/// istiod: `ParseScrapeTargets`
fn targets(injector: &Injector<'_>, annotations: &Map<String, Value>) -> Vec<Target> {
    let stated = value_of(annotations, TARGETS).filter(|_| injector.does(Behaviour::ReadsScrapeTargets));
    let all = stated.unwrap_or_default().split(',').map(str::trim).filter(|target| !target.is_empty());
    let targets = all.map(|target| {
        let (port, path) = target.split_once(':').unwrap_or((target, ""));
        let (port, path) = (port.trim(), path.trim());
        let path = if path.is_empty() { "/metrics" } else { path };
        (!port.is_empty()).then(|| (port.to_owned(), path.to_owned()))
    });
    targets.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Says why a port has no metrics of an application, if it has none.
fn unfit(port: &str, agent_port: i64) -> Option<String> {
    match port.parse::<i64>() {
        Ok(number) if !(1..=65535).contains(&number) => Some(format!("names {port}, which is no port")),
        Ok(number) if number == agent_port || RESERVED.contains(&number) => {
            Some(format!("names {port}, a port of the proxy's own"))
        }
        Ok(_) => None,
        Err(_) => Some(format!("names {port:?}, which is no port")),
    }
}

/// Tells Prometheus where the agent answers with TLS, unless an annotation does.
///
/// istiod: `webhook.go` `applySecurePrometheusAnnotation`
pub(super) fn tell_secure_port(injector: &Injector<'_>, pod: &mut Map<String, Value>) {
    const PORT: &str = "ENVOY_SECURE_MERGED_METRICS_PORT";
    let annotations = node::map(node::map(pod, "metadata"), "annotations");
    if !injector.does(Behaviour::TellsSecureMetricsPort) || value_of(annotations, &sanitized(SECURE_PORT)).is_some() {
        return;
    }
    let spec = node::map(pod, "spec");
    let proxy = proxy_of(spec).and_then(|proxy| proxy.get("env")?.as_array());
    let mut ports = proxy
        .into_iter()
        .flatten()
        .filter_map(|variable| (variable.get("name")?.as_str()? == PORT).then(|| variable.get("value")?.as_str())?);
    if let Some(port) = ports.find(|port| !port.is_empty() && *port != "0").map(str::to_owned) {
        node::map(node::map(pod, "metadata"), "annotations").insert(SECURE_PORT.to_owned(), json!(port));
    }
}

/// Takes annotations out that an earlier injection has written. istiod: `inject.go` `stripPod`
pub(super) fn forget(injector: &Injector<'_>, annotations: &mut Map<String, Value>) {
    if value_of(annotations, OWN[2]) == Some(injector.status_port().to_string().as_str()) {
        annotations.retain(|key, _| !is_own(injector, key));
    }
}

fn is_own(injector: &Injector<'_>, key: &str) -> bool {
    let key = sanitized(key);
    OWN.contains(&key.as_str()) || (key == TARGETS && injector.does(Behaviour::ReadsScrapeTargets))
}

/// Returns the annotation that Prometheus spells so.
fn value_of<'a>(annotations: &'a Map<String, Value>, wanted: &str) -> Option<&'a str> {
    annotations.iter().find(|(key, _)| sanitized(key) == wanted)?.1.as_str()
}

/// Returns a key as Prometheus spells it.
fn sanitized(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}
