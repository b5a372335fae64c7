//! Gateways whose requests go through a waypoint that does not let them in.

use std::collections::BTreeSet;

use crate::lint::context::LintContext;
use crate::lint::finding::Finding;
use crate::lint::mesh::authorization::{Policy, policies};
use crate::lint::mesh::gateway_access::{may_match, principal};
use crate::lint::mesh::translated::Translated;
use crate::lint::rules;
use crate::mesh::ambient::AmbientService;
use crate::mesh::virtual_service;
use crate::model::istio::AuthorizationPolicyAction as Action;
use crate::proxy::selection::PolicyMatcher;
use crate::proxy::{Proxy, ProxyKind};

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mesh = translated.mesh;
    if !mesh.features().ingress_waypoint_routing {
        return;
    }
    let through = mesh.ambient.services.values().filter(|one| one.ingress_use_waypoint && one.waypoint.is_some());
    let through: Vec<&AmbientService> = through.collect();
    let all = policies(context, mesh);
    let allow: Vec<&Policy<'_, '_>> = all.iter().filter(|policy| policy.action() == Action::Allow).collect();
    if through.is_empty() || allow.is_empty() {
        return;
    }
    for router in translated.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Router) {
        let reached = destinations(translated, router);
        let principal = principal(translated, router);
        for service in through.iter().filter(|service| reached.contains(&service.hostname)) {
            let own: Vec<&&Policy<'_, '_>> =
                allow.iter().filter(|policy| is_for(translated, policy, service)).collect();
            let lets_in = own.iter().any(|own| own.rules().iter().any(|rule| may_match(rule, &principal, router)));
            let Some(policy) = own.first().filter(|_| !lets_in) else { continue };
            if translated.is_said(&[&rules::MESHC0124, &rules::MESHC0122], policy.item) {
                continue;
            }
            let message = format!(
                "requests from gateway {} to {} get a 403 at the waypoint: no ALLOW policy lets {principal} in",
                router.full_name(),
                service.hostname,
            );
            let finding = Finding::new(&rules::MESHC0149, policy.item, message).point("spec.rules");
            out.push(finding.help(format!("allow its principal: `principals: [\"{principal}\"]`")));
        }
    }
}

/// Whether the waypoint of a service enforces a policy for its requests.
fn is_for(translated: &Translated<'_>, policy: &Policy<'_, '_>, service: &AmbientService) -> bool {
    let mesh = translated.mesh;
    let Some(waypoint) = &service.waypoint else { return false };
    let root = &mesh.config.root_namespace;
    let namespace = &policy.config.meta.namespace;
    let is_near = [root, &waypoint.namespace, &service.namespace].contains(&namespace);
    let mut proxies = translated.proxies.iter().filter(|proxy| {
        proxy.namespace == waypoint.namespace
            && proxy.client.waypoint.as_ref().is_some_and(|own| own.gateway == waypoint.name)
    });
    let known = mesh.service(&service.hostname, &service.namespace);
    is_near
        && proxies.any(|proxy| {
            let matcher = PolicyMatcher::new(mesh.features(), proxy, root);
            matcher.with_service(known.map(AsRef::as_ref)).attaches(policy.config)
        })
}

/// The hosts to which a gateway has routes.
fn destinations(translated: &Translated<'_>, router: &Proxy) -> BTreeSet<String> {
    let mesh = translated.mesh;
    let gateway = router.merged_gateway(mesh);
    let names = gateway.iter().flat_map(|gateway| &gateway.gateway_names);
    let configs = names.flat_map(|name| mesh.virtual_services.bound_to(name));
    configs.flat_map(|config| virtual_service::destinations(&config.spec, "").into_keys()).collect()
}
