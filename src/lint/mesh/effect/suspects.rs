//! Objects of which no proxy shows a sign.

use std::collections::{BTreeMap, BTreeSet};

use super::Candidate;
use super::trial::Part;
use crate::lint::context::{Item, LintContext, Typed};
use crate::lint::mesh::cause::Cause;
use crate::lint::mesh::translated::Translated;
use crate::lint::rules;
use crate::mesh::{Mesh, hostname};
use crate::model::Config;
use crate::model::istio::{TypeWorkloadSelector, VirtualService};
use crate::pipeline;
use crate::proxy::selection::{PolicyMatcher, Targetable};
use crate::proxy::{Proxy, ProxyKind};
use crate::source::FieldPath;

/// Returns them, each with the reason.
pub(super) fn find<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>) -> Vec<Candidate<'c>> {
    let mut out = Vec::new();
    virtual_services(translated, context, &mut out);
    destination_rules(translated, context, &mut out);
    sidecars(translated, context, &mut out);
    policies(translated, context, &mut out);
    out
}

fn push<'c>(
    context: &'c LintContext<'_>,
    item: &'c Item<'c>,
    point: &str,
    why: &'static str,
    out: &mut Vec<Candidate<'c>>,
) {
    out.extend(context.reference(item).map(|object| {
        let part = Part { object, item: FieldPath::default() };
        Candidate { item, part, point: point.to_owned(), why, help: None }
    }));
}

fn is_cause(translated: &Translated<'_>, kind: &str, item: &Item<'_>) -> bool {
    let cause = Cause { kind: kind.to_owned(), namespace: item.namespace.clone(), name: item.name().to_owned() };
    translated.known.causes.contains(&cause)
}

fn has(translated: &Translated<'_>, kind: ProxyKind) -> bool {
    translated.proxies.iter().any(|proxy| proxy.client.kind == kind)
}

fn virtual_services<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    for service in context.virtual_services().filter(|service| context.is_taken(service.item)) {
        let spec = service.spec;
        if translated.is_told(service.item) {
            continue;
        }
        if spec.hosts.is_empty() {
            let mut roots = context.virtual_services().flat_map(|root| {
                root.spec.http.iter().filter_map(move |route| Some((root.namespace.clone(), route.delegate.as_ref()?)))
            });
            let named = roots.any(|(namespace, delegate)| {
                let of = if delegate.namespace.is_empty() { &namespace } else { &delegate.namespace };
                delegate.name == service.name() && *of == service.namespace
            });
            if !named {
                push(context, service.item, "metadata.name", "no other one delegates to it", out);
            }
            continue;
        }
        let in_mesh = spec.gateways.is_empty() || spec.gateways.iter().any(|gateway| gateway == "mesh");
        let others = spec.gateways.iter().filter(|gateway| *gateway != "mesh");
        // What a gateway that is not among the files makes of it is not known.
        let routers = others.clone().all(|name| is_served(translated, &service.namespace, name));
        let sidecars =
            !in_mesh || (has(translated, ProxyKind::Sidecar) && !may_be_elsewhere(translated, context, &service));
        let anybody = in_mesh || others.clone().next().is_some();
        // Of Gateways with the same host, one has its routes.
        let rivals = !in_mesh && others.clone().all(|name| is_rival(translated, context, &service.namespace, name));
        if rivals && anybody {
            continue;
        }
        if anybody && sidecars && routers && !is_cause(translated, "virtual-service", service.item) {
            let why = "no listener has its hosts with the protocol of its routes";
            push(context, service.item, "spec.hosts", why, out);
        }
    }
}

/// Whether a Service of one of its hosts may be there after all, with a port that has a listener for it.
fn may_be_elsewhere(
    translated: &Translated<'_>,
    context: &LintContext<'_>,
    service: &Typed<'_, VirtualService>,
) -> bool {
    let may_be = |host: &String| {
        let full = translated.full_host(&service.namespace, host);
        let (name, namespace) = full.split_once('.').unwrap_or((&full, ""));
        let namespace = namespace.split('.').next().unwrap_or_default();
        full.ends_with(&format!(".svc.{}", translated.mesh.installation.cluster_domain))
            && context.find("Service", namespace, name).is_none()
            && context.knowledge.service(namespace, name).is_some()
    };
    service.spec.hosts.iter().any(may_be)
}

/// Whether a Gateway is found to serve the same host as another one.
fn is_rival(translated: &Translated<'_>, context: &LintContext<'_>, namespace: &str, gateway: &str) -> bool {
    let (namespace, name) = gateway.split_once('/').unwrap_or((namespace, gateway));
    let item = context.find("Gateway", namespace, name);
    item.is_some_and(|item| translated.is_said(&[&rules::IST0145], item))
}

/// Whether some router runs a Gateway.
pub(super) fn is_served(translated: &Translated<'_>, namespace: &str, gateway: &str) -> bool {
    let (namespace, name) = gateway.split_once('/').unwrap_or((namespace, gateway));
    let mut gateways = translated.mesh.gateways.iter();
    let Some(gateway) = gateways.find(|known| known.meta.namespace == namespace && known.meta.name == name) else {
        return false;
    };
    let selects = |proxy: &Proxy| crate::mesh::labels::subset(&gateway.spec.selector, &proxy.labels);
    translated.proxies.iter().any(|proxy| proxy.client.kind == ProxyKind::Router && selects(proxy))
}

fn destination_rules<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    if translated.proxies.is_empty() {
        return;
    }
    // Rules of one host become one, which names the first only.
    let caused: BTreeSet<String> = context
        .destination_rules()
        .filter(|rule| is_cause(translated, "destination-rule", rule.item))
        .map(|rule| translated.full_host(&rule.namespace, &rule.spec.host))
        .collect();
    for rule in context.destination_rules().filter(|rule| context.is_taken(rule.item)) {
        let host = translated.full_host(&rule.namespace, &rule.spec.host);
        let hosts = &translated.mesh.services_by_hostname;
        let known = || hosts.contains_key(&host) || hosts.keys().any(|known| hostname::subset_of(known, &host));
        if !caused.contains(&host) && known() && rule.spec.workload_selector.is_none() && !translated.is_told(rule.item)
        {
            let why = "it applies to no cluster of any proxy; check its namespace and `exportTo`";
            push(context, rule.item, "spec.host", why, out);
        }
    }
}

fn sidecars<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    let mesh: &Mesh = translated.mesh;
    let used: std::collections::BTreeSet<usize> =
        translated.proxies.iter().filter_map(|proxy| pipeline::sidecar_of(mesh, proxy)).collect();
    for (index, sidecar) in mesh.sidecars.iter().enumerate() {
        let Some(item) = context.by_resource(sidecar.source) else { continue };
        let is_root = item.namespace == mesh.config.root_namespace;
        let seen = translated
            .proxies
            .iter()
            .any(|proxy| proxy.client.kind == ProxyKind::Sidecar && (is_root || proxy.namespace == item.namespace));
        let none = BTreeMap::new();
        let selector = sidecar.spec.workload_selector.as_ref().map_or(&none, |selector| &selector.labels);
        let is_known = context.knowledge.workloads(&item.namespace, selector).is_none();
        if seen && is_known && !used.contains(&index) && !translated.is_told(item) {
            push(context, item, "metadata.name", "every sidecar has another Sidecar, or none that it selects", out);
        }
    }
}

/// Returns the proxies that a policy is for.
pub(super) fn of_policy<'t, T: Targetable>(
    translated: &'t Translated<'_>,
    policy: &'t Config<T>,
) -> impl Iterator<Item = &'t Proxy> {
    let (features, root) = (translated.mesh.features(), translated.mesh.config.root_namespace.as_str());
    let is_near = move |proxy: &&Proxy| [root, &proxy.namespace].contains(&policy.meta.namespace.as_str());
    let near = translated.proxies.iter().filter(is_near);
    near.filter(move |proxy| PolicyMatcher::new(features, proxy, root).attaches(policy))
}

fn policies<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Candidate<'c>>) {
    fn attaches<T: Targetable>(translated: &Translated<'_>, policy: &Config<T>) -> Option<bool> {
        // Whom a selector is for may be among workloads that the files do not hold, such as the gateways of an install.
        translated.proxies.iter().find(|proxy| proxy.namespace == policy.meta.namespace)?;
        // What a reference is to may be a Service or a class, which no proxy of ours is.
        policy.target_refs_are_empty().then(|| of_policy(translated, policy).next().is_some())
    }
    let mut check = |source, selector: &BTreeMap<String, String>, attached: Option<bool>| {
        let Some(item) = context.by_resource(source) else { return };
        let unknown =
            |selector: &BTreeMap<String, String>| context.knowledge.workloads(&item.namespace, selector).is_some();
        if attached == Some(false) && !translated.is_told(item) && !unknown(selector) {
            push(context, item, "spec", "its selector selects no workload that has a proxy", out);
        }
    };
    let mesh = translated.mesh;
    let none = BTreeMap::new();
    let labels = |selector: &Option<TypeWorkloadSelector>| {
        selector.as_ref().map(|one| one.match_labels.clone()).unwrap_or_default()
    };
    for policy in mesh.request_authentications.iter() {
        check(policy.source, &labels(&policy.spec.selector), attaches(translated, policy));
    }
    for policy in &mesh.telemetries {
        check(policy.source, &labels(&policy.spec.selector), attaches(translated, policy));
    }
    for policy in &mesh.traffic_extensions {
        check(policy.source, &labels(&policy.spec.selector), attaches(translated, policy));
    }
    for policy in &mesh.envoy_filters {
        let selector = policy.spec.workload_selector.as_ref().map_or(&none, |selector| &selector.labels);
        check(policy.source, selector, attaches(translated, policy));
    }
    for policy in context.peer_authentications().filter(|policy| context.is_taken(policy.item)) {
        let selector = policy.spec.selector.as_ref().map(|one| &one.match_labels).filter(|labels| !labels.is_empty());
        let Some(selector) = selector else { continue };
        let is_own = |proxy: &&Proxy| proxy.namespace == policy.namespace;
        let mut own = translated.proxies.iter().filter(is_own).peekable();
        let any = own.peek().is_some();
        let attached = any.then(|| own.any(|proxy| crate::mesh::labels::subset(selector, &proxy.labels)));
        if attached == Some(false)
            && !translated.is_told(policy.item)
            && context.knowledge.workloads(&policy.namespace, selector).is_none()
        {
            let item: &'c Item<'c> = policy.item;
            push(context, item, "spec", "its selector selects no workload that has a proxy", out);
        }
    }
}

/// What is asked of a policy besides its selector.
trait References {
    /// Whether it is for workloads by their labels.
    fn target_refs_are_empty(&self) -> bool;
}

impl<T: Targetable> References for Config<T> {
    fn target_refs_are_empty(&self) -> bool {
        self.spec.target_refs().is_empty()
    }
}
