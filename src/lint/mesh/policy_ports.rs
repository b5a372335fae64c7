//! Ports of Services in policies, which are about the ports on which workloads listen.

use std::collections::BTreeSet;

use super::authorization::policies;
use super::translated::Translated;
use crate::lint::context::{Item, LintContext, Origin};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::labels;
use crate::proxy::Proxy;

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mesh = translated.mesh;
    for policy in context.peer_authentications().filter(|policy| context.is_taken(policy.item)) {
        let Some(selector) = policy.spec.selector.as_ref() else { continue };
        let selected = |proxy: &&Proxy| {
            proxy.namespace == policy.namespace && labels::subset(&selector.match_labels, &proxy.labels)
        };
        let proxies: Vec<&Proxy> = translated.proxies.iter().filter(selected).collect();
        for port in policy.spec.port_level_mtls.keys() {
            let path = format!("spec.portLevelMtls[\"{port}\"]");
            out.extend(finding(context, policy.item, &path, *port, &proxies));
        }
    }
    for policy in policies(context, mesh) {
        let proxies = policy.proxies(&translated.proxies, mesh);
        for (i, rule) in policy.rules().iter().enumerate() {
            let mut ports: Vec<(String, u32)> = Vec::new();
            let mut add = |path: String, values: &[String]| {
                let numbers = values.iter().enumerate().filter_map(|(k, value)| Some((k, value.parse().ok()?)));
                ports.extend(numbers.map(|(k, number)| (format!("{path}[{k}]"), number)));
            };
            for (j, to) in rule.to.iter().enumerate() {
                let Some(operation) = &to.operation else { continue };
                add(format!("spec.rules[{i}].to[{j}].operation.ports"), &operation.ports);
                add(format!("spec.rules[{i}].to[{j}].operation.notPorts"), &operation.not_ports);
            }
            for (j, condition) in rule.when.iter().enumerate().filter(|(_, when)| when.key == "destination.port") {
                add(format!("spec.rules[{i}].when[{j}].values"), &condition.values);
                add(format!("spec.rules[{i}].when[{j}].notValues"), &condition.not_values);
            }
            for (path, port) in ports {
                out.extend(finding(context, policy.item, &path, port, &proxies));
            }
        }
    }
}

/// Finds that none of the workloads listens on a port, which is one of their Services'.
fn finding<'c>(
    context: &LintContext<'_>,
    item: &'c Item<'c>,
    path: &str,
    port: u32,
    proxies: &[&Proxy],
) -> Option<Finding<'c>> {
    let targets = || proxies.iter().flat_map(|proxy| &proxy.service_targets);
    let listens = targets().any(|target| target.target_port == port) || has_container_port(context, port, proxies);
    if listens {
        return None;
    }
    let meant: BTreeSet<u32> =
        targets().filter(|target| target.port.number == port).map(|target| target.target_port).collect();
    let service = targets().find(|target| target.port.number == port)?;
    let numbers = meant.iter().map(u32::to_string).collect::<Vec<_>>().join(" or ");
    let message = format!(
        "no workload of this policy listens on port {port}: it is a port of Service {}/{}, whose target port is {numbers}",
        service.service.namespace, service.service.name
    );
    let help = format!("policies are about the workload's port: write {numbers}");
    Some(Finding::new(&rules::MESHC0125, item, message).point(path).help(help))
}

/// Whether a container of one of the workloads says that it listens on a port.
fn has_container_port(context: &LintContext<'_>, port: u32, proxies: &[&Proxy]) -> bool {
    let is_of = |pod: &Item<'_>| {
        proxies.iter().any(|proxy| proxy.namespace == pod.namespace && labels::subset(pod.labels(), &proxy.labels))
    };
    context.pods().filter(|pod| pod.origin != Origin::Assumed && is_of(pod.item)).any(|pod| {
        let mut ports = pod.spec.spec.containers.iter().flat_map(|container| &container.ports);
        ports.any(|one| one.container_port == port)
    })
}
