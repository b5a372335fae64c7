//! Objects of the input as JSON.

use base64::Engine as _;
use serde_json::{Map, Value, json};

/// Kinds without a namespace.
const CLUSTER_SCOPED: [&str; 5] = ["Namespace", "Node", "IngressClass", "GatewayClass", "MutatingWebhookConfiguration"];

/// Returns an object as the API server would hold it: one of a namespace names it.
pub(super) fn object(mut object: Value) -> Value {
    let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
    let (kind_is_secret, kind_is_service) = (kind == "Secret", kind == "Service");
    let kind_is_namespace = kind == "Namespace";
    if !CLUSTER_SCOPED.contains(&kind)
        && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        && metadata.get("namespace").and_then(Value::as_str).is_none_or(str::is_empty)
    {
        metadata.insert("namespace".to_owned(), json!("default"));
    }
    if kind_is_namespace {
        name_namespace(&mut object);
    }
    if kind_is_secret {
        encode_string_data(&mut object);
    }
    if kind_is_service {
        complete_ports(&mut object);
    }
    object
}

/// Gives a Namespace the label that every Namespace has.
fn name_namespace(namespace: &mut Value) {
    let Some(metadata) = namespace.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let Some(name) = metadata.get("name").cloned() else { return };
    map(metadata, "labels").insert("kubernetes.io/metadata.name".to_owned(), name);
}

/// Gives a Service's ports the values that the API server gives them.
fn complete_ports(service: &mut Value) {
    let ports = service.get_mut("spec").and_then(|spec| spec.get_mut("ports")).and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        let is_unset = |value: Option<&Value>| value.is_none_or(|v| v.is_null() || *v == json!(0) || *v == json!(""));
        if is_unset(port.get("protocol")) {
            port.insert("protocol".to_owned(), json!("TCP"));
        }
        if is_unset(port.get("targetPort"))
            && let Some(number) = port.get("port").cloned()
        {
            port.insert("targetPort".to_owned(), number);
        }
    }
}

/// Moves a Secret's `stringData` into `data`, as the API server does when it is written.
fn encode_string_data(secret: &mut Value) {
    let Some(secret) = secret.as_object_mut() else { return };
    let Some(Value::Object(texts)) = secret.remove("stringData") else { return };
    let data = map(secret, "data");
    for (key, text) in texts {
        let text = text.as_str().unwrap_or_default();
        data.insert(key, json!(base64::engine::general_purpose::STANDARD.encode(text)));
    }
}

/// Returns the map at a key, made if there is none.
pub(super) fn map<'o>(object: &'o mut Map<String, Value>, key: &str) -> &'o mut Map<String, Value> {
    let value = object.entry(key).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it has just been made one")
}
