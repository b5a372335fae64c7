//! TLS that a client speaks and its server does not take, or the other way round.
//!
//! What a client speaks is what the DestinationRule behind each of its clusters says, whichever that is: of the host itself, of a
//! wildcard, of the client's namespace.

use std::collections::BTreeMap;

use super::translated::Translated;
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::peer_authentication::MutualTlsMode;
use crate::model::istio::{ClientTlsSettings, ClientTlsSettingsTlsMode as Mode, DestinationRule};

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    // By rule and field: one host as an example, and how many more.
    let mut found: BTreeMap<(String, String), (Finding<'c>, usize)> = BTreeMap::new();
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
        for (tls, path) in settings(&rule, subset, number) {
            let of_mesh = services.values().filter(|service| !service.mesh_external);
            let mut endpoints =
                of_mesh.flat_map(|service| translated.mesh.service_endpoints_by_port(service, number, labels));
            // Whether a workload has a sidecar is its Namespace's to say.
            let is_settled = |endpoint: &&Endpoint| {
                context.namespace(&endpoint.namespace).is_none_or(|one| context.unfinished(one).is_none())
            };
            let refuses = endpoints
                .find_map(|endpoint| Some((endpoint, refusal(translated, tls, endpoint)?)))
                .filter(|(endpoint, _)| is_settled(endpoint));
            let Some((endpoint, why)) = refuses else { continue };
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
            let finding = Finding::new(&rules::MESHC0112, rule.item, message).point(&format!("{path}.mode"));
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

fn refusal(translated: &Translated<'_>, tls: &ClientTlsSettings, endpoint: &Endpoint) -> Option<&'static str> {
    let has_sidecar = endpoint.tls_mode == "istio";
    if !has_sidecar {
        return (tls.mode == Mode::IstioMutual).then_some("has no sidecar to accept it");
    }
    let composed = translated.mesh.peer_authentication.for_workload(&endpoint.namespace, &endpoint.labels);
    let server = composed.port_level.get(&endpoint.port).copied().unwrap_or(composed.mode);
    match (tls.mode, server) {
        (Mode::Disable | Mode::Simple | Mode::Mutual, MutualTlsMode::Strict) => {
            Some("accepts only mutual TLS of the mesh (PeerAuthentication)")
        }
        (Mode::IstioMutual, MutualTlsMode::Disable) => Some("does not accept mutual TLS (PeerAuthentication)"),
        _ => None,
    }
}
