//! `AuthorizationPolicy`. istiod: `ValidateAuthorizationPolicy`

use crate::model::Config;
use crate::model::istio::{
    AuthorizationPolicy, AuthorizationPolicyAction as Action, AuthorizationPolicyActionDetail, Condition, Operation,
    Rule, Source,
};

use super::attribute;
use super::finding::{At, Findings};
use super::selector;

pub(super) fn check(config: &Config<AuthorizationPolicy>, findings: &mut Findings<'_>) {
    let AuthorizationPolicy { selector, target_ref, target_refs, rules, action, action_detail } = &config.spec;
    selector::check_targets(selector.as_ref(), target_ref.as_ref(), target_refs, findings);
    let provider = action_detail.as_ref().map(|AuthorizationPolicyActionDetail::Provider(provider)| provider);
    let at_provider = At::SPEC.field("provider");
    match (*action, provider) {
        (Action::Custom, _) if rules.is_empty() => {
            findings.error(&At::SPEC, "CUSTOM without `rules` is about no request; an empty rule `{}` is about all");
        }
        (Action::Custom, provider) if provider.is_none_or(|provider| provider.name.is_empty()) => {
            findings.error(&at_provider, "CUSTOM requires `provider.name`");
        }
        (Action::Custom, _) | (_, None) => {}
        (action, Some(_)) => findings.error(&at_provider, format!("`provider` is for CUSTOM, not for {action}")),
    }
    if *action == Action::Deny && rules.is_empty() {
        findings.error(&At::SPEC, "DENY without `rules` is about no request; an empty rule `{}` is about all");
    }
    let list = At::SPEC.field("rules");
    for (index, rule) in rules.iter().enumerate() {
        let at = list.item(index);
        if *action == Action::Custom {
            check_custom(rule, &at, findings);
        }
        check_rule(rule, *action, &at, findings);
    }
}

/// What the decision of somebody else cannot depend on.
fn check_custom(rule: &Rule, at: &At<'_>, findings: &mut Findings<'_>) {
    let list = at.field("from");
    for (index, from) in rule.from.iter().enumerate() {
        let Some(source) = &from.source else { continue };
        let at = list.item(index);
        let at = at.field("source");
        for (field, values) in [
            ("namespaces", &source.namespaces),
            ("notNamespaces", &source.not_namespaces),
            ("serviceAccounts", &source.service_accounts),
            ("notServiceAccounts", &source.not_service_accounts),
            ("trustDomains", &source.trust_domains),
            ("notTrustDomains", &source.not_trust_domains),
            ("principals", &source.principals),
            ("notPrincipals", &source.not_principals),
            ("requestPrincipals", &source.request_principals),
            ("notRequestPrincipals", &source.not_request_principals),
        ] {
            if !values.is_empty() {
                findings.error(&at.field(field), "CUSTOM does not support this field");
            }
        }
    }
    let list = at.field("when");
    for (index, condition) in rule.when.iter().enumerate() {
        let identity = ["source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"];
        if identity.contains(&condition.key.as_str()) || condition.key.starts_with("request.auth.") {
            let at = list.item(index);
            findings.error(&at.field("key"), format!("CUSTOM does not support `{}`", condition.key));
        }
    }
}

fn check_rule(rule: &Rule, action: Action, at: &At<'_>, findings: &mut Findings<'_>) {
    let Rule { from, to, when } = rule;
    let mut tcp_source = false;
    let list = at.field("from");
    for (index, from) in from.iter().enumerate() {
        let at = list.item(index);
        match &from.source {
            None => findings.error(&at, "`source` is missing"),
            Some(source) => tcp_source |= check_source(source, &at.field("source"), findings),
        }
    }
    let mut tcp_operation = false;
    let list = at.field("to");
    for (index, to) in to.iter().enumerate() {
        let at = list.item(index);
        match &to.operation {
            None => findings.error(&at, "`operation` is missing"),
            Some(operation) => tcp_operation |= check_operation(operation, &at.field("operation"), findings),
        }
    }
    let list = at.field("when");
    for (index, condition) in when.iter().enumerate() {
        check_condition(condition, &list.item(index), findings);
    }
    let has_source = from.iter().any(|from| from.source.is_some());
    let has_operation = to.iter().any(|to| to.operation.is_some());
    let only_http = has_source && !has_operation && !tcp_source || has_operation && !tcp_operation;
    if only_http && action == Action::Deny {
        let message = "this denies all connections to ports of TCP, as it names only properties of HTTP";
        findings.warning("deny-all-tcp", at, message);
    }
}

/// Checks a source; returns whether it says anything about connections.
fn check_source(source: &Source, at: &At<'_>, findings: &mut Findings<'_>) -> bool {
    if *source == Source::default() {
        findings.error(at, "`from.source` requires at least one field");
    }
    let identities = [&source.principals, &source.not_principals, &source.namespaces, &source.not_namespaces];
    let accounts = [&source.service_accounts, &source.not_service_accounts];
    let any = |lists: &[&Vec<String>]| lists.iter().any(|list| !list.is_empty());
    if any(&identities) && any(&accounts) {
        findings.error(at, "`serviceAccounts` cannot be combined with principals or namespaces");
    }
    let addresses = [
        ("ipBlocks", &source.ip_blocks),
        ("notIpBlocks", &source.not_ip_blocks),
        ("remoteIpBlocks", &source.remote_ip_blocks),
        ("notRemoteIpBlocks", &source.not_remote_ip_blocks),
    ];
    for (field, values) in addresses {
        findings.check(&at.field(field), attribute::addresses(values));
    }
    for (field, values) in [
        ("principals", &source.principals),
        ("notPrincipals", &source.not_principals),
        ("requestPrincipals", &source.request_principals),
        ("notRequestPrincipals", &source.not_request_principals),
        ("namespaces", &source.namespaces),
        ("notNamespaces", &source.not_namespaces),
    ] {
        findings.check(&at.field(field), attribute::not_empty(values));
    }
    for (field, values) in
        [("serviceAccounts", &source.service_accounts), ("notServiceAccounts", &source.not_service_accounts)]
    {
        findings.check(&at.field(field), attribute::service_accounts(values));
    }
    for (field, values) in [("trustDomains", &source.trust_domains), ("notTrustDomains", &source.not_trust_domains)] {
        findings.check(&at.field(field), attribute::trust_domains(values));
    }
    any(&identities) || any(&accounts) || any(&addresses.map(|(_, list)| list))
}

/// Checks an operation; returns whether it says anything about connections.
fn check_operation(operation: &Operation, at: &At<'_>, findings: &mut Findings<'_>) -> bool {
    if *operation == Operation::default() {
        findings.error(at, "`to.operation` requires at least one field");
    }
    for (field, values) in [("ports", &operation.ports), ("notPorts", &operation.not_ports)] {
        findings.check(&at.field(field), attribute::ports(values));
    }
    for (field, values) in [
        ("methods", &operation.methods),
        ("notMethods", &operation.not_methods),
        ("hosts", &operation.hosts),
        ("notHosts", &operation.not_hosts),
        ("paths", &operation.paths),
        ("notPaths", &operation.not_paths),
    ] {
        findings.check(&at.field(field), attribute::not_empty(values));
    }
    for (field, values) in [("paths", &operation.paths), ("notPaths", &operation.not_paths)] {
        findings.check(&at.field(field), attribute::path_templates(values));
    }
    !operation.ports.is_empty() || !operation.not_ports.is_empty()
}

fn check_condition(condition: &Condition, at: &At<'_>, findings: &mut Findings<'_>) {
    let Condition { key, values, not_values } = condition;
    if key.is_empty() {
        findings.error(at, "a condition requires a `key`");
    } else if values.is_empty() && not_values.is_empty() {
        findings.error(at, "a condition requires `values` or `notValues`");
    } else {
        for (field, values) in [("values", values), ("notValues", not_values)] {
            // What is wrong with the key is told once.
            if field == "values" || attribute::check(key, &[]).is_ok() {
                let place = if attribute::check(key, &[]).is_ok() { field } else { "key" };
                findings.check(&at.field(place), attribute::check(key, values));
            }
        }
    }
}
