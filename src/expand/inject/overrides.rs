//! What a Pod says itself of containers that the injector adds.
//!
//! istiod: `pkg/kube/inject/webhook.go`

use serde_json::{Map, Value, json};

use super::{PROXY, Patch, Refusal, containers_mut, go_json, list, merged, named, proxy_of};
use crate::expand::node;

/// The annotation that keeps such containers for the next injection.
const OVERRIDES: &str = "proxy.istio.io/overrides";
/// The image that stands for the template's.
const AUTO: &str = "auto";

/// Containers that an annotation keeps.
#[derive(Default)]
pub(super) struct Kept {
    containers: Vec<Value>,
    init: Vec<Value>,
}

impl Kept {
    /// Reads the annotation.
    pub(super) fn read(annotations: &Map<String, Value>) -> Result<Self, Refusal> {
        let Some(text) = annotations.get(OVERRIDES).and_then(Value::as_str) else { return Ok(Self::default()) };
        let kept: Map<String, Value> = serde_json::from_str(text).map_err(|error| Refusal {
            annotation: Some(OVERRIDES.to_owned()),
            why: format!("annotation `{OVERRIDES}` is not an object in JSON: {error}"),
        })?;
        Ok(Self { containers: list(&kept, "containers").to_vec(), init: list(&kept, "initContainers").to_vec() })
    }

    /// Puts containers back that stripping has taken out of a Pod. istiod: `reinsertOverrides`
    pub(super) fn reinsert(&self, spec: &mut Map<String, Value>) {
        for (field, kept) in [("containers", &self.containers), ("initContainers", &self.init)] {
            let lost = kept.iter().filter(|container| named(list(spec, field), name(container)).is_none());
            let lost: Vec<Value> = lost.cloned().collect();
            if let Value::Array(all) = spec.entry(field).or_insert_with(|| json!([])) {
                all.extend(lost);
            }
        }
    }
}

/// Lays the Pod's own words on containers of the template over the merged Pod, and keeps them in an annotation.
///
/// istiod: `reapplyOverwrittenContainers`
pub(super) fn reapply(
    pod: &mut Map<String, Value>,
    original: &Map<String, Value>,
    patch: &Patch,
    kept: &Kept,
    status: Option<&Value>,
) -> Result<(), Refusal> {
    let no_spec = Map::new();
    let own = original.get("spec").and_then(Value::as_object).unwrap_or(&no_spec);
    let mut overrides = Map::new();
    for (field, kept) in [("containers", &kept.containers), ("initContainers", &kept.init)] {
        let injected = status.and_then(|status| status.get(field)).and_then(Value::as_array);
        for container in patch.spec.get(field).and_then(Value::as_array).into_iter().flatten() {
            let name = name(container);
            if injected.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name))) {
                continue;
            }
            let of_init = || named(list(own, "initContainers"), name).filter(|_| field == "initContainers");
            let own = named(kept, name).or_else(|| named(list(own, "containers"), name)).or_else(of_init);
            let Some(mut overlay) = own.cloned() else { continue };
            without_nulls(&mut overlay);
            if let Some(overlay) = overlay.as_object_mut()
                && overlay.get("image").and_then(Value::as_str).is_some_and(|image| image == AUTO || image.is_empty())
            {
                overlay.remove("image");
            }
            *pod = merged(std::mem::take(pod), json!({"spec": {field: [overlay.clone()]}}))?;
            // The struct of a container always has resources.
            if let Some(overlay) = overlay.as_object_mut() {
                overlay.entry("resources").or_insert_with(|| json!({}));
            }
            if let Value::Array(all) = overrides.entry(field).or_insert_with(|| json!([])) {
                all.push(overlay);
            }
        }
    }
    if status.is_none() && !overrides.is_empty() {
        let text = go_json::text(&Value::Object(overrides));
        node::map(node::map(pod, "metadata"), "annotations").insert(OVERRIDES.to_owned(), json!(text));
    }
    Ok(())
}

/// Lets the container that redirects or checks go along with the user that the Pod's own container `istio-proxy` runs as.
///
/// istiod: `adjustInitContainerUser`
pub(super) fn adjust_user(pod: &mut Map<String, Value>, original: &Map<String, Value>, is_transparent_by_config: bool) {
    let no_spec = Map::new();
    let own = original.get("spec").and_then(Value::as_object).unwrap_or(&no_spec);
    let of_proxy = named(list(own, "containers"), PROXY).or_else(|| named(list(own, "initContainers"), PROXY));
    let security = of_proxy.and_then(|proxy| proxy.get("securityContext"));
    let id = |field: &str| security.and_then(|security| security.get(field)).and_then(Value::as_i64);
    let (user, group) = (id("runAsUser"), id("runAsGroup"));
    if user.is_none() && group.is_none() {
        return;
    }
    let annotations = node::map(node::map(pod, "metadata"), "annotations");
    let mode = annotations.get("sidecar.istio.io/interceptionMode").and_then(Value::as_str);
    let is_transparent = is_transparent_by_config || mode == Some("TPROXY");
    let spec = node::map(pod, "spec");
    let has = |name: &str| named(list(spec, "initContainers"), name).is_some();
    let Some(kind) = ["istio-init", "istio-validation"].into_iter().find(|name| has(name)) else { return };
    if is_transparent && user.is_some() {
        let Some(proxy) = proxy_of(spec).and_then(Value::as_object_mut) else { return };
        node::map(proxy, "securityContext").insert("runAsUser".to_owned(), json!(0));
    }
    let all = containers_mut(spec);
    let Some(container) = all.into_iter().find(|container| name(container) == kind).and_then(Value::as_object_mut)
    else {
        return;
    };
    if !is_transparent && kind == "istio-validation" {
        let security = node::map(container, "securityContext");
        for (field, id) in [("runAsUser", user), ("runAsGroup", group)] {
            if let Some(id) = id {
                security.insert(field.to_owned(), json!(id));
            }
        }
    }
    let Some(user) = user.filter(|user| *user != 0) else { return };
    let arguments = container.get_mut("args").and_then(Value::as_array_mut).map_or(&mut [][..], Vec::as_mut_slice);
    if let Some(at) = arguments.iter().position(|argument| argument.as_str() == Some("-u"))
        && let Some(value) = arguments.get_mut(at + 1)
    {
        *value = json!(user.to_string());
    }
}

fn name(container: &Value) -> &str {
    container.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
