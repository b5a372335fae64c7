//! Gateways without workloads, without a port of a Service, and in each other's way.
//!
//! istiod: `analyzers/gateway/{gateway,certificate,conflictinggateway}.go`

use std::collections::{BTreeMap, BTreeSet};

use super::judge;
use super::selector::{self, Labels};
use crate::lint::context::{LintContext, Typed, View};
use crate::lint::finding::Finding;
use crate::lint::rules;
use crate::mesh::labels;
use crate::mesh::protocol::Protocol;
use crate::model::istio::{Gateway, Server, ServerTlsSettings};
use crate::model::kubernetes::IntOrString;

/// Returns the finding that a Gateway has no workload.
pub(super) fn no_workload<'c>(context: &LintContext<'_>, gateway: &Typed<'c, Gateway>) -> Finding<'c> {
    let message = format!("the selector matches no Pod: {}", selector::text(&gateway.spec.selector));
    let at = selector::first_label("spec.selector", &gateway.spec.selector);
    Finding::new(&rules::IST0101, gateway.item, message)
        .at_path(at)
        .false_alarm_if(judge::gateway_workload(context, &gateway.spec.selector))
}

/// Finds ports that no Service of the gateway's Pods has.
pub(super) fn check_ports<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for gateway in context.gateways() {
        let mut ports: BTreeSet<u32> = BTreeSet::new();
        let mut has_pod = false;
        let mut is_written = false;
        let selected = context.pods().filter(|pod| labels::subset(&gateway.spec.selector, pod.labels()));
        for pod in selected {
            has_pod = true;
            is_written |= pod.is_written();
            let of_pod = context.services().filter(|service| {
                service.namespace == pod.namespace && labels::subset(&service.spec.spec.selector, pod.labels())
            });
            for port in of_pod.flat_map(|service| &service.spec.spec.ports).filter(|port| {
                // The API server fills the protocol in; istioctl looks at files.
                port.protocol == "TCP" || port.protocol.is_empty() && context.view == View::Meshc
            }) {
                ports.insert(port.port);
                ports.extend(number(port.target_port.as_ref()));
            }
        }
        if !has_pod {
            out.push(no_workload(context, &gateway));
            continue;
        }
        for (i, server) in gateway.spec.servers.iter().enumerate() {
            let Some(port) = server.port.as_ref().filter(|port| !ports.contains(&port.number)) else { continue };
            let selector = selector::text(&gateway.spec.selector);
            let message = format!(
                "no Service that selects the gateway's Pods exposes port {} (selector {selector})",
                port.number
            );
            let at = selector::first_label("spec.selector", &gateway.spec.selector);
            let finding = Finding::new(&rules::IST0162, gateway.item, message).at_path(at);
            // istioctl gives the ingress gateway that it assumes ports that no install has.
            let is_unknown = context.mesh.is_some() && !is_written;
            let reason = is_unknown.then_some("the files hold no gateway's Service");
            out.push(finding.point(&format!("spec.servers[{i}].port.number")).false_alarm_if(reason));
        }
    }
}

/// Returns a target port's number, also of one in quotes. Kubernetes: `IntOrString.IntValue`
fn number(port: Option<&IntOrString>) -> Option<u32> {
    let number = match port? {
        IntOrString::Int(number) => *number,
        IntOrString::String(text) => text.parse().ok()?,
    };
    (number != 0).then_some(number)
}

/// Finds Gateways of the same workloads with the same certificate.
pub(super) fn check_certificates<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let all: Vec<Typed<'c, Gateway>> = context.gateways().collect();
    for gateway in &all {
        for other in all.iter().filter(|other| !std::ptr::eq(other.item, gateway.item)) {
            if !labels::subset(&gateway.spec.selector, &other.spec.selector) {
                continue;
            }
            let tls = |gateway: &Typed<'c, Gateway>| gateway.spec.servers.iter().map(|server| server.tls.as_ref());
            let shared =
                tls(gateway).position(|mine| tls(other).flatten().any(|its| mine.is_some_and(|tls| same(tls, its))));
            let Some(index) = shared else { continue };
            let message = format!(
                "{} and {} use the same certificate; a client that reuses its HTTP/2 connection gets a 404",
                gateway.full_name(),
                other.full_name()
            );
            let finding = Finding::new(&rules::IST0138, gateway.item, message).at("metadata.name");
            let port = |server: &Server| server.port.as_ref().map_or(0, |port| port.number);
            let same_host = gateway.spec.servers.iter().any(|mine| {
                let its = other.spec.servers.iter().filter(|its| port(its) == port(mine) && its.bind == mine.bind);
                its.flat_map(|its| &its.hosts).any(|host| mine.hosts.contains(host))
            });
            let reason = same_host.then_some("that both serve the same host is found already");
            let finding = finding.point(&format!("spec.servers[{index}].tls")).false_alarm_if(reason);
            out.push(finding.related(other.item, "spec.servers", "the same certificate"));
        }
    }
}

/// istiod: `haveSameCertificate`
fn same(a: &ServerTlsSettings, b: &ServerTlsSettings) -> bool {
    if !a.credential_name.is_empty() || !b.credential_name.is_empty() {
        return a.credential_name == b.credential_name;
    }
    let files = |tls: &ServerTlsSettings| (tls.server_certificate.clone(), tls.private_key.clone());
    !a.server_certificate.is_empty() && !a.private_key.is_empty() && files(a) == files(b)
}

/// A Gateway's hosts on one port, each with its address.
type Hosts<'c> = BTreeMap<&'c str, &'c str>;

/// Gateways' hosts, by selector, port and Gateway.
type ByPort<'c> = BTreeMap<(String, u32), BTreeMap<String, Hosts<'c>>>;

/// Finds Gateways of the same workloads with the same host on the same port.
pub(super) fn check_conflicts<'c>(context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mut all = by_port(context);
    for gateway in context.gateways() {
        let mine = selector::text(&gateway.spec.selector);
        let same: Vec<(String, u32)> = all
            .keys()
            .filter(|(selector, _)| overlap(context, &gateway.spec.selector, &mine, selector))
            .cloned()
            .collect();
        if !mine.is_empty() && same.is_empty() {
            out.push(no_workload(context, &gateway));
            continue;
        }
        for (i, server) in gateway.spec.servers.iter().enumerate() {
            let port = server.port.as_ref().map_or(0, |port| port.number);
            let mut others: Vec<String> = Vec::new();
            for key in same.iter().filter(|(_, number)| *number == port) {
                for (name, hosts) in all.get_mut(key).into_iter().flatten() {
                    if *name != gateway.full_name() && conflict(server, hosts) {
                        others.push(name.clone());
                    }
                }
            }
            if others.is_empty() {
                continue;
            }
            others.sort();
            let message = format!(
                "other Gateways on the same workloads serve the same host on port {port}: {} (selector {mine}, hosts {})",
                others.join(","),
                server.hosts.join(",")
            );
            let plain = server.tls.as_ref().is_none_or(|tls| tls.https_redirect)
                && server.port.as_ref().is_some_and(|port| Protocol::parse(&port.protocol).is_http());
            let reason = plain.then_some("servers of plain HTTP on one port become one, with the routes of all");
            let mut finding =
                Finding::new(&rules::IST0145, gateway.item, message).point(&format!("spec.servers[{i}].hosts"));
            for other in context.gateways().filter(|other| others.contains(&other.full_name())) {
                finding = finding.related(other.item, "spec.servers", "the same host");
            }
            out.push(finding.false_alarm_if(reason));
        }
    }
}

/// istiod: `initGatewaysMap`
fn by_port<'c>(context: &'c LintContext<'_>) -> ByPort<'c> {
    let mut all = ByPort::new();
    for gateway in context.gateways() {
        let selector = selector::text(&gateway.spec.selector);
        let spec: &'c Gateway = gateway.spec;
        for server in &spec.servers {
            let port = server.port.as_ref().map_or(0, |port| port.number);
            let hosts = server.hosts.iter().map(|host| (host.as_str(), server.bind.as_str())).collect();
            // Of several servers on one port, the last is the one.
            all.entry((selector.clone(), port)).or_default().insert(gateway.full_name(), hosts);
        }
    }
    all
}

/// Whether two selectors are the same, or one's text is in the other's and a Pod has both.
fn overlap(context: &LintContext<'_>, selector: &Labels, mine: &str, other: &str) -> bool {
    if mine == other {
        return true;
    }
    if !mine.contains(other) && !other.contains(mine) {
        return false;
    }
    let other: Labels = other
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(_, value)| !value.contains('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    context.pods().any(|pod| labels::subset(selector, pod.labels()) && labels::subset(&other, pod.labels()))
}

/// Whether a server has one of the hosts; if not, its hosts count from now on. istiod: `model.CheckDuplicates`
fn conflict<'c>(server: &'c Server, hosts: &mut Hosts<'c>) -> bool {
    let known = |host: &String| hosts.get(host.as_str()) == Some(&server.bind.as_str());
    let twice = server.hosts.iter().any(known);
    if !twice {
        hosts.extend(server.hosts.iter().map(|host| (host.as_str(), server.bind.as_str())));
    }
    twice
}
