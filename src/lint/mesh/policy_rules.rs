//! Rules of AuthorizationPolicies that together do something else than each says.

use super::authorization::{Policy, matches, policies, written};
use super::translated::Translated;
use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::istio::{AuthorizationPolicyAction as Action, Operation, Rule, Source};

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    rules_for_everyone(context, out);
    exceptions(translated, context, out);
}

/// Paths that are open to everyone on purpose: those that probes, scrapers and browsers ask for.
const OPEN_PATHS: &[&str] = &[
    "health",
    "healthz",
    "livez",
    "readyz",
    "live",
    "ready",
    "metrics",
    "ping",
    "status",
    "startup",
    "liveness",
    "readiness",
    "favicon.ico",
    "robots.txt",
    ".well-known",
    "public",
    "static",
    "login",
    "oauth2",
    "actuator",
    "wait-for-drain",
    "stats",
    "version",
    "docs",
    "assets",
    "swagger",
    "openapi.json",
];

/// One dash too many: a rule with `to` only lets everyone in, so that the `from` of a rule beside it restricts nothing.
fn rules_for_everyone<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for policy in written(context).filter(|policy| policy.spec.action == Action::Allow) {
        let all = &policy.spec.rules;
        let restricts = |rule: &Rule| rule.to.is_empty() && (!rule.from.is_empty() || !rule.when.is_empty());
        let Some(restricting) = all.iter().position(restricts) else { continue };
        for (index, rule) in all.iter().enumerate() {
            let is_open = !rule.to.is_empty() && rule.from.is_empty() && rule.when.is_empty();
            if !is_open || rule.to.iter().all(|to| to.operation.as_ref().is_some_and(is_meant_for_everyone)) {
                continue;
            }
            let field = if all.get(restricting).is_some_and(|rule| rule.from.is_empty()) { "when" } else { "from" };
            let message = format!(
                "`rules[{index}]` has no `from`: it allows these requests from everyone, so `{field}` of `rules[{restricting}]` does not restrict them"
            );
            let help = "to ask for both, write one rule with `from` and `to`: remove the dash before `to`";
            out.push(
                Finding::new(&rules::MESHC0120, policy.item, message)
                    .point(&format!("spec.rules[{index}]"))
                    .related(
                        policy.item,
                        &format!("spec.rules[{restricting}]"),
                        "this rule restricts other requests only",
                    )
                    .help(help),
            );
        }
    }
}

fn is_meant_for_everyone(operation: &Operation) -> bool {
    let is_open = |path: &String| path.split('/').any(|step| OPEN_PATHS.contains(&step.trim_end_matches('*')));
    // Ports without anything else are open to everyone on purpose, as those of probes and peers.
    let ports_only = Operation { ports: operation.ports.clone(), ..Operation::default() } == *operation;
    ports_only || !operation.paths.is_empty() && operation.paths.iter().all(is_open)
}

/// An ALLOW that is meant as an exception to a DENY: DENY goes first, and what no ALLOW names is denied besides.
fn exceptions<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mesh = translated.mesh;
    let all = policies(context, mesh);
    let with = |action: Action| all.iter().filter(move |policy| policy.action() == action);
    for allow in with(Action::Allow) {
        let proxies = allow.proxies(&translated.proxies, mesh);
        let Some(example) = proxies.first() else { continue };
        let deny = with(Action::Deny).filter(|deny| proxies.iter().all(|proxy| deny.is_for(proxy, mesh)));
        let denied = |deny: &Policy<'_, '_>| {
            let denies = |rule: &Rule| deny.rules().iter().any(|deny| covers(deny, rule));
            allow.rules().iter().position(denies)
        };
        let Some((deny, index)) = deny.into_iter().find_map(|deny| Some((deny, denied(deny)?))) else { continue };
        let message = format!(
            "AuthorizationPolicy {} denies all that this rule allows, as DENY comes first; and as an ALLOW policy selects {}, every request that no ALLOW policy names is denied there",
            deny.item.full_name(),
            example.full_name()
        );
        let help =
            "put the exception into the DENY policy (`notPaths`, `notPrincipals` and so on), and remove this one";
        out.push(
            Finding::new(&rules::MESHC0121, allow.item, message)
                .point(&format!("spec.rules[{index}]"))
                .related(deny.item, "spec.rules", "denies it")
                .help(help),
        );
    }
}

/// Says whether a rule is about all requests that another one is about.
fn covers(wide: &Rule, narrow: &Rule) -> bool {
    let from = wide.from.is_empty()
        || !narrow.from.is_empty()
            && narrow.from.iter().all(|narrow| {
                let wider = wide.from.iter().filter_map(|from| from.source.as_ref());
                narrow.source.as_ref().is_some_and(|narrow| wider.clone().any(|wide| covers_source(wide, narrow)))
            });
    let to = wide.to.is_empty()
        || !narrow.to.is_empty()
            && narrow.to.iter().all(|narrow| {
                let wider = wide.to.iter().filter_map(|to| to.operation.as_ref());
                narrow.operation.as_ref().is_some_and(|narrow| wider.clone().any(|wide| covers_operation(wide, narrow)))
            });
    from && to && wide.when.iter().all(|condition| narrow.when.contains(condition))
}

fn covers_operation(wide: &Operation, narrow: &Operation) -> bool {
    let Operation { hosts, not_hosts, ports, not_ports, methods, not_methods, paths, not_paths } = wide;
    within(hosts, &narrow.hosts)
        && within(ports, &narrow.ports)
        && within(methods, &narrow.methods)
        && within(paths, &narrow.paths)
        && excludes(not_hosts, &narrow.not_hosts, &narrow.hosts)
        && excludes(not_ports, &narrow.not_ports, &narrow.ports)
        && excludes(not_methods, &narrow.not_methods, &narrow.methods)
        && excludes(not_paths, &narrow.not_paths, &narrow.paths)
}

fn covers_source(wide: &Source, narrow: &Source) -> bool {
    let pairs = [
        (&wide.principals, &narrow.principals),
        (&wide.request_principals, &narrow.request_principals),
        (&wide.namespaces, &narrow.namespaces),
        (&wide.service_accounts, &narrow.service_accounts),
        (&wide.ip_blocks, &narrow.ip_blocks),
        (&wide.remote_ip_blocks, &narrow.remote_ip_blocks),
    ];
    let not = [
        (&wide.not_principals, &narrow.not_principals, &narrow.principals),
        (&wide.not_request_principals, &narrow.not_request_principals, &narrow.request_principals),
        (&wide.not_namespaces, &narrow.not_namespaces, &narrow.namespaces),
        (&wide.not_service_accounts, &narrow.not_service_accounts, &narrow.service_accounts),
        (&wide.not_ip_blocks, &narrow.not_ip_blocks, &narrow.ip_blocks),
        (&wide.not_remote_ip_blocks, &narrow.not_remote_ip_blocks, &narrow.remote_ip_blocks),
    ];
    pairs.into_iter().all(|(wide, narrow)| within(wide, narrow))
        && not.into_iter().all(|(not, narrow_not, narrow)| excludes(not, narrow_not, narrow))
}

/// Whether whatever is in a narrow list is in the wide one; an empty list is anything.
fn within(wide: &[String], narrow: &[String]) -> bool {
    wide.is_empty()
        || !narrow.is_empty()
            && narrow.iter().all(|narrow| {
                wide.iter()
                    .any(|wide| wide == narrow || (!narrow.contains('*') || wide == "*") && matches(wide, narrow))
            })
}

/// Whether what the wide rule leaves out is left out by the narrow one too, or is not among what it names.
fn excludes(not: &[String], narrow_not: &[String], narrow: &[String]) -> bool {
    let outside = |value: &String| {
        narrow_not.contains(value)
            || !narrow.is_empty() && !narrow.iter().any(|narrow| narrow.contains('*') || matches(value, narrow))
    };
    not.iter().all(outside)
}
