//! Services outside of the mesh whose port is declared as something else than what is spoken there.

use std::collections::BTreeSet;

use super::translated::Translated;
use crate::lint::context::{LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::istioctl;
use crate::lint::rules;
use crate::mesh::hostname;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Service};
use crate::model::istio::{ClientTlsSettings, ClientTlsSettingsTlsMode as Mode, DestinationRule};

/// The port of HTTPS.
const HTTPS: u32 = 443;
/// The port of HTTP.
const HTTP: u32 = 80;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let routed = routed(translated, context);
    declared(translated, context, &routed, out);
    originated(translated, context, &routed, out);
}

/// Host and port of the destinations of HTTP routes; port 0 is any.
fn routed(translated: &Translated<'_>, context: &LintContext<'_>) -> BTreeSet<(String, u32)> {
    let of_service = |service: Typed<'_, crate::model::istio::VirtualService>| {
        let places = istioctl::destinations(&service).into_iter().filter(|(_, path)| path.starts_with("spec.http"));
        let port =
            |destination: &crate::model::istio::Destination| destination.port.as_ref().map_or(0, |port| port.number);
        places.map(|(one, _)| (translated.full_host(&service.namespace, &one.host), port(one))).collect::<Vec<_>>()
    };
    context.virtual_services().flat_map(of_service).collect()
}

fn is_routed(routed: &BTreeSet<(String, u32)>, host: &str, port: u32) -> bool {
    routed.contains(&(host.to_owned(), port)) || routed.contains(&(host.to_owned(), 0))
}

/// Whether TLS is begun by a proxy.
fn originates(tls: &ClientTlsSettings) -> bool {
    matches!(tls.mode, Mode::Simple | Mode::Mutual)
}

/// HTTP declared on port 443, where clients speak TLS themselves.
fn declared<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    routed: &BTreeSet<(String, u32)>,
    out: &mut Vec<Finding<'c>>,
) {
    for entry in context.service_entries().filter(|entry| context.is_taken(entry.item)) {
        if entry.spec.location != crate::model::istio::ServiceEntryLocation::MeshExternal {
            continue;
        }
        for (i, port) in entry.spec.ports.iter().enumerate() {
            if port.number != HTTPS || !Protocol::parse(&port.protocol).is_http() {
                continue;
            }
            let is_meant = entry.spec.hosts.iter().any(|host| {
                is_routed(routed, host, HTTPS)
                    || context.destination_rules().any(|rule| {
                        hostname::matches(host, &translated.full_host(&rule.namespace, &rule.spec.host))
                            && settings(&rule, HTTPS).is_some_and(|(tls, _)| originates(tls))
                    })
            });
            if is_meant {
                continue;
            }
            let message = "port 443 is declared HTTP: clients that speak TLS themselves go past this ServiceEntry, and get none of its routes, policies and metrics";
            out.push(
                Finding::new(&rules::MESHC0127, entry.item, message)
                    .point(&format!("spec.ports[{i}].protocol"))
                    .help("write `protocol: HTTPS` (or TLS); to let proxies begin TLS, declare port 80 with `targetPort: 443` and a DestinationRule with `tls.mode: SIMPLE`"),
            );
        }
    }
}

/// TLS that a proxy begins where the client has begun it already, or where the server speaks none.
fn originated<'c>(
    translated: &Translated<'_>,
    context: &'c LintContext<'_>,
    routed: &BTreeSet<(String, u32)>,
    out: &mut Vec<Finding<'c>>,
) {
    for rule in context.destination_rules().filter(|rule| context.is_taken(rule.item)) {
        let host = translated.full_host(&rule.namespace, &rule.spec.host);
        let all = &translated.mesh.services_by_hostname;
        let one = all.get_key_value(&host).filter(|_| !host.starts_with('*')).into_iter();
        let many = all.iter().filter(|(known, _)| host.starts_with('*') && hostname::subset_of(known, &host));
        let covered = one.chain(many);
        let mut told: BTreeSet<String> = BTreeSet::new();
        for service in covered.flat_map(|(_, services)| services.values()).filter(|service| service.mesh_external) {
            let faults: Vec<(String, String)> = service
                .ports
                .iter()
                .filter_map(|port| {
                    let (tls, path) = settings(&rule, port.number)?;
                    let fault = fault(translated, service, port).filter(|_| originates(tls))?;
                    (!is_routed(routed, &service.hostname, port.number)).then_some((path, fault))
                })
                .collect();
            let Some((path, _)) = faults.first() else { continue };
            if !told.insert(path.clone()) {
                continue;
            }
            let faults: Vec<&str> = faults.iter().map(|(_, fault)| fault.as_str()).collect();
            let message = format!("{} begins TLS to {}: {}", rule.full_name(), service.hostname, faults.join("; "));
            out.push(
                Finding::new(&rules::MESHC0127, rule.item, message)
                    .point(&format!("{path}.mode"))
                    .help("without this rule, clients speak TLS themselves; to let proxies begin it, declare port 80 with `targetPort: 443` and set `tls` for that port in `portLevelSettings`"),
            );
        }
    }
}

fn fault(translated: &Translated<'_>, service: &Service, port: &Port) -> Option<String> {
    if port.protocol.is_tls() {
        let number = port.number;
        return Some(format!("port {number} is TLS, so clients encrypt already, and this encrypts again"));
    }
    let endpoints = translated.mesh.service_endpoints_by_port(service, port.number, &std::collections::BTreeMap::new());
    let goes_on = endpoints.is_empty() || endpoints.iter().all(|endpoint| endpoint.port == HTTP);
    (port.protocol.is_http() && port.number == HTTP && goes_on)
        .then(|| "port 80 leads to port 80 of the server, which speaks no TLS".to_owned())
}

/// Returns the settings that hold for a port, with their path.
fn settings<'c>(rule: &Typed<'c, DestinationRule>, port: u32) -> Option<(&'c ClientTlsSettings, String)> {
    super::tls::settings(rule, "", port).into_iter().next()
}
