//! Ports that the Sidecar names.

use super::binds_to_port;
use super::inbound_port::InboundPort;
use crate::diagnostic::Diagnostics;
use crate::mesh::protocol::Protocol;
use crate::model::Config;
use crate::model::istio::{IstioIngressListener, Sidecar};
use crate::proxy::ProxyView;
use crate::translate::listener::address::wildcards;
use crate::translate::listener::bind::Bind;
use crate::translate::listener::{ListenerView, reserved_port};
use crate::translate::name;

/// `Sidecar.ingress` -> inbound ports, in the Sidecar's order
///
/// istiod: `listener_inbound.go` `buildInboundChainConfigs`
pub(super) fn ports(
    view: &ListenerView<'_>,
    proxy: &ProxyView<'_>,
    sidecar: &Config<Sidecar>,
    diagnostics: &mut Diagnostics,
) -> Vec<InboundPort> {
    let listeners = sidecar.spec.ingress.iter().enumerate();
    listeners.filter_map(|(place, listener)| port(view, proxy, sidecar, (place, listener), diagnostics)).collect()
}

fn port(
    view: &ListenerView<'_>,
    proxy: &ProxyView<'_>,
    sidecar: &Config<Sidecar>,
    (place, listener): (usize, &IstioIngressListener),
    diagnostics: &mut Diagnostics,
) -> Option<InboundPort> {
    let IstioIngressListener {
        port,
        bind,
        capture_mode,
        default_endpoint: _, // the cluster's affair
        tls,
        connection_pool: _, // the cluster's affair
    } = listener;
    let port = port.as_ref()?;
    let protocol = Protocol::parse(&port.protocol);
    let to_port = binds_to_port(view, *capture_mode);
    if let Some(obstacle) = reserved_port::obstacle_beside_virtual_listeners(view, to_port, bind, port.number, protocol)
    {
        let path = format!("spec.ingress[{place}].port.number");
        diagnostics.push(obstacle.of(&format!("port {}", port.number)).at(sidecar.source, &path));
        return None;
    }
    let tls = tls.as_ref().filter(|_| view.outbound.mesh.features().tls_on_sidecar_ingress);
    Some(InboundPort {
        cluster: name::inbound_cluster(port.number),
        service_port: port.number,
        service_port_name: port.name.clone(),
        protocol: if tls.is_some() { after_tls_termination(protocol) } else { protocol },
        target_port: port.number,
        bind: self::bind(view, proxy, bind, to_port),
        tls: tls.cloned(),
        passthrough: false,
        hbone: false,
        hostname: format!("{}.{}", view.outbound.scope.name, view.outbound.scope.namespace),
        kubernetes_service: None,
        sidecar: Some(sidecar.meta.clone()),
    })
}

/// `Sidecar.ingress.bind`, else the proxy's address, else all.
///
/// istiod: `listener_address.go` `getSidecarInboundBindIPs`
fn bind(view: &ListenerView<'_>, proxy: &ProxyView<'_>, bind: &str, to_port: bool) -> Bind {
    let own = proxy.proxy.global_unicast_ip.as_str();
    if !bind.is_empty() {
        Bind::to(&[bind], to_port)
    } else if !own.is_empty() {
        Bind::to(&[own], to_port)
    } else {
        Bind::to(wildcards(view.outbound.client.ip_mode), to_port)
    }
}

/// What is inside of TLS. istiod: `pkg/config/protocol/instance.go` `AfterTLSTermination`
pub(super) fn after_tls_termination(protocol: Protocol) -> Protocol {
    match protocol {
        Protocol::Https => Protocol::Http,
        Protocol::Tls => Protocol::Tcp,
        other => other,
    }
}
