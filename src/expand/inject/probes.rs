//! Probes and handlers of the application, which the agent asks in the kubelet's place: the kubelet has no certificate of the mesh.
//!
//! istiod: `pkg/kube/inject/app_probe.go`

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Injector, PROXY, go_json};
use crate::expand::node;
use crate::go::parse_bool;

/// The agent's variable that holds the probes as they were.
const PROBERS: &str = "ISTIO_KUBE_APP_PROBERS";

/// Where a container has a probe or a handler, and where the agent answers for it.
const PLACES: [(&str, &[&str], &str); 5] = [
    ("app-health", &["readinessProbe"], "readyz"),
    ("app-health", &["livenessProbe"], "livez"),
    ("app-health", &["startupProbe"], "startupz"),
    ("app-lifecycle", &["lifecycle", "preStop"], "prestopz"),
    ("app-lifecycle", &["lifecycle", "postStart"], "poststartz"),
];

/// Points the probes of all containers at the agent, and tells the agent what they were. `was_injected` is a Pod that has a status.
///
/// istiod: `webhook.go` `applyRewrite`
pub(super) fn rewrite(injector: &Injector<'_>, pod: &mut Map<String, Value>, was_injected: bool) {
    let annotations = node::map(node::map(pod, "metadata"), "annotations").clone();
    let wish = annotations.get("sidecar.istio.io/rewriteAppHTTPProbers").and_then(Value::as_str).and_then(parse_bool);
    if !wish.unwrap_or(injector.values().rewrite_probes) {
        return;
    }
    let of_mesh = injector.status_port();
    let spec = node::map(pod, "spec");
    let probers = probers(spec, of_mesh);
    let Some(proxy) = super::proxy_of(spec) else { return };
    if !probers.is_empty() {
        tell(proxy, probers, was_injected);
    }
    let stated = annotations.get("status.sidecar.istio.io/port").and_then(Value::as_str);
    let port = stated.map_or(of_mesh, |port| port.parse().unwrap_or_default());
    for container in super::containers_mut(spec) {
        let name = container.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name != PROXY {
            for (kind, path, end) in PLACES {
                if let Some(probe) = at_mut(container, path) {
                    redirect(probe, &format!("/{kind}/{name}/{end}"), port, kind == "app-health");
                }
            }
        }
    }
}

/// What the agent has to ask, by the path at which it answers.
///
/// istiod: `DumpAppProbers`
fn probers(spec: &Map<String, Value>, agent_port: i64) -> BTreeMap<String, Value> {
    let mut out = BTreeMap::new();
    for container in super::containers(spec) {
        let name = container.get("name").and_then(Value::as_str).unwrap_or_default();
        if name == PROXY {
            continue;
        }
        let ports = container.get("ports").and_then(Value::as_array).into_iter().flatten();
        let ports: BTreeMap<&str, &Value> =
            ports.filter_map(|port| Some((port.get("name")?.as_str()?, port.get("containerPort")?))).collect();
        for (kind, path, end) in PLACES {
            let probe = path.iter().try_fold(container, |at, field| at.get(field));
            let prober = probe.and_then(|probe| prober(probe, &ports, agent_port, kind == "app-health"));
            if let Some(prober) = prober {
                out.insert(format!("/{kind}/{name}/{end}"), prober);
            }
        }
    }
    out
}

/// A probe as the agent reads it, with numbers for names of ports. One that the agent answers already is none.
fn prober(probe: &Value, ports: &BTreeMap<&str, &Value>, agent_port: i64, is_probe: bool) -> Option<Value> {
    let given = |field: &str| probe.get(field).filter(|value| value.is_object());
    let mut prober = Map::new();
    if let Some(grpc) = grpc_of(probe, is_probe) {
        let service = grpc.get("service").cloned().unwrap_or_default();
        prober.insert("grpc".to_owned(), json!({"port": grpc.get("port"), "service": service}));
    } else {
        let (kind, action) =
            given("httpGet").map(|http| ("httpGet", http)).or_else(|| Some(("tcpSocket", given("tcpSocket")?)))?;
        let port = match action.get("port") {
            Some(Value::String(name)) => (*ports.get(name.as_str())?).clone(),
            port if port.and_then(Value::as_i64) == Some(agent_port) => return None,
            port => port.cloned().unwrap_or_else(|| json!(0)),
        };
        let fields = ["path", "host", "scheme", "httpHeaders"].iter().filter_map(|field| {
            let value = action.get(field).filter(|value| !is_zero(value))?;
            Some(((*field).to_owned(), value.clone()))
        });
        let fields: Map<String, Value> = fields.chain([("port".to_owned(), port)]).collect();
        prober.insert(kind.to_owned(), Value::Object(fields));
    }
    if let Some(timeout) = probe.get("timeoutSeconds").filter(|value| is_probe && !is_zero(value)) {
        prober.insert("timeoutSeconds".to_owned(), timeout.clone());
    }
    Some(Value::Object(prober))
}

/// The gRPC action of a probe that has no other. Handlers have none.
fn grpc_of(probe: &Value, is_probe: bool) -> Option<&Value> {
    let has_other = ["httpGet", "tcpSocket"].iter().any(|field| probe.get(field).is_some_and(Value::is_object));
    probe.get("grpc").filter(|grpc| is_probe && !has_other && grpc.is_object())
}

/// Writes the probers into the proxy's environment. Those that an earlier injection has written are kept.
///
/// istiod: `webhook.go` `mergeOrAppendProbers`
fn tell(proxy: &mut Value, probers: BTreeMap<String, Value>, was_injected: bool) {
    let Some(proxy) = proxy.as_object_mut() else { return };
    let Value::Array(variables) = proxy.entry("env").or_insert_with(|| json!([])) else { return };
    let is_it = |variable: &&mut Value| variable.get("name").and_then(Value::as_str) == Some(PROBERS);
    let of = |probers: BTreeMap<String, Value>| {
        let all: Vec<String> =
            probers.iter().map(|(path, prober)| format!("{}:{}", json!(path), go_json::text(prober))).collect();
        json!({"name": PROBERS, "value": format!("{{{}}}", all.join(","))})
    };
    let earlier = if was_injected { variables.iter_mut().find(is_it) } else { None };
    let Some(earlier) = earlier else {
        variables.push(of(probers));
        return;
    };
    let text = earlier.get("value").and_then(Value::as_str).unwrap_or_default();
    if let Ok(kept) = serde_json::from_str::<BTreeMap<String, Value>>(text) {
        *earlier = of(probers.into_iter().chain(kept).collect());
    }
}

/// Makes a probe one of the agent's. One that runs a command stays.
///
/// istiod: `convertAppProber`, `convertAppLifecycleHandler`
fn redirect(probe: &mut Value, path: &str, port: i64, is_probe: bool) {
    let Some(probe) = probe.as_object_mut() else { return };
    let has = |probe: &Map<String, Value>, field: &str| probe.get(field).is_some_and(Value::is_object);
    if has(probe, "httpGet") {
        let action = node::map(probe, "httpGet");
        if action.get("scheme").and_then(Value::as_str) == Some("HTTPS") {
            action.insert("scheme".to_owned(), json!("HTTP"));
        }
        action.insert("path".to_owned(), json!(path));
        action.insert("port".to_owned(), json!(port));
        return;
    }
    let other = if has(probe, "tcpSocket") { "tcpSocket" } else { "grpc" };
    if has(probe, other) && (is_probe || other == "tcpSocket") {
        probe.remove(other);
        probe.insert("httpGet".to_owned(), json!({"path": path, "port": port}));
    }
}

fn at_mut<'v>(value: &'v mut Value, path: &[&str]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |at, field| at.get_mut(field))
}

/// Says whether Go leaves a value out.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(_) => false,
    }
}
