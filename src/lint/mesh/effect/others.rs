//! Objects and items of their lists that nothing speaks against: whether they have an effect is only known by leaving them out.
//!
//! Kinds that say what holds anyway, for the record, are not judged (PeerAuthentication, Sidecar), nor are those that act on something
//! other than what istiod serves (ProxyConfig, WorkloadGroup).

use super::Candidate;
use super::suspects::is_served;
use super::trial::Part;
use crate::lint::context::{GATEWAY_API, Item, LintContext};
use crate::lint::mesh::translated::Translated;
use crate::mesh::labels;
use crate::model::Config;
use crate::model::istio::Gateway;
use crate::proxy::selection::{GATEWAY_NAME_LABEL, PolicyMatcher, Targetable};
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

/// Adds an object, and the items of some of its lists if there are several.
fn push<'c>(item: &'c Item<'c>, object: ResourceRef, lists: &[&str], help: &'static str, out: &mut Vec<Candidate<'c>>) {
    let mut add = |path: String, point: &str| {
        let part = Part { object, item: FieldPath::parse(&path) };
        let point = if path.is_empty() { point.to_owned() } else { path };
        out.push(Candidate { item, part, point, why: WHY, help: Some(help) });
    };
    add(String::new(), "spec");
    let list = |list: &&str| item.node().get("spec").and_then(|spec| spec.get(list)).into_iter().flat_map(Node::items);
    let paths = lists.iter().flat_map(|name| list(name).enumerate().map(move |(at, _)| format!("spec.{name}[{at}]")));
    let paths: Vec<String> = paths.collect();
    if paths.len() > 1 {
        for path in paths {
            add(path, "");
        }
    }
}

/// Says whether a proxy is served anything that policies are for: the Gateways of a router may be elsewhere.
fn has_listeners(translated: &Translated<'_>, proxy: &Proxy) -> bool {
    let runs = |gateway: &Gateway| labels::subset(&gateway.selector, &proxy.labels);
    proxy.client.kind != ProxyKind::Router || translated.mesh.gateways.iter().any(|gateway| runs(&gateway.spec))
}

fn policies<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    fn attaches<T: Targetable>(translated: &Translated<'_>, policy: &Config<T>) -> bool {
        let (features, root) = (translated.mesh.features(), &translated.mesh.config.root_namespace);
        let is_near = |proxy: &&Proxy| policy.meta.namespace == *root || policy.meta.namespace == proxy.namespace;
        let mut near = translated.proxies.iter().filter(is_near);
        near.any(|proxy| has_listeners(translated, proxy) && PolicyMatcher::new(features, proxy, root).attaches(policy))
    }
    let mut add = |attaches: bool, source: ResourceRef, lists: &[&str], help| {
        if let Some(item) = context.by_resource(source).filter(|item| attaches && item.is_written()) {
            push(item, source, lists, help, out);
        }
    };
    let mesh = translated.mesh;
    for policy in mesh.request_authentications.iter() {
        let help = "check its selector, and what `jwtRules` are for";
        add(attaches(translated, policy) && !mesh.features().ambient, policy.source, &[], help);
    }
    for policy in mesh.authorization_policies.iter() {
        let help = "check its selector and `action`";
        add(attaches(translated, policy) && !mesh.features().ambient, policy.source, &[], help);
    }
    for policy in &mesh.envoy_filters {
        let help = "check what its patches match, and whether they change what is there";
        add(attaches(translated, policy), policy.source, &["configPatches"], help);
    }
    for policy in &mesh.traffic_extensions {
        add(attaches(translated, policy), policy.source, &[], "check its selector, `match` and `phase`");
    }
    // The providers are those of the mesh config, which is elsewhere.
    for policy in mesh.telemetries.iter().filter(|_| context.has_mesh_config) {
        let help = "name a provider of `extensionProviders` in the mesh config, here or in its `defaultProviders`";
        add(attaches(translated, policy), policy.source, &["metrics", "tracing", "accessLogging"], help);
    }
}

fn gateways<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    for gateway in &translated.mesh.gateways {
        let item = context.by_resource(gateway.source);
        let Some(item) = item.filter(|item| item.is_written() && item.group() != GATEWAY_API) else { continue };
        if item.kind() == "Gateway" && is_served(translated, &item.namespace, item.name()) {
            let help = "check its selector, and whether another Gateway has its ports and hosts";
            push(item, gateway.source, &["servers"], help, out);
        }
    }
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

/// Says whether any sidecar is in a namespace that an object is exported to.
fn is_exported(translated: &Translated<'_>, namespace: &str, export_to: &[String]) -> bool {
    let names = |proxy: &Proxy, one: &str| match one {
        "*" => true,
        "." => proxy.namespace == namespace,
        other => proxy.namespace == other,
    };
    let is_for = |proxy: &Proxy| export_to.is_empty() || export_to.iter().any(|one| names(proxy, one));
    translated.proxies.iter().any(|proxy| proxy.client.kind == ProxyKind::Sidecar && is_for(proxy))
}

fn service_entries<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    for entry in context.service_entries().filter(|entry| context.is_taken(entry.item) && entry.is_written()) {
        // Who is selected may be among workloads that the files do not hold.
        let is_known = entry.spec.workload_selector.is_none();
        if is_known
            && is_exported(translated, &entry.namespace, &entry.spec.export_to)
            && let Some(object) = context.reference(entry.item)
        {
            let help = "check `exportTo`, `ports` and `endpoints`, and whether another object defines its hosts";
            push(entry.item, object, &[], help, out);
        }
    }
}

fn workload_entries<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    for entry in context.workload_entries().filter(|entry| context.is_taken(entry.item) && entry.is_written()) {
        let selects =
            |selector: &std::collections::BTreeMap<String, String>| labels::subset(selector, &entry.spec.labels);
        let mut selectors = context.service_entries().filter(|one| one.namespace == entry.namespace);
        // Where something selects it, this is what it is for.
        let is_selected =
            selectors.any(|one| one.spec.workload_selector.as_ref().is_some_and(|one| selects(&one.labels)));
        let may_be = context.knowledge.object("ServiceEntry", &entry.namespace).is_some();
        if !is_selected
            && !may_be
            && is_exported(translated, &entry.namespace, &[])
            && let Some(object) = context.reference(entry.item)
        {
            let help = "give it labels that the `workloadSelector` of a ServiceEntry of its namespace has, or the selector of a Service";
            push(entry.item, object, &[], help, out);
        }
    }
}
