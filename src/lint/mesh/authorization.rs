//! What AuthorizationPolicies are for, beside what they say: which proxies enforce them, and what their conditions are about.

use crate::lint::context::{Item, LintContext, Typed};
use crate::mesh::Mesh;
use crate::model::Config;
use crate::model::istio::{AuthorizationPolicy, AuthorizationPolicyAction, Rule, Source};
use crate::proxy::Proxy;
use crate::proxy::selection::{PolicyMatcher, Targetable};

/// A policy with the object that it was read from.
#[derive(Clone, Copy)]
pub(super) struct Policy<'c, 'm> {
    pub(super) item: &'c Item<'c>,
    pub(super) config: &'m Config<AuthorizationPolicy>,
}

impl<'m> Policy<'_, 'm> {
    /// Returns what happens to requests that it is about.
    pub(super) fn action(&self) -> AuthorizationPolicyAction {
        self.config.spec.action
    }

    /// Returns its rules.
    pub(super) fn rules(&self) -> &'m [Rule] {
        &self.config.spec.rules
    }

    /// Says whether a proxy enforces it.
    pub(super) fn is_for(&self, proxy: &Proxy, mesh: &Mesh) -> bool {
        let namespace = &self.config.meta.namespace;
        let is_near = *namespace == proxy.namespace || *namespace == mesh.config.root_namespace;
        (is_near && PolicyMatcher::new(mesh.features(), proxy, &mesh.config.root_namespace).attaches(self.config))
            || is_for_service(self.config, proxy, mesh)
    }

    /// Returns the proxies that enforce it.
    pub(super) fn proxies<'p>(&self, proxies: &'p [Proxy], mesh: &Mesh) -> Vec<&'p Proxy> {
        proxies.iter().filter(|proxy| self.is_for(proxy, mesh)).collect()
    }
}

/// Says whether a policy is for a service that a waypoint owns.
pub(super) fn is_for_service<T: Targetable>(policy: &Config<T>, proxy: &Proxy, mesh: &Mesh) -> bool {
    let Some(waypoint) = proxy.client.waypoint.as_ref().filter(|_| !policy.spec.target_refs().is_empty()) else {
        return false;
    };
    let matcher = PolicyMatcher::new(mesh.features(), proxy, &mesh.config.root_namespace);
    let owned = mesh.ambient.services_of(&waypoint.addresses).into_iter();
    let mut known = owned.filter_map(|service| mesh.service(&service.hostname, &service.namespace));
    known.any(|service| matcher.with_service(Some(service)).attaches(policy))
}

/// Returns all policies that istiod has and a file holds.
pub(super) fn policies<'c, 'm>(context: &'c LintContext<'_>, mesh: &'m Mesh) -> Vec<Policy<'c, 'm>> {
    let all = mesh.authorization_policies.iter();
    all.filter_map(|config| Some(Policy { item: context.by_resource(config.source)?, config })).collect()
}

/// Returns the policies as they are written, of those that the API server takes.
pub(super) fn written<'c>(context: &'c LintContext<'_>) -> impl Iterator<Item = Typed<'c, AuthorizationPolicy>> {
    context.authorization_policies().filter(|policy| context.is_taken(policy.item))
}

/// A list of a rule's conditions, with its path below `spec` and whether it is about what must not be.
pub(super) struct Values<'r> {
    pub(super) path: String,
    pub(super) field: &'static str,
    pub(super) all: &'r [String],
}

/// Returns the lists of values of a source.
pub(super) fn of_source<'r>(rule: usize, from: usize, source: &'r Source) -> Vec<Values<'r>> {
    let lists: [(&'static str, &'r Vec<String>); 8] = [
        ("principals", &source.principals),
        ("notPrincipals", &source.not_principals),
        ("requestPrincipals", &source.request_principals),
        ("notRequestPrincipals", &source.not_request_principals),
        ("namespaces", &source.namespaces),
        ("notNamespaces", &source.not_namespaces),
        ("serviceAccounts", &source.service_accounts),
        ("notServiceAccounts", &source.not_service_accounts),
    ];
    let path = |field: &str| format!("spec.rules[{rule}].from[{from}].source.{field}");
    let lists = lists.into_iter().filter(|(_, values)| !values.is_empty());
    lists.map(|(field, values)| Values { path: path(field), field, all: values }).collect()
}

/// Says whether a value of a policy matches a text: exactly, by prefix, suffix or presence. istiod: `authz/matcher`
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => !text.is_empty(),
        (Some(suffix), _) => text.ends_with(suffix),
        (_, Some(prefix)) => text.starts_with(prefix),
        _ => pattern == text,
    }
}
