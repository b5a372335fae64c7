//! Routes of gateways into workloads whose policies let no gateway in.

use std::collections::{BTreeMap, BTreeSet};

use super::authorization::{Policy, matches, policies};
use super::translated::Translated;
use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::istioctl;
use crate::lint::rules;
use crate::mesh::labels;
use crate::model::istio::{AuthorizationPolicyAction as Action, Rule, Source};
use crate::proxy::{Proxy, ProxyKind};
use crate::source::ResourceRef;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mesh = translated.mesh;
    let all = policies(context, mesh);
    let allow: Vec<&Policy<'_, '_>> = all.iter().filter(|policy| policy.action() == Action::Allow).collect();
    if allow.is_empty() {
        return;
    }
    let mut by_host: BTreeMap<&str, Vec<&Proxy>> = BTreeMap::new();
    for proxy in translated.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Sidecar) {
        for target in &proxy.service_targets {
            by_host.entry(&target.service.hostname).or_default().push(proxy);
        }
    }
    // A gateway that does not say its namespace has an identity that nobody knows.
    let nameless = |resource: ResourceRef| {
        context.by_resource(resource).is_some_and(|item| item.is_written() && item.object().meta.namespace.is_empty())
    };
    let is_known = |router: &Proxy, policy: &Policy<'_, '_>| {
        !nameless(router.source) || policy.item.object().meta.namespace.is_empty()
    };
    for service in context.virtual_services().filter(|service| context.is_taken(service.item)) {
        let gateways = service.spec.gateways.iter().filter(|name| *name != "mesh");
        let routers: Vec<&Proxy> = gateways.flat_map(|name| routers(translated, &service.namespace, name)).collect();
        let mut told: BTreeSet<String> = BTreeSet::new();
        for (destination, path) in istioctl::destinations(&service) {
            let host = translated.full_host(&service.namespace, &destination.host);
            for router in &routers {
                let workloads = by_host.get(host.as_str()).map_or(&[][..], Vec::as_slice);
                let Some((workload, policy)) = refusing(translated, &allow, router, workloads) else { continue };
                if !is_known(router, policy) {
                    continue;
                }
                // What its author has misspelt is said where it is written.
                if translated.is_said(&[&rules::MESHC0124, &rules::MESHC0122], policy.item)
                    || !told.insert(host.clone())
                {
                    continue;
                }
                let message = format!(
                    "requests from gateway {} get a 403: no ALLOW policy of {} lets {} in",
                    router.full_name(),
                    workload.full_name(),
                    principal(translated, router)
                );
                out.push(
                    Finding::new(&rules::MESHC0126, service.item, message)
                        .point(&format!("{path}.host"))
                        .related(policy.item, "spec.rules", "the policy")
                        .help(format!("allow its principal: `principals: [\"{}\"]`", principal(translated, router))),
                );
            }
        }
    }
}

/// Returns the routers that run a Gateway.
pub(super) fn routers<'t>(translated: &'t Translated<'_>, namespace: &str, gateway: &str) -> Vec<&'t Proxy> {
    let (namespace, name) = gateway.split_once('/').unwrap_or((namespace, gateway));
    let mut gateways = translated.mesh.gateways.iter();
    let Some(gateway) = gateways.find(|known| known.meta.namespace == namespace && known.meta.name == name) else {
        return Vec::new();
    };
    let routers = translated.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Router);
    routers.filter(|proxy| labels::subset(&gateway.spec.selector, &proxy.labels)).collect()
}

pub(super) fn principal(translated: &Translated<'_>, proxy: &Proxy) -> String {
    let domain = &translated.mesh.config.trust_domain;
    let domain = if domain.is_empty() { "cluster.local" } else { domain };
    format!("{domain}/ns/{}/sa/{}", proxy.namespace, proxy.service_account)
}

/// Returns a workload behind a host that refuses whatever a gateway asks for, with a policy of its.
fn refusing<'t, 'c, 'm>(
    translated: &Translated<'_>,
    allow: &[&'t Policy<'c, 'm>],
    router: &Proxy,
    workloads: &[&'t Proxy],
) -> Option<(&'t Proxy, &'t Policy<'c, 'm>)> {
    let mesh = translated.mesh;
    let principal = principal(translated, router);
    let mut refused = None;
    // All of them: some let it in, and the others may be meant for others.
    for &workload in workloads {
        let own: Vec<&&Policy<'_, '_>> = allow.iter().filter(|policy| policy.is_for(workload, mesh)).collect();
        let first = own.first()?;
        let lets_in = own.iter().any(|policy| policy.rules().iter().any(|rule| may_match(rule, &principal, router)));
        if lets_in {
            return None;
        }
        refused.get_or_insert((workload, **first));
    }
    refused
}

/// Whether a rule may hold for some request of a client.
pub(super) fn may_match(rule: &Rule, principal: &str, client: &Proxy) -> bool {
    let source = rule.from.is_empty()
        || rule.from.iter().any(|from| from.source.as_ref().is_none_or(|source| may_be(source, principal, client)));
    let when = rule.when.iter().all(|condition| {
        let text = match condition.key.as_str() {
            "source.principal" => principal,
            "source.namespace" => &client.namespace,
            _ => return true,
        };
        (condition.values.is_empty() || condition.values.iter().any(|value| matches(value, text)))
            && !condition.not_values.iter().any(|value| matches(value, text))
    });
    source && when
}

fn may_be(source: &Source, principal: &str, client: &Proxy) -> bool {
    let is = |list: &[String], text: &str| list.iter().any(|value| matches(value, text));
    let account = format!("{}/{}", client.namespace, client.service_account);
    let is_account = |list: &[String]| list.iter().any(|value| *value == account || *value == client.service_account);
    (source.principals.is_empty() || is(&source.principals, principal))
        && (source.namespaces.is_empty() || is(&source.namespaces, &client.namespace))
        && (source.service_accounts.is_empty() || is_account(&source.service_accounts))
        && !is(&source.not_principals, principal)
        && !is(&source.not_namespaces, &client.namespace)
        && !is_account(&source.not_service_accounts)
}
