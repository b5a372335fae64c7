//! Which services an egress listener serves, on which ports.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::assemble;
use super::listener_table::{ListenerTable, Wanted};
use crate::diagnostic::Diagnostics;
use crate::envoy::Listener;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Resolution, Service, UNSPECIFIED_IP};
use crate::model::istio::{CaptureMode, IstioEgressListener, SidecarPort};
use crate::proxy::{EgressListener, InterceptionMode};
use crate::translate::listener::address::{is_unix_socket, loopbacks};
use crate::translate::listener::bind::Bind;
use crate::translate::listener::{ListenerView, reserved_port};

/// Builds the listeners of all services that the scope imports, by address and port.
///
/// `own_address` is the proxy's main address: a workload that calls itself by it does not pass here.
///
/// istiod: `listener.go` `buildSidecarOutboundListeners`
pub(in crate::translate::listener) fn listeners(
    view: &ListenerView<'_>,
    own_address: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<Listener> {
    let mut table = ListenerTable::default();
    for egress in &view.outbound.scope.egress_listeners {
        let bind = bind(view, &egress.listener);
        if let Some(port) = &egress.listener.port {
            add_services_on_port(view, &mut table, egress, &bind, &listen_port(port), diagnostics);
        } else {
            // What the Sidecar asks for by port is complete: no other service is added to it.
            table.lock();
            add_service_ports(view, &mut table, egress, &bind, own_address, diagnostics);
        }
    }
    table.into_entries().map(|entry| assemble::listener(view, &entry.bind, entry.port, entry.chains)).collect()
}

/// `Sidecar.egress.bind`, `captureMode` -> `Listener.address`, `bind_to_port`
///
/// What is not captured is bound to the loopback address, unless the Sidecar has another one.
fn bind(view: &ListenerView<'_>, listener: &IstioEgressListener) -> Bind {
    let client = view.outbound.client;
    let to_port = client.interception_mode == InterceptionMode::None
        || listener.capture_mode == CaptureMode::None
        || is_unix_socket(&listener.bind);
    if !listener.bind.is_empty() {
        Bind::to(&[&listener.bind], to_port)
    } else if to_port {
        Bind::to(loopbacks(client.ip_mode), to_port)
    } else {
        Bind::default()
    }
}

fn listen_port(port: &SidecarPort) -> Port {
    Port { name: port.name.clone(), number: port.number, protocol: Protocol::parse(&port.protocol), target_port: None }
}

/// All services share the port that the Sidecar names.
fn add_services_on_port(
    view: &ListenerView<'_>,
    table: &mut ListenerTable,
    egress: &EgressListener,
    bind: &Bind,
    port: &Port,
    diagnostics: &mut Diagnostics,
) {
    if !reserved_port::can_bind(view, bind.to_port, bind.primary(), port.number, port.protocol) {
        return;
    }
    for service in &egress.services {
        table.add(view, &Wanted { egress, service, port, bind: bind.clone() }, diagnostics);
    }
}

/// Every service on every one of its ports.
fn add_service_ports(
    view: &ListenerView<'_>,
    table: &mut ListenerTable,
    egress: &EgressListener,
    bind: &Bind,
    own_address: &str,
    diagnostics: &mut Diagnostics,
) {
    for service in &egress.services {
        for port in &service.ports {
            if !reserved_port::can_bind(view, bind.to_port, bind.primary(), port.number, port.protocol) {
                continue;
            }
            for bind in binds(view, bind, service, port, own_address) {
                table.add(view, &Wanted { egress, service, port, bind }, diagnostics);
            }
        }
    }
}

/// A headless service has a listener for each endpoint, where connections are not requests; any other has one.
///
/// One that has no endpoints but may get some has none: a listener for all addresses would be in the way of others.
fn binds(view: &ListenerView<'_>, bind: &Bind, service: &Service, port: &Port, own_address: &str) -> Vec<Bind> {
    let by_endpoint = bind.primary().is_empty()
        && service.resolution == Resolution::Passthrough
        && view.outbound.service_address(service) == UNSPECIFIED_IP
        && (port.protocol.is_tcp() || port.protocol.is_unsupported());
    if !by_endpoint {
        return vec![bind.clone()];
    }
    let endpoints = view.outbound.mesh.service_endpoints_by_port(service, port.number, &BTreeMap::new());
    if endpoints.is_empty() && !service.is_kubernetes() && service.selector.is_empty() {
        return vec![bind.clone()];
    }
    let reached = endpoints.into_iter().filter(|endpoint| has_ip_addresses(endpoint));
    let others = reached.filter(|endpoint| endpoint.addresses.first().map_or("", String::as_str) != own_address);
    others.map(|endpoint| bind.with_addresses(endpoint.addresses.clone())).collect()
}

fn has_ip_addresses(endpoint: &Endpoint) -> bool {
    endpoint.addresses.iter().all(|address| address.parse::<IpAddr>().is_ok())
}
