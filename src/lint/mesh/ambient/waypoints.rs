//! Labels that name a waypoint, and waypoints that nothing names.

use std::collections::BTreeMap;

use super::{gateway, is_of_another_istiod};
use crate::lint::context::{Item, LintContext};
use crate::lint::finding::Finding;
use crate::lint::mesh::translated::Translated;
use crate::lint::rules;
use crate::mesh::ambient::{Refusal, TrafficType, Waypoint};
use crate::model::gateway_api::FromNamespaces;
use crate::model::istio::label::USE_WAYPOINT;
use crate::source::{FieldPath, Step};

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    refused(translated, context, out);
    without_target(translated, context, out);
}

/// The label of an object: its path, whose key has dots.
pub(super) fn label(key: &str) -> FieldPath {
    FieldPath(["metadata", "labels", key].map(|step| Step::Key(step.to_owned())).to_vec())
}

fn refused<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let ambient = &translated.mesh.ambient;
    let mut found: BTreeMap<String, (&'c Item<'c>, &Refusal, &str)> = BTreeMap::new();
    for (namespace, refusal) in &ambient.refused_namespaces {
        if let Some(item) = context.find("Namespace", "", namespace) {
            found.insert(item.resource(), (item, refusal, "nothing in the namespace has a waypoint"));
        }
    }
    let services = ambient.services.values().map(|service| (service.source, &service.refusal, true));
    let workloads = ambient.workloads.iter().map(|workload| (workload.source, &workload.refusal, false));
    for (source, refusal, is_service) in services.chain(workloads) {
        let (Some(item), Some(refusal)) = (context.by_resource(source), refusal) else { continue };
        let effect = if is_service { "its requests reach no waypoint" } else { "its connections reach no waypoint" };
        // Of a label that the namespace has, the namespace tells.
        if item.labels().contains_key(USE_WAYPOINT) {
            found.insert(item.resource(), (item, refusal, effect));
        }
    }
    for (item, refusal, effect) in found.into_values().filter(|(_, refusal, _)| !is_of_another_istiod(context, refusal))
    {
        let (message, gateway) = match refusal {
            Refusal::Missing(namespace, name) => {
                let gateway = gateway(context, namespace, name);
                let why = if gateway.is_some() { "has no address in its status" } else { "does not exist" };
                (format!("waypoint `{namespace}/{name}` {why}: {effect}"), gateway)
            }
            Refusal::NotAllowed(namespace, name) => {
                let why = "does not allow this namespace in `allowedRoutes`";
                (format!("waypoint `{namespace}/{name}` {why}: {effect}"), gateway(context, namespace, name))
            }
            Refusal::WrongTraffic(namespace, name) => {
                let of = if matches!(item.kind(), "Service" | "ServiceEntry") { "services" } else { "workloads" };
                let message =
                    format!("waypoint `{namespace}/{name}` is not for {of} (`istio.io/waypoint-for`): {effect}");
                (message, gateway(context, namespace, name))
            }
        };
        let mut finding = Finding::new(&rules::MESHC0141, item, message).point_path(label(USE_WAYPOINT));
        if let Some(gateway) = gateway {
            finding = finding.related(gateway, "metadata.name", "the waypoint");
        }
        out.push(finding);
    }
}

/// Waypoints of a namespace that the files hold, as far as they are for this namespace only: who names others is not known.
fn without_target<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let ambient = &translated.mesh.ambient;
    let is_named = |waypoint: &Waypoint| {
        let services = ambient.services.values().filter_map(|service| service.waypoint.as_ref());
        let workloads = ambient.workloads.iter().filter_map(|workload| workload.waypoint.as_ref());
        services.chain(workloads).any(|own| own.namespace == waypoint.namespace && own.name == waypoint.name)
    };
    for waypoint in ambient.waypoints.values() {
        let Some(item) = context.by_resource(waypoint.source).filter(|item| item.is_written()) else { continue };
        let class = item.node().get("spec").and_then(|spec| spec.get("gatewayClassName")?.as_str());
        let is_closed = matches!(waypoint.allowed.from, FromNamespaces::Same | FromNamespaces::None);
        if class == Some("istio-waypoint")
            && is_closed
            && waypoint.traffic_type != TrafficType::None
            && context.namespace(&waypoint.namespace).is_some_and(Item::is_written)
            && !ambient.refused_namespaces.contains_key(&waypoint.namespace)
            && !is_named(waypoint)
        {
            let message = "no Service and no workload uses the waypoint";
            let help = format!("label the Namespace or a Service: `istio.io/use-waypoint: {}`", waypoint.name);
            out.push(Finding::new(&rules::MESHC0142, item, message).point("metadata.name").help(help));
        }
    }
}
