//! What a route and a cluster do besides, in words: timeouts, retries, mirrors, balancing, limits.

use serde_json::Value;

/// Says what a route does.
pub(super) fn of_route(route: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let text = |pointer: &str| route.pointer(pointer).and_then(Value::as_str);
    match text("/route/timeout") {
        Some("0s") => out.push("no timeout".to_owned()),
        Some(timeout) => out.push(format!("timeout {timeout}")),
        None if route.get("route").is_some() => out.push("timeout 15s, which is Envoy's default".to_owned()),
        None => {}
    }
    if let Some(retry) = route.pointer("/route/retry_policy") {
        let times = retry.get("num_retries").map_or_else(|| "1".to_owned(), ToString::to_string);
        let on = retry.get("retry_on").and_then(Value::as_str).unwrap_or_default();
        let each =
            retry.get("per_try_timeout").and_then(Value::as_str).map(|t| format!(", {t} each")).unwrap_or_default();
        out.push(format!("retries {times} times on {on}{each}"));
    }
    for mirror in route.pointer("/route/request_mirror_policies").and_then(Value::as_array).into_iter().flatten() {
        let cluster = mirror.get("cluster").and_then(Value::as_str).unwrap_or_default();
        out.push(format!("mirrors requests to {cluster}"));
    }
    for hash in route.pointer("/route/hash_policy").and_then(Value::as_array).into_iter().flatten() {
        let by = ["header", "cookie", "query_parameter", "connection_properties", "filter_state"];
        if let Some(by) = by.iter().find(|by| hash.get(**by).is_some()) {
            out.push(format!("chooses the endpoint by {}", by.replace('_', " ")));
        }
    }
    out
}

/// Says how a cluster balances, and what limits it.
pub(super) fn of_cluster(cluster: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let policy = cluster.get("lb_policy").and_then(Value::as_str).unwrap_or("ROUND_ROBIN");
    out.push(format!("balances by {policy}"));
    let thresholds = cluster.pointer("/circuit_breakers/thresholds/0").and_then(Value::as_object);
    // istiod's own limits are the largest number.
    let limits =
        thresholds.into_iter().flatten().filter(|(_, value)| value.as_u64().is_some_and(|n| n < 4_294_967_295));
    let limits: Vec<String> = limits.map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
    if !limits.is_empty() {
        out.push(format!("circuit breakers: {}", limits.join(", ")));
    }
    if let Some(outlier) = cluster.get("outlier_detection") {
        let errors = ["consecutive_5xx", "consecutive_gateway_failure"];
        let found = errors.iter().find_map(|name| Some((name, outlier.get(*name)?)));
        let text = found.map(|(name, value)| format!(" after {value} {}", name.replace('_', " "))).unwrap_or_default();
        out.push(format!("outlier detection: ejects endpoints{text}"));
    }
    out
}
