//! HTTP/2 and gRPC to ports that do not say so: a gateway, and a sidecar's inbound side, use HTTP/1.1 there.

use std::collections::BTreeMap;

use super::backends;
use super::gateway_access::routers;
use super::translated::Translated;
use crate::lint::context::{Item, LintContext, Typed};
use crate::lint::finding::Finding;
use crate::lint::istioctl;
use crate::lint::rules;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Service};
use crate::model::istio::ConnectionPoolSettingsHttpSettingsH2UpgradePolicy as H2UpgradePolicy;
use crate::proxy::{Proxy, ProxyKind};

const HELP: &str = "name the port `grpc-...` or `http2-...`, or set `appProtocol: kubernetes.io/h2c`";

pub(super) fn check<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    of_grpc_routes(translated, context, out);
    of_grpc_servers(translated, context, out);
    of_target_ports(translated, context, out);
}

/// Whether a port takes HTTP/1.1 from a gateway, as far as its declaration says.
fn is_http1(translated: &Translated<'_>, service: &Service, port: &Port) -> bool {
    let upgrades = translated.mesh.destination_rule_for(&service.namespace, service).iter().any(|rule| {
        let policy = rule.rule.spec.traffic_policy.as_ref();
        let http = policy.and_then(|policy| policy.connection_pool.as_ref()).and_then(|pool| pool.http.as_ref());
        http.is_some_and(|http| http.use_client_protocol || http.h2_upgrade_policy != H2UpgradePolicy::default())
    });
    !upgrades && !port.protocol.is_http2() && !port.protocol.is_tls()
}

fn of_grpc_routes<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for (item, path, host) in
        backends::backends(translated, context).into_iter().filter(|(item, ..)| item.kind() == "GRPCRoute")
    {
        let number = item.node().at(&crate::source::FieldPath::parse(&format!("{path}.port")));
        let number = match number.map(crate::source::Node::kind) {
            Some(crate::source::NodeKind::Int(number)) => u32::try_from(number).unwrap_or_default(),
            _ => continue,
        };
        out.extend(finding(translated, item, &path, &host, number));
    }
}

fn of_grpc_servers<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    for service in context.virtual_services().filter(|service| context.is_taken(service.item)) {
        let gateways = service.spec.gateways.iter().filter(|name| *name != "mesh");
        let is_grpc = |name: &String| {
            let (namespace, local) = name.split_once('/').unwrap_or((&service.namespace, name));
            let mut all = context.gateways().filter(|one| one.namespace == namespace && one.name() == local);
            all.next().is_some_and(|gateway| {
                let mut ports = gateway.spec.servers.iter().filter_map(|server| server.port.as_ref());
                ports.all(|port| Protocol::parse(&port.protocol).is_grpc())
                    && !routers(translated, namespace, local).is_empty()
            })
        };
        let mut gateways = gateways.peekable();
        if gateways.peek().is_none() || !gateways.all(is_grpc) {
            continue;
        }
        for (destination, path) in istioctl::destinations(&service) {
            let host = translated.full_host(&service.namespace, &destination.host);
            let services = translated.mesh.services_by_hostname.get(&host).into_iter().flat_map(|all| all.values());
            let only =
                |service: &Service| service.ports.first().filter(|_| service.ports.len() == 1).map(|port| port.number);
            let number = destination.port.as_ref().map(|port| port.number);
            let Some(number) = number.or_else(|| services.clone().find_map(|service| only(service))) else { continue };
            out.extend(finding(translated, service.item, &path, &host, number));
        }
    }
}

fn finding<'c>(
    translated: &Translated<'_>,
    item: &'c Item<'c>,
    path: &str,
    host: &str,
    number: u32,
) -> Option<Finding<'c>> {
    let services = translated.mesh.services_by_hostname.get(host)?;
    let (service, port) = services.values().find_map(|service| Some((service, service.port(number)?)))?;
    if !is_http1(translated, service, port) {
        return None;
    }
    let declared = if port.protocol.is_unsupported() { "declares no protocol" } else { "is not declared as HTTP/2" };
    let message =
        format!("gRPC does not get through: port {number} of {host} {declared}, so the gateway speaks HTTP/1.1 to it");
    Some(Finding::new(&rules::MESHC0130, item, message).point(path).help(HELP))
}

/// One target port behind ports of several protocols: the first one makes the inbound chain.
fn of_target_ports<'c>(translated: &Translated<'_>, context: &'c LintContext<'_>, out: &mut Vec<Finding<'c>>) {
    let mut found: BTreeMap<(String, u32), Finding<'c>> = BTreeMap::new();
    for proxy in translated.proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Sidecar) {
        for (service, first, second) in clashes(proxy) {
            let mut services =
                context.services().filter(|one| translated.full_host(&one.namespace, one.name()) == service);
            let Some(written): Option<Typed<'c, _>> = services.next().filter(|one| one.is_written()) else { continue };
            let Some(index) = written.spec.spec.ports.iter().position(|port| port.port == second.number) else {
                continue;
            };
            let target = first.1;
            let message = format!(
                "target port {target} is behind port {} (HTTP/1.1) too, which comes first: the sidecar takes HTTP/1.1 there, and requests of port {} ({}) reach the application as HTTP/1.1",
                first.0.number,
                second.number,
                if second.protocol.is_grpc() { "gRPC" } else { "HTTP/2" }
            );
            let finding = Finding::new(&rules::MESHC0130, written.item, message)
                .point(&format!("spec.ports[{index}]"))
                .help("give each protocol a target port of its own, or declare both ports as HTTP/2 (`grpc-...`)");
            found.entry((service, second.number)).or_insert(finding);
        }
    }
    out.extend(found.into_values());
}

/// Returns the services of which a port of HTTP/2 has the target port of an earlier one that is none.
fn clashes(proxy: &Proxy) -> Vec<(String, (Port, u32), Port)> {
    let mut first: BTreeMap<u32, &crate::proxy::ServiceTarget> = BTreeMap::new();
    let mut out = Vec::new();
    for target in &proxy.service_targets {
        let known = first.entry(target.target_port).or_insert(target);
        if known.port.protocol == Protocol::Http && target.port.protocol.is_http2() {
            out.push((target.service.hostname.clone(), (known.port.clone(), known.target_port), target.port.clone()));
        }
    }
    out
}
