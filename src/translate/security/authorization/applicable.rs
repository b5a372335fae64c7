//! Which AuthorizationPolicies apply to a proxy.

use crate::model::Config;
use crate::model::istio::{AuthorizationPolicy, AuthorizationPolicyAction as Action};
use crate::proxy::{ProxyView, selection};

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
    /// Collects the policies for a proxy's workload. istiod: `authorization.go` `ListAuthorizationPolicies`
    pub(super) fn of_workload(view: &ProxyView<'m>) -> Self {
        Self::of_namespaces(view, &[&view.outbound.mesh.config.root_namespace, &view.proxy.namespace])
    }

    /// Collects the policies for a proxy's workload, those in the namespace of a service among them.
    pub(super) fn with_service(view: &ProxyView<'m>, namespace: &str) -> Self {
        Self::of_namespaces(view, &[&view.outbound.mesh.config.root_namespace, &view.proxy.namespace, namespace])
    }

    fn of_namespaces(view: &ProxyView<'m>, namespaces: &[&str]) -> Self {
        let mut applicable = Self::default();
        for policy in selection::attached(
            view.outbound.mesh.features(),
            view.proxy,
            &view.outbound.mesh.authorization_policies,
            namespaces,
        ) {
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
