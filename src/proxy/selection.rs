//! Which policies attach to a workload: by selector, or by reference to its gateway.
//!
//! Shared by all policies that have a `selector` and `targetRefs`.
//!
//! istiod: `pilot/pkg/model/policyattachment.go`

use std::collections::BTreeMap;

use crate::installation::Features;
use crate::mesh::by_namespace::ByNamespace;
use crate::mesh::labels;
use crate::mesh::service::{Registry, Service};
use crate::model::Config;
use crate::model::istio::{
    AuthorizationPolicy, EnvoyFilter, PolicyTargetReference, RequestAuthentication, Telemetry, TrafficExtension,
    TypeWorkloadSelector,
};
use crate::proxy::{Proxy, ProxyKind};

/// The label that names the Gateway of which a workload is an instance.
pub const GATEWAY_NAME_LABEL: &str = "gateway.networking.k8s.io/gateway-name";

/// A policy that names its targets. istiod: `TargetablePolicy`.
pub trait Targetable {
    /// The labels of the workloads that it selects; none selects all.
    fn match_labels(&self) -> Option<&BTreeMap<String, String>>;
    /// What it attaches to; the older single reference counts when there is no list.
    fn target_refs(&self) -> &[PolicyTargetReference];
}

/// Whose policies are asked for: a proxy's, or those of one of the services of a waypoint.
///
/// istiod: `policyattachment.go` `WorkloadPolicyMatcher`
#[derive(Debug, Clone, Copy)]
pub struct PolicyMatcher<'a> {
    features: &'a Features,
    proxy: &'a Proxy,
    root_namespace: &'a str,
    service: Option<&'a Service>,
    is_waypoint: bool,
}

impl<'a> PolicyMatcher<'a> {
    /// Asks for the policies of a proxy.
    pub fn new(features: &'a Features, proxy: &'a Proxy, root_namespace: &'a str) -> Self {
        let is_waypoint = proxy.client.kind == ProxyKind::Waypoint;
        Self { features, proxy, root_namespace, service: None, is_waypoint }
    }

    /// Asks for those of a service too.
    #[must_use]
    pub fn with_service(self, service: Option<&'a Service>) -> Self {
        Self { service, ..self }
    }

    /// Asks for those of a waypoint as of any other workload: by selector.
    #[must_use]
    pub fn as_workload(self) -> Self {
        Self { is_waypoint: false, ..self }
    }

    /// Says whether a policy applies; namespaces other than that of a target are the caller's matter.
    ///
    /// A workload that a Kubernetes Gateway made follows references to that Gateway, and selectors unless
    /// `ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY` is off; any other one follows selectors only. A waypoint follows nothing but
    /// references.
    ///
    /// istiod: `policyattachment.go` `ShouldAttachPolicy`
    pub fn attaches<T: Targetable>(&self, policy: &Config<T>) -> bool {
        let Self { proxy, features, .. } = self;
        let target_refs = policy.spec.target_refs();
        let selected = || policy.spec.match_labels().is_none_or(|selector| labels::subset(selector, &proxy.labels));
        match proxy.labels.get(GATEWAY_NAME_LABEL) {
            None => target_refs.is_empty() && selected(),
            Some(_) if target_refs.is_empty() => {
                features.selector_based_gateway_policy && !self.is_waypoint && selected()
            }
            Some(gateway) => target_refs.iter().any(|target| self.refers_here(target, &policy.meta.namespace, gateway)),
        }
    }

    fn refers_here(&self, target: &PolicyTargetReference, namespace: &str, gateway: &str) -> bool {
        let Self { features: _, proxy, root_namespace, service, is_waypoint } = self;
        if *is_waypoint {
            let of_service = service.is_some_and(|service| refers_to_service(target, namespace, service));
            if of_service || (namespace == *root_namespace && refers_to_waypoints(target)) {
                return true;
            }
        }
        namespace == proxy.namespace && refers_to_gateway(target, &proxy.namespace, gateway)
    }

    /// Returns the policies of these namespaces that apply, each namespace once.
    pub fn attached<'m, T: Targetable>(&self, policies: &'m ByNamespace<T>, namespaces: &[&str]) -> Vec<&'m Config<T>> {
        let first = |index: usize| !namespaces[..index].contains(&namespaces[index]);
        let of_namespaces =
            (0..namespaces.len()).filter(|index| first(*index)).map(|index| policies.of(namespaces[index]));
        of_namespaces.flatten().map(AsRef::as_ref).filter(|policy| self.attaches(policy)).collect()
    }
}

fn refers_to_service(target: &PolicyTargetReference, namespace: &str, service: &Service) -> bool {
    let is_kind = match service.registry {
        Registry::Kubernetes => matches!(target.group.as_str(), "" | "core") && target.kind == "Service",
        Registry::External => target.group == "networking.istio.io" && target.kind == "ServiceEntry",
    };
    is_kind && target.name == service.object_name && namespace == service.namespace
}

/// The class of all waypoints. istiod: `constants.WaypointGatewayClassName`.
fn refers_to_waypoints(target: &PolicyTargetReference) -> bool {
    target.group == "gateway.networking.k8s.io" && target.kind == "GatewayClass" && target.name == "istio-waypoint"
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
