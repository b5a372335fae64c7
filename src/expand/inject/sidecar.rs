//! The template of sidecars.
//!
//! istiod: `files/injection-template.yaml`

use serde_json::{Map, Value, json};

use super::environment::{Context, variables};
use super::{Injector, Patch, container, metadata, volumes};

/// Ports that are never redirected to the proxy: the agent's own.
const AGENT_PORTS: &str = "15090,15021";

/// Returns what the template adds to a Pod. A native sidecar is an init container that keeps running.
pub(super) fn patch(injector: &Injector<'_>, context: &Context<'_>, native: bool) -> Patch {
    let mode = context.interception_mode();
    let mut init = Vec::new();
    if mode != "NONE" {
        init.push(interception(injector, context, &mode));
    }
    let proxy = proxy(injector, context, native);
    let mut containers = Vec::new();
    if native { &mut init } else { &mut containers }.push(proxy);
    let mut annotations = metadata::annotations(injector, context);
    if injector.values().cni {
        of_cni(injector, context, &mode, &mut annotations);
    }
    let mut spec = json!({"initContainers": init});
    if !native {
        spec["containers"] = Value::Array(containers);
    }
    Patch { labels: metadata::labels(injector, context), annotations, spec, volumes: volumes::names(injector, context) }
}

/// The container that redirects traffic, or the one that checks that the node's agent has done so.
fn interception(injector: &Injector<'_>, context: &Context<'_>, mode: &str) -> Value {
    let values = injector.values();
    let (uid, gid) = context.proxy_ids;
    let annotation = |key: &str, default: &str| context.annotation_or(key, default);
    let traffic = |key: &str, default: &str| annotation(&format!("traffic.sidecar.istio.io/{key}"), default);
    let port = |field: &str, default: u64| injector.mesh.get(field).and_then(Value::as_u64).unwrap_or(default);
    let is_transparent = mode == "TPROXY";
    let excluded = excluded_inbound_ports(injector, context);
    let mut arguments = vec![
        "istio-iptables".to_owned(),
        "-p".to_owned(),
        port("proxyListenPort", 15001).to_string(),
        "-z".to_owned(),
        port("proxyInboundListenPort", 15006).to_string(),
        "-u".to_owned(),
        if is_transparent { "1337".to_owned() } else { uid.to_string() },
        "-m".to_owned(),
        mode.to_owned(),
        "-i".to_owned(),
        traffic("includeOutboundIPRanges", &values.include_ip_ranges),
        "-x".to_owned(),
        traffic("excludeOutboundIPRanges", &values.exclude_ip_ranges),
        "-b".to_owned(),
        traffic("includeInboundPorts", &values.include_inbound_ports),
        "-d".to_owned(),
        if excluded.is_empty() { AGENT_PORTS.to_owned() } else { format!("{AGENT_PORTS},{excluded}") },
    ];
    let mut option = |flag: &str, value: Option<String>| {
        arguments.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
    };
    option("-q", included_outbound_ports(injector, context));
    option("-o", excluded_outbound_ports(injector, context));
    let interfaces = ["istio.io/reroute-virtual-interfaces", "traffic.sidecar.istio.io/kubevirtInterfaces"];
    option("-k", interfaces.iter().find_map(|key| context.annotation(key)).map(str::to_owned));
    option("-c", context.annotation("traffic.sidecar.istio.io/excludeInterfaces").map(str::to_owned));
    arguments
        .push(format!("--log_output_level={}", annotation("sidecar.istio.io/agentLogLevel", &values.agent_log_level)));
    let flags: [(bool, &[&str]); 4] = [
        (values.log_as_json, &["--log_as_json"]),
        (values.cni, &["--run-validation", "--skip-rule-apply"]),
        (!values.cni && values.force_apply_iptables, &["--force-apply"]),
        (values.native_nftables, &["--native-nftables"]),
    ];
    let flags = flags.iter().filter(|(is_set, _)| *is_set).flat_map(|(_, flags)| flags.iter());
    arguments.extend(flags.map(|flag| (*flag).to_owned()));
    let mut security = json!({
        "allowPrivilegeEscalation": values.privileged,
        "privileged": values.privileged,
    });
    let of_kind = if values.cni {
        let (user, group) = if is_transparent { (1337, 1337) } else { (uid, gid) };
        json!({
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
            "runAsGroup": group,
            "runAsNonRoot": true,
            "runAsUser": user,
        })
    } else {
        json!({
            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
            "readOnlyRootFilesystem": false,
            "runAsGroup": 0,
            "runAsNonRoot": false,
            "runAsUser": 0,
        })
    };
    lay(&mut security, of_kind);
    if !values.seccomp_profile.is_null() {
        security["seccompProfile"] = values.seccomp_profile.clone();
    }
    let mut made = json!({
        "name": if values.cni { "istio-validation" } else { "istio-init" },
        "image": container::init_image(injector, context.annotations, context.proxy_config),
        "args": arguments,
        "securityContext": security,
    });
    if !values.image_pull_policy.is_empty() {
        made["imagePullPolicy"] = json!(values.image_pull_policy);
    }
    let metadata = context.metadata();
    if !metadata.is_empty() {
        made["env"] = metadata.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    }
    made
}

/// The container `istio-proxy`.
fn proxy(injector: &Injector<'_>, context: &Context<'_>, native: bool) -> Value {
    let values = injector.values();
    let mut made = container::proxy(injector, context, &variables(injector, context));
    let status_port = context.annotation_or("status.sidecar.istio.io/port", &values.status_port);
    let held = context.proxy_config.get("holdApplicationUntilProxyStarts").and_then(Value::as_bool) == Some(true);
    if native {
        made["restartPolicy"] = json!("Always");
    }
    if !values.lifecycle.is_null() {
        made["lifecycle"] = values.lifecycle.clone();
    } else if !native && (held || values.hold_application) {
        made["lifecycle"] = json!({"postStart": {"exec": {"command": ["pilot-agent", "wait"]}}});
    } else if native {
        let port = format!("--debug-port={status_port}");
        let command = json!(["pilot-agent", "request", port, "POST", "drain"]);
        made["lifecycle"] = json!({"preStop": {"exec": {"command": command}}});
    }
    if !values.image_pull_policy.is_empty() {
        made["imagePullPolicy"] = json!(values.image_pull_policy);
    }
    if status_port != "0" {
        if let Some(threshold) = &values.startup_failure_threshold {
            made["startupProbe"] = container::readiness_probe("0", "1", threshold);
        }
        let of = |key: &str, default: &str| {
            context.annotation_or(&format!("readiness.status.sidecar.istio.io/{key}"), default)
        };
        made["readinessProbe"] = container::readiness_probe(
            &of("initialDelaySeconds", &values.readiness_initial_delay),
            &of("periodSeconds", &values.readiness_period),
            &of("failureThreshold", &values.readiness_failure_threshold),
        );
    }
    made["securityContext"] = security_context(injector, context);
    made
}

fn security_context(injector: &Injector<'_>, context: &Context<'_>) -> Value {
    let values = injector.values();
    let (uid, gid) = context.proxy_ids;
    let is_transparent = context.interception_mode() == "TPROXY";
    let binds = context.annotation_or("sidecar.istio.io/capNetBindService", &values.cap_net_bind_service) == "true";
    let traces = context.metadatum("IPTABLES_TRACE_LOGGING") == Some("true");
    let mut made = if traces {
        json!({
            "allowPrivilegeEscalation": true,
            "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
            "privileged": true,
            "readOnlyRootFilesystem": true,
            "runAsGroup": gid,
            "runAsNonRoot": false,
            "runAsUser": 0,
        })
    } else {
        let is_root = is_transparent || binds;
        json!({
            "allowPrivilegeEscalation": values.privileged,
            "capabilities": {"drop": ["ALL"]},
            "privileged": values.privileged,
            "readOnlyRootFilesystem": true,
            "runAsGroup": if is_root { 1337 } else { gid },
            "runAsNonRoot": !is_root,
            "runAsUser": if is_root { 0 } else { uid },
        })
    };
    let capabilities = [(is_transparent, "NET_ADMIN"), (binds, "NET_BIND_SERVICE")];
    let added: Vec<&str> = capabilities.iter().filter(|(has, _)| *has && !traces).map(|(_, name)| *name).collect();
    if !added.is_empty() {
        made["capabilities"]["add"] = json!(added);
    }
    if !values.seccomp_profile.is_null() {
        made["seccompProfile"] = values.seccomp_profile.clone();
    }
    made
}

/// Annotations from which the node's agent redirects the traffic.
fn of_cni(injector: &Injector<'_>, context: &Context<'_>, mode: &str, annotations: &mut Map<String, Value>) {
    const NETWORKS: &str = "k8s.v1.cni.cncf.io/networks";
    let values = injector.values();
    let mut set = |key: &str, value: String| annotations.insert(key.to_owned(), json!(value));
    if values.cni_provider == "multus" {
        let own = context.annotation(NETWORKS).unwrap_or_default();
        set(NETWORKS, metadata::with_multus_network(own));
    }
    set("sidecar.istio.io/interceptionMode", mode.to_owned());
    let traffic = |key: &str, default: &str| context.annotation_or(&format!("traffic.sidecar.istio.io/{key}"), default);
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let of_annotation = |key: &str| context.annotation(key).and_then(|text| some(text.to_owned()));
    let all = [
        ("includeOutboundIPRanges", some(traffic("includeOutboundIPRanges", &values.include_ip_ranges))),
        ("excludeOutboundIPRanges", some(traffic("excludeOutboundIPRanges", &values.exclude_ip_ranges))),
        ("includeInboundPorts", Some(traffic("includeInboundPorts", &values.include_inbound_ports))),
        ("excludeInboundPorts", Some(excluded_inbound_ports(injector, context))),
        ("includeOutboundPorts", included_outbound_ports(injector, context)),
        ("excludeOutboundPorts", excluded_outbound_ports(injector, context)),
        ("kubevirtInterfaces", of_annotation("traffic.sidecar.istio.io/kubevirtInterfaces")),
        ("excludeInterfaces", of_annotation("traffic.sidecar.istio.io/excludeInterfaces")),
    ];
    for (key, value) in all {
        if let Some(value) = value {
            set(&format!("traffic.sidecar.istio.io/{key}"), value);
        }
    }
    if let Some(interfaces) = of_annotation("istio.io/reroute-virtual-interfaces") {
        set("istio.io/reroute-virtual-interfaces", interfaces);
    }
}

/// The agent's port is excluded with the others. istiod: `template.go` `excludeInboundPort`
fn excluded_inbound_ports(injector: &Injector<'_>, context: &Context<'_>) -> String {
    let values = injector.values();
    let stated = context.annotation_or("traffic.sidecar.istio.io/excludeInboundPorts", &values.exclude_inbound_ports);
    let port = context.annotation_or("status.sidecar.istio.io/port", &values.status_port);
    let port = port.trim();
    if port.is_empty() || port == "0" || stated.split(',').any(|excluded| excluded == port) {
        return stated;
    }
    let ports = stated.split(',').map(str::trim).filter(|port| !port.is_empty()).chain([port]);
    ports.collect::<Vec<_>>().join(",")
}

fn included_outbound_ports(injector: &Injector<'_>, context: &Context<'_>) -> Option<String> {
    let value = &injector.values().include_outbound_ports;
    let annotation = context.annotation("traffic.sidecar.istio.io/includeOutboundPorts").map(str::to_owned);
    annotation.or_else(|| Some(value.clone()).filter(|ports| !ports.is_empty()))
}

fn excluded_outbound_ports(injector: &Injector<'_>, context: &Context<'_>) -> Option<String> {
    let value = &injector.values().exclude_outbound_ports;
    let annotation = context.annotation("traffic.sidecar.istio.io/excludeOutboundPorts").map(str::to_owned);
    annotation.or_else(|| Some(value.clone()).filter(|ports| !ports.is_empty()))
}

fn lay(base: &mut Value, over: Value) {
    if let (Some(base), Value::Object(over)) = (base.as_object_mut(), over) {
        base.extend(over);
    }
}
