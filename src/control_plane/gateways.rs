//! The gateways that IstioOperators install: their own lists, else those of their profile.
//!
//! istiod: `operator/pkg/component/component.go` `Get`, `operator/pkg/render/manifest.go` `applyComponentValuesToHelmValues`

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::operator::Operator;
use super::values;
use crate::installation::{GatewayComponent, GatewayPort, InstalledGateway};

/// Returns the gateways of one installation.
pub(super) fn read(operator: &Operator<'_>) -> Vec<InstalledGateway> {
    let values = values::complete(operator.values());
    let components = GatewayComponent::ALL.into_iter();
    components.flat_map(|component| of_component(operator, &values, component)).collect()
}

fn of_component(operator: &Operator<'_>, values: &Value, component: GatewayComponent) -> Vec<InstalledGateway> {
    let no_values = Value::Null;
    let own = values.get("gateways").and_then(|gateways| gateways.get(component.key())).unwrap_or(&no_values);
    let is_enabled_by_values = own.get("enabled").and_then(Value::as_bool) == Some(true);
    let profile = operator.profile();
    let mut base = match values.get("profile").and_then(Value::as_str) {
        Some("demo") => InstalledGateway::of_demo(component),
        _ => InstalledGateway::of_chart(component),
    };
    lay_values(&mut base, own);
    let Some(list) = operator.component(component.list()).and_then(Value::as_array) else {
        let is_of_profile = match component {
            GatewayComponent::Ingress => {
                !matches!(profile, "ambient" | "openshift-ambient" | "empty" | "minimal" | "remote")
            }
            GatewayComponent::Egress => profile == "demo",
        };
        base.stated_by = is_enabled_by_values.then(|| operator.name());
        return if is_of_profile || is_enabled_by_values { vec![base] } else { Vec::new() };
    };
    let listed =
        list.iter().filter(|item| is_enabled_by_values || item.get("enabled").and_then(Value::as_bool).unwrap_or(true));
    listed.filter_map(|item| of_item(&base, item, operator)).collect()
}

/// A gateway of the list. One without a name is none: the chart cannot name its objects.
fn of_item(base: &InstalledGateway, item: &Value, operator: &Operator<'_>) -> Option<InstalledGateway> {
    let text = |field: &str| item.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut gateway = base.clone();
    text("name")?.clone_into(&mut gateway.name);
    gateway.namespace = text("namespace").map(str::to_owned);
    gateway.labels.extend(texts(item.get("label")));
    if let Some(tag) = item.get("tag").filter(|tag| !tag.is_null()) {
        gateway.tag = printed(tag);
    }
    let patches = item.get("k8s").cloned().unwrap_or_default();
    if let Some(ports) = patches.pointer("/service/ports").and_then(Value::as_array).filter(|ports| !ports.is_empty()) {
        gateway.ports = ports.iter().filter_map(port).collect();
    }
    gateway.patches = patches;
    gateway.stated_by = Some(operator.name());
    Some(gateway)
}

/// Lays values of the chart over its own. The labels of the values do not count: those of the component take their place.
fn lay_values(gateway: &mut InstalledGateway, values: &Value) {
    let flag = |name: &str| values.get(name).and_then(Value::as_bool) == Some(true);
    let text = |name: &str| values.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(ports) = values.get("ports").and_then(Value::as_array) {
        gateway.ports = ports.iter().filter_map(port).collect();
    }
    for list in ["ingressPorts", "egressPorts"] {
        gateway.ports.extend(values.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(port));
    }
    if let Some(service_type) = text("type") {
        service_type.clone_into(&mut gateway.service_type);
    }
    for field in ["loadBalancerIP", "loadBalancerSourceRanges", "externalTrafficPolicy", "ipFamilyPolicy", "ipFamilies"]
    {
        let stated = values.get(field).filter(|value| !matches!(value, Value::Null) && **value != *"");
        if let Some(value) = stated.filter(|value| value.as_array().is_none_or(|list| !list.is_empty())) {
            gateway.service.insert(field.to_owned(), value.clone());
        }
    }
    gateway.has_service = !flag("customService");
    gateway.is_root = flag("runAsRoot");
    text("injectionTemplate").unwrap_or_default().clone_into(&mut gateway.injection_template);
    gateway.service_annotations = texts(values.get("serviceAnnotations"));
    gateway.pod_annotations = texts(values.get("podAnnotations"));
    gateway.env = texts(values.get("env"));
    if let Some(tag) = values.get("tag").filter(|tag| !tag.is_null()) {
        gateway.tag = printed(tag);
    }
}

fn port(port: &Value) -> Option<GatewayPort> {
    let number = |name: &str| {
        let value = port.get(name)?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        u32::try_from(number).ok().filter(|number| *number != 0)
    };
    let text = |name: &str| port.get(name).and_then(Value::as_str);
    let known = number("port")?;
    let rest = port.as_object()?.iter().filter(|(name, _)| matches!(name.as_str(), "appProtocol" | "nodePort"));
    Some(GatewayPort {
        name: text("name").unwrap_or_default().to_owned(),
        port: known,
        target: number("targetPort").unwrap_or(known),
        protocol: text("protocol").unwrap_or("TCP").to_owned(),
        rest: rest.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>(),
    })
}

/// A map of texts; what is none is printed.
fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    let map = map.and_then(Value::as_object).into_iter().flatten();
    map.filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.clone(), printed(value))).collect()
}

fn printed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
