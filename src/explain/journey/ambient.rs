//! Requests of workloads in ambient mode: ztunnel takes them, and leads them to a waypoint where one is for their destination.
//!
//! ztunnel is not Envoy. Of what it does, only this much is told.

use std::net::IpAddr;

use super::{Fate, Wanted, World, arrival, beyond, name, unresolved};
use crate::evaluate::{Certificate, Direction, Tunnel};
use crate::mesh::Mesh;
use crate::mesh::ambient::{AmbientService, AmbientWorkload};
use crate::proxy::Proxy;

/// Finds a Pod in ambient mode by its name, or by that of its workload: `NAME.NAMESPACE`.
pub(super) fn workload<'m>(mesh: &'m Mesh, name: &str) -> Option<&'m AmbientWorkload> {
    let (first, namespace) = name.rsplit_once('.').unwrap_or((name, "default"));
    let own = || mesh.ambient.workloads.iter().filter(|own| own.redirected && own.namespace == namespace);
    let pod = |own: &AmbientWorkload| own.uid.rsplit('/').next().unwrap_or_default().to_owned();
    let of_workload = |own: &AmbientWorkload| pod(own).starts_with(&format!("{first}-"));
    own().find(|own| pod(own) == first).or_else(|| own().find(|own| of_workload(own)))
}

impl<'m> World<'m> {
    /// What comes of a request that the ztunnel of its Pod's node takes.
    pub(super) fn leaves_by_ztunnel(
        &mut self,
        workload: &AmbientWorkload,
        wanted: &Wanted,
        notes: &mut Vec<String>,
    ) -> Result<Fate, String> {
        let client = name::Client { namespace: &workload.namespace, dns_capture: true };
        let Some(destination) = name::resolve(self.mesh, client, wanted, notes) else {
            return Ok(unresolved(wanted, &workload.uid));
        };
        let mut request = wanted.request.to_request(Direction::Inbound, destination).map_err(|e| e.to_string())?;
        if wanted.request.source.is_none()
            && let Some(own) = workload.addresses.first().and_then(|ip| ip.parse().ok())
        {
            request.source = own;
        }
        let identity = arrival::identity(self.mesh, &workload.namespace, &workload.service_account);
        let certificate = Some(Certificate { uris: vec![identity] });
        request.tunnel = Some(Tunnel { certificate, authority: destination.to_string() });
        if let Some((waypoint, host)) = self.waypoint_for(destination.ip()) {
            notes.push(format!(
                "the client is in ambient mode: the ztunnel of its node, which is not Envoy, sends requests to {host} to the waypoint {} by HBONE",
                waypoint.full_name()
            ));
            return Ok(self.walk(waypoint, &request, 0));
        }
        notes.push(
            "the client is in ambient mode: the ztunnel of its node, which is not Envoy, forwards the connection, and no waypoint is on its way".to_owned(),
        );
        let arrived = self.arrive(&request, destination.ip(), destination, 0);
        Ok(arrived.unwrap_or_else(|| beyond(destination, None)))
    }

    /// The waypoint of the service or workload at an address, and the service's hostname or the address.
    fn waypoint_for(&self, ip: IpAddr) -> Option<(&'m Proxy, String)> {
        let ambient = &self.mesh.ambient;
        let text = ip.to_string();
        let service = ambient.services.values().find(|known| is_at(self.mesh, known, &text));
        let workload = || ambient.workloads.iter().find(|known| known.addresses.contains(&text));
        let (attachment, host) = match service {
            Some(service) => (service.waypoint.as_ref()?, service.hostname.clone()),
            None => (workload()?.waypoint.as_ref()?, text.clone()),
        };
        let mut proxies = self.proxies.iter();
        let waypoint = proxies.find(|proxy| {
            proxy.namespace == attachment.namespace
                && proxy.client.waypoint.as_ref().is_some_and(|own| own.gateway == attachment.name)
        })?;
        Some((waypoint, host))
    }
}

/// Whether a service has an address: of its cluster, or one that istiod gave it.
fn is_at(mesh: &Mesh, known: &AmbientService, ip: &str) -> bool {
    let of_registry = || {
        mesh.service(&known.hostname, &known.namespace).is_some_and(|service| {
            service.default_address == ip
                || service.cluster_vips.iter().any(|own| own == ip)
                || service.auto_allocated_ipv4 == ip
                || service.auto_allocated_ipv6 == ip
        })
    };
    known.addresses.iter().any(|own| own == ip) || of_registry()
}
