//! Conditions on tokens where nobody checks tokens, and tokens that are checked and not asked for.

use super::authorization::{Policy, is_for_service, of_source, policies};
use super::translated::Translated;
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::model::Config;
use crate::model::istio::{AuthorizationPolicyAction as Action, RequestAuthentication};
use crate::proxy::Proxy;
use crate::proxy::selection::PolicyMatcher;

/// Attributes of a token.
const TOKEN: &str = "request.auth.";

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mesh = translated.mesh;
    let root = mesh.config.root_namespace.as_str();
    let all = policies(context, mesh);
    let checks = |proxy: &Proxy| {
        let matcher = PolicyMatcher::new(mesh.features(), proxy, root);
        !matcher.attached(&mesh.request_authentications, &[root, &proxy.namespace]).is_empty()
            || mesh.request_authentications.iter().any(|one| is_for_service(one, proxy, mesh))
    };
    for policy in &all {
        let proxies = policy.proxies(&translated.proxies, mesh);
        if proxies.is_empty() || proxies.iter().any(|proxy| checks(proxy)) {
            continue;
        }
        // The one for the whole mesh may be in the files of the install.
        let is_known = mesh.request_authentications.iter().next().is_some() || context.knowledge.knows(root);
        let is_settled = context.knowledge.object("RequestAuthentication", &policy.item.namespace).is_none();
        if is_known
            && is_settled
            && let Some((path, field)) = condition(policy)
        {
            out.push(unchecked(policy, &path, &field, &proxies));
        }
    }
    for authentication in mesh.request_authentications.iter() {
        let Some(item) = context.by_resource(authentication.source) else { continue };
        if context.knowledge.object("AuthorizationPolicy", &item.namespace).is_some() {
            continue;
        }
        if is_asked_for(translated, context, &all, authentication) == Some(false) {
            out.push(not_required(item));
        }
    }
}

/// Returns the first condition on a token.
fn condition(policy: &Policy<'_, '_>) -> Option<(String, String)> {
    for (i, rule) in policy.rules().iter().enumerate() {
        for (j, from) in rule.from.iter().enumerate() {
            let lists = from.source.iter().flat_map(|source| of_source(i, j, source));
            let mut of_token = lists.filter(|list| matches!(list.field, "requestPrincipals" | "notRequestPrincipals"));
            if let Some(list) = of_token.next() {
                return Some((list.path, list.field.to_owned()));
            }
        }
        if let Some(j) = rule.when.iter().position(|condition| condition.key.starts_with(TOKEN)) {
            return Some((format!("spec.rules[{i}].when[{j}].key"), rule.when.get(j)?.key.clone()));
        }
    }
    None
}

fn unchecked<'c>(policy: &Policy<'c, '_>, path: &str, field: &str, proxies: &[&Proxy]) -> Finding<'c> {
    let example = proxies.first().map(|proxy| proxy.full_name()).unwrap_or_default();
    let effect = match policy.action() {
        Action::Deny if field == "notRequestPrincipals" => "the rule denies requests with a good token too",
        _ if field == "notRequestPrincipals" => "the condition holds for every request",
        _ => "the condition never holds",
    };
    let message = format!(
        "no RequestAuthentication checks tokens at the workloads of this policy (such as {example}), so no request has a principal: {effect}"
    );
    Finding::new(&rules::MESHC0122, policy.item, message)
        .point(path)
        .help("add a RequestAuthentication that selects these workloads, in their namespace or in the root namespace")
}

/// Whether a policy or a route asks for the token that is checked; nothing if no proxy checks it.
fn is_asked_for(
    translated: &Translated<'_>,
    context: &LintContext<'_>,
    policies: &[Policy<'_, '_>],
    authentication: &Config<RequestAuthentication>,
) -> Option<bool> {
    let mesh = translated.mesh;
    let is_near =
        |proxy: &&Proxy| [&proxy.namespace, &mesh.config.root_namespace].contains(&&authentication.meta.namespace);
    let mut proxies = translated.proxies.iter().filter(|proxy| {
        let matcher = PolicyMatcher::new(mesh.features(), proxy, &mesh.config.root_namespace);
        (is_near(proxy) && matcher.attaches(authentication)) || is_for_service(authentication, proxy, mesh)
    });
    let mut proxies = proxies.by_ref().peekable();
    proxies.peek()?;
    let by_policy = proxies.any(|proxy| policies.iter().any(|policy| policy.is_for(proxy, mesh) && asks(policy)));
    let by_route = context.virtual_services().any(|service| {
        let mut conditions = service.spec.http.iter().flat_map(|route| &route.r#match);
        conditions.any(|one| {
            one.headers.keys().chain(one.without_headers.keys()).any(|name| name.starts_with("@request.auth."))
        })
    });
    // Claims may go into headers, for the application to judge.
    let forwards = authentication.spec.jwt_rules.iter().any(|rule| {
        !rule.output_claim_to_headers.is_empty()
            || !rule.output_payload_to_header.is_empty()
            || rule.forward_original_token
    });
    Some(by_policy || by_route || forwards)
}

fn asks(policy: &Policy<'_, '_>) -> bool {
    condition(policy).is_some() || policy.action() == Action::Custom
}

fn not_required<'c>(item: &'c Item<'c>) -> Finding<'c> {
    let message = "requests without a token pass: no AuthorizationPolicy of these workloads requires one";
    Finding::new(&rules::MESHC0123, item, message)
        .point("spec")
        .help("require one: an AuthorizationPolicy with `from: [{source: {requestPrincipals: [\"*\"]}}]`")
}
