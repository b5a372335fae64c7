//! What the injector refuses a Pod for.
//!
//! istiod: `pkg/kube/inject/validate.go` `validateAnnotations`, `files/injection-template.yaml`

use serde_json::{Map, Value};

use super::environment::Context;
use super::{Injector, Refusal, Template};
use crate::ingest;

/// The annotation with the proxy's settings.
const CONFIG: &str = "proxy.istio.io/config";

/// Refuses a Pod with an annotation that the injector cannot read.
///
/// # Errors
///
/// There is one.
pub(super) fn annotations(injector: &Injector<'_>, annotations: &Map<String, Value>) -> Result<(), Refusal> {
    let behaviours = injector.target.installation.behaviours;
    for name in ingest::checked_annotations() {
        let Some(value) = annotations.get(name).and_then(Value::as_str) else { continue };
        if let Err(problem) = ingest::check_annotation(behaviours, name, value) {
            return Err(refusal(name, &problem));
        }
    }
    Ok(())
}

/// Refuses a Pod of which the template makes no YAML.
///
/// # Errors
///
/// It does not.
pub(super) fn template(injector: &Injector<'_>, context: &Context<'_>) -> Result<(), Refusal> {
    let is_sidecar = context.template == Template::Sidecar;
    // Go: `range` goes over nothing else.
    let is_ranged =
        |text: &str| matches!(serde_json::from_str(text), Ok(Value::Object(_) | Value::Array(_) | Value::Null));
    let volumes =
        [(true, "userVolume"), (true, "userVolumeMount")].map(|(is, name)| (is, format!("sidecar.istio.io/{name}")));
    let of_datadog = (injector.values().tracer == "datadog", "apm.datadoghq.com/env".to_owned());
    for (is_read, name) in volumes.into_iter().chain([of_datadog]) {
        if is_sidecar && is_read && context.annotation(&name).is_some_and(|text| !is_ranged(text)) {
            return Err(refusal(&name, "it is not an object in JSON"));
        }
    }
    let redirects = is_sidecar && (injector.values().cni || context.interception_mode() != "NONE");
    let image = context.annotation("sidecar.istio.io/proxyImage").is_some_and(|image| image.contains('/'));
    let quoted = [
        (image, "sidecar.istio.io/proxyImage"),
        (redirects, "sidecar.istio.io/agentLogLevel"),
        (redirects, "traffic.sidecar.istio.io/includeOutboundPorts"),
        (redirects, "traffic.sidecar.istio.io/excludeInterfaces"),
        (redirects, "traffic.sidecar.istio.io/kubevirtInterfaces"),
        (redirects, "istio.io/reroute-virtual-interfaces"),
    ];
    for (is_read, name) in quoted {
        if is_read && context.annotation(name).is_some_and(|text| between_quotes(text).is_none()) {
            return Err(refusal(name, "istiod writes it between double quotes as it is, which makes no YAML"));
        }
    }
    let stated = context.annotation(CONFIG).and_then(ingest::json_of_yaml);
    let metadata = context.proxy_config.get("proxyMetadata").and_then(Value::as_object);
    for (name, value) in metadata.into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        if between_quotes(value).is_none() {
            let is_own = |metadata: &Value| metadata.get(name).is_some();
            let of_annotation = ["proxyMetadata", "proxy_metadata"]
                .iter()
                .any(|field| stated.as_ref().and_then(|config| config.get(field)).is_some_and(is_own));
            let annotation = of_annotation.then(|| CONFIG.to_owned());
            let place =
                annotation.as_ref().map_or_else(|| "`proxyMetadata`".to_owned(), |name| format!("annotation `{name}`"));
            let why = format!(
                "{place}: istiod writes `{name}` between double quotes as it is, which makes no YAML: `{value}`"
            );
            return Err(Refusal { annotation, why });
        }
    }
    Ok(())
}

/// Returns what YAML reads of a text that a template writes between double quotes; nothing if it is no text then.
pub(super) fn between_quotes(text: &str) -> Option<String> {
    if !text.contains(['"', '\\']) {
        return Some(text.to_owned());
    }
    match ingest::json_of_yaml(&format!("\"{text}\""))? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn refusal(name: &str, problem: &str) -> Refusal {
    Refusal { annotation: Some(name.to_owned()), why: format!("annotation `{name}`: {problem}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_end_texts() {
        for (text, expected) in [
            ("", Some("")),
            ("eth0", Some("eth0")),
            ("a: b # c", Some("a: b # c")),
            (r#"{\"a\": 1}"#, Some(r#"{"a": 1}"#)),
            (r"C:\\proxy", Some(r"C:\proxy")),
            (r#"{"a": 1}"#, None),
            (r#"""#, None),
            (r"\d+", None),
            (r"\", None),
        ] {
            assert_eq!(between_quotes(text).as_deref(), expected, "{text}");
        }
    }
}
