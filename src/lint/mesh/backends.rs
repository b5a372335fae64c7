//! Destinations of gateways behind which there is nothing, or another VirtualService whose routes gateways do not follow.

use std::collections::BTreeSet;

use super::translated::Translated;
use crate::ingest::Resource;
use crate::lint::context::{Item, LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::istioctl;
use crate::lint::rules;
use crate::model::istio::VirtualService;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for service in context.virtual_services().filter(|service| context.is_taken(service.item)) {
        let mut told: BTreeSet<String> = BTreeSet::new();
        let of_gateway = service.spec.gateways.iter().any(|gateway| gateway != "mesh");
        for (destination, path) in istioctl::destinations(&service) {
            let host = translated.full_host(&service.namespace, &destination.host);
            if told.contains(&host) {
                continue;
            }
            let facade = of_gateway.then(|| facade(translated, context, &service, &host)).flatten();
            let empty = is_empty(translated, context, &host);
            let message = match (empty, &facade) {
                (true, _) => format!("Service {host} has no selector and no endpoints: requests get a 503"),
                (false, Some(facade)) => format!(
                    "a gateway's route is not routed again: the routes of VirtualService {} are for sidecars, and requests go to {host} itself",
                    facade.full_name()
                ),
                (false, None) => continue,
            };
            told.insert(host.clone());
            let rule = if empty { &rules::MESHC0128 } else { &rules::MESHC0129 };
            let finding = Finding::new(rule, service.item, message).point(&format!("{path}.host"));
            out.push(match facade {
                Some(facade) => finding.related(facade.item, "spec.http", "these routes are for sidecars only").help(format!(
                    "a gateway's route is not routed again by VirtualService {}: list the gateway in its `gateways` with the public host, or make it a delegate",
                    facade.full_name()
                )),
                None => finding.help("give the Service a selector, or add EndpointSlices for it"),
            });
        }
    }
    of_routes(translated, context, out);
}

/// The same for routes of the Gateway API.
fn of_routes<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for (item, path, host) in backends(translated, context) {
        if is_empty(translated, context, &host) {
            let message = format!("Service {host} has no selector and no endpoints: requests get a 503");
            out.push(
                Finding::new(&rules::MESHC0128, item, message)
                    .point(&path)
                    .help("give the Service a selector, or add EndpointSlices for it"),
            );
        }
    }
}

/// Returns the Services that HTTPRoutes and GRPCRoutes lead to, by the route's object and the path there.
pub(super) fn backends<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
) -> Vec<(&'c Item<'c>, String, String)> {
    let mut out = Vec::new();
    for kind in ["HTTPRoute", "GRPCRoute"] {
        for item in context.of(crate::lint::context::GATEWAY_API, kind).filter(|item| context.is_taken(item)) {
            let items = |node: crate::source::Node<'c>, key: &str| {
                node.get(key).into_iter().flat_map(crate::source::Node::items).collect::<Vec<_>>()
            };
            let Some(spec) = item.node().get("spec") else { continue };
            for (i, rule) in items(spec, "rules").into_iter().enumerate() {
                for (j, backend) in items(rule, "backendRefs").into_iter().enumerate() {
                    let text = |key: &str| backend.get(key).and_then(crate::source::Node::as_str);
                    if text("kind").is_some_and(|kind| kind != "Service") {
                        continue;
                    }
                    let Some(name) = text("name") else { continue };
                    let namespace = text("namespace").unwrap_or(&item.namespace);
                    let path = format!("spec.rules[{i}].backendRefs[{j}]");
                    out.push((item, path, translated.full_host(namespace, name)));
                }
            }
        }
    }
    out
}

/// Whether a host is a Service of the files with neither selector nor endpoints.
fn is_empty(translated: &Translated<'_>, context: &LintContext<'_>, host: &str) -> bool {
    let Some((name, rest)) = host.split_once('.') else { return false };
    let namespace = rest.split('.').next().unwrap_or_default();
    let Some(item) = context.find("Service", namespace, name) else { return false };
    let Some(Resource::Service(service)) = &item.object().resource else { return false };
    let spec = &service.spec.spec;
    let is_bare = spec.selector.is_empty() && spec.r#type != "ExternalName" && item.is_written();
    let of_mesh = translated.mesh.service(host, namespace);
    let has_none = of_mesh.is_some_and(|service| translated.mesh.service_endpoints(service).is_empty());
    is_bare && has_none && context.unfinished(item).is_none() && context.knowledge.service(namespace, name).is_none()
}

/// Returns the VirtualService for sidecars that routes a host elsewhere.
fn facade<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    own: &Typed<'c, VirtualService>,
    host: &str,
) -> Option<Typed<'c, VirtualService>> {
    let in_mesh = |service: &Typed<'_, VirtualService>| {
        service.spec.gateways.is_empty() || service.spec.gateways.iter().all(|gateway| gateway == "mesh")
    };
    let mut all =
        context.virtual_services().filter(|service| !std::ptr::eq(service.item, own.item) && in_mesh(service));
    all.find(|service| {
        let has = service.spec.hosts.iter().any(|one| translated.full_host(&service.namespace, one) == host);
        let targets = istioctl::destinations(service);
        let mut of_http = targets.iter().filter(|(_, path)| path.starts_with("spec.http") && path.contains(".route["));
        let elsewhere = of_http.clone().next().is_some()
            && of_http.all(|(destination, _)| translated.full_host(&service.namespace, &destination.host) != host);
        has && elsewhere && context.is_taken(service.item)
    })
}
