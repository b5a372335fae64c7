//! All policies of one action -> RBAC rules, and the filters of ALLOW, DENY and AUDIT.

use std::collections::BTreeMap;

use super::Subject;
use super::applicable::{Applicable, Policy};
use super::condition::Node;
use super::rule;
use super::trust_domain::TrustDomains;
use crate::envoy::{Filter, HttpFilter, HttpRbac, NetworkRbac, Permission, Principal, Rbac, RbacAction, RbacPolicy};
use crate::go;
use crate::translate::listener::filter;

pub(super) const HTTP_RBAC: &str = "envoy.filters.http.rbac";
pub(super) const NETWORK_RBAC: &str = "envoy.filters.network.rbac";
pub(super) const NETWORK_STAT_PREFIX: &str = "tcp.";

/// The rules of policies that are enforced, and of those that are only tried; none if there is no such policy.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) enforced: Option<Rbac>,
    pub(super) dry_run: Option<Rbac>,
}

impl Rules {
    /// Collects the rules of some policies of one action.
    ///
    /// A policy without rules has one that never matches. Names begin with `name_prefix`.
    ///
    /// istiod: `security/authz/builder/builder.go` `build`
    pub(super) fn new(
        policies: &[&Policy],
        action: RbacAction,
        subject: Subject,
        trust_domains: &TrustDomains,
        name_prefix: &str,
    ) -> Self {
        let mut rules = Self::default();
        for policy in policies {
            let kind = if is_dry_run(policy) { &mut rules.dry_run } else { &mut rules.enforced };
            let rbac = kind.get_or_insert_with(|| rbac(action));
            let (namespace, name) = (policy.meta.namespace.as_str(), policy.meta.name.as_str());
            let rule_name = |index: usize| format!("{name_prefix}ns[{namespace}]-policy[{name}]-rule[{index}]");
            for (index, rule) in policy.spec.rules.iter().enumerate() {
                let translated = rule::policy(rule, namespace, subject, action, trust_domains);
                rbac.policies.extend(translated.map(|policy| (rule_name(index), policy)));
            }
            if policy.spec.rules.is_empty() {
                rbac.policies.insert(rule_name(0), never());
            }
        }
        rules
    }
}

pub(super) fn rbac(action: RbacAction) -> Rbac {
    Rbac { action, policies: BTreeMap::new(), ..Rbac::default() }
}

/// Annotation `istio.io/dry-run`. istiod: `builder.go` `isDryRun`
fn is_dry_run(policy: &Policy) -> bool {
    policy.meta.annotations.get("istio.io/dry-run").is_some_and(|value| go::parse_bool(value) == Some(true))
}

/// istiod: `builder.go` `rbacPolicyMatchNever`
fn never() -> RbacPolicy {
    RbacPolicy {
        permissions: vec![Permission::not(Permission::any())],
        principals: vec![Principal::not(Principal::any())],
    }
}

/// The filters for requests: AUDIT, DENY, ALLOW. Those of a tunnel speak of the connection inside of it.
///
/// istiod: `builder.go` `buildHTTP`, `BuildTCPRulesAsHTTPFilter`
pub(super) fn http(applicable: &Applicable<'_>, subject: Subject, trust_domains: &TrustDomains) -> Vec<HttpFilter> {
    let filter = |rules: Rules| {
        let shadow_rules_stat_prefix = shadow_rules_stat_prefix(rules.dry_run.as_ref());
        let config = HttpRbac {
            rules: rules.enforced,
            shadow_rules: rules.dry_run,
            shadow_rules_stat_prefix,
            ..HttpRbac::default()
        };
        filter::http(HTTP_RBAC, config)
    };
    by_action(applicable, subject, trust_domains).map(filter).collect()
}

/// The filters for connections: AUDIT, DENY, ALLOW. istiod: `builder.go` `buildTCP`
pub(super) fn network(applicable: &Applicable<'_>, subject: Subject, trust_domains: &TrustDomains) -> Vec<Filter> {
    let filter = |rules: Rules| {
        let shadow_rules_stat_prefix = shadow_rules_stat_prefix(rules.dry_run.as_ref());
        let config = NetworkRbac {
            rules: rules.enforced,
            shadow_rules: rules.dry_run,
            stat_prefix: NETWORK_STAT_PREFIX.to_owned(),
            shadow_rules_stat_prefix,
            ..NetworkRbac::default()
        };
        filter::network(NETWORK_RBAC, config)
    };
    by_action(applicable, subject, trust_domains).map(filter).collect()
}

fn by_action<'a>(
    applicable: &'a Applicable<'_>,
    subject: Subject,
    trust_domains: &'a TrustDomains,
) -> impl Iterator<Item = Rules> + 'a {
    let Applicable { custom: _, audit, deny, allow } = applicable;
    let actions = [(audit, RbacAction::Log), (deny, RbacAction::Deny), (allow, RbacAction::Allow)];
    let some = actions.into_iter().filter(|(policies, _)| !policies.is_empty());
    some.map(move |(policies, action)| Rules::new(policies, action, subject, trust_domains, ""))
}

/// Where the outcome of what is only tried is noted. ALLOW is what istiod takes the action for where there is nothing to try.
///
/// istiod: `builder.go` `shadowRuleStatPrefix`
fn shadow_rules_stat_prefix(dry_run: Option<&Rbac>) -> String {
    let prefix = match dry_run.map(|rules| rules.action).unwrap_or_default() {
        RbacAction::Allow => "istio_dry_run_allow_",
        RbacAction::Deny => "istio_dry_run_deny_",
        RbacAction::Log => "",
    };
    prefix.to_owned()
}
