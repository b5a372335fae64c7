//! What the input asks of an istiod that it does not hold: ambient mode, and several networks.

use super::{Origin, Setting};
use crate::ingest::Manifests;
use crate::model::istio::label::DATAPLANE_MODE;
use crate::source::ResourceRef;

const WAYPOINT_CONTROLLER: &str = "istio.io/mesh-controller";
const EAST_WEST_CONTROLLER: &str = "istio.io/eastwest-controller";

/// Returns the switches that the input implies: `PILOT_ENABLE_AMBIENT` where a Namespace or Pod has the label
/// `istio.io/dataplane-mode: ambient`, or a Gateway is a waypoint; `AMBIENT_ENABLE_MULTI_NETWORK` where one is an east-west gateway
/// of an ambient mesh. Each with the object that asks for it.
pub(super) fn implied(manifests: &Manifests) -> Vec<Setting> {
    let east_west = gateway_of(manifests, "istio-east-west", EAST_WEST_CONTROLLER);
    let ambient =
        labelled(manifests).or_else(|| gateway_of(manifests, "istio-waypoint", WAYPOINT_CONTROLLER)).or(east_west);
    let setting = |name: &str, (source, path): (ResourceRef, &str)| Setting {
        name: name.to_owned(),
        value: "true".to_owned(),
        origin: Origin::Input { source, path: path.to_owned() },
    };
    let ambient = ambient.map(|asks| setting("PILOT_ENABLE_AMBIENT", asks));
    ambient.into_iter().chain(east_west.map(|asks| setting("AMBIENT_ENABLE_MULTI_NETWORK", asks))).collect()
}

fn labelled(manifests: &Manifests) -> Option<(ResourceRef, &'static str)> {
    let namespaces =
        manifests.namespaces.iter().map(|namespace| (&namespace.meta, namespace.source, "metadata.labels"));
    let pods = manifests.pods.iter().map(|pod| (&pod.meta, pod.source, "metadata.labels"));
    let templates = |meta, source| (meta, source, "spec.template.metadata.labels");
    let deployments = manifests.deployments.iter().map(|d| templates(&d.spec.template.metadata, d.source));
    let stateful_sets = manifests.stateful_sets.iter().map(|s| templates(&s.spec.template.metadata, s.source));
    let daemon_sets = manifests.daemon_sets.iter().map(|d| templates(&d.spec.template.metadata, d.source));
    let all = namespaces.chain(pods).chain(deployments).chain(stateful_sets).chain(daemon_sets);
    let mut asking = all.filter(|(meta, ..)| meta.labels.get(DATAPLANE_MODE).is_some_and(|mode| mode == "ambient"));
    asking.next().map(|(_, source, path)| (source, path))
}

/// The first Gateway of a class: the one of this name, unless a GatewayClass makes it another controller's, or one of the controller.
fn gateway_of(manifests: &Manifests, name: &str, controller: &str) -> Option<(ResourceRef, &'static str)> {
    let is_of_controller = |class: &str| {
        let written = manifests.gateway_classes.iter().find(|written| written.meta.name == class);
        written.map_or(class == name, |written| written.spec.controller_name == controller)
    };
    let mut gateways = manifests.kubernetes_gateways.iter();
    let gateway = gateways.find(|gateway| is_of_controller(&gateway.spec.gateway_class_name))?;
    Some((gateway.source, "spec.gatewayClassName"))
}
