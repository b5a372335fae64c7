//! Ports of the services that the workload serves.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::binds_to_port;
use super::inbound_port::InboundPort;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::istio::CaptureMode;
use crate::proxy::{ProxyView, ServiceTarget};
use crate::translate::listener::ListenerView;
use crate::translate::listener::address::{wildcard, wildcards};
use crate::translate::listener::bind::Bind;
use crate::translate::listener::reserved_port::{self, Obstacle};
use crate::translate::name;

/// Returns the ports, the oldest service first. istiod: `listener_inbound.go` `getFilterChainsByServicePort`
pub(super) fn ports(view: &ListenerView<'_>, proxy: &ProxyView<'_>, diagnostics: &mut Diagnostics) -> Vec<InboundPort> {
    let targets = &proxy.proxy.service_targets;
    let mut first: BTreeMap<u32, &ServiceTarget> = BTreeMap::new();
    let mut ports = Vec::new();
    for target in targets {
        if let Some(obstacle) = obstacle(view, target) {
            let what = format!("port {} of the workload, behind {},", target.target_port, target.service.hostname);
            diagnostics.push(obstacle.of(&what).at(target.service.source, "spec.ports"));
            continue;
        }
        match first.entry(target.target_port) {
            Entry::Vacant(free) => {
                free.insert(target);
                ports.push(port(view, target));
            }
            Entry::Occupied(older) => {
                if let Some(diagnostic) = conflict(older.get(), target) {
                    diagnostics.push(diagnostic);
                }
            }
        }
    }
    ports
}

fn obstacle(view: &ListenerView<'_>, target: &ServiceTarget) -> Option<Obstacle> {
    let to_port = binds_to_port(view, CaptureMode::Default);
    let bind = wildcard(view.outbound.client.ip_mode);
    reserved_port::obstacle(view, to_port, bind, target.target_port, target.port.protocol)
}

fn port(view: &ListenerView<'_>, target: &ServiceTarget) -> InboundPort {
    let service = target.service.as_ref();
    let to_port = binds_to_port(view, CaptureMode::Default);
    InboundPort {
        cluster: name::inbound_cluster(target.target_port),
        service_port: target.port.number,
        service_port_name: target.port.name.clone(),
        protocol: target.port.protocol,
        target_port: target.target_port,
        bind: Bind::to(wildcards(view.outbound.client.ip_mode), to_port),
        tls: None,
        passthrough: false,
        hbone: false,
        hostname: service.hostname.clone(),
        kubernetes_service: service.is_kubernetes().then(|| (service.name.clone(), service.namespace.clone())),
        sidecar: None,
    }
}

/// Two services may share a port of the workload, if they agree on what it speaks. istiod: `reportInboundConflict`
fn conflict(older: &ServiceTarget, newer: &ServiceTarget) -> Option<Diagnostic> {
    if older.port.protocol == newer.port.protocol || older.service.hostname == newer.service.hostname {
        return None;
    }
    let message = format!(
        "port {} of the workload speaks what {} says of it, which is not what {} says",
        newer.target_port, older.service.hostname, newer.service.hostname,
    );
    let diagnostic = Diagnostic::warning("inbound-listener-conflict", message)
        .at(newer.service.source, "spec.ports")
        .label_at(older.service.source, "spec.ports", "this service is older, or comes first by name");
    Some(diagnostic)
}
