//! A request to a host, at one proxy of the mesh: where the connection goes follows from the host and from what the proxy is for.

use std::net::{IpAddr, SocketAddr};

use super::{From, Wanted, World, arrival, name, shown};
use crate::evaluate::{Certificate, Clusters, Direction, Tls, Tunnel, evaluate};
use crate::explain::hop::{hop, outcome};
use crate::explain::report::{Report, VERSION};
use crate::proxy::{Proxy, ProxyKind};

impl World<'_> {
    /// Explains what one proxy does with a request, whose clusters are taken as ones that answer. Without a direction, it is the usual
    /// one: out of a sidecar, to a port of a gateway, in through a waypoint. The error says what cannot be understood.
    pub fn explain_at(
        &mut self,
        proxy: &Proxy,
        direction: Option<Direction>,
        wanted: &Wanted,
    ) -> Result<Report, String> {
        let direction = direction.unwrap_or(match proxy.client.kind {
            ProxyKind::Sidecar => Direction::Outbound,
            ProxyKind::Router => Direction::Gateway,
            ProxyKind::Waypoint => Direction::Inbound,
        });
        let mut notes = Vec::new();
        let is_waypoint = proxy.client.kind == ProxyKind::Waypoint;
        let destination = if is_waypoint || direction == Direction::Outbound {
            let found = name::resolve(self.mesh, name::Client::of(proxy), wanted, &mut notes);
            found.ok_or_else(|| format!("{} cannot resolve {}", proxy.full_name(), wanted.host))?
        } else {
            own_port(proxy, wanted.port)?
        };
        let mut request = wanted.request.to_request(direction, destination).map_err(|e| e.to_string())?;
        if is_waypoint {
            // What comes to a waypoint comes by HBONE, whoever sends it.
            let unknown = || Tunnel { certificate: Some(Certificate::default()), authority: destination.to_string() };
            request.tunnel.get_or_insert_with(unknown);
        } else if let Some(Tunnel { certificate, .. }) = request.tunnel.take() {
            // Whoever has an identity in the mesh speaks to a sidecar as sidecars do.
            let alpn = arrival::istio_alpn(request.version);
            request.tls = Some(Tls { alpn, certificate, ..Tls::default() });
        }
        let loaded = self.loaded(proxy);
        let answer = evaluate(&loaded, &request, Clusters::Answering);
        let mut hop = hop(&proxy.full_name(), &request, &answer);
        notes.append(&mut hop.notes);
        hop.notes = notes;
        let wanted = Wanted { from: From::Workload(String::new()), ..wanted.clone() };
        let mut request = shown(&wanted);
        if let Some(fields) = request.as_object_mut() {
            fields.remove("from");
            fields.insert("direction".to_owned(), direction.as_str().into());
            fields.insert("destination".to_owned(), destination.to_string().into());
        }
        Ok(Report { version: VERSION, request, outcome: outcome(&answer, 0), hops: vec![hop] })
    }
}

/// The address of a proxy at which a port of its Services arrives.
fn own_port(proxy: &Proxy, port: u16) -> Result<SocketAddr, String> {
    let target = proxy.service_targets.iter().find(|target| target.port.number == u32::from(port));
    let target = target.and_then(|target| u16::try_from(target.target_port).ok());
    let ip: Option<IpAddr> = proxy.ip_addresses.first().and_then(|ip| ip.parse().ok());
    match (ip, target) {
        (Some(ip), Some(target)) => Ok(SocketAddr::new(ip, target)),
        _ => Err(format!(
            "no Service in front of {} exposes port {port}; say where the connection goes, by --destination IP:PORT",
            proxy.full_name()
        )),
    }
}
