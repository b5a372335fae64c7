//! TLS that a client speaks and its server does not take, or the other way round.

use super::translated::Translated;
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::istioctl::full_host;
use crate::lint::rules;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::peer_authentication::MutualTlsMode;
use crate::model::istio::{ClientTlsSettings, ClientTlsSettingsTlsMode as Mode, DestinationRule};

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for rule in context.destination_rules() {
        let host = full_host(&rule.namespace, &rule.spec.host);
        let Some(services) = translated.mesh.services_by_hostname.get(&host) else { continue };
        for service in services.values().filter(|service| service.is_kubernetes()) {
            for port in &service.ports {
                for (tls, path) in settings(&rule, port.number) {
                    let labels = std::collections::BTreeMap::new();
                    let endpoints = translated.mesh.service_endpoints_by_port(service, port.number, &labels);
                    let refuses =
                        endpoints.iter().find_map(|endpoint| Some((endpoint, refusal(translated, tls, endpoint)?)));
                    if let Some((endpoint, why)) = refuses {
                        let (mode, number) = (tls.mode, port.number);
                        let address = endpoint.addresses.first().map_or("", String::as_str);
                        let name = &endpoint.workload_name;
                        let workload = if name.is_empty() { address } else { name };
                        let message = format!(
                            "port {number} of {host} gets connections of TLS mode {mode}, and {workload} {why}"
                        );
                        out.push(Finding::new(&rules::MESHC0112, rule.item, message).point(&format!("{path}.mode")));
                    }
                }
            }
        }
    }
}

/// Returns the settings that hold for a port, each once, with their path.
fn settings<'c>(rule: &Typed<'c, DestinationRule>, port: u32) -> Vec<(&'c ClientTlsSettings, String)> {
    let Some(policy) = &rule.spec.traffic_policy else { return Vec::new() };
    let mut levels = policy.port_level_settings.iter().enumerate();
    let level = levels.find(|(_, level)| level.port.as_ref().is_some_and(|selector| selector.number == port));
    if let Some((index, level)) = level {
        let path = format!("spec.trafficPolicy.portLevelSettings[{index}].tls");
        return level.tls.iter().map(|tls| (tls, path.clone())).collect();
    }
    policy.tls.iter().map(|tls| (tls, "spec.trafficPolicy.tls".to_owned())).collect()
}

fn refusal(translated: &Translated<'_>, tls: &ClientTlsSettings, endpoint: &Endpoint) -> Option<&'static str> {
    let has_sidecar = endpoint.tls_mode == "istio";
    if !has_sidecar {
        return (tls.mode == Mode::IstioMutual).then_some("has no sidecar to take it");
    }
    let composed = translated.mesh.peer_authentication.for_workload(&endpoint.namespace, &endpoint.labels);
    let server = composed.port_level.get(&endpoint.port).copied().unwrap_or(composed.mode);
    match (tls.mode, server) {
        (Mode::Disable | Mode::Simple | Mode::Mutual, MutualTlsMode::Strict) => {
            Some("takes mutual TLS of the mesh only (PeerAuthentication)")
        }
        (Mode::IstioMutual, MutualTlsMode::Disable) => Some("takes no mutual TLS (PeerAuthentication)"),
        _ => None,
    }
}
