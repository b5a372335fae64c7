//! Policies for workloads in ambient mode: what ztunnel enforces, and what only a waypoint could.
//!
//! istiod: `ambient/authorization.go` `convertAuthorizationPolicy`, `handleRule`

use std::collections::BTreeMap;

use super::in_ambient_mode;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::mesh::translated::Translated;
use crate::lint::rules;
use crate::model::Config;
use crate::model::istio::{AuthorizationPolicy, AuthorizationPolicyAction as Action, Operation, Rule, Source};
use crate::proxy::selection::{PolicyMatcher, Targetable};

/// What ztunnel knows of a connection. istiod: `l4WhenAttributes`
const KNOWN: &[&str] = &["source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"];

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mesh = translated.mesh;
    for policy in mesh.authorization_policies.iter().filter(|policy| policy.spec.target_refs().is_empty()) {
        authorization(translated, context, policy, out);
    }
    for policy in mesh.request_authentications.iter() {
        only_waypoints(translated, context, policy, out);
    }
    for policy in &mesh.traffic_extensions {
        only_waypoints(translated, context, policy, out);
    }
    for policy in &mesh.envoy_filters {
        only_waypoints(translated, context, policy, out);
    }
    // Those for a whole namespace are for its waypoint too.
    for policy in mesh.telemetries.iter().filter(|policy| policy.spec.match_labels().is_some_and(|own| !own.is_empty()))
    {
        only_waypoints(translated, context, policy, out);
    }
}

/// A policy that selects workloads in ambient mode, and no proxy.
fn only_waypoints<'c, T: Targetable>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    policy: &Config<T>,
    out: &mut Vec<Finding<'c>>,
) {
    let mesh = translated.mesh;
    let Some(item) = context.by_resource(policy.source).filter(|item| item.is_written()) else { return };
    let none = BTreeMap::new();
    let selector = policy.spec.match_labels().unwrap_or(&none);
    let root = &mesh.config.root_namespace;
    if !policy.spec.target_refs().is_empty() || in_ambient_mode(translated, &policy.meta.namespace, selector).is_empty()
    {
        return;
    }
    let attaches = translated.proxies.iter().any(|proxy| {
        (policy.meta.namespace == *root || proxy.namespace == policy.meta.namespace)
            && PolicyMatcher::new(mesh.features(), proxy, root).attaches(policy)
    });
    if !attaches {
        let path = if selector.is_empty() { "metadata.name" } else { selector_path(item) };
        let message = "has no effect: it selects workloads in ambient mode, and waypoints follow `targetRefs` only";
        let help = "name the Service or the waypoint in `targetRefs`, in place of a selector";
        out.push(Finding::new(&rules::MESHC0146, item, message).point(path).help(help));
    }
}

fn selector_path(item: &Item<'_>) -> &'static str {
    if item.kind() == "EnvoyFilter" { "spec.workloadSelector" } else { "spec.selector" }
}

/// An AuthorizationPolicy that ztunnel enforces, and cannot as it is meant.
fn authorization<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    policy: &Config<AuthorizationPolicy>,
    out: &mut Vec<Finding<'c>>,
) {
    let Some(item) = context.by_resource(policy.source).filter(|item| item.is_written()) else { return };
    let none = BTreeMap::new();
    let selector = policy.spec.match_labels().unwrap_or(&none);
    if in_ambient_mode(translated, &policy.meta.namespace, selector).is_empty() {
        return;
    }
    let help = "name the Service or the waypoint in `targetRefs`, so that the waypoint enforces it";
    let action = policy.spec.action;
    if matches!(action, Action::Custom | Action::Audit) {
        let message = "ztunnel ignores the policy for workloads in ambient mode: it has no such action";
        out.push(Finding::new(&rules::MESHC0147, item, message).point("spec.action").help(help));
        return;
    }
    let fields = policy.spec.rules.iter().enumerate().find_map(|(index, rule)| Some((index, http_field(rule)?)));
    let Some((index, field)) = fields else { return };
    let message = match action {
        Action::Deny => format!(
            "ztunnel ignores `{field}` for workloads in ambient mode: it denies whatever the rest of the rule matches"
        ),
        _ => format!(
            "ztunnel drops the rule for workloads in ambient mode, because it does not know `{field}`: what the rule allows is denied"
        ),
    };
    out.push(Finding::new(&rules::MESHC0147, item, message).point(&format!("spec.rules[{index}]")).help(help));
}

/// Returns the first thing in a rule that only HTTP has.
fn http_field(rule: &Rule) -> Option<String> {
    let operations = rule.to.iter().filter_map(|to| to.operation.as_ref()).find_map(of_operation);
    let sources = rule.from.iter().filter_map(|from| from.source.as_ref()).find_map(of_source);
    let when = || rule.when.iter().map(|condition| &condition.key).find(|key| !KNOWN.contains(&key.as_str()));
    operations.or(sources).map(str::to_owned).or_else(|| when().cloned())
}

fn of_operation(operation: &Operation) -> Option<&'static str> {
    let Operation { hosts, not_hosts, ports: _, not_ports: _, methods, not_methods, paths, not_paths } = operation;
    let lists = [
        ("hosts", hosts),
        ("notHosts", not_hosts),
        ("methods", methods),
        ("notMethods", not_methods),
        ("paths", paths),
        ("notPaths", not_paths),
    ];
    lists.into_iter().find(|(_, list)| !list.is_empty()).map(|(name, _)| name)
}

fn of_source(source: &Source) -> Option<&'static str> {
    let lists = [
        ("requestPrincipals", &source.request_principals),
        ("notRequestPrincipals", &source.not_request_principals),
        ("remoteIpBlocks", &source.remote_ip_blocks),
        ("notRemoteIpBlocks", &source.not_remote_ip_blocks),
    ];
    lists.into_iter().find(|(_, list)| !list.is_empty()).map(|(name, _)| name)
}
