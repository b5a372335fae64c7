//! Objects and items of their lists that nothing speaks against: whether they have an effect is only known by leaving them out.
//!
//! Kinds that say what holds anyway, for the record, are not judged (PeerAuthentication, Sidecar), nor are those that act on something
//! other than what istiod serves (ProxyConfig, WorkloadGroup).

use std::collections::BTreeMap;

use super::Candidate;
use super::suspects::{is_served, of_policy};
use super::trial::Part;
use crate::lint::context::{GATEWAY_API, Item, LintContext, Typed};
use crate::lint::mesh::translated::Translated;
use crate::mesh::{hostname, labels};
use crate::model::Config;
use crate::model::istio::{
    EnvoyFilterApplyTo, EnvoyFilterEnvoyConfigObjectPatch, EnvoyFilterPatchContext, Gateway, Server, VirtualService,
};
use crate::proxy::selection::{GATEWAY_NAME_LABEL, Targetable};
use crate::proxy::{Proxy, ProxyKind};
use crate::source::{FieldPath, Node, ResourceRef};

const WHY: &str = "leaving it out changes nothing";

/// Kinds of routes of the Gateway API.
const ROUTES: &[&str] = &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"];

/// Returns them.
pub(super) fn find<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>) -> Vec<Candidate<'c>> {
    let mut out = Vec::new();
    policies(translated, context, &mut out);
    gateways(translated, context, &mut out);
    routes(translated, context, &mut out);
    // ztunnel takes these too, and what it is told is not compared.
    if !translated.mesh.features().ambient {
        service_entries(translated, context, &mut out);
        workload_entries(translated, context, &mut out);
    }
    out
}

/// Adds an object, and the items of its lists if there are several; each item with whether it can be judged.
fn push<'c>(
    item: &'c Item<'c>,
    object: ResourceRef,
    items: &[(String, bool)],
    help: &'static str,
    out: &mut Vec<Candidate<'c>>,
) {
    let mut add = |path: &str, point: &str| {
        let part = Part { object, item: FieldPath::parse(path) };
        out.push(Candidate { item, part, point: point.to_owned(), why: WHY, help: Some(help) });
    };
    if items.iter().all(|(_, is_known)| *is_known) {
        add("", "spec");
    }
    for (path, _) in items.iter().filter(|(_, is_known)| *is_known && items.len() > 1) {
        add(path, path);
    }
}

/// Returns the paths of the items of a list, with what is known of them.
fn items(list: &str, known: impl Iterator<Item = bool>) -> impl Iterator<Item = (String, bool)> {
    known.enumerate().map(move |(at, is_known)| (format!("spec.{list}[{at}]"), is_known))
}

/// Says whether a proxy is served anything that policies are for: the Gateways of a router may be elsewhere.
fn has_listeners(translated: &Translated<'_>, proxy: &Proxy) -> bool {
    let runs = |gateway: &Gateway| labels::subset(&gateway.selector, &proxy.labels);
    proxy.client.kind != ProxyKind::Router || translated.mesh.gateways.iter().any(|gateway| runs(&gateway.spec))
}

fn is_for_any<T: Targetable>(translated: &Translated<'_>, policy: &Config<T>) -> bool {
    of_policy(translated, policy).any(|proxy| has_listeners(translated, proxy))
}

fn policies<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    let mut add = |attaches: bool, source: ResourceRef, items: &[(String, bool)], help| {
        if let Some(item) = context.by_resource(source).filter(|item| attaches && item.is_written()) {
            push(item, source, items, help, out);
        }
    };
    let mesh = translated.mesh;
    for policy in mesh.request_authentications.iter() {
        let help = "check its selector, and what `jwtRules` are for";
        add(is_for_any(translated, policy) && !mesh.features().ambient, policy.source, &[], help);
    }
    for policy in mesh.authorization_policies.iter() {
        let help = "check its selector and `action`";
        add(is_for_any(translated, policy) && !mesh.features().ambient, policy.source, &[], help);
    }
    for policy in &mesh.envoy_filters {
        let help = "check what its patches match, and whether they change what is there";
        let kinds: Vec<ProxyKind> = of_policy(translated, policy).map(|proxy| proxy.client.kind).collect();
        let known = policy.spec.config_patches.iter().map(|patch| is_offered(patch, &kinds));
        add(!kinds.is_empty(), policy.source, &items("configPatches", known).collect::<Vec<_>>(), help);
    }
    for policy in &mesh.traffic_extensions {
        add(is_for_any(translated, policy), policy.source, &[], "check its selector, `match` and `phase`");
    }
    // The providers are those of the mesh config, which is elsewhere.
    for policy in mesh.telemetries.iter().filter(|_| context.has_mesh_config) {
        let help = "name a provider of `extensionProviders` in the mesh config, here or in its `defaultProviders`";
        let lists = [
            ("metrics", policy.spec.metrics.len()),
            ("tracing", policy.spec.tracing.len()),
            ("accessLogging", policy.spec.access_logging.len()),
        ];
        let items = lists.into_iter().flat_map(|(list, count)| items(list, std::iter::repeat_n(true, count)));
        add(is_for_any(translated, policy), policy.source, &items.collect::<Vec<_>>(), help);
    }
}

/// Says whether a patch is for a kind of proxy that its EnvoyFilter attaches to; others may be elsewhere.
fn is_offered(patch: &EnvoyFilterEnvoyConfigObjectPatch, kinds: &[ProxyKind]) -> bool {
    let context = patch.r#match.as_ref().map(|one| one.context).unwrap_or_default();
    let wanted = match context {
        EnvoyFilterPatchContext::Any => return patch.apply_to != EnvoyFilterApplyTo::Bootstrap,
        EnvoyFilterPatchContext::SidecarInbound | EnvoyFilterPatchContext::SidecarOutbound => ProxyKind::Sidecar,
        EnvoyFilterPatchContext::Gateway => ProxyKind::Router,
        EnvoyFilterPatchContext::Waypoint => ProxyKind::Waypoint,
    };
    patch.apply_to != EnvoyFilterApplyTo::Bootstrap && kinds.contains(&wanted)
}

fn gateways<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    for gateway in &translated.mesh.gateways {
        let item = context.by_resource(gateway.source);
        let Some(item) = item.filter(|item| item.is_written() && item.group() != GATEWAY_API) else { continue };
        if item.kind() == "Gateway" && is_served(translated, &item.namespace, item.name()) {
            let help = "check its selector, and whether another Gateway has its ports and hosts";
            let hosts = hosts_of(context, item);
            let known = gateway.spec.servers.iter().map(|server| has_routes(server, &hosts));
            push(item, gateway.source, &items("servers", known).collect::<Vec<_>>(), help, out);
        }
    }
}

/// Returns the hosts of the VirtualServices for a Gateway.
fn hosts_of<'c>(context: &'c LintContext<'_>, gateway: &Item<'_>) -> Vec<&'c str> {
    let is_its = |service: &Typed<'_, VirtualService>| {
        service.spec.gateways.iter().any(|name| {
            let (namespace, name) = name.split_once('/').unwrap_or((&service.namespace, name));
            (namespace, name) == (&gateway.namespace, gateway.name())
        })
    };
    context.virtual_services().filter(is_its).flat_map(|service| &service.spec.hosts).map(String::as_str).collect()
}

/// Says whether any host has routes at a server: those of others may be elsewhere.
fn has_routes(server: &Server, hosts: &[&str]) -> bool {
    let bare = |host: &'_ String| host.split_once('/').map_or(host.as_str(), |(_, host)| host).to_owned();
    server.hosts.iter().map(bare).any(|own| hosts.iter().any(|host| hostname::matches(&own, host)))
}

fn routes<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    let has_proxy = |namespace: &str, name: &str| {
        let is_its = |proxy: &Proxy| {
            proxy.namespace == namespace && proxy.labels.get(GATEWAY_NAME_LABEL).is_some_and(|of| of == name)
        };
        translated.proxies.iter().any(is_its)
    };
    for item in ROUTES.iter().flat_map(|kind| context.of(GATEWAY_API, kind)).filter(|item| item.is_written()) {
        let parents = item.node().get("spec").and_then(|spec| spec.get("parentRefs"));
        let mut parents = parents.into_iter().flat_map(Node::items).peekable();
        let is_known = |parent: Node<'_>| {
            let text = |key: &str| parent.get(key).and_then(Node::as_str);
            let namespace = text("namespace").unwrap_or(&item.namespace);
            let mut gateways = context.of(GATEWAY_API, "Gateway");
            let name = text("name").unwrap_or_default();
            let gateway = gateways.find(|one| one.namespace == namespace && one.name() == name);
            // Where a listener is not served, its routes are not either.
            text("kind").is_none_or(|kind| kind == "Gateway")
                && has_proxy(namespace, name)
                && gateway.is_some_and(|gateway| !translated.is_mentioned(context, gateway))
        };
        if parents.peek().is_some()
            && parents.all(is_known)
            && let Some(object) = context.reference(item)
        {
            push(item, object, &[], "check its `parentRefs`, and the hostnames and ports of their listeners", out);
        }
    }
}

/// Says whether any sidecar is in a namespace that a service is exported to.
fn is_visible(translated: &Translated<'_>, host: &str, namespace: &str) -> bool {
    let service = translated.mesh.service(host, namespace);
    let sidecars = || translated.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Sidecar);
    service.is_some_and(|one| sidecars().any(|proxy| translated.mesh.service_visible(one, &proxy.namespace)))
}

fn service_entries<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    for entry in context.service_entries().filter(|entry| context.is_taken(entry.item) && entry.is_written()) {
        // Who is selected may be among workloads that the files do not hold.
        let is_known = entry.spec.workload_selector.is_none();
        if is_known
            && entry.spec.hosts.iter().any(|host| is_visible(translated, host, &entry.namespace))
            && let Some(object) = context.reference(entry.item)
        {
            let help = "check its `ports` and `endpoints`, Sidecars, and whether another object defines its hosts";
            push(entry.item, object, &[], help, out);
        }
    }
}

fn workload_entries<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    for entry in context.workload_entries().filter(|entry| context.is_taken(entry.item) && entry.is_written()) {
        let selects = |selector: &BTreeMap<String, String>| labels::subset(selector, &entry.spec.labels);
        let mut selectors = context.service_entries().filter(|one| one.namespace == entry.namespace);
        // Where something selects it, this is what it is for.
        let is_selected =
            selectors.any(|one| one.spec.workload_selector.as_ref().is_some_and(|one| selects(&one.labels)));
        let may_be = |kind| context.knowledge.object(kind, &entry.namespace).is_some();
        if !is_selected
            && !may_be("ServiceEntry")
            && !may_be("Service")
            && translated.proxies.iter().any(|proxy| proxy.client.kind == ProxyKind::Sidecar)
            && let Some(object) = context.reference(entry.item)
        {
            let help = "give it labels that the `workloadSelector` of a ServiceEntry of its namespace has, or the selector of a Service";
            push(entry.item, object, &[], help, out);
        }
    }
}
