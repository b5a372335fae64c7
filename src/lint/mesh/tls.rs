//! TLS that a client speaks and its server does not take, or the other way round.
//!
//! What a client speaks is what the DestinationRule behind each of its clusters says, whichever that is: of the host itself, of a
//! wildcard, of the client's namespace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::translated::Translated;
use crate::lint::context::{Item, LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::gateway::MergedGateway;
use crate::mesh::labels;
use crate::mesh::peer_authentication::MutualTlsMode;
use crate::model::istio::{ClientTlsSettings, ClientTlsSettingsTlsMode as Mode, DestinationRule, PeerAuthentication};
use crate::proxy::ProxyKind;
use crate::source::Node;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    // By rule and field: one host as an example, and how many more.
    let mut found: BTreeMap<(String, String), (Finding<'c>, usize)> = BTreeMap::new();
    let routers = translated.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Router);
    let gateways: Gateways<'_> = routers
        .flat_map(|proxy| {
            let merged = Arc::new(proxy.merged_gateway(translated.mesh).unwrap_or_default());
            proxy.ip_addresses.iter().map(move |address| (address.as_str(), merged.clone()))
        })
        .collect();
    let by_name: BTreeMap<(&str, &str), Typed<'c, DestinationRule>> =
        context.destination_rules().map(|rule| ((rule.item.namespace.as_str(), rule.item.name()), rule)).collect();
    for (cause, cluster) in &translated.known.upstreams {
        let mut parts = cluster.split('|').skip(1);
        let (Some(port), Some(subset), Some(host)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let Ok(number) = port.parse::<u32>() else { continue };
        let Some(rule) = by_name.get(&(cause.namespace.as_str(), cause.name.as_str())).copied() else { continue };
        let Some(services) = translated.mesh.services_by_hostname.get(host) else { continue };
        let none = BTreeMap::new();
        let labels = rule.spec.subsets.iter().find(|one| one.name == subset).map_or(&none, |one| &one.labels);
        // Nobody means the gateway's own Service by a wildcard.
        let is_wildcard = rule.spec.host.starts_with('*');
        let is_address = context
            .service_entries()
            .any(|entry| entry.spec.workload_selector.is_none() && entry.spec.hosts.iter().any(|one| one == host));
        for (tls, path) in settings(&rule, subset, number) {
            let of_mesh = services.values().filter(|service| !service.mesh_external);
            let endpoints =
                of_mesh.flat_map(|service| translated.mesh.service_endpoints_by_port(service, number, labels));
            // Whether a workload has a sidecar is its Namespace's to say.
            let is_settled = |endpoint: &&Endpoint| {
                context.namespace(&endpoint.namespace).is_none_or(|one| context.unfinished(one).is_none())
            };
            // At an address that a ServiceEntry writes down, there may be a gateway of another mesh.
            let is_known =
                |endpoint: &Endpoint| endpoint.tls_mode == "istio" || gateway_of(&gateways, endpoint).is_some();
            let refuses = endpoints
                .filter(|endpoint| !is_wildcard || gateway_of(&gateways, endpoint).is_none())
                .find_map(|endpoint| Some((endpoint, refusal(translated, &gateways, tls, endpoint)?)))
                .filter(|(endpoint, _)| is_settled(endpoint))
                .filter(|(endpoint, _)| !is_address || is_known(endpoint));
            let Some((endpoint, Refusal { why, help })) = refuses else { continue };
            let key = (rule.full_name(), path.clone());
            if let Some((_, others)) = found.get_mut(&key) {
                *others += 1;
                continue;
            }
            let mode = tls.mode;
            let address = endpoint.addresses.first().map_or("", String::as_str);
            let name = &endpoint.workload_name;
            let workload = if name.is_empty() { address } else { name };
            let message = format!("port {number} of {host} gets connections of TLS mode {mode}, and {workload} {why}");
            let mut finding =
                Finding::new(&rules::MESHC0112, rule.item, message).point(&format!("{path}.mode")).help(help);
            let accepted = if mode == Mode::IstioMutual { "DISABLE" } else { "STRICT" };
            for policy in policies(translated, context, endpoint, accepted) {
                finding = finding.related(policy, "spec", "what the workload accepts");
            }
            // Where addresses are written down, it is the object that does.
            let written = translated.named_by_host(context, "Endpoints", host).filter(|item| item.is_written());
            if let Some(endpoints) = written.filter(|_| name.is_empty()) {
                finding = finding.related(endpoints, "metadata.name", "its endpoints");
            }
            found.insert(key, (finding, 0));
        }
    }
    out.extend(found.into_values().map(|(mut finding, others)| {
        if others > 0 {
            let clusters = if others == 1 { "cluster" } else { "clusters" };
            finding.message = format!("{} (and the same for {others} more {clusters})", finding.message);
        }
        finding
    }));
}

/// Returns the settings that hold for a subset and a port, with their path: those of the subset go before those of the host.
pub(super) fn settings<'c>(
    rule: &Typed<'c, DestinationRule>,
    subset: &str,
    port: u32,
) -> Vec<(&'c ClientTlsSettings, String)> {
    let subsets = rule.spec.subsets.iter().enumerate();
    let of_subset = subsets
        .filter(|(_, one)| !subset.is_empty() && one.name == subset)
        .filter_map(|(i, one)| Some((one.traffic_policy.as_ref()?, format!("spec.subsets[{i}].trafficPolicy"))));
    let own = rule.spec.traffic_policy.iter().map(|policy| (policy, "spec.trafficPolicy".to_owned()));
    for (policy, path) in of_subset.chain(own) {
        let mut levels = policy.port_level_settings.iter().enumerate();
        let level = levels.find(|(_, level)| level.port.as_ref().is_some_and(|selector| selector.number == port));
        if let Some((index, level)) = level {
            let path = format!("{path}.portLevelSettings[{index}].tls");
            return level.tls.iter().map(|tls| (tls, path.clone())).collect();
        }
        if let Some(tls) = &policy.tls {
            return vec![(tls, format!("{path}.tls"))];
        }
    }
    Vec::new()
}

/// Returns the policies that give the workload at an endpoint a mode.
fn policies<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    endpoint: &Endpoint,
    mode: &str,
) -> Vec<&'c Item<'c>> {
    if endpoint.tls_mode != "istio" {
        return Vec::new();
    }
    let root = &translated.mesh.config.root_namespace;
    let none = BTreeMap::new();
    let says = |mtls: Node<'_>| mtls.get("mode").and_then(Node::as_str) == Some(mode);
    let says = |policy: &Item<'_>| {
        let Some(spec) = policy.node().get("spec") else { return false };
        let ports = spec.get("portLevelMtls").into_iter().flat_map(Node::entries).map(|(_, mtls)| mtls);
        spec.get("mtls").into_iter().chain(ports).any(says)
    };
    let is_its = |policy: &Typed<'c, PeerAuthentication>| {
        let selector = policy.spec.selector.as_ref().map_or(&none, |selector| &selector.match_labels);
        (policy.namespace == endpoint.namespace || policy.namespace == *root)
            && labels::subset(selector, &endpoint.labels)
            && says(policy.item)
    };
    context.peer_authentications().filter(is_its).map(|policy| policy.item).collect()
}

/// Why a server does not take what a client sends, and what to write instead.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    why: &'static str,
    help: &'static str,
}

/// What each router runs, by its addresses; nothing where no Gateway applies to it.
type Gateways<'t> = BTreeMap<&'t str, Arc<MergedGateway>>;

/// Returns what the router at an endpoint runs, if one is there.
fn gateway_of<'g>(gateways: &'g Gateways<'_>, endpoint: &Endpoint) -> Option<&'g Arc<MergedGateway>> {
    endpoint.addresses.iter().find_map(|address| gateways.get(address.as_str()))
}

fn refusal(
    translated: &Translated<'_>,
    gateways: &Gateways<'_>,
    tls: &ClientTlsSettings,
    endpoint: &Endpoint,
) -> Option<Refusal> {
    if let Some(gateway) = gateway_of(gateways, endpoint) {
        return refusal_of_gateway(gateway, tls, endpoint.port);
    }
    let has_sidecar = endpoint.tls_mode == "istio";
    if !has_sidecar {
        // Where no Pod has one, namespaces are labeled elsewhere.
        let mut proxies = translated.proxies.iter();
        if !endpoint.workload_name.is_empty() && !proxies.any(|proxy| proxy.client.kind == ProxyKind::Sidecar) {
            return None;
        }
        return (tls.mode == Mode::IstioMutual).then_some(Refusal {
            why: "has no sidecar to accept it",
            help: "inject a sidecar into the workload, or write `mode: DISABLE`",
        });
    }
    let composed = translated.mesh.peer_authentication.for_workload(&endpoint.namespace, &endpoint.labels);
    let server = composed.port_level.get(&endpoint.port).copied().unwrap_or(composed.mode);
    match (tls.mode, server) {
        (Mode::Disable | Mode::Simple | Mode::Mutual, MutualTlsMode::Strict) => Some(Refusal {
            why: "accepts only mutual TLS of the mesh (PeerAuthentication)",
            help: "write `mode: ISTIO_MUTUAL`, or leave `tls` out",
        }),
        (Mode::IstioMutual, MutualTlsMode::Disable) => Some(Refusal {
            why: "does not accept mutual TLS (PeerAuthentication)",
            help: "write `mode: DISABLE`, or let the PeerAuthentication be PERMISSIVE",
        }),
        _ => None,
    }
}

/// What a gateway takes on a port is for its servers to say.
fn refusal_of_gateway(gateway: &MergedGateway, tls: &ClientTlsSettings, port: u32) -> Option<Refusal> {
    let servers = gateway.servers.iter().filter(|(key, _)| key.number == port);
    let mut servers = servers.flat_map(|(_, merged)| &merged.servers).peekable();
    servers.peek()?;
    if tls.mode == Mode::Disable {
        return servers.all(|server| server.is_tls()).then_some(Refusal {
            why: "accepts only TLS there (Gateway)",
            help: "write the mode that the Gateway's server asks for",
        });
    }
    servers.all(|server| !server.is_tls()).then_some(Refusal {
        why: "accepts only plain text there (Gateway)",
        help: "give the Gateway's server protocol HTTPS or TLS and `tls.mode: ISTIO_MUTUAL`, or write `mode: DISABLE`",
    })
}
