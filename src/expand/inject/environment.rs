//! The proxy's environment, from which the agent makes the node's metadata.

use serde_json::{Map, Value, json};

use super::{Injector, PROXY, Template, proxy_config, validate};
use crate::expand::workload::Workload;
use crate::installation::{Behaviour, CompliancePolicy, InstalledGateway};

/// What the templates are run on.
pub(super) struct Context<'c> {
    pub(super) workload: &'c Workload<'c>,
    pub(super) labels: &'c Map<String, Value>,
    pub(super) annotations: &'c Map<String, Value>,
    pub(super) template: Template,
    /// Whether the injector makes the Pod; else istiod or an install deploys it.
    pub(super) is_injected: bool,
    /// The Pod's own containers.
    pub(super) containers: &'c [Value],
    pub(super) proxy_config: &'c Map<String, Value>,
    /// User and group that the proxy runs as.
    pub(super) proxy_ids: (i64, i64),
}

impl Context<'_> {
    /// Returns an annotation, if the Pod has it.
    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).and_then(Value::as_str)
    }

    /// Returns an annotation, else the value that takes its place.
    pub(super) fn annotation_or(&self, key: &str, default: &str) -> String {
        self.annotation(key).unwrap_or(default).to_owned()
    }

    /// Returns the names of the Pod's own containers that are no proxy.
    pub(super) fn applications(&self) -> Vec<&str> {
        let names = self.containers.iter().filter_map(|container| container.get("name")?.as_str());
        names.filter(|name| *name != PROXY).collect()
    }

    /// Returns how connections are intercepted: `REDIRECT`, `TPROXY` or `NONE`.
    pub(super) fn interception_mode(&self) -> String {
        self.annotation_or("sidecar.istio.io/interceptionMode", self.interception_mode_of_config())
    }

    fn interception_mode_of_config(&self) -> &str {
        self.proxy_config.get("interceptionMode").and_then(Value::as_str).unwrap_or("REDIRECT")
    }

    /// Returns variables of `proxyMetadata`, with the values that YAML reads of what the template writes.
    pub(super) fn metadata(&self) -> Vec<(&str, String)> {
        let metadata = self.proxy_config.get("proxyMetadata").and_then(Value::as_object);
        let value = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            validate::between_quotes(text).unwrap_or_else(|| text.to_owned())
        };
        metadata.into_iter().flatten().map(|(name, stated)| (name.as_str(), value(stated))).collect()
    }

    /// Returns a variable of `proxyMetadata`.
    pub(super) fn metadatum(&self, name: &str) -> Option<&str> {
        self.proxy_config.get("proxyMetadata")?.get(name)?.as_str()
    }
}

/// Returns the variables of a template.
///
/// istiod: `files/injection-template.yaml`, `files/gateway-injection-template.yaml`, `files/waypoint.yaml`
pub(super) fn variables(injector: &Injector<'_>, context: &Context<'_>) -> Vec<Value> {
    let Context { workload, labels, template, is_injected, containers, proxy_config, .. } = context;
    let values = injector.values();
    let divisor = divisor(injector);
    let mut variables = Variables::default();
    let is_sidecar = *template == Template::Sidecar;
    if is_sidecar && injector.mesh_text(&["inboundTrafficPolicy", "mode"]) == Some("LOCALHOST") {
        variables.set("REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION", "true");
    }
    variables.set("PILOT_CERT_PROVIDER", &values.cert_provider);
    variables.set("CA_ADDR", &ca_address(injector));
    variables.fields();
    variables.resource("ISTIO_CPU_LIMIT", "limits.cpu", divisor);
    variables.set("PROXY_CONFIG", &Value::Object(proxy_config::without_defaults(proxy_config)).to_string());
    if *template != Template::Waypoint {
        variables.set("ISTIO_META_POD_PORTS", &Value::Array(ports(containers)).to_string());
        variables.set("ISTIO_META_APP_CONTAINERS", &context.applications().join(","));
    }
    variables.resource("GOMEMLIMIT", "limits.memory", divisor);
    variables.resource("GOMAXPROCS", "limits.cpu", divisor);
    if *is_injected {
        for (name, value) in compliance(injector) {
            variables.set(name, value);
        }
    }
    variables.set("ISTIO_META_CLUSTER_ID", injector.cluster_id());
    variables.field("ISTIO_META_NODE_NAME", "spec.nodeName");
    let annotation = context.annotation("sidecar.istio.io/interceptionMode").filter(|mode| !mode.is_empty());
    let of_config = context.interception_mode_of_config();
    variables.set(
        "ISTIO_META_INTERCEPTION_MODE",
        match template {
            Template::Sidecar => annotation.unwrap_or(of_config),
            Template::Gateway => of_config,
            Template::Waypoint => "REDIRECT",
        },
    );
    let label = labels.get("service.istio.io/workload-name").and_then(Value::as_str);
    let label = label.filter(|name| is_sidecar && !name.is_empty());
    variables.set("ISTIO_META_WORKLOAD_NAME", label.unwrap_or(&workload.meta.name));
    variables.set("ISTIO_META_OWNER", &owner(injector, workload));
    if *is_injected && context.annotation("sidecar.istio.io/bootstrapOverride").is_some() {
        variables.set("ISTIO_BOOTSTRAP_OVERRIDE", "/etc/istio/custom-bootstrap/custom_bootstrap.json");
    }
    variables.set("ISTIO_META_MESH_ID", injector.mesh_id());
    variables.set("TRUST_DOMAIN", injector.trust_domain());
    if is_sidecar {
        for (name, value) in of_datadog(injector, context) {
            variables.set(&name, &value);
        }
        if let Some(attributes) = resource_attributes(injector, context) {
            variables.set("OTEL_RESOURCE_ATTRIBUTES", &attributes);
        }
    }
    for (name, value) in context.metadata() {
        variables.set(name, &value);
    }
    if *template == Template::Waypoint {
        variables.field("ISTIO_META_SERVICE_ACCOUNT", "spec.serviceAccountName");
    }
    variables.0
}

/// Returns the variables of a gateway that an install lays. Its agent reads the mesh's `defaultConfig` where istiod does.
///
/// istio: `manifests/charts/gateways/istio-ingress/templates/deployment.yaml`
pub(super) fn of_installed_gateway(
    injector: &Injector<'_>,
    workload: &Workload<'_>,
    gateway: &InstalledGateway,
) -> Vec<Value> {
    const NETWORK: &str = "ISTIO_META_NETWORK";
    let mut variables = Variables::default();
    variables.set("PILOT_CERT_PROVIDER", &injector.values().cert_provider);
    variables.set("CA_ADDR", &ca_address(injector));
    variables.field("NODE_NAME", "spec.nodeName");
    variables.fields();
    variables.resource("ISTIO_CPU_LIMIT", "limits.cpu", divisor(injector));
    variables.set("ISTIO_META_WORKLOAD_NAME", &workload.meta.name);
    variables.set("ISTIO_META_OWNER", &owner(injector, workload));
    variables.set("ISTIO_META_MESH_ID", injector.mesh_id());
    variables.set("TRUST_DOMAIN", injector.trust_domain());
    if !gateway.is_root {
        variables.set("ISTIO_META_UNPRIVILEGED_POD", "true");
    }
    for (name, value) in &gateway.env {
        variables.set(name, value);
    }
    let metadata = injector.mesh.pointer("/defaultConfig/proxyMetadata").and_then(Value::as_object);
    for (name, value) in metadata.into_iter().flatten() {
        variables.set(name, value.as_str().unwrap_or_default());
    }
    let network = &injector.target.installation.injector.network;
    if !network.is_empty() && !gateway.env.contains_key(NETWORK) {
        variables.set(NETWORK, network);
    }
    variables.set("ISTIO_META_CLUSTER_ID", injector.cluster_id());
    variables.field("ISTIO_META_NODE_NAME", "spec.nodeName");
    variables.0
}

/// Sets variables of the cluster and the network anew, behind all others, where the values name them: what the Pod's own container says of
/// them does not count.
///
/// istiod: `inject.go` `overwriteClusterInfo`
pub(super) fn overwrite_cluster(variables: &mut Vec<Value>, cluster: Option<&str>, network: Option<&str>) {
    let known = [("ISTIO_META_CLUSTER_ID", cluster), ("ISTIO_META_NETWORK", network)];
    for (name, value) in known {
        let Some(value) = value else { continue };
        variables.retain(|variable| variable.get("name").and_then(Value::as_str) != Some(name));
        variables.push(json!({"name": name, "value": value}));
    }
}

/// A list of variables.
#[derive(Default)]
struct Variables(Vec<Value>);

impl Variables {
    fn set(&mut self, name: &str, value: &str) {
        self.0.push(json!({"name": name, "value": value}));
    }

    fn field(&mut self, name: &str, path: &str) {
        self.0.push(json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}));
    }

    /// A limit of the container.
    fn resource(&mut self, name: &str, resource: &str, divisor: &str) {
        let limit = json!({"resource": resource, "divisor": divisor});
        self.0.push(json!({"name": name, "valueFrom": {"resourceFieldRef": limit}}));
    }

    /// Variables that are fields of the Pod.
    fn fields(&mut self) {
        self.field("POD_NAME", "metadata.name");
        self.field("POD_NAMESPACE", "metadata.namespace");
        self.field("INSTANCE_IP", "status.podIP");
        self.field("SERVICE_ACCOUNT", "spec.serviceAccountName");
        self.field("HOST_IP", "status.hostIP");
    }
}

/// The divisor of limits. Kubernetes writes 0 for one that is not stated, and takes it for 1.
fn divisor(injector: &Injector<'_>) -> &'static str {
    if injector.does(Behaviour::StatesDivisors) { "1" } else { "0" }
}

fn ca_address(injector: &Injector<'_>) -> String {
    let stated = Some(injector.values().ca_address.clone()).filter(|address| !address.is_empty());
    let target = injector.target;
    stated.unwrap_or_else(|| {
        format!("{}.{}.svc:15012", target.options.of_revision("istiod"), target.installation.namespace)
    })
}

fn compliance(injector: &Injector<'_>) -> Vec<(&'static str, &'static str)> {
    match injector.target.installation.features.compliance_policy {
        CompliancePolicy::None => Vec::new(),
        CompliancePolicy::Fips140_2 => vec![("COMPLIANCE_POLICY", "fips-140-2")],
        CompliancePolicy::Fips140_3 => vec![("COMPLIANCE_POLICY", "fips-140-3"), ("GODEBUG", "fips140=only")],
        CompliancePolicy::PostQuantum => vec![("COMPLIANCE_POLICY", "pqc")],
    }
}

/// Variables that an annotation of Datadog's holds, if Datadog is the tracer.
fn of_datadog(injector: &Injector<'_>, context: &Context<'_>) -> Vec<(String, String)> {
    let annotation = context.annotation("apm.datadoghq.com/env").filter(|_| injector.values().tracer == "datadog");
    let variables = annotation.and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    variables.into_iter().flatten().map(|(name, value)| (name, text(value))).collect()
}

/// What spans say of the service, if a provider asks for OpenTelemetry's names.
///
/// istiod: `template.go` `otelResourceAttributes`
fn resource_attributes(injector: &Injector<'_>, context: &Context<'_>) -> Option<String> {
    let providers = injector.mesh.get("extensionProviders").and_then(Value::as_array);
    let asks = |provider: &Value| {
        let wish = provider.pointer("/opentelemetry/serviceAttributeEnrichment").and_then(Value::as_str);
        wish == Some("OTEL_SEMANTIC_CONVENTIONS")
    };
    let release_does = injector.does(Behaviour::EnrichesServiceAttributes);
    if !release_does || !providers.into_iter().flatten().any(asks) {
        return None;
    }
    let namespace = context.workload.meta.namespace.as_str();
    let stated = |name: &str| {
        let annotation = context.annotation(&format!("resource.opentelemetry.io/{name}"));
        annotation.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let label = || {
        let version = context.labels.get("app.kubernetes.io/version")?.as_str()?;
        Some(version.to_owned()).filter(|version| !version.is_empty())
    };
    let of_image = || match context.containers {
        [container] => version_of_image(container.get("image")?.as_str()?),
        _ => None,
    };
    let instance = || {
        let container = context.containers.first()?.get("name")?.as_str()?;
        Some(format!("{namespace}.$(POD_NAME).{container}"))
    };
    let attributes = [
        ("service.namespace", stated("service.namespace").or_else(|| Some(namespace.to_owned()))),
        ("service.version", stated("service.version").or_else(label).or_else(of_image)),
        ("service.instance.id", stated("service.instance.id").or_else(instance)),
    ];
    let attributes = attributes.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    Some(attributes.collect::<Vec<_>>().join(","))
}

/// Returns tag and digest of an image.
///
/// istiod: `template.go` `parseImageTagDigest`
fn version_of_image(image: &str) -> Option<String> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or_default();
    let tag = last.rsplit_once(':').map(|(_, tag)| tag);
    match (tag, digest) {
        (Some(tag), Some(digest)) => Some(format!("{tag}@{digest}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// Names the workload. A kind that is not Kubernetes' own has the version of its document; a Rollout's, which the injector tells by a label, has no
/// group.
///
/// istiod: `pkg/kube/util.go` `GetDeployMetaFromPod`
fn owner(injector: &Injector<'_>, workload: &Workload<'_>) -> String {
    let api_version = match workload.kind {
        "Job" | "CronJob" => "batch/v1".to_owned(),
        "ReplicationController" | "Pod" => "v1".to_owned(),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => "apps/v1".to_owned(),
        "Rollout" => "v1alpha1".to_owned(),
        _ => match injector.manifests.document(workload.source) {
            Some(document) if document.group.is_empty() => document.version.clone(),
            Some(document) => format!("{}/{}", document.group, document.version),
            None => "apps/v1".to_owned(),
        },
    };
    format!(
        "kubernetes://apis/{api_version}/namespaces/{}/{}s/{}",
        workload.meta.namespace,
        workload.kind.to_ascii_lowercase(),
        workload.meta.name
    )
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
