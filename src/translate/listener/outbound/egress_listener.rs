//! Which services an egress listener serves, on which ports.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::conflict;
use super::listener_table::{ListenerTable, Wanted};
use crate::diagnostic::Diagnostics;
use crate::mesh::endpoint::Endpoint;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::{Port, Resolution, Service, UNSPECIFIED_IP};
use crate::model::istio::{CaptureMode, IstioEgressListener, SidecarPort};
use crate::proxy::{EgressListener, InterceptionMode};
use crate::translate::listener::address::{is_unix_socket, loopbacks};
use crate::translate::listener::bind::Bind;
use crate::translate::listener::{ListenerView, reserved_port};

/// Collects the listeners of all services that the scope imports, by address and port.
///
/// Endpoints at `skipped_address` get none: a workload that calls itself by its own address does not pass here.
///
/// istiod: `listener.go` `buildSidecarOutboundListeners`
pub(super) fn table(
    view: &ListenerView<'_>,
    skipped_address: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> ListenerTable {
    let mut table = ListenerTable::default();
    for (place, egress) in view.outbound.scope.egress_listeners.iter().enumerate() {
        let bind = bind(view, &egress.listener);
        if let Some(port) = &egress.listener.port {
            let port = listen_port(port);
            match reserved_port::obstacle(view, bind.to_port, bind.primary(), port.number, port.protocol) {
                None => add_services_on_port(view, &mut table, egress, &bind, &port, diagnostics),
                Some(obstacle) => diagnostics.push_some(view.outbound.scope.sidecar.as_ref().map(|sidecar| {
                    let path = format!("spec.egress[{place}].port.number");
                    obstacle.of(&format!("port {}", port.number)).at(sidecar.source, &path)
                })),
            }
        } else {
            // What the Sidecar asks for by port is complete: no other service is added to it.
            table.lock();
            add_service_ports(view, &mut table, egress, &bind, skipped_address, diagnostics);
        }
    }
    table
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
    for service in &egress.services {
        table.add(view, &Wanted { egress, service, port, bind: bind.clone(), by_endpoint: false }, diagnostics);
    }
}

/// Every service on every one of its ports.
fn add_service_ports(
    view: &ListenerView<'_>,
    table: &mut ListenerTable,
    egress: &EgressListener,
    bind: &Bind,
    skipped_address: Option<&str>,
    diagnostics: &mut Diagnostics,
) {
    for service in &egress.services {
        for port in &service.ports {
            let obstacle = reserved_port::obstacle(view, bind.to_port, bind.primary(), port.number, port.protocol);
            if let Some(obstacle) = obstacle {
                let what = format!("port {} of {}", port.number, service.hostname);
                diagnostics
                    .push(obstacle.of(&what).at(service.source, &conflict::port_path(view, service, port.number)));
                continue;
            }
            let wanted = |bind, by_endpoint| Wanted { egress, service, port, bind, by_endpoint };
            let Some(endpoints) = endpoints(view, bind, service, port) else {
                table.add(view, &wanted(bind.clone(), false), diagnostics);
                continue;
            };
            for endpoint in endpoints {
                let address = endpoint.addresses.first().map_or("", String::as_str);
                if skipped_address.is_none_or(|skipped| address != skipped) {
                    let bind = bind.with_addresses(endpoint.addresses.clone());
                    table.add(view, &wanted(bind, true), diagnostics);
                }
            }
        }
    }
}

/// A headless service has a listener for each endpoint, where connections are not requests; any other has one, which is `None`.
///
/// One that has no endpoints but may get some has no listener: one for all addresses would be in the way of others.
fn endpoints<'m>(view: &ListenerView<'m>, bind: &Bind, service: &Service, port: &Port) -> Option<Vec<&'m Endpoint>> {
    let by_endpoint = bind.primary().is_empty()
        && service.resolution == Resolution::Passthrough
        && view.outbound.service_address(service) == UNSPECIFIED_IP
        && (port.protocol.is_tcp() || port.protocol.is_unsupported());
    if !by_endpoint {
        return None;
    }
    let endpoints = view.outbound.mesh.service_endpoints_by_port(service, port.number, &BTreeMap::new());
    if endpoints.is_empty() && !service.is_kubernetes() && service.selector.is_empty() {
        return None;
    }
    Some(endpoints.into_iter().filter(|endpoint| has_ip_addresses(endpoint)).collect())
}

fn has_ip_addresses(endpoint: &Endpoint) -> bool {
    endpoint.addresses.iter().all(|address| address.parse::<IpAddr>().is_ok())
}
