//! RequestAuthentication: the filter that verifies tokens.
//!
//! istiod: `pilot/pkg/security/authn/policy_applier.go`, `pilot/pkg/networking/plugin/authn`

pub(crate) mod jwks;
mod jwt_provider;
mod requirement;

use crate::diagnostic::Diagnostics;
use crate::envoy::{HttpFilter, JwtAuthentication};
use crate::mesh::service::Service;
use crate::proxy::selection::PolicyMatcher;
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::listener::{ListenerClass, filter};
use crate::translate::metadata_matcher::JWT_AUTHN;
use crate::translate::security::authentication::jwt_provider::Rule;

/// The filter of one proxy, if a policy has rules for it.
#[derive(Debug, Default)]
pub(crate) struct RequestAuthentication {
    filter: Option<HttpFilter>,
}

impl RequestAuthentication {
    /// Builds the filter of a proxy, or of a waypoint for one of its services: the rules of all policies that apply, by issuer.
    ///
    /// istiod: `policy_applier.go` `newPolicyApplier`
    pub(crate) fn new(view: &ProxyView<'_>, service: Option<&Service>, diagnostics: &mut Diagnostics) -> Self {
        let mesh = view.outbound.mesh;
        if mesh.request_authentications.is_empty() {
            return Self::default();
        }
        let (own, root) = (view.proxy.namespace.as_str(), mesh.config.root_namespace.as_str());
        let namespaces = [own, root, service.map_or(own, |service| &service.namespace)];
        let matcher = PolicyMatcher::new(view.outbound.mesh.features(), view.proxy, root).with_service(service);
        let policies = matcher.attached(&mesh.request_authentications, &namespaces);
        let rules = policies.iter().flat_map(|policy| {
            policy.spec.jwt_rules.iter().enumerate().map(|(index, spec)| Rule { policy: policy.source, index, spec })
        });
        let mut rules: Vec<Rule<'_>> = rules.collect();
        rules.sort_by_key(|rule| rule.spec.issuer.as_str());
        if rules.is_empty() {
            return Self::default();
        }
        let clear_route_cache = view.proxy.client.kind != ProxyKind::Sidecar;
        let config = jwt_authentication(view, &rules, clear_route_cache, diagnostics);
        Self { filter: Some(filter::http(JWT_AUTHN, config)) }
    }

    /// The filter for requests of a class of listeners: those that leave a sidecar have none.
    pub(crate) fn http(&self, class: ListenerClass) -> Option<&HttpFilter> {
        match class {
            ListenerClass::SidecarInbound | ListenerClass::Gateway => self.filter.as_ref(),
            ListenerClass::SidecarOutbound => None,
        }
    }
}

/// `RequestAuthentication.jwtRules` -> `JwtAuthentication`, a provider for each
///
/// istiod: `policy_applier.go` `convertToEnvoyJwtConfig`
fn jwt_authentication(
    view: &ProxyView<'_>,
    rules: &[Rule<'_>],
    clear_route_cache: bool,
    diagnostics: &mut Diagnostics,
) -> JwtAuthentication {
    let names: Vec<String> = (0..rules.len()).map(|index| format!("origins-{index}")).collect();
    let providers = rules.iter().map(|rule| jwt_provider::jwt_provider(view, *rule, clear_route_cache, diagnostics));
    JwtAuthentication {
        providers: names.iter().cloned().zip(providers).collect(),
        rules: vec![requirement::for_all_requests(&names)],
        bypass_cors_preflight: true,
        ..JwtAuthentication::default()
    }
}
