//! The servers of a router.

use crate::installation::Behaviour;
use crate::mesh::Mesh;
use crate::mesh::gateway::{self, MergedGateway, Router, Target};
use crate::proxy::{Proxy, ProxyKind};

impl Proxy {
    /// `Gateway` -> the servers that this proxy runs, if it is a router or an east-west gateway and any Gateway applies to it
    ///
    /// istiod: `context.go` `SetGatewaysForProxy`
    pub fn merged_gateway(&self, mesh: &Mesh) -> Option<MergedGateway> {
        if self.client.kind != ProxyKind::Router && !self.is_east_west() {
            return None;
        }
        gateway::merge(&mesh.gateways, &self.router(mesh))
    }

    /// Returns what Gateways know of this proxy.
    pub(super) fn router<'a>(&'a self, mesh: &'a Mesh) -> Router<'a> {
        let targets = self.service_targets.iter().map(|target| Target {
            hostname: &target.service.hostname,
            namespace: &target.service.namespace,
            labels: &target.service.labels,
            port: target.port.number,
            target_port: target.target_port,
        });
        Router {
            namespace: &self.namespace,
            service_account: &self.service_account,
            labels: &self.labels,
            targets: targets.collect(),
            features: mesh.features(),
            grants: &mesh.reference_grants,
            serves_ca_secrets: mesh.does(Behaviour::ServesCaSecretsOfFrontendValidation),
            merges_strictly: mesh.does(Behaviour::MergesGatewaysStrictly),
        }
    }
}
