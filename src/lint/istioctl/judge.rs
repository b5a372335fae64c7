//! Where istioctl is known to err, or files cannot tell: reasons to leave out what it says.
//!
//! istioctl sees hosts by its own account of `exportTo`, knows no Sidecar, and takes what is not in the folder for what is not in
//! the cluster. What istiod makes of the objects ([`crate::mesh`]) is the judge.

use std::collections::BTreeMap;

use crate::lint::context::{IGNORED_NAMESPACES, Item, LintContext};
use crate::mesh::Mesh;
use crate::mesh::hostname;
use crate::mesh::labels;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::Service;
use crate::model::istio::{Server, ServerTlsSettingsTlsMode};

use super::hosts;

const NOT_HERE: &str = "the files hold nothing of that namespace";

/// Why a host may be there after all.
pub(super) fn host(context: &LintContext<'_>, namespace: &str, host: &str) -> Option<&'static str> {
    let mesh = context.mesh?;
    let name = hosts::full(namespace, host);
    if services(mesh, &name).next().is_some() {
        return Some("istiod knows the host: istioctl does not see by whom it can be seen");
    }
    let (other, short) = hosts::service_of(&name)?;
    if has_nameless(context, short) {
        return Some("a Service of that name does not say its namespace");
    }
    context.knowledge.service(other, short)
}

/// Whether a Service of this name leaves its namespace to `kubectl -n`.
fn has_nameless(context: &LintContext<'_>, name: &str) -> bool {
    let mut services = context.services().filter(|service| service.name() == name);
    services.any(|service| service.is_written() && service.object().meta.namespace.is_empty())
}

/// Why a host may have a port after all.
pub(super) fn port(context: &LintContext<'_>, namespace: &str, host: &str, port: u32) -> Option<&'static str> {
    let mesh = context.mesh?;
    let name = hosts::full(namespace, host);
    let service = hosts::service_of(&name).and_then(|(namespace, short)| context.find("Service", namespace, short));
    if service.is_some_and(|service| context.unfinished(service).is_some()) {
        return Some("the Service is not finished: its ports may change");
    }
    if service.is_some_and(|service| !service.is_written()) {
        return Some("the files do not hold the Service: its ports are those of the default install");
    }
    if services(mesh, &name).any(|service| service.port(port).is_some()) {
        return Some("another Service or ServiceEntry of that host has the port");
    }
    // An ExternalName Service stands for its host: the ports are that one's.
    let mut names = services(mesh, &name).map(|service| service.external_name.as_str()).filter(|name| !name.is_empty());
    let has_port = |name: &str| services(mesh, name).any(|service| service.port(port).is_some());
    names.any(has_port).then_some("the ports of an ExternalName Service are those of its host")
}

/// Why a destination needs no port, though its host has several: it has the ports that requests come by.
pub(super) fn any_port(
    context: &LintContext<'_>,
    ports: &[u32],
    namespace: &str,
    own_hosts: &[String],
) -> Option<&'static str> {
    let mesh = context.mesh?;
    let mut asked = own_hosts
        .iter()
        .flat_map(|host| services(mesh, &hosts::full(namespace, host)))
        .flat_map(|s| &s.ports)
        .peekable();
    asked.peek()?;
    asked
        .all(|port| ports.contains(&port.number))
        .then_some("requests keep their port, and the destination has all of them")
}

/// Why a subset may be there after all.
pub(super) fn subset(context: &LintContext<'_>, namespace: &str, host: &str, subset: &str) -> Option<&'static str> {
    let mesh = context.mesh?;
    let name = hosts::full(namespace, host);
    let has = context.destination_rules().any(|rule| {
        let of = hosts::full(&rule.namespace, &rule.spec.host);
        hostname::subset_of(&name, &of) && rule.spec.subsets.iter().any(|known| known.name == subset)
    });
    let other = hosts::service_of(&name).map(|(namespace, _)| namespace);
    let not_here = other.filter(|of| *of != namespace && !context.knowledge.knows(of)).map(|_| NOT_HERE);
    let unknown = services(mesh, &name).next().is_none().then_some("nobody has the host: that is another finding");
    let is_host = |namespace: &str, host: &str| hostname::subset_of(&name, &hosts::full(namespace, host));
    has.then_some("the DestinationRule of a wildcard or of another namespace has it")
        .or(not_here)
        .or(unknown)
        .or_else(|| context.knowledge.subset(is_host, subset))
}

/// Why a Gateway may be there after all.
pub(super) fn gateway(context: &LintContext<'_>, own: &str, namespace: &str, name: &str) -> Option<&'static str> {
    context.mesh?;
    let mut nameless = context.gateways().filter(|gateway| gateway.object().meta.namespace.is_empty());
    if nameless.any(|gateway| gateway.name() == name && gateway.is_written() && gateway.namespace != namespace) {
        return Some("a Gateway of that name does not say its namespace");
    }
    let none = !context.gateways().any(|gateway| gateway.is_written());
    let not_here = (namespace != own && !context.knowledge.knows(namespace)).then_some(NOT_HERE);
    not_here.or(context.knowledge.object("Gateway", namespace)).or(none.then_some("the files hold no Gateways"))
}

/// The label by which Gateways find the gateways that `istioctl install` and the charts make, and its values there.
const GATEWAY_LABEL: &str = "istio";
const INSTALLED_GATEWAYS: &[&str] = &["ingressgateway", "egressgateway", "eastwestgateway"];

/// Why a Gateway may have a workload after all.
pub(super) fn gateway_workload(context: &LintContext<'_>, selector: &BTreeMap<String, String>) -> Option<&'static str> {
    let root = &context.mesh?.config.root_namespace;
    let is_installed = selector.get(GATEWAY_LABEL).is_some_and(|name| INSTALLED_GATEWAYS.contains(&name.as_str()));
    if is_installed && context.knowledge.workloads(root, &BTreeMap::new()).is_some() {
        return Some("the files do not hold the gateways of the install");
    }
    let is_gateway = |pod: &Item<'_>| {
        let templates =
            pod.annotations().get("inject.istio.io/templates").is_some_and(|names| names.contains("gateway"));
        pod.is_written()
            && (templates
                || pod.labels().contains_key(GATEWAY_LABEL)
                || pod.labels().contains_key("gateway.istio.io/managed"))
    };
    (!context.pods().any(|pod| is_gateway(pod.item))).then_some("the files hold no gateway's workload")
}

/// Why a selector may select something after all.
pub(super) fn workloads(
    context: &LintContext<'_>,
    namespace: &str,
    selector: &BTreeMap<String, String>,
) -> Option<&'static str> {
    context.mesh?;
    context.knowledge.workloads(namespace, selector)
}

/// Why a namespace may be there after all; `meant` is the one of which its name is a misspelling.
pub(super) fn namespace(context: &LintContext<'_>, name: &str, meant: Option<&str>) -> Option<&'static str> {
    context.mesh?;
    if !context.of("", "Namespace").any(Item::is_written) {
        return Some("the files hold no namespaces");
    }
    let of_cluster = name == "default" || IGNORED_NAMESPACES.contains(&name);
    let is_root = name == context.mesh_config.root_namespace;
    if of_cluster || is_root || context.knowledge.knows(name) {
        return Some("the files hold objects of that namespace, or every cluster has it");
    }
    // What is no misspelling belongs to somebody else: monitoring, logging, another team.
    meant.is_none().then_some("a namespace of others need not be in the files")
}

/// Why a Secret may be there after all.
pub(super) fn secret(context: &LintContext<'_>, namespace: &str, name: &str) -> Option<&'static str> {
    context.mesh?;
    context.knowledge.secret(namespace, name, None)
}

/// Why a Service may be there after all.
pub(super) fn service(context: &LintContext<'_>, namespace: &str, name: &str) -> Option<&'static str> {
    context.mesh?;
    context.knowledge.service(namespace, name)
}

/// Why a subset may have endpoints after all: some that are no Pods.
pub(super) fn endpoints(context: &LintContext<'_>, namespace: &str, host: &str, subset: &str) -> Option<&'static str> {
    let mesh = context.mesh?;
    let name = hosts::full(namespace, host);
    let labels = context
        .destination_rules()
        .filter(|rule| hosts::full(&rule.namespace, &rule.spec.host) == name)
        .flat_map(|rule| &rule.spec.subsets)
        .find(|known| known.name == subset)
        .map(|known| &known.labels)?;
    let mut all = services(mesh, &name).flat_map(|service| mesh.service_endpoints(service)).peekable();
    if all.peek().is_none() {
        return Some("the files hold no workload of the host");
    }
    if all.any(|endpoint| crate::mesh::labels::subset(labels, &endpoint.labels)) {
        return Some("endpoints that are no Pods have the labels");
    }
    let of = hosts::service_of(&name).map_or(namespace, |(namespace, _)| namespace);
    workloads(context, of, labels).or_else(|| context.knowledge.labels(of, labels))
}

/// Returns the services of a host, also of a wildcard that covers it.
fn services<'m>(mesh: &'m Mesh, name: &str) -> impl Iterator<Item = &'m Service> + use<'m> {
    let name = name.to_owned();
    let all = mesh.services_by_hostname.iter().filter(move |(known, _)| hostname::subset_of(&name, known));
    all.flat_map(|(_, by_namespace)| by_namespace.values().map(std::convert::AsRef::as_ref))
}

/// Why a rule with conditions on HTTP only denies no connection of TCP: nobody who enforces the policy has a port of TCP.
pub(super) fn tcp_ports(context: &LintContext<'_>, item: &Item<'_>) -> Option<&'static str> {
    const REASON: &str = "no workload of the policy has a port of TCP";
    let mesh = context.mesh?;
    let mut policies = context.authorization_policies().filter(|policy| std::ptr::eq(policy.item, item));
    let spec = policies.next()?.spec;
    let none = BTreeMap::new();
    let selector = spec.selector.as_ref().map_or(&none, |selector| &selector.match_labels);
    let is_near = |namespace: &str| namespace == item.namespace || item.namespace == mesh.config.root_namespace;
    let is_for = |namespace: &str, own: &BTreeMap<String, String>| is_near(namespace) && labels::subset(selector, own);
    let mut selected = mesh.pods.iter().filter(|pod| is_for(&pod.meta.namespace, &pod.meta.labels)).peekable();
    selected.peek()?;
    let gateways = |own: &BTreeMap<String, String>| {
        let own = own.clone();
        mesh.gateways.iter().filter(move |gateway| labels::subset(&gateway.spec.selector, &own))
    };
    let is_tcp = |server: &Server| {
        let protocol = Protocol::parse(server.port.as_ref().map_or("", |port| port.protocol.as_str()));
        let ends = server.tls.as_ref().is_some_and(|tls| {
            !matches!(tls.mode, ServerTlsSettingsTlsMode::Passthrough | ServerTlsSettingsTlsMode::AutoPassthrough)
        });
        !(protocol.is_http() || protocol == Protocol::Https && ends)
    };
    let of_gateway = selected
        .clone()
        .flat_map(|pod| gateways(&pod.meta.labels))
        .any(|gateway| gateway.spec.servers.iter().any(is_tcp));
    let all_services = mesh.services_by_hostname.values().flat_map(BTreeMap::values);
    let of_service = all_services.into_iter().any(|service| {
        let endpoints = mesh.service_endpoints(service);
        let own = |port: &str| {
            let mut own = endpoints.iter().filter(|endpoint| endpoint.service_port_name == port);
            own.any(|one| is_for(&one.namespace, &one.labels) && gateways(&one.labels).next().is_none())
        };
        service.ports.iter().any(|port| (port.protocol.is_tcp() || port.protocol.is_unsupported()) && own(&port.name))
    });
    (!of_gateway && !of_service).then_some(REASON)
}
