//! What traffic capture does with a connection: annotations `traffic.sidecar.istio.io/*`, interception mode NONE.

use std::net::SocketAddr;

use ipnet::IpNet;

use crate::mesh::Mesh;
use crate::proxy::{InterceptionMode, Proxy, ProxyKind};

/// Says why a connection of a workload does not go through its proxy.
pub(super) fn bypasses(mesh: &Mesh, client: &Proxy, destination: SocketAddr) -> Option<String> {
    if client.client.kind != ProxyKind::Sidecar || client.client.interception_mode == InterceptionMode::None {
        return None;
    }
    let ip = destination.ip();
    if ip.is_loopback() || client.ip_addresses.iter().any(|own| own.parse() == Ok(ip)) {
        return Some(format!("{ip} is the Pod itself, and such connections are not captured"));
    }
    let annotation = |name: &str| annotation(mesh, client, name);
    if let Some(ports) = annotation("excludeOutboundPorts")
        && has_port(&ports, destination.port())
    {
        return Some(format!("annotation excludeOutboundPorts: \"{ports}\" keeps the connection from the proxy"));
    }
    if let Some(ranges) = annotation("excludeOutboundIPRanges")
        && has_address(&ranges, destination)
    {
        return Some(format!("annotation excludeOutboundIPRanges: \"{ranges}\" keeps the connection from the proxy"));
    }
    let included = annotation("includeOutboundPorts").is_some_and(|ports| has_port(&ports, destination.port()));
    if let Some(ranges) = annotation("includeOutboundIPRanges")
        && ranges != "*"
        && !included
        && !has_address(&ranges, destination)
    {
        return Some(format!("annotation includeOutboundIPRanges: \"{ranges}\" does not name {}", destination.ip()));
    }
    None
}

/// Ports of the agent and of the proxy itself: health (15020 and 15021) and metrics (15090). Injection excludes them from capture, and
/// listeners of the bootstrap serve them.
const OWN_PORTS: [u16; 3] = [15020, 15021, 15090];

/// Says whether a connection to a port of a Pod goes to the proxy's own pages.
pub(super) fn is_own_port(port: u16) -> bool {
    OWN_PORTS.contains(&port)
}

/// Says whether a connection to a workload's port does not go through its proxy.
pub(super) fn skips_inbound(mesh: &Mesh, server: &Proxy, port: u16) -> bool {
    let excluded = annotation(mesh, server, "excludeInboundPorts").is_some_and(|ports| has_port(&ports, port));
    let included = annotation(mesh, server, "includeInboundPorts");
    excluded || included.is_some_and(|ports| ports != "*" && !has_port(&ports, port))
}

fn annotation(mesh: &Mesh, proxy: &Proxy, name: &str) -> Option<String> {
    let pod = mesh.pods.iter().find(|pod| pod.meta.name == proxy.name && pod.meta.namespace == proxy.namespace)?;
    pod.meta.annotations.get(&format!("traffic.sidecar.istio.io/{name}")).cloned()
}

fn has_port(list: &str, port: u16) -> bool {
    list.split(',').any(|item| item.trim().parse() == Ok(port))
}

fn has_address(list: &str, destination: SocketAddr) -> bool {
    let holds = |item: &str| match item.trim().parse::<IpNet>() {
        Ok(range) => range.contains(&destination.ip()),
        Err(_) => item.trim().parse() == Ok(destination.ip()),
    };
    list.split(',').any(holds)
}
