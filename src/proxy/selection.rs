//! Which policies attach to a workload: by selector, or by reference to its gateway.
//!
//! Shared by all policies that have a `selector` and `targetRefs`.
//!
//! istiod: `pilot/pkg/model/policyattachment.go`

use std::collections::BTreeMap;

use crate::installation::Features;
use crate::mesh::by_namespace::ByNamespace;
use crate::mesh::labels;
use crate::model::Config;
use crate::model::istio::{
    AuthorizationPolicy, EnvoyFilter, PolicyTargetReference, RequestAuthentication, Telemetry, TrafficExtension,
    TypeWorkloadSelector,
};
use crate::proxy::Proxy;

/// The label that names the Gateway of which a workload is an instance.
pub const GATEWAY_NAME_LABEL: &str = "gateway.networking.k8s.io/gateway-name";

/// A policy that names its targets. istiod: `TargetablePolicy`.
pub trait Targetable {
    /// The labels of the workloads that it selects; none selects all.
    fn match_labels(&self) -> Option<&BTreeMap<String, String>>;
    /// What it attaches to; the older single reference counts when there is no list.
    fn target_refs(&self) -> &[PolicyTargetReference];
}

/// Says whether a policy applies to a proxy; namespaces other than that of a target are the caller's matter.
///
/// A workload that a Kubernetes Gateway made follows references to that Gateway, and selectors unless
/// `ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY` is off; any other one follows selectors only.
///
/// istiod: `policyattachment.go` `ShouldAttachPolicy`
pub fn attaches<T: Targetable>(features: &Features, proxy: &Proxy, policy: &Config<T>) -> bool {
    let target_refs = policy.spec.target_refs();
    let selected = policy.spec.match_labels().is_none_or(|selector| labels::subset(selector, &proxy.labels));
    let gateway = proxy.labels.get(GATEWAY_NAME_LABEL);
    if target_refs.is_empty() {
        return selected && (gateway.is_none() || features.selector_based_gateway_policy);
    }
    let Some(gateway) = gateway else { return false };
    policy.meta.namespace == proxy.namespace
        && target_refs.iter().any(|target| refers_to_gateway(target, &proxy.namespace, gateway))
}

/// Returns the policies of these namespaces that apply to a proxy, each namespace once.
pub fn attached<'m, T: Targetable>(
    features: &Features,
    proxy: &Proxy,
    policies: &'m ByNamespace<T>,
    namespaces: &[&str],
) -> Vec<&'m Config<T>> {
    let first = |index: usize| !namespaces[..index].contains(&namespaces[index]);
    let of_namespaces = (0..namespaces.len()).filter(|index| first(*index)).map(|index| policies.of(namespaces[index]));
    of_namespaces.flatten().map(AsRef::as_ref).filter(|policy| attaches(features, proxy, policy)).collect()
}

fn refers_to_gateway(target: &PolicyTargetReference, namespace: &str, gateway: &str) -> bool {
    target.group == "gateway.networking.k8s.io"
        && target.kind == "Gateway"
        && target.name == gateway
        && (target.namespace.is_empty() || target.namespace == namespace)
}

macro_rules! targetable {
    ($($kind:ident),* $(,)?) => {
        $(
            impl Targetable for $kind {
                fn match_labels(&self) -> Option<&BTreeMap<String, String>> {
                    self.selector.as_ref().map(|TypeWorkloadSelector { match_labels }| match_labels)
                }

                fn target_refs(&self) -> &[PolicyTargetReference] {
                    match &self.target_ref {
                        Some(target) if self.target_refs.is_empty() => std::slice::from_ref(target),
                        _ => &self.target_refs,
                    }
                }
            }
        )*
    };
}

targetable!(AuthorizationPolicy, RequestAuthentication, Telemetry);

impl Targetable for TrafficExtension {
    fn match_labels(&self) -> Option<&BTreeMap<String, String>> {
        self.selector.as_ref().map(|TypeWorkloadSelector { match_labels }| match_labels)
    }

    fn target_refs(&self) -> &[PolicyTargetReference] {
        &self.target_refs
    }
}

impl Targetable for EnvoyFilter {
    fn match_labels(&self) -> Option<&BTreeMap<String, String>> {
        self.workload_selector.as_ref().map(|selector| &selector.labels)
    }

    fn target_refs(&self) -> &[PolicyTargetReference] {
        &self.target_refs
    }
}
