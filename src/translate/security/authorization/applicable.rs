//! Which AuthorizationPolicies apply to a proxy.

use crate::mesh::service::Service;
use crate::model::Config;
use crate::model::istio::{AuthorizationPolicy, AuthorizationPolicyAction as Action};
use crate::proxy::ProxyView;
use crate::proxy::selection::PolicyMatcher;

/// A policy with its name, namespace and annotations.
pub(super) type Policy = Config<AuthorizationPolicy>;

/// The policies that apply, by action: the root namespace's first, then each namespace's by age.
///
/// istiod: `pilot/pkg/model/authorization.go` `AuthorizationPoliciesResult`
#[derive(Debug, Default)]
pub(super) struct Applicable<'m> {
    pub(super) custom: Vec<&'m Policy>,
    pub(super) audit: Vec<&'m Policy>,
    pub(super) deny: Vec<&'m Policy>,
    pub(super) allow: Vec<&'m Policy>,
}

impl<'m> Applicable<'m> {
    /// Collects the policies for a proxy's workload, or for one of a waypoint's services.
    ///
    /// istiod: `authorization.go` `ListAuthorizationPolicies`
    pub(super) fn new(view: &ProxyView<'m>, service: Option<&Service>) -> Self {
        let root = view.outbound.mesh.config.root_namespace.as_str();
        let matcher = PolicyMatcher::new(view.outbound.mesh.features(), view.proxy, root).with_service(service);
        let own = view.proxy.namespace.as_str();
        Self::of_namespaces(view, matcher, &[root, own, service.map_or(own, |service| &service.namespace)])
    }

    /// Collects the policies that select a waypoint as any other workload.
    ///
    /// istiod: `plugin/authz/authorization.go` `NewWaypointTerminationBuilder`
    pub(super) fn of_tunnel(view: &ProxyView<'m>) -> Self {
        let root = view.outbound.mesh.config.root_namespace.as_str();
        let matcher = PolicyMatcher::new(view.outbound.mesh.features(), view.proxy, root).as_workload();
        Self::of_namespaces(view, matcher, &[root, &view.proxy.namespace])
    }

    fn of_namespaces(view: &ProxyView<'m>, matcher: PolicyMatcher<'_>, namespaces: &[&str]) -> Self {
        let mut applicable = Self::default();
        for policy in matcher.attached(&view.outbound.mesh.authorization_policies, namespaces) {
            let of_action = match policy.spec.action {
                Action::Custom => &mut applicable.custom,
                Action::Audit => &mut applicable.audit,
                Action::Deny => &mut applicable.deny,
                Action::Allow => &mut applicable.allow,
            };
            of_action.push(policy);
        }
        applicable
    }
}
