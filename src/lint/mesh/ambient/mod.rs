//! Rules for ambient mode: what waypoints own and what they do not, and what ztunnel makes of policies.
//!
//! ```text
//! use-waypoint ──▶ waypoints     labels that lead nowhere, waypoints without anything to own
//! routes, policies, rules ──▶ without_waypoint     for services that no waypoint serves
//! selectors ──▶ ztunnel     policies that only a waypoint could enforce, HTTP rules at ztunnel
//! Pods ──▶ both, strict     sidecars in ambient mode; clients outside of the mesh
//! gateways ──▶ ingress     gateways that a waypoint does not let in
//! ```

mod both;
mod ingress;
mod strict;
mod waypoints;
mod without_waypoint;
mod ztunnel;

use std::collections::{BTreeMap, BTreeSet};

use super::translated::Translated;
use crate::lint::context::{GATEWAY_API, Item, LintContext};
use crate::lint::finding::Finding;
use crate::mesh::ambient::{AmbientService, AmbientWorkload, Refusal};
use crate::mesh::labels;
use crate::model::istio::label::REVISION;
use crate::proxy::ProxyKind;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    if !translated.mesh.features().ambient {
        return;
    }
    waypoints::check(translated, context, out);
    without_waypoint::check(translated, context, out);
    ztunnel::check(translated, context, out);
    both::check(translated, context, out);
    ingress::check(translated, context, out);
    strict::check(translated, context, out);
}

/// Returns the objects that have no effect for a reason of ambient mode, by kind and full name.
pub(super) fn told(translated: &Translated<'_>, context: &LintContext<'_>) -> BTreeSet<(String, String)> {
    let mut found = Vec::new();
    if translated.mesh.features().ambient {
        without_waypoint::check(translated, context, &mut found);
        ztunnel::check(translated, context, &mut found);
    }
    let name = |item: &Item<'_>| (item.kind().to_owned(), item.full_name());
    found.iter().filter_map(|finding| finding.item.map(name)).collect()
}

/// Says whether any workload has a sidecar: then routes and DestinationRules are for its requests too.
fn has_sidecars(translated: &Translated<'_>) -> bool {
    translated.proxies.iter().any(|proxy| proxy.client.kind == ProxyKind::Sidecar)
}

/// Returns what the index knows of a hostname, in whatever namespace.
fn services<'t>(translated: &'t Translated<'_>, hostname: &str) -> Vec<&'t AmbientService> {
    translated.mesh.ambient.services.values().filter(|service| service.hostname == hostname).collect()
}

/// Returns a Gateway of the input.
fn gateway<'c>(context: &'c LintContext<'_>, namespace: &str, name: &str) -> Option<&'c Item<'c>> {
    context.of(GATEWAY_API, "Gateway").find(|item| item.namespace == namespace && item.name() == name)
}

/// Says whether the waypoint that is asked for has no address because the istiod of another revision makes its Service, which the
/// input does not hold.
fn is_of_another_istiod(context: &LintContext<'_>, refusal: &Refusal) -> bool {
    let Refusal::Missing(namespace, name) = refusal else { return false };
    gateway(context, namespace, name)
        .and_then(|item| item.labels().get(REVISION))
        .is_some_and(|revision| revision != context.revision)
}

/// Says whether requests to a service go through a waypoint, as far as can be known.
fn may_have_waypoint(context: &LintContext<'_>, service: &AmbientService) -> bool {
    service.waypoint.is_some() || service.refusal.as_ref().is_some_and(|refusal| is_of_another_istiod(context, refusal))
}

/// Returns the workloads whose connections ztunnel takes: those of a namespace that a selector selects, or of the mesh.
fn in_ambient_mode<'t>(
    translated: &'t Translated<'_>,
    namespace: &str,
    selector: &BTreeMap<String, String>,
) -> Vec<&'t AmbientWorkload> {
    let is_root = namespace == translated.mesh.config.root_namespace;
    let workloads = translated.mesh.ambient.workloads.iter().filter(|workload| workload.redirected);
    workloads
        .filter(|workload| is_root || workload.namespace == namespace)
        .filter(|workload| labels::subset(selector, &workload.labels))
        .collect()
}
