//! The proxy's environment, from which the agent makes the node's metadata.

use serde_json::{Map, Value, json};

use super::{Injector, PROXY, Template, proxy_config};
use crate::expand::workload::Workload;

/// What the variables are made from.
pub(super) struct Context<'c> {
    pub(super) workload: &'c Workload<'c>,
    pub(super) labels: &'c Map<String, Value>,
    pub(super) annotations: &'c Map<String, Value>,
    pub(super) template: Template,
}

/// Returns the variables of a Pod whose own containers are given.
///
/// istiod: `files/injection-template.yaml`, `files/gateway-injection-template.yaml`, `inject.go` `overwriteClusterInfo`
pub(super) fn variables(
    injector: &Injector<'_>,
    context: &Context<'_>,
    proxy_config: &Map<String, Value>,
    containers: &[Value],
) -> Vec<Value> {
    let Context { workload, labels, annotations, template } = context;
    let text = |map: &Map<String, Value>, key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
    let mode = text(proxy_config, "interceptionMode").unwrap_or_else(|| "REDIRECT".to_owned());
    let (mode, name) = match template {
        Template::Gateway => (mode, None),
        Template::Waypoint => ("REDIRECT".to_owned(), None),
        Template::Sidecar => (
            text(annotations, "sidecar.istio.io/interceptionMode").unwrap_or(mode),
            text(labels, "service.istio.io/workload-name"),
        ),
    };
    let meta = workload.meta;
    let mut variables = fields();
    let mut set = |name: &str, value: &str| variables.push(json!({"name": name, "value": value}));
    set("PILOT_CERT_PROVIDER", "istiod");
    set(
        "CA_ADDR",
        &format!(
            "{}.{}.svc:15012",
            injector.target.options.of_revision("istiod"),
            injector.target.installation.namespace
        ),
    );
    set("PROXY_CONFIG", &Value::Object(proxy_config::without_defaults(proxy_config)).to_string());
    if *template != Template::Waypoint {
        set("ISTIO_META_POD_PORTS", &Value::Array(ports(containers)).to_string());
        set("ISTIO_META_APP_CONTAINERS", &names(containers).join(","));
    }
    set("ISTIO_META_CLUSTER_ID", injector.cluster_id());
    set("ISTIO_META_INTERCEPTION_MODE", &mode);
    set("ISTIO_META_WORKLOAD_NAME", &name.unwrap_or_else(|| meta.name.clone()));
    set("ISTIO_META_OWNER", &owner(workload));
    set("ISTIO_META_MESH_ID", injector.mesh_id());
    set("TRUST_DOMAIN", injector.trust_domain());
    for (name, value) in proxy_config.get("proxyMetadata").and_then(Value::as_object).into_iter().flatten() {
        set(name, value.as_str().unwrap_or_default());
    }
    if *template == Template::Waypoint {
        let field = json!({"fieldRef": {"fieldPath": "spec.serviceAccountName"}});
        variables.insert(0, json!({"name": "ISTIO_META_SERVICE_ACCOUNT", "valueFrom": field}));
    }
    let mut set = |name: &str, value: &str| variables.push(json!({"name": name, "value": value}));
    if let Some(network) = text(labels, "topology.istio.io/network").or_else(|| injector.network()) {
        set("ISTIO_META_NETWORK", &network);
    }
    variables
}

/// Returns the variables of a gateway that an install lays. Its agent reads the mesh's `defaultConfig` where istiod does.
///
/// istio: `manifests/charts/gateways/istio-ingress/templates/deployment.yaml`
pub(super) fn of_installed_gateway(injector: &Injector<'_>, workload: &Workload<'_>) -> Vec<Value> {
    let mut variables = fields();
    let mut set = |name: &str, value: &str| variables.push(json!({"name": name, "value": value}));
    set("PILOT_CERT_PROVIDER", "istiod");
    set(
        "CA_ADDR",
        &format!(
            "{}.{}.svc:15012",
            injector.target.options.of_revision("istiod"),
            injector.target.installation.namespace
        ),
    );
    set("ISTIO_META_WORKLOAD_NAME", &workload.meta.name);
    set("ISTIO_META_OWNER", &owner(workload));
    set("ISTIO_META_MESH_ID", injector.mesh_id());
    set("TRUST_DOMAIN", injector.trust_domain());
    set("ISTIO_META_UNPRIVILEGED_POD", "true");
    set("ISTIO_META_CLUSTER_ID", injector.cluster_id());
    variables
}

/// Variables that are fields of the Pod.
fn fields() -> Vec<Value> {
    let fields = [
        ("POD_NAME", "metadata.name"),
        ("POD_NAMESPACE", "metadata.namespace"),
        ("INSTANCE_IP", "status.podIP"),
        ("SERVICE_ACCOUNT", "spec.serviceAccountName"),
        ("HOST_IP", "status.hostIP"),
        ("ISTIO_META_NODE_NAME", "spec.nodeName"),
    ];
    fields.map(|(name, path)| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}})).to_vec()
}

fn owner(workload: &Workload<'_>) -> String {
    format!(
        "kubernetes://apis/{}/namespaces/{}/{}s/{}",
        api_version(workload.kind),
        workload.meta.namespace,
        workload.kind.to_ascii_lowercase(),
        workload.meta.name
    )
}

fn api_version(kind: &str) -> &'static str {
    match kind {
        "Job" | "CronJob" => "batch/v1",
        "ReplicationController" | "Pod" => "v1",
        _ => "apps/v1",
    }
}

/// Returns the names of the containers that are no proxy.
fn names(containers: &[Value]) -> Vec<&str> {
    containers.iter().filter_map(|container| container.get("name")?.as_str()).filter(|name| *name != PROXY).collect()
}

/// Returns the ports of all containers, as the API server holds them.
fn ports(containers: &[Value]) -> Vec<Value> {
    let ports = containers.iter().filter_map(|container| container.get("ports")?.as_array()).flatten().cloned();
    let completed = ports.map(|mut port| {
        if let Some(port) = port.as_object_mut() {
            port.entry("protocol").or_insert_with(|| json!("TCP"));
        }
        port
    });
    completed.collect()
}
