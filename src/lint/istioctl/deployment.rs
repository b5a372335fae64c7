//! Deployments whose Services disagree, and workloads that run as the proxy's user.
//!
//! istiod: `analyzers/deployment/{services,pod}.go`

use std::collections::{BTreeMap, BTreeSet};

use super::in_mesh;
use crate::lint::context::{Item, LintContext, Origin, Typed, View};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::labels;
use crate::mesh::registry::kubernetes_service::protocol;
use crate::model::kubernetes::{Deployment, IntOrString, PodSpec, Service, ServicePort};

/// The user of the proxy.
const PROXY_UID: i64 = 1337;

/// Finds Services of one Deployment that use a port for different protocols, or a target port for different ports.
pub(super) fn check_services<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for deployment in context.deployments() {
        let is_waypoint = deployment.label("gateway.istio.io/managed") == "istio.io-mesh-controller";
        if !is_waypoint && in_mesh::deployment(&deployment, context) {
            let services = services(&deployment, context);
            protocols(deployment.item, &services, out);
            target_ports(context, deployment.item, &services, out);
        }
    }
}

fn services<'c>(deployment: &Typed<'c, Deployment>, context: &'c LintContext<'_>) -> Vec<Typed<'c, Service>> {
    let pod = &deployment.spec.template.metadata.labels;
    let selects = |service: &Typed<'_, Service>| {
        service.namespace == deployment.namespace && labels::matches(&service.spec.spec.selector, pod)
    };
    context.services().filter(selects).collect()
}

fn protocols<'c>(deployment: &'c Item<'c>, services: &[Typed<'c, Service>], out: &mut Vec<Finding<'c>>) {
    let mut ports: BTreeMap<u32, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for service in services {
        for port in &service.spec.spec.ports {
            let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
            ports.entry(port.port).or_default().entry(protocol).or_default().push(service.full_name());
        }
    }
    for (port, protocols) in ports.iter().filter(|(_, protocols)| protocols.len() > 1) {
        let mut names: Vec<String> = protocols.values().flatten().cloned().collect();
        names.sort();
        let all = protocols.keys().copied().collect::<Vec<_>>().join(" and ");
        let (name, services) = (deployment.name(), names.join(", "));
        let message = format!("Services of the Deployment {name} use port {port} for {all}: {services}");
        out.push(Finding::new(&rules::IST0116, deployment, message).at("metadata.name"));
    }
}

fn target_ports<'c>(
    context: &LintContext<'_>,
    deployment: &'c Item<'c>,
    services: &[Typed<'c, Service>],
    out: &mut Vec<Finding<'c>>,
) {
    let mut targets: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
    for service in services {
        for port in &service.spec.spec.ports {
            targets.entry(target(port)).or_default().insert(port.port, service.full_name());
        }
    }
    for (target, ports) in targets.iter().filter(|(_, ports)| ports.len() > 1) {
        let mut names: Vec<&str> = ports.values().map(String::as_str).collect();
        names.sort_unstable();
        let numbers = ports.keys().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let distinct = names.iter().collect::<BTreeSet<_>>().len();
        let whose = if distinct == 1 { "one Service uses" } else { "Services use" };
        if context.view == View::Meshc {
            names.dedup();
        }
        // One application behind several ports of one protocol is as it should be.
        let same = context.view == View::Meshc && speak_the_same(services, target);
        let message = format!(
            "Services of Deployment {} use {whose} target port `{target}` for different ports: {} (ports {numbers})",
            deployment.name(),
            names.join(", ")
        );
        let finding = Finding::new(&rules::IST0137, deployment, message).at("metadata.name");
        out.push(
            finding.false_alarm_if(same.then_some("the ports have one protocol, or another finding says which counts")),
        );
    }
}

/// Whether the ports that lead to a target port are all of HTTP or all of TCP: of others, one decides, which another rule says.
fn speak_the_same(services: &[Typed<'_, Service>], wanted: &str) -> bool {
    let all = services.iter().flat_map(|service| &service.spec.spec.ports).filter(|port| target(port) == wanted);
    let protocols: Vec<_> =
        all.map(|port| protocol(port.port, &port.name, &port.protocol, port.app_protocol.as_deref())).collect();
    protocols.iter().all(|one| one.is_http()) || protocols.iter().all(|one| !one.is_http())
}

fn target(port: &ServicePort) -> String {
    match &port.target_port {
        Some(IntOrString::Int(number)) if *number != 0 => number.to_string(),
        Some(IntOrString::String(name)) if !name.is_empty() && name != "0" => name.clone(),
        _ => port.port.to_string(),
    }
}

/// Finds workloads that run as the proxy's user, whose traffic is not redirected.
pub(super) fn check_user<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for pod in context.pods().filter(|pod| pod.origin != Origin::Template) {
        out.extend(user(pod.item, &pod.spec.spec, "spec").filter(|_| !is_gateway(context, &pod.spec.spec)));
    }
    for deployment in context.deployments() {
        let spec = &deployment.spec.template.spec;
        out.extend(user(deployment.item, spec, "spec.template.spec").filter(|_| !is_gateway(context, spec)));
    }
}

/// Whether nothing but a proxy runs in a Pod, which is right to run as its own user; istioctl does not look.
fn is_gateway(context: &LintContext<'_>, spec: &PodSpec) -> bool {
    let is_proxy = |container: &crate::model::kubernetes::Container| container.name == in_mesh::PROXY;
    context.view == View::Meshc && !spec.containers.is_empty() && spec.containers.iter().all(is_proxy)
}

fn user<'c>(item: &'c Item<'c>, spec: &PodSpec, path: &str) -> Option<Finding<'c>> {
    if in_mesh::is_control_plane(item) {
        return None;
    }
    let is_proxys = |name: &str| [in_mesh::PROXY, "istio-operator"].contains(&name);
    let path = if spec.security_context.run_as_user == Some(PROXY_UID) {
        format!("{path}.securityContext.runAsUser")
    } else {
        let mut containers = spec.containers.iter();
        let index =
            containers.position(|c| !is_proxys(&c.name) && c.security_context.run_as_user == Some(PROXY_UID))?;
        format!("{path}.containers[{index}].securityContext.runAsUser")
    };
    let message = "the application runs as user 1337, like the sidecar, so its traffic is not captured";
    Some(Finding::new(&rules::IST0144, item, message).point(&path))
}
