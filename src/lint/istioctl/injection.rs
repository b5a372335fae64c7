//! Namespaces and Pods without sidecars, or with others than the injector's.
//!
//! istiod: `analyzers/injection/{injection,injection-image,image-auto}.go`

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::in_mesh::{self, INJECT, INJECTION, PROXY, REVISION, containers};
use super::proxy_image::ImageTypes;
use super::webhook::Webhook;
use crate::lint::context::{Item, LintContext, Origin, Typed, View};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::istio::label::DATAPLANE_MODE;
use crate::model::kubernetes::{ConfigMap, Pod, PodSpec};

const INJECTOR: &str = "istio-sidecar-injector";

/// Finds namespaces that are not injected, or by two labels at once, and Pods without a sidecar.
pub(super) fn check<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mut injected: BTreeSet<&str> = BTreeSet::new();
    // What one namespace's injector says holds until another's says otherwise.
    let mut by_default = false;
    let mut silent: Vec<&'c Item<'c>> = Vec::new();
    for namespace in context.of("", "Namespace").filter(|namespace| namespace.name() != "istio-system") {
        let name = namespace.name();
        let label = namespace.labels().get(INJECTION).map(String::as_str);
        let revision = namespace.labels().get(REVISION).map(String::as_str);
        out.extend(twice(namespace, label));
        if namespace.label(DATAPLANE_MODE) == "ambient" {
            continue;
        }
        let injector = injector_name(revision.unwrap_or_default());
        if let Some(map) = context.config_maps().find(|map| map.name() == injector) {
            by_default = injects_by_default(&map);
        }
        match label {
            None | Some("") if revision.is_none() && context.view == View::Meshc && !by_default => {
                silent.push(namespace);
            }
            None | Some("") if revision.is_none() => out.push(if by_default {
                let message = "the namespace is injected, because Istio is installed with enableNamespacesByDefault";
                Finding::new(&rules::IST0148, namespace, message).point("metadata.name")
            } else {
                let label = |value: &str| format!("`kubectl label namespace {name} istio-injection={value}`");
                let (enabled, disabled) = (label("enabled"), label("disabled"));
                let message =
                    format!("the namespace {name} does not say whether sidecars are injected: {enabled} or {disabled}");
                Finding::new(&rules::IST0102, namespace, message).at("metadata.name")
            }),
            Some("enabled") => {
                injected.insert(name);
            }
            _ => {}
        }
    }
    out.extend(undecided(context, &silent));
    for pod in context.pods().filter(|pod| is_pod(pod) && injected.contains(pod.namespace.as_str())) {
        let asked = pod.labels().get(INJECT).or_else(|| pod.annotations().get(INJECT));
        if asked.is_some_and(|value| value.eq_ignore_ascii_case("false")) || pod.spec.spec.host_network {
            continue;
        }
        let proxy = containers(&pod.spec.spec).find(|container| container.name == PROXY);
        if proxy.is_none_or(|proxy| proxy.image.is_empty()) {
            let message = format!("Pod {} has no sidecar, although its namespace is injected", pod.full_name());
            let finding = Finding::new(&rules::IST0103, pod.item, message).point("metadata.name");
            out.push(finding.help("restart the Pod, so that it is injected"));
        }
    }
}

/// Says once which namespaces have workloads and do not say whether they are injected, where others do.
fn undecided<'c>(context: &'c LintContext<'_>, silent: &[&'c Item<'c>]) -> Option<Finding<'c>> {
    let is_injected = |namespace: &Item<'_>| in_mesh::namespace(namespace.name(), context);
    if !context.of("", "Namespace").any(is_injected) {
        return None;
    }
    let asked = |pod: &Typed<'_, Pod>| pod.labels().contains_key(INJECT) || pod.labels().contains_key(REVISION);
    let has_undecided =
        |name: &str| context.pods().any(|pod| pod.namespace == name && pod.is_written() && !asked(&pod));
    let silent: Vec<&'c Item<'c>> =
        silent.iter().copied().filter(|namespace| has_undecided(namespace.name())).collect();
    let first = silent.first()?;
    let names: Vec<String> = silent.iter().take(SHOWN).map(|namespace| format!("`{}`", namespace.name())).collect();
    let more = if silent.len() > SHOWN { format!(" and {} more", silent.len() - SHOWN) } else { String::new() };
    let (count, does) = match silent.len() {
        1 => ("the namespace".to_owned(), "does"),
        count => (format!("{count} namespaces"), "do"),
    };
    let message = format!("{count} {}{more} {does} not say whether sidecars are injected", names.join(", "));
    let help = format!("label it: `kubectl label namespace {} istio-injection=enabled` (or disabled)", first.name());
    let finding = Finding::new(&rules::IST0102, first, message).at("metadata.name").help(help);
    let others = silent.iter().skip(1).take(SHOWN);
    Some(others.fold(finding, |finding, other| finding.related(other, "metadata.name", "nor does this one")))
}

/// Namespaces that a message names.
const SHOWN: usize = 5;

/// Whether it is a Pod of its own, which injection has come by already.
fn is_pod(pod: &Typed<'_, Pod>) -> bool {
    pod.origin != Origin::Template
}

fn twice<'c>(namespace: &'c Item<'c>, label: Option<&str>) -> Option<Finding<'c>> {
    let own = label.map(|value| format!("{INJECTION}={value}"));
    let others = [REVISION, DATAPLANE_MODE].into_iter().filter(|_| label.is_none_or(|value| value == "enabled"));
    let others = others.filter_map(|key| Some(format!("{key}={}", namespace.labels().get(key)?)));
    let all: Vec<String> = own.into_iter().chain(others).collect();
    (all.len() > 1).then(|| {
        let message = format!("the namespace has conflicting injection labels: {}", all.join(", "));
        Finding::new(&rules::IST0123, namespace, message).point("metadata.labels")
    })
}

/// istiod: `GetInjectorConfigMapName`
fn injector_name(revision: &str) -> String {
    if matches!(revision, "" | "default") { INJECTOR.to_owned() } else { format!("{INJECTOR}-{revision}") }
}

fn values(map: &Typed<'_, ConfigMap>) -> Value {
    map.spec.data.get("values").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn injects_by_default(map: &Typed<'_, ConfigMap>) -> bool {
    values(map)["sidecarInjectorWebhook"]["enableNamespacesByDefault"].as_bool().unwrap_or_default()
}

/// Finds namespaces whose Pods have other proxies than the injector would give them now.
pub(super) fn check_images<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let injectors = context.config_maps().filter(|map| map.name().starts_with(INJECTOR));
    let images: BTreeMap<&str, String> = injectors.map(|map| (map.item.name(), proxy_image(&map))).collect();
    if images.is_empty() {
        return;
    }
    let types = ImageTypes::new(context);
    let mut others: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for pod in context.pods().filter(is_pod) {
        let Some(namespace) = context.namespace(&pod.item.namespace) else { continue };
        let revision = namespace.labels().get(REVISION);
        if namespace.label(INJECTION) != "enabled" && revision.is_none() {
            continue;
        }
        if pod.annotations().get("sidecar.istio.io/proxyImage").is_some_and(|image| !image.is_empty()) {
            continue;
        }
        let Some(image) = images.get(injector_name(revision.map_or("default", String::as_str)).as_str()) else {
            continue;
        };
        let variant = format!("{image}-{}", types.of(&pod));
        let mut proxies = containers(&pod.spec.spec).filter(|container| container.name == PROXY);
        if proxies.any(|container| container.image != *image && container.image != variant) {
            others.entry(&pod.item.namespace).or_default().insert(pod.name().to_owned());
        }
    }
    for (name, pods) in others {
        let Some(namespace) = context.namespace(name) else { continue };
        let pods = pods.into_iter().collect::<Vec<_>>().join(", ");
        let message = format!("these Pods run a different proxy image than the injector configures: {pods}");
        let finding = Finding::new(&rules::IST0158, namespace, message).point("metadata.name");
        out.push(finding.help("restart the Pods, so that they get the proxy version of the control plane"));
    }
}

/// istiod: `GetIstioProxyImage`
fn proxy_image(map: &Typed<'_, ConfigMap>) -> String {
    let values = values(map);
    if !values.is_object() {
        return String::new();
    }
    let global = &values["global"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let image = text(&global["proxy"]["image"]);
    if image.contains('/') { image } else { format!("{}/{image}:{}", text(&global["hub"]), text(&global["tag"])) }
}

/// Finds proxies whose image the injector should fill in, where it does not come by.
pub(super) fn check_auto<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let auto = |spec: &PodSpec| spec.containers.iter().position(|c| c.name == PROXY && c.image == "auto");
    for pod in context.pods().filter(is_pod) {
        if let Some(index) = auto(&pod.spec.spec) {
            let name = pod.name();
            let message = format!("Pod {name} still uses the image `auto`, because it was not injected");
            out.push(
                Finding::new(&rules::IST0147, pod.item, message).point(&format!("spec.containers[{index}].image")),
            );
        }
    }
    let webhooks = Webhook::all(context);
    let webhooks: Vec<&Webhook<'_>> = webhooks.iter().filter(|webhook| webhook.name.ends_with("istio.io")).collect();
    let none = BTreeMap::new();
    for deployment in context.deployments() {
        let Some(index) = auto(&deployment.spec.template.spec) else { continue };
        let namespace = if deployment.namespace.is_empty() { "default" } else { &deployment.namespace };
        let of_namespace = context.namespace(namespace).map_or(&none, |namespace| namespace.labels());
        let of_pod = &deployment.spec.template.metadata.labels;
        // Hardly any folder holds the injector's webhook: without one, a default install is there.
        let by_default = context.view == View::Meshc
            && webhooks.is_empty()
            && (of_pod.get(INJECT).is_some_and(|value| value == "true")
                || of_pod.contains_key(REVISION)
                || in_mesh::namespace(namespace, context))
            && of_pod.get(INJECT).is_none_or(|value| value != "false");
        if !by_default && !webhooks.iter().any(|webhook| webhook.matches(of_namespace, of_pod)) {
            let name = deployment.name();
            let message = format!("Deployment {name} uses the image `auto`, but its Pods are not injected");
            let path = format!("spec.template.spec.containers[{index}].image");
            out.push(Finding::new(&rules::IST0146, deployment.item, message).point(&path));
        }
    }
}
