//! Values of Istio's charts: what a profile sets under them, and the mesh config that the chart makes of them.
//!
//! istiod: `manifests/helm-profiles`, `manifests/charts/istio-control/istio-discovery/templates/configmap.yaml`

use serde_json::{Map, Value, json};

/// The release of which each set of variables keeps the old way: in `compatibilityVersion: 1.29` all that 1.30 and later changed.
const KEPT: &[(u32, &[(&str, &str)])] = &[
    (27, &[("ENABLE_NATIVE_SIDECARS", "false")]),
    (28, &[("DISABLE_SHADOW_HOST_SUFFIX", "false"), ("PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY", "false")]),
    (29, &[("DISABLE_TRACK_REMAINING_CB_METRICS", "false")]),
    (30, &[("PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE", "false")]),
    (31, &[("PILOT_ENABLE_STRICT_GATEWAY_MERGING", "false"), ("PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS", "false")]),
];

/// Lays values over those of the profile and of the compatibility version that they name.
pub(super) fn complete(values: Value) -> Value {
    let name = |key: &str| values.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut out = compatibility(name("compatibilityVersion"));
    merge(&mut out, profile(name("profile")));
    merge(&mut out, values);
    out
}

/// What a profile sets that reaches proxies. istio: `manifests/helm-profiles/*.yaml`
fn profile(name: &str) -> Value {
    match name {
        "ambient" => json!({
            "meshConfig": {
                "defaultConfig": {"proxyMetadata": {"ISTIO_META_ENABLE_HBONE": "true"}},
                "serviceScopeConfigs": [{
                    "servicesSelector": {
                        "matchExpressions": [{"key": "istio.io/global", "operator": "In", "values": ["true"]}],
                    },
                    "scope": "GLOBAL",
                }],
            },
            "pilot": {"env": {"PILOT_ENABLE_AMBIENT": "true"}},
        }),
        "preview" => json!({
            "meshConfig": {"defaultConfig": {"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"}}},
        }),
        "demo" => json!({
            "meshConfig": {
                "accessLogFile": "/dev/stdout",
                "extensionProviders": [
                    {"name": "otel", "envoyOtelAls": {
                        "service": "opentelemetry-collector.observability.svc.cluster.local", "port": 4317,
                    }},
                    {"name": "skywalking", "skywalking": {
                        "service": "tracing.istio-system.svc.cluster.local", "port": 11800,
                    }},
                    {"name": "otel-tracing", "opentelemetry": {
                        "service": "opentelemetry-collector.observability.svc.cluster.local", "port": 4317,
                    }},
                    {"name": "jaeger", "opentelemetry": {
                        "service": "jaeger-collector.istio-system.svc.cluster.local", "port": 4317,
                    }},
                ],
            },
            "pilot": {"traceSampling": 100},
        }),
        _ => json!({}),
    }
}

/// istio: `manifests/helm-profiles/compatibility-version-*.yaml`
fn compatibility(version: &str) -> Value {
    let minor = version.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok());
    let newer = KEPT.iter().filter(|(since, _)| minor.is_some_and(|minor| minor < *since));
    let variables = newer.flat_map(|(_, variables)| variables.iter());
    let variables: Map<String, Value> = variables.map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    if variables.is_empty() { json!({}) } else { json!({"pilot": {"env": variables}}) }
}

/// Makes the mesh config that the chart writes; none if the values say nothing about it.
pub(super) fn mesh_config(values: &Value, revision: &str) -> Option<String> {
    let text = |path: &str| values.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let stated = values.get("meshConfig");
    let tracer = text("/global/proxy/tracer").filter(|tracer| *tracer != "none");
    let namespace = text("/global/istioNamespace").filter(|namespace| *namespace != "istio-system");
    if stated.is_none() && tracer.is_none() && namespace.is_none() && text("/global/meshID").is_none() {
        return None;
    }
    let namespace = namespace.unwrap_or("istio-system");
    let suffix = if revision == "default" { String::new() } else { format!("-{revision}") };
    let mut config = json!({
        "trustDomain": "cluster.local",
        "enablePrometheusMerge": true,
        "rootNamespace": namespace,
        "defaultProviders": {"metrics": ["prometheus"]},
        "defaultConfig": {"discoveryAddress": format!("istiod{suffix}.{namespace}.svc:15012")},
    });
    if let Some(id) = text("/global/meshID") {
        merge(&mut config, json!({"defaultConfig": {"meshId": id}}));
    }
    if let Some(tracing) = tracer.and_then(|tracer| tracing(values, tracer, namespace)) {
        merge(&mut config, json!({"defaultConfig": {"tracing": tracing}}));
    }
    if let Some(stated) = stated {
        merge(&mut config, stated.clone());
    }
    Some(config.to_string())
}

/// `global.proxy.tracer` -> `defaultConfig.tracing`
fn tracing(values: &Value, tracer: &str, namespace: &str) -> Option<Value> {
    let of = |field: &str| values.pointer(&format!("/global/tracer/{tracer}/{field}")).cloned();
    let or = |field: &str, default: Value| of(field).filter(|value| *value != json!("")).unwrap_or(default);
    let settings = match tracer {
        "zipkin" => json!({"address": or("address", json!(format!("zipkin.{namespace}:9411")))}),
        "lightstep" => json!({"address": of("address"), "accessToken": of("accessToken")}),
        "datadog" => json!({"address": or("address", json!("$(HOST_IP):8126"))}),
        "stackdriver" => json!({
            "debug": or("debug", json!(false)),
            "maxNumberOfAttributes": or("maxNumberOfAttributes", json!(200)),
            "maxNumberOfAnnotations": or("maxNumberOfAnnotations", json!(200)),
            "maxNumberOfMessageEvents": or("maxNumberOfMessageEvents", json!(200)),
        }),
        _ => return None,
    };
    Some(json!({tracer: settings}))
}

/// Makes the mesh networks that the chart writes.
pub(super) fn mesh_networks(values: &Value) -> Option<String> {
    let networks = values.pointer("/global/meshNetworks")?.as_object().filter(|networks| !networks.is_empty())?;
    Some(json!({"networks": networks}).to_string())
}

/// Helm's `mergeOverwrite`: maps are merged, everything else is replaced.
pub(super) fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_lie_under_values() {
        let values = complete(json!({"profile": "ambient", "pilot": {"env": {"PILOT_ENABLE_AMBIENT": "false"}}}));
        assert_eq!(values["pilot"]["env"]["PILOT_ENABLE_AMBIENT"], "false");
        assert_eq!(values["meshConfig"]["defaultConfig"]["proxyMetadata"]["ISTIO_META_ENABLE_HBONE"], "true");
    }

    #[test]
    fn a_compatibility_version_keeps_what_later_ones_changed() {
        let env = |version: &str| {
            let values = complete(json!({"compatibilityVersion": version}));
            values["pilot"]["env"].as_object().map_or(0, Map::len)
        };
        assert_eq!([env("1.31"), env("1.30"), env("1.29"), env("1.26"), env("")], [0, 2, 3, 7, 0]);
    }

    #[test]
    fn the_chart_writes_a_mesh_config() {
        let values = json!({"global": {"proxy": {"tracer": "zipkin"}}, "meshConfig": {"accessLogFile": "/dev/stdout"}});
        let config: Value = serde_json::from_str(&mesh_config(&values, "canary").expect("one")).expect("JSON");
        assert_eq!(config["accessLogFile"], "/dev/stdout");
        assert_eq!(config["defaultConfig"]["tracing"]["zipkin"]["address"], "zipkin.istio-system:9411");
        assert_eq!(config["defaultConfig"]["discoveryAddress"], "istiod-canary.istio-system.svc:15012");
        assert_eq!(mesh_config(&json!({"pilot": {}}), "default"), None);
    }
}
