//! What istiod's webhook checks of an object that the API server has let pass: one file a kind.
//!
//! An error leaves the object out, as it would never have reached istiod; a warning does not.
//!
//! istiod: `pkg/config/validation`

pub(crate) mod annotation;
mod attribute;
mod authorization_policy;
mod connection_pool;
mod destination_rule;
mod envoy_filter;
mod export_to;
mod finding;
mod gateway;
mod header;
mod http_policy;
mod http_route;
mod load_balancer;
pub(crate) mod mesh_config;
mod name;
mod peer_authentication;
mod regex;
mod request_authentication;
mod selector;
mod service_entry;
mod sidecar;
mod telemetry;
mod tls;
mod unreachable;
mod virtual_service;
mod wasm_plugin;
mod workload_entry;
mod workload_group;

use crate::model::ObjectMeta;
use crate::model::istio::{AuthorizationPolicy, AuthorizationPolicyAction};
use crate::source::Node;

use super::kind::Resource;
use super::problem::Problem;
use finding::At;
pub(crate) use finding::Findings;

/// Checks an object of an Istio kind.
pub(crate) fn check(resource: &Resource, object: Node<'_>, problems: &mut Vec<Problem>) {
    let Some(code) = code(resource) else { return };
    let policy = if let Resource::AuthorizationPolicy(config) = resource { Some(&config.spec) } else { None };
    check_annotations(resource.meta(), policy, &mut Findings::new(object, code, problems));
    check_spec(resource, object, problems);
}

/// Checks the spec of an object of an Istio kind.
pub(crate) fn check_spec(resource: &Resource, object: Node<'_>, problems: &mut Vec<Problem>) {
    let Some(code) = code(resource) else { return };
    let mut findings = Findings::new(object, code, problems);
    match resource {
        Resource::VirtualService(config) => virtual_service::check(config, &mut findings),
        Resource::DestinationRule(config) => destination_rule::check(config, &mut findings),
        Resource::Gateway(config) => gateway::check(config, &mut findings),
        Resource::ServiceEntry(config) => service_entry::check(config, &mut findings),
        Resource::WorkloadEntry(config) => workload_entry::check(config, &mut findings),
        Resource::WorkloadGroup(config) => workload_group::check(config, &mut findings),
        Resource::Sidecar(config) => sidecar::check(config, &mut findings),
        Resource::EnvoyFilter(config) => envoy_filter::check(config, &mut findings),
        Resource::ProxyConfig(config) => {
            selector::check(config.spec.selector.as_ref(), &At::SPEC.field("selector"), &mut findings);
            if config.spec.concurrency.is_some_and(|concurrency| concurrency < 0) {
                findings.error(&At::SPEC.field("concurrency"), "the number of threads must not be negative");
            }
        }
        Resource::AuthorizationPolicy(config) => authorization_policy::check(config, &mut findings),
        Resource::PeerAuthentication(config) => peer_authentication::check(config, &mut findings),
        Resource::RequestAuthentication(config) => request_authentication::check(config, &mut findings),
        Resource::Telemetry(config) => telemetry::check(config, &mut findings),
        Resource::WasmPlugin(config) => wasm_plugin::check(config, &mut findings),
        Resource::TrafficExtension(config) => wasm_plugin::check_extension(config, &mut findings),
        _ => {}
    }
}

/// Returns the code of a kind's errors; nothing for Kubernetes' own kinds, which istiod does not check.
fn code(resource: &Resource) -> Option<&'static str> {
    Some(match resource {
        Resource::VirtualService(_) => "invalid-virtual-service",
        Resource::DestinationRule(_) => "invalid-destination-rule",
        Resource::Gateway(_) => "invalid-gateway",
        Resource::ServiceEntry(_) => "invalid-service-entry",
        Resource::WorkloadEntry(_) => "invalid-workload-entry",
        Resource::WorkloadGroup(_) => "invalid-workload-group",
        Resource::Sidecar(_) => "invalid-sidecar",
        Resource::EnvoyFilter(_) => "invalid-envoy-filter",
        Resource::ProxyConfig(_) => "invalid-proxy-config",
        Resource::AuthorizationPolicy(_) => "invalid-authorization-policy",
        Resource::PeerAuthentication(_) => "invalid-peer-authentication",
        Resource::RequestAuthentication(_) => "invalid-request-authentication",
        Resource::Telemetry(_) => "invalid-telemetry",
        Resource::WasmPlugin(_) => "invalid-wasm-plugin",
        Resource::TrafficExtension(_) => "invalid-traffic-extension",
        _ => return None,
    })
}

/// Returns whether a code is that of an error of the webhook.
pub(crate) fn is_of_webhook(code: &str) -> bool {
    const KINDS: &[&str] = &[
        "virtual-service",
        "destination-rule",
        "gateway",
        "service-entry",
        "workload-entry",
        "workload-group",
        "sidecar",
        "envoy-filter",
        "proxy-config",
        "authorization-policy",
        "peer-authentication",
        "request-authentication",
        "telemetry",
        "wasm-plugin",
        "traffic-extension",
    ];
    code.strip_prefix("invalid-").is_some_and(|kind| KINDS.contains(&kind))
}

/// Annotations that only some objects may have. istiod: `validateMetadata`, `checkDryRunAnnotation`
fn check_annotations(meta: &ObjectMeta, policy: Option<&AuthorizationPolicy>, findings: &mut Findings<'_>) {
    const DRY_RUN: &str = "istio.io/dry-run";
    let at = At::METADATA.field("annotations");
    if let Some(value) = meta.annotations.get(DRY_RUN) {
        let at = at.field(DRY_RUN);
        // What Go's `strconv.ParseBool` reads.
        let boolean = matches!(
            value.as_str(),
            "1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False"
        );
        match policy.map(|policy| policy.action) {
            None => findings.error(&at, "this annotation is for AuthorizationPolicies only"),
            Some(AuthorizationPolicyAction::Allow | AuthorizationPolicyAction::Deny) if !boolean => {
                findings.error(&at, format!("`{value}` is neither true nor false"));
            }
            Some(AuthorizationPolicyAction::Allow | AuthorizationPolicyAction::Deny) => {}
            Some(action) => findings.error(&at, format!("this annotation is for ALLOW and DENY, not for {action}")),
        }
    }
    for name in
        ["internal.istio.io/webhook-always-reject", "internal.istio.io/parent-namespace", "internal.istio.io/parents"]
    {
        if meta.annotations.contains_key(name) {
            findings.error(&at.field(name), "this annotation is istiod's own");
        }
    }
}

#[cfg(test)]
mod tests;
