//! Services with one hostname: what of them does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mesh::service::{Port, Service};
use crate::mesh::visibility::{ExportTo, Visibility};
use crate::source::ResourceRef;

/// Says what does not count of two services with one hostname in one namespace, in their order.
///
/// Clients have one cluster for them: that of the Kubernetes Service, else of the older one. Endpoints are joined, and ports as far
/// as both are alike; listeners at addresses stay.
///
/// istiod: `push_context.go` `initServiceRegistry`, `sidecar.go` `appendSidecarServices`, `canMergeServices`
pub(crate) fn in_namespace(older: &Service, younger: &Service, diagnostics: &mut Diagnostics) {
    if older.source == younger.source {
        return;
    }
    let (winner, loser) =
        if younger.is_kubernetes() && !older.is_kubernetes() { (younger, older) } else { (older, younger) };
    let lost = if winner.is_kubernetes() == loser.is_kubernetes() {
        lost_parts(winner, loser)
    } else {
        vec![("spec.hosts".to_owned(), "ports and settings of the ServiceEntry".to_owned())]
    };
    for (path, what) in lost {
        let message = format!(
            "the {what} do not count for the cluster of {}: {} has the host too",
            loser.hostname,
            named(winner)
        );
        diagnostics.push(at_loser("service-host-conflict", message, (loser, &path), winner));
    }
    let accounts = &older.service_accounts;
    if !accounts.is_empty() && *accounts != younger.service_accounts {
        let what = "the subject names do not count for the cluster of";
        let message = format!("{what} {}: {} has the host too, and is younger", older.hostname, named(younger));
        let path = if older.is_kubernetes() { "metadata.annotations" } else { "spec.subjectAltNames" };
        diagnostics.push(at_loser("service-host-conflict", message, (older, path), younger));
    }
}

/// The parts of a ServiceEntry that differ from those of the one before it, and are not joined with them.
fn lost_parts(winner: &Service, loser: &Service) -> Vec<(String, String)> {
    let mut lost = Vec::new();
    if loser.resolution != winner.resolution {
        lost.push(("spec.resolution".to_owned(), "resolution settings".to_owned()));
    }
    if loser.mesh_external != winner.mesh_external {
        lost.push(("spec.location".to_owned(), "location settings".to_owned()));
    }
    for (index, port) in loser.ports.iter().enumerate() {
        let same = |other: &Port| (&other.name, other.protocol) == (&port.name, port.protocol);
        let counts = match winner.port(port.number) {
            Some(other) => same(other),
            None => mergeable(winner, loser),
        };
        if !counts {
            lost.push((format!("spec.ports[{index}]"), format!("settings of port {}", port.number)));
        }
    }
    lost
}

/// Says whether ports of two services of one hostname are joined. istiod: `sidecar.go` `canMergeServices`
pub(crate) fn mergeable(a: &Service, b: &Service) -> bool {
    a.namespace == b.namespace
        && a.resolution == b.resolution
        && a.labels == b.labels
        && a.selector == b.selector
        && a.export_to == b.export_to
}

/// Says that the endpoint of another ServiceEntry does not count, since DNS gives one answer for the host.
///
/// istiod: `serviceentry/controller.go` `mergeServicesInstancesByNamespaceHost`
pub(crate) fn one_endpoint_only(first: &Service, other: &Service, diagnostics: &mut Diagnostics) {
    if first.source != other.source {
        let message =
            format!("the endpoints are ignored for {}: {} defines the host too", other.hostname, named(first));
        diagnostics.push(at_loser("service-host-conflict", message, (other, "spec.endpoints"), first));
    }
}

/// Says whose hostname a client in a third namespace does not mean, of services in several namespaces.
///
/// A Kubernetes Service goes before ServiceEntries, then the order is that in which the namespace sees them.
///
/// istiod: `sidecar.go` `selectServices`
pub(crate) fn in_namespaces(
    by_namespace: &BTreeMap<String, Arc<Service>>,
    export_to: impl Fn(&Service) -> ExportTo,
    diagnostics: &mut Diagnostics,
) {
    if by_namespace.len() < 2 {
        return;
    }
    let mut services: Vec<(&Service, ExportTo)> = by_namespace.values().map(|s| (&**s, export_to(s))).collect();
    services.sort_by_key(|(s, _)| (s.creation, &s.name, &s.namespace));
    let named_namespaces: BTreeSet<&str> = services
        .iter()
        .filter(|(_, export)| !export.contains(&Visibility::Public))
        .flat_map(|(_, export)| export)
        .filter_map(|visibility| match visibility {
            Visibility::Namespace(name) if !by_namespace.contains_key(name) => Some(name.as_str()),
            Visibility::Namespace(_) | Visibility::Private | Visibility::Public | Visibility::None => None,
        })
        .collect();
    let public = || services.iter().filter(|(_, export)| export.contains(&Visibility::Public)).map(|(s, _)| *s);
    let mut lost: BTreeMap<(ResourceRef, ResourceRef), Lost<'_>> = BTreeMap::new();
    add_lost(&mut lost, &public().collect::<Vec<_>>(), "other namespaces");
    for namespace in named_namespaces {
        let by_name = |export: &ExportTo| {
            !export.contains(&Visibility::Public) && export.contains(&Visibility::Namespace(namespace.to_owned()))
        };
        let exported = services.iter().filter(|(_, export)| by_name(export)).map(|(s, _)| *s);
        add_lost(&mut lost, &exported.chain(public()).collect::<Vec<_>>(), namespace);
    }
    for Lost { loser, winner, clients } in lost.into_values() {
        let clients = clients.join(", ");
        let message = format!("for clients in {clients}, {} is another object: {}", loser.hostname, named(winner));
        diagnostics.push(at_loser("service-host-in-several-namespaces", message, (loser, host_path(loser)), winner));
    }
}

/// A service whose hostname some clients do not mean.
struct Lost<'s> {
    loser: &'s Service,
    winner: &'s Service,
    /// Where they are.
    clients: Vec<&'s str>,
}

/// Adds those that clients in some namespaces do not mean, of the services that they see in this order.
fn add_lost<'s>(lost: &mut BTreeMap<(ResourceRef, ResourceRef), Lost<'s>>, seen: &[&'s Service], clients: &'s str) {
    let winner = seen.iter().find(|s| s.is_kubernetes()).or_else(|| seen.first());
    let Some(&winner) = winner else { return };
    for &loser in seen.iter().filter(|s| s.source != winner.source) {
        let new = || Lost { loser, winner, clients: Vec::new() };
        lost.entry((loser.source, winner.source)).or_insert_with(new).clients.push(clients);
    }
}

/// What of a ServiceEntry says which hosts it has; the name of a Service does.
fn host_path(service: &Service) -> &'static str {
    if service.is_kubernetes() { "metadata.name" } else { "spec.hosts" }
}

fn named(service: &Service) -> String {
    let kind = if service.is_kubernetes() { "Service" } else { "ServiceEntry" };
    format!("the {kind} of namespace {}", service.namespace)
}

fn at_loser(code: &'static str, message: String, (loser, path): (&Service, &str), winner: &Service) -> Diagnostic {
    let reason = match (winner.is_kubernetes(), loser.is_kubernetes()) {
        (true, false) => "a Service goes before a ServiceEntry",
        _ if winner.creation < loser.creation => "this one is older",
        _ if winner.creation > loser.creation => "this one is younger",
        _ => "this one counts, of equal age",
    };
    Diagnostic::warning(code, message).at(loser.source, path).label_at(winner.source, host_path(winner), reason)
}
