//! CUSTOM: an extension provider decides.
//!
//! An RBAC filter in shadow mode notes which policy matches; the ext_authz filter after it asks the provider if one did. Where the
//! provider cannot be asked, what the policies match is refused.
//!
//! istiod: `security/authz/builder/builder.go` `buildHTTP`, `buildTCP`

use std::collections::BTreeMap;

use super::Subject;
use super::applicable::Policy;
use super::provider::{self, ExtAuthz};
use super::rules::{HTTP_RBAC, NETWORK_RBAC, NETWORK_STAT_PREFIX, Rules, rbac};
use super::trust_domain::TrustDomains;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::envoy::{Filter, HttpFilter, HttpRbac, MetadataMatcher, NetworkRbac, Rbac, RbacAction};
use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::model::istio::AuthorizationPolicyActionDetail;
use crate::translate::listener::filter;
use crate::translate::{metadata_matcher, security::authorization::matcher};

const SHADOW_RULES_STAT_PREFIX: &str = "istio_ext_authz_";
const SHADOW_EFFECTIVE_POLICY_ID: &str = "istio_ext_authz_shadow_effective_policy_id";
/// What the names of the rules begin with. istiod: `extAuthzMatchPrefix`
const MATCH_PREFIX: &str = "istio-ext-authz";
const SEVERAL_PROVIDERS: &str = "a workload has one provider only, and another policy for it names another";
const BAD_CUSTOM_ACTION: &str = "-deny-due-to-bad-CUSTOM-action";

/// The filters for requests.
pub(super) fn http(
    mesh: &Mesh,
    policies: &[&Policy],
    subject: Subject,
    trust_domains: &TrustDomains,
    diagnostics: &mut Diagnostics,
) -> Vec<HttpFilter> {
    let mut filters = Vec::new();
    for decision in decisions(mesh, policies, subject, trust_domains, diagnostics) {
        let (rbac, ext_authz) = match decision {
            Decision::Refuse(rules) => (HttpRbac { rules: Some(rules), ..HttpRbac::default() }, None),
            Decision::Ask { prefix, rules, shadow_rules, ext_authz } => {
                let rbac = HttpRbac {
                    rules,
                    shadow_rules,
                    shadow_rules_stat_prefix: SHADOW_RULES_STAT_PREFIX.to_owned(),
                    ..HttpRbac::default()
                };
                let mut config = ext_authz.http;
                config.filter_enabled_metadata = Some(some_policy_matched(HTTP_RBAC, &prefix));
                (rbac, Some(config))
            }
        };
        filters.push(filter::http(HTTP_RBAC, rbac));
        filters.extend(ext_authz.map(|config| filter::http("envoy.filters.http.ext_authz", config)));
    }
    filters
}

/// The filters for connections. Providers for HTTP are not asked about them, and let them pass.
pub(super) fn network(
    mesh: &Mesh,
    policies: &[&Policy],
    subject: Subject,
    trust_domains: &TrustDomains,
    diagnostics: &mut Diagnostics,
) -> Vec<Filter> {
    let mut filters = Vec::new();
    for decision in decisions(mesh, policies, subject, trust_domains, diagnostics) {
        let with_prefix = NetworkRbac { stat_prefix: NETWORK_STAT_PREFIX.to_owned(), ..NetworkRbac::default() };
        let (rbac, ext_authz) = match decision {
            Decision::Refuse(rules) => (NetworkRbac { rules: Some(rules), ..with_prefix }, None),
            Decision::Ask { prefix, rules, shadow_rules, ext_authz } => {
                let Some(mut config) = ext_authz.network else { continue };
                let rbac = NetworkRbac {
                    rules,
                    shadow_rules,
                    shadow_rules_stat_prefix: SHADOW_RULES_STAT_PREFIX.to_owned(),
                    ..with_prefix
                };
                config.filter_enabled_metadata = Some(some_policy_matched(NETWORK_RBAC, &prefix));
                (rbac, Some(config))
            }
        };
        filters.push(filter::network(NETWORK_RBAC, rbac));
        filters.extend(ext_authz.map(|config| filter::network("envoy.filters.network.ext_authz", config)));
    }
    filters
}

/// What becomes of the policies of one provider.
enum Decision {
    /// The provider is asked if a rule matches whose name begins with the prefix.
    Ask { prefix: String, rules: Option<Rbac>, shadow_rules: Option<Rbac>, ext_authz: Box<ExtAuthz> },
    /// What the policies match is refused.
    Refuse(Rbac),
}

/// Decides by provider. A workload has one provider only, unless `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS` is on; with several,
/// nobody is asked.
fn decisions(
    mesh: &Mesh,
    policies: &[&Policy],
    subject: Subject,
    trust_domains: &TrustDomains,
    diagnostics: &mut Diagnostics,
) -> Vec<Decision> {
    if !mesh.does(Behaviour::SeparatesCustomProviders) {
        return joint_decision(mesh, policies, subject, trust_domains, diagnostics).into_iter().collect();
    }
    let mut by_provider: BTreeMap<&str, Vec<&Policy>> = BTreeMap::new();
    for policy in policies {
        by_provider.entry(provider_name(policy)).or_default().push(policy);
    }
    let is_only = by_provider.len() == 1 || mesh.features().multiple_custom_authz_providers;
    let mut decisions = Vec::new();
    for (name, policies) in by_provider {
        let prefix = rule_prefix(name);
        let rules = Rules::new(&policies, RbacAction::Deny, subject, trust_domains, &format!("{prefix}-"));
        let found = if is_only { provider::ext_authz(mesh, name) } else { Err(SEVERAL_PROVIDERS.to_owned()) };
        decisions.push(match found {
            Ok(ext_authz) => Decision::Ask {
                prefix,
                rules: tried(rules.dry_run),
                shadow_rules: Some(rules.enforced.unwrap_or_else(|| rbac(RbacAction::Deny))),
                ext_authz: Box::new(ext_authz),
            },
            Err(problem) => {
                for policy in policies {
                    diagnostics.push(bad_custom_action(policy, &problem));
                }
                Decision::Refuse(refused(rules.enforced))
            }
        });
    }
    decisions
}

/// Decides for all policies at once, of whatever provider. Those in dry-run mode do nothing.
///
/// istiod: `builder.go` `build` before [`Behaviour::SeparatesCustomProviders`]
fn joint_decision(
    mesh: &Mesh,
    policies: &[&Policy],
    subject: Subject,
    trust_domains: &TrustDomains,
    diagnostics: &mut Diagnostics,
) -> Option<Decision> {
    let name = provider_name(policies.first()?);
    let rules = Rules::new(policies, RbacAction::Deny, subject, trust_domains, &format!("{MATCH_PREFIX}-"));
    let found = if policies.iter().all(|policy| provider_name(policy) == name) {
        provider::ext_authz(mesh, name)
    } else {
        Err(SEVERAL_PROVIDERS.to_owned())
    };
    match found {
        Ok(ext_authz) => Some(Decision::Ask {
            prefix: MATCH_PREFIX.to_owned(),
            rules: None,
            shadow_rules: rules.enforced,
            ext_authz: Box::new(ext_authz),
        }),
        Err(problem) => {
            for policy in policies {
                diagnostics.push(bad_custom_action(policy, &problem));
            }
            Some(Decision::Refuse(refused(rules.enforced)))
        }
    }
}

fn provider_name(policy: &Policy) -> &str {
    match &policy.spec.action_detail {
        Some(AuthorizationPolicyActionDetail::Provider(provider)) => &provider.name,
        None => "",
    }
}

/// What the names of a provider's rules begin with. istiod: `builder.go` `policyName`
fn rule_prefix(provider: &str) -> String {
    if provider.is_empty() { MATCH_PREFIX.to_owned() } else { format!("{MATCH_PREFIX}-{provider}") }
}

/// Policies in dry-run mode are enforced by the same filter: the provider is asked about them all the same.
fn tried(dry_run: Option<Rbac>) -> Option<Rbac> {
    dry_run.filter(|rules| !rules.policies.is_empty())
}

/// istiod: `builder.go` `getBadCustomDenyRules`
fn refused(enforced: Option<Rbac>) -> Rbac {
    let policies = enforced.map(|rules| rules.policies).unwrap_or_default();
    let policies = policies.into_iter().map(|(name, policy)| (format!("{name}{BAD_CUSTOM_ACTION}"), policy)).collect();
    Rbac { policies, ..rbac(RbacAction::Deny) }
}

/// The condition to ask a provider: a policy of it has matched.
///
/// istiod: `security/authz/builder/extauthz.go` `generateFilterMatcherForProvider`
fn some_policy_matched(rbac_filter: &str, prefix: &str) -> MetadataMatcher {
    let name = metadata_matcher::text(matcher::prefix(prefix.to_owned()));
    metadata_matcher::metadata(rbac_filter, [SHADOW_EFFECTIVE_POLICY_ID], name)
}

fn bad_custom_action(policy: &Policy, problem: &str) -> Diagnostic {
    Diagnostic::warning("custom-provider", format!("istiod rejects this policy: {problem}"))
        .at(policy.source, "spec.provider.name")
}
