//! The values that the injector's templates read, with the chart's own under those that are given.
//!
//! istio: `manifests/charts/istio-control/istio-discovery/values.yaml`

use serde_json::{Map, Value};

use crate::installation::TemplateValues;

/// Reads the values.
pub(super) fn read(values: &Value) -> TemplateValues {
    let default = TemplateValues::default();
    let at = |path: &str| values.pointer(path).filter(|value| !value.is_null());
    let text = |path: &str, default: String| at(path).map_or(default, printed);
    let flag = |path: &str, default: bool| at(path).map_or(default, is_true);
    let any = |path: &str| at(path).filter(|value| !is_empty(value)).cloned().unwrap_or_default();
    let list =
        |path: &str| -> Vec<String> { at(path).and_then(Value::as_array).into_iter().flatten().map(printed).collect() };
    let cni = |field: &str| {
        // The ConfigMap has the first, the chart takes the second too, and old ones took the third.
        ["pilot/cni", "cni", "istio_cni"]
            .iter()
            .map(|parent| format!("/{parent}/{field}"))
            .find(|path| at(path).is_some())
    };
    let startup = flag("/global/proxy/startupProbe/enabled", true);
    TemplateValues {
        hub: text("/global/hub", default.hub),
        tag: text("/global/tag", default.tag),
        variant: text("/global/variant", default.variant),
        image: text("/global/proxy/image", default.image),
        init_image: text("/global/proxy_init/image", default.init_image),
        force_apply_iptables: flag("/global/proxy_init/forceApplyIptables", false),
        native_nftables: flag("/global/nativeNftables", false),
        image_pull_policy: text("/global/imagePullPolicy", default.image_pull_policy),
        image_pull_secrets: list("/global/imagePullSecrets"),
        cert_provider: text("/global/pilotCertProvider", default.cert_provider),
        ca_address: text("/global/caAddress", default.ca_address),
        ca_name: text("/global/caName", default.ca_name),
        mount_mtls_certs: flag("/global/mountMtlsCerts", false),
        sts_port: text("/global/sts/servicePort", default.sts_port),
        log_as_json: flag("/global/logAsJson", false),
        agent_log_level: text("/global/logging/level", default.agent_log_level),
        log_level: text("/global/proxy/logLevel", default.log_level),
        component_log_level: text("/global/proxy/componentLogLevel", default.component_log_level),
        outlier_log_path: text("/global/proxy/outlierLogPath", default.outlier_log_path),
        tracer: text("/global/proxy/tracer", default.tracer),
        privileged: flag("/global/proxy/privileged", false),
        cap_net_bind_service: text("/global/proxy/capNetBindService", default.cap_net_bind_service),
        seccomp_profile: any("/global/proxy/seccompProfile"),
        lifecycle: any("/global/proxy/lifecycle"),
        hold_application: flag("/global/proxy/holdApplicationUntilProxyStarts", false),
        status_port: text("/global/proxy/statusPort", default.status_port),
        startup_failure_threshold: startup
            .then(|| text("/global/proxy/startupProbe/failureThreshold", "600".to_owned())),
        readiness_initial_delay: text("/global/proxy/readinessInitialDelaySeconds", default.readiness_initial_delay),
        readiness_period: text("/global/proxy/readinessPeriodSeconds", default.readiness_period),
        readiness_failure_threshold: text(
            "/global/proxy/readinessFailureThreshold",
            default.readiness_failure_threshold,
        ),
        include_ip_ranges: text("/global/proxy/includeIPRanges", default.include_ip_ranges),
        exclude_ip_ranges: text("/global/proxy/excludeIPRanges", default.exclude_ip_ranges),
        include_inbound_ports: text("/global/proxy/includeInboundPorts", default.include_inbound_ports),
        exclude_inbound_ports: text("/global/proxy/excludeInboundPorts", default.exclude_inbound_ports),
        include_outbound_ports: text("/global/proxy/includeOutboundPorts", default.include_outbound_ports),
        exclude_outbound_ports: text("/global/proxy/excludeOutboundPorts", default.exclude_outbound_ports),
        cni: cni("enabled").is_some_and(|path| flag(&path, false)),
        cni_provider: cni("provider").map_or(default.cni_provider.clone(), |path| text(&path, default.cni_provider)),
        openshift: ["/platform", "/global/platform"]
            .iter()
            .any(|path| at(path).and_then(Value::as_str) == Some("openshift")),
        gateway_security_context: any("/gateways/securityContext"),
        rewrite_probes: flag("/sidecarInjectorWebhook/rewriteAppHTTPProbe", true),
        default_templates: list("/sidecarInjectorWebhook/defaultTemplates"),
    }
}

/// Returns the values that are read and differ from the chart's, by their paths.
pub(super) fn changed(values: &Value) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    for key in ["global", "pilot", "cni", "istio_cni", "gateways", "sidecarInjectorWebhook", "platform"] {
        if let Some(value) = values.get(key) {
            collect(value, &mut vec![key.to_owned()], &mut leaves);
        }
    }
    let default = TemplateValues::default();
    leaves.retain(|(path, value)| {
        let alone = path
            .iter()
            .rev()
            .fold((*value).clone(), |value, key| Value::Object(Map::from_iter([(key.clone(), value)])));
        read(&alone) != default
    });
    leaves.into_iter().map(|(path, value)| (path.join("."), printed(value))).collect()
}

/// Collects all that is no map, with its path.
fn collect<'v>(value: &'v Value, path: &mut Vec<String>, leaves: &mut Vec<(Vec<String>, &'v Value)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                path.push(key.clone());
                collect(value, path, leaves);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            leaves.push((path.clone(), value));
        }
    }
}

/// A value as Go's templates print it.
fn printed(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a template takes for true. `--set` of Helm writes booleans, a file may hold text.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => text == "true",
        _ => false,
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty)
}
