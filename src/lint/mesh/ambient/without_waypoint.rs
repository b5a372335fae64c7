//! Routes, policies and DestinationRules for services that no waypoint serves.

use super::{has_sidecars, may_have_waypoint, services};
use crate::lint::context::{GATEWAY_API, Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::mesh::translated::Translated;
use crate::lint::{Rule, rules};
use crate::mesh::ambient::AmbientService;
use crate::mesh::service::Registry;
use crate::proxy::ProxyKind;
use crate::source::Node;

/// Kinds of routes of the Gateway API.
const ROUTES: &[&str] = &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"];

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    policies(translated, context, out);
    // Sidecars apply routes and DestinationRules to their own requests.
    if !has_sidecars(translated) {
        virtual_services(translated, context, out);
        routes(translated, context, out);
        destination_rules(translated, context, out);
    }
}

fn has_waypoint(context: &LintContext<'_>, services: &[&AmbientService]) -> bool {
    services.iter().any(|service| may_have_waypoint(context, service))
}

fn finding<'c>(rule: &'static Rule, item: &'c Item<'c>, path: &str, of: &str) -> Finding<'c> {
    Finding::new(rule, item, format!("has no effect on requests to {of}: no waypoint serves it"))
        .point(path)
        .help("label the Service or its Namespace with `istio.io/use-waypoint`")
}

fn virtual_services<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for service in context.virtual_services().filter(|service| context.is_taken(service.item)) {
        let spec = service.spec;
        let is_for_mesh = spec.gateways.iter().all(|gateway| gateway == "mesh");
        if !is_for_mesh || spec.hosts.is_empty() {
            continue;
        }
        let hosts: Vec<String> = spec.hosts.iter().map(|host| translated.full_host(&service.namespace, host)).collect();
        let known: Vec<Vec<&AmbientService>> = hosts.iter().map(|host| services(translated, host)).collect();
        if known.iter().all(|services| !services.is_empty() && !has_waypoint(context, services)) {
            out.push(finding(&rules::MESHC0143, service.item, "spec.hosts", &hosts.join(", ")));
            continue;
        }
        // A waypoint reads those of its own and of the service's namespace.
        let is_read = |known: &&AmbientService| {
            let of_waypoint = known.waypoint.as_ref().is_some_and(|waypoint| waypoint.namespace == service.namespace);
            known.waypoint.is_none() || of_waypoint || known.namespace == service.namespace
        };
        if known.iter().all(|services| has_waypoint(context, services) && !services.iter().any(is_read)) {
            let message =
                "has no effect: a waypoint reads VirtualServices of its own namespace and of the service's only";
            out.push(Finding::new(&rules::MESHC0143, service.item, message).point("metadata.namespace"));
        }
    }
}

fn routes<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for item in ROUTES.iter().flat_map(|kind| context.of(GATEWAY_API, kind)) {
        let Some(parents) = item.node().get("spec").and_then(|spec| spec.get("parentRefs")) else { continue };
        let mut unserved: Vec<String> = Vec::new();
        let all = parents.items().all(|parent| {
            let Some(service) = referenced(translated, parent, &item.namespace) else { return false };
            unserved.push(service.hostname.clone());
            !may_have_waypoint(context, service)
        });
        if all && !unserved.is_empty() {
            out.push(finding(&rules::MESHC0143, item, "spec.parentRefs", &unserved.join(", ")));
        }
    }
}

/// The service that a reference names, if it names one that is known.
fn referenced<'t>(translated: &'t Translated<'_>, reference: Node<'_>, own: &str) -> Option<&'t AmbientService> {
    let text = |key: &str| reference.get(key).and_then(Node::as_str);
    let namespace = text("namespace").unwrap_or(own);
    let name = text("name")?;
    let mesh = translated.mesh;
    let hostname = match text("kind").unwrap_or("Gateway") {
        "Service" => format!("{name}.{namespace}.svc.{}", mesh.installation.cluster_domain),
        "ServiceEntry" => {
            let mut known = mesh.ambient.services.values().filter(|service| service.namespace == namespace);
            let object = known.find(|service| {
                let known = mesh.service(&service.hostname, namespace);
                known.is_some_and(|known| known.object_name == name && known.registry == Registry::External)
            });
            return object;
        }
        _ => return None,
    };
    mesh.ambient.service(namespace, &hostname)
}

/// Policies with a reference to a service that no waypoint serves, or to the class of all waypoints from where it does not count.
fn policies<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let root = &translated.mesh.config.root_namespace;
    for item in context.items().iter().filter(|item| item.group().ends_with(".istio.io")) {
        if !item.is_written() || !context.is_taken(item) {
            continue;
        }
        let Some(spec) = item.node().get("spec") else { continue };
        let list = spec.get("targetRefs").into_iter().flat_map(|list| list.items().enumerate());
        let list = list.map(|(index, target)| (format!("spec.targetRefs[{index}]"), target));
        let single = spec.get("targetRef").map(|target| ("spec.targetRef".to_owned(), target));
        for (path, target) in list.chain(single) {
            let text = |key: &str| target.get(key).and_then(Node::as_str).unwrap_or_default();
            if text("kind") == "GatewayClass" {
                if item.namespace != *root && text("name") == "istio-waypoint" {
                    let message =
                        format!("has no effect: a policy for all waypoints counts in the root namespace `{root}` only");
                    out.push(Finding::new(&rules::MESHC0144, item, message).point(&path));
                }
                continue;
            }
            let Some(service) = referenced(translated, target, &item.namespace) else { continue };
            if !may_have_waypoint(context, service) {
                out.push(finding(&rules::MESHC0144, item, &path, &service.hostname));
            }
        }
    }
}

/// DestinationRules that nobody reads: there is no waypoint for the host, and no other proxy.
fn destination_rules<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let has_gateways = translated.proxies.iter().any(|proxy| proxy.client.kind == ProxyKind::Router);
    if has_gateways {
        return;
    }
    for rule in context.destination_rules().filter(|rule| context.is_taken(rule.item)) {
        let host = translated.full_host(&rule.namespace, &rule.spec.host);
        let known = services(translated, &host);
        if !known.is_empty() && !has_waypoint(context, &known) {
            out.push(finding(&rules::MESHC0145, rule.item, "spec.host", &host));
        }
    }
}
