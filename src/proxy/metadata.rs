//! Node metadata, as the agent makes it from its environment and its Pod.
//!
//! istiod: `pkg/bootstrap/config.go` `GetNodeMetaData`

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::installation::Behaviours;
use crate::mesh::Mesh;
use crate::mesh::registry::{locality, pod};
use crate::model::Config;
use crate::model::istio::ProxyConfig;
use crate::model::kubernetes::{Container, Pod};

/// Metadata by key. Values of `ISTIO_META_` variables are text, those of `ISTIO_METAJSON_` variables any JSON.
pub(super) fn metadata(
    pod: &Config<Pod>,
    container: &Container,
    environment: &BTreeMap<String, String>,
    proxy_config: &ProxyConfig,
    proxy_config_json: Value,
    addresses: &[String],
    mesh: &Mesh,
) -> BTreeMap<String, Value> {
    let mut out: BTreeMap<String, Value> = BTreeMap::new();
    let variables = proxy_config.proxy_metadata.iter().chain(environment);
    for (name, value) in variables {
        if let Some(key) = name.strip_prefix("ISTIO_META_") {
            out.insert(key.to_owned(), Value::String(value.clone()));
        }
    }
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("ISTIO_METAJSON_")) {
        if let Ok(Value::Object(entries)) = serde_json::from_str::<Value>(value) {
            if name == "ISTIO_METAJSON_LABELS" {
                out.insert("STATIC_LABELS".to_owned(), Value::Object(entries.clone()));
            }
            out.extend(entries);
        }
    }
    if let Some(ports) = out.get("POD_PORTS").and_then(Value::as_str).and_then(pod_ports) {
        out.insert("POD_PORTS".to_owned(), Value::String(ports));
    }
    let version = out.get("ISTIO_VERSION").and_then(Value::as_str).map(str::to_owned);
    let installation = &mesh.installation;
    let version = match &installation.proxies {
        Some(forced) => forced.release.to_string(),
        // When the image does not tell, that of istiod.
        None => version.or_else(|| image_version(&container.image)).unwrap_or_else(|| installation.release.to_string()),
    };
    let number = |name: &str, default: u64| environment.get(name).and_then(|v| v.parse().ok()).unwrap_or(default);
    out.insert("ISTIO_VERSION".to_owned(), json!(version));
    out.insert("INSTANCE_IPS".to_owned(), json!(addresses.join(",")));
    out.insert("ENVOY_STATUS_PORT".to_owned(), json!(number("ENVOY_STATUS_PORT", 15021)));
    out.insert("ENVOY_PROMETHEUS_PORT".to_owned(), json!(number("ENVOY_PROMETHEUS_PORT", 15090)));
    out.insert("PROXY_CONFIG".to_owned(), proxy_config_json);
    out.insert("NAME".to_owned(), json!(pod.meta.name));
    out.insert("NAMESPACE".to_owned(), json!(pod.meta.namespace));
    out.insert("SERVICE_ACCOUNT".to_owned(), json!(pod::service_account(&pod.spec)));
    out.insert("LABELS".to_owned(), Value::Object(labels(pod, &out, installation.behaviours)));
    if !pod.meta.annotations.is_empty() {
        out.insert("ANNOTATIONS".to_owned(), json!(pod.meta.annotations));
    }
    out.entry("CLUSTER_ID".to_owned()).or_insert_with(|| json!(mesh.installation.cluster_id));
    let hbone = out.get("ENABLE_HBONE").cloned().unwrap_or_else(|| json!("false"));
    out.entry("METADATA_DISCOVERY".to_owned()).or_insert(hbone);
    out
}

/// Returns `ISTIO_META_POD_PORTS` as the agent writes it again: text, without spaces, the fields of a port in one order.
fn pod_ports(text: &str) -> Option<String> {
    let ports: Vec<Map<String, Value>> = serde_json::from_str(text).ok()?;
    let field = |port: &Map<String, Value>, key: &str| {
        let value = port.get(key).filter(|v| **v != json!("") && **v != json!(0))?;
        Some(format!("\"{key}\":{value}"))
    };
    let port = |port: &Map<String, Value>| {
        let fields: Vec<String> =
            ["name", "containerPort", "protocol"].iter().filter_map(|key| field(port, key)).collect();
        format!("{{{}}}", fields.join(","))
    };
    Some(format!("[{}]", ports.iter().map(port).collect::<Vec<_>>().join(",")))
}

/// Labels of the Pod over those of `ISTIO_METAJSON_LABELS`, without the hash of its template, and with the locality that they state in
/// the form that it has elsewhere.
fn labels(pod: &Config<Pod>, metadata: &BTreeMap<String, Value>, behaviours: Behaviours) -> Map<String, Value> {
    let mut out = metadata.get("STATIC_LABELS").and_then(Value::as_object).cloned().unwrap_or_default();
    let own = pod.meta.labels.iter().filter(|(key, _)| *key != "pod-template-hash");
    out.extend(own.map(|(key, value)| (key.clone(), json!(value))));
    let texts = out.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    if let Some(locality) = locality::stated(&texts.collect(), behaviours) {
        out.insert(locality::ISTIO_LOCALITY.to_owned(), json!(locality));
    }
    out
}

/// Reads the version from an image's tag, if it looks like one.
fn image_version(image: &str) -> Option<String> {
    let (_, tag) = image.rsplit('/').next()?.split_once(':')?;
    let tag = tag.split_once('@').map_or(tag, |(tag, _)| tag);
    let number = tag.split('-').next()?;
    let is_version = number.split('.').count() >= 2 && number.split('.').all(|p| p.parse::<u32>().is_ok());
    is_version.then(|| tag.to_owned())
}
