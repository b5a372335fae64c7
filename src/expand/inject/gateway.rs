//! The template of gateways that are Pods with a container `istio-proxy` of their own.
//!
//! istiod: `files/gateway-injection-template.yaml`

use serde_json::{Value, json};

use super::environment::{Context, variables};
use super::{Injector, Patch, container, metadata, volumes};

/// Returns what the template adds to a Pod.
pub(super) fn patch(injector: &Injector<'_>, context: &Context<'_>) -> Patch {
    let values = injector.values();
    let mut proxy = container::proxy(injector, context, &variables(injector, context));
    let (uid, gid) = context.proxy_ids;
    proxy["securityContext"] = json!({"runAsUser": uid, "runAsGroup": gid});
    proxy["readinessProbe"] = container::readiness_probe(
        &values.readiness_initial_delay,
        &values.readiness_period,
        &values.readiness_failure_threshold,
    );
    if !values.lifecycle.is_null() {
        proxy["lifecycle"] = values.lifecycle.clone();
    }
    if !values.image_pull_policy.is_empty() {
        proxy["imagePullPolicy"] = json!(values.image_pull_policy);
    }
    let security = match &values.gateway_security_context {
        Value::Null => json!({"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]}),
        stated => stated.clone(),
    };
    Patch {
        labels: metadata::labels(injector, context),
        annotations: metadata::annotations(injector, context),
        spec: json!({"securityContext": security, "containers": [proxy]}),
        volumes: volumes::names(injector, context),
    }
}
