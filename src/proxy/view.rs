//! What `translate` may ask about one proxy.

use std::sync::Arc;

use crate::mesh::Mesh;
use crate::mesh::gateway::MergedGateway;
use crate::mesh::service::Service;
use crate::proxy::identity::{Client, Proxy};
use crate::proxy::scope::SidecarScope;

/// What outbound clusters, endpoints and routes depend on; see [`Client`].
#[derive(Debug, Clone, Copy)]
pub struct OutboundView<'m> {
    /// The mesh.
    pub mesh: &'m Mesh,
    /// What the proxy imports.
    pub scope: &'m SidecarScope,
    /// What of the proxy matters.
    pub client: &'m Client,
}

/// Everything that one proxy's configuration depends on.
#[derive(Debug, Clone, Copy)]
pub struct ProxyView<'m> {
    /// The outbound part.
    pub outbound: OutboundView<'m>,
    /// The proxy.
    pub proxy: &'m Proxy,
    /// What a router serves, see [`Proxy::merged_gateway`]; none for a sidecar, and for a router without Gateways.
    pub gateway: Option<&'m MergedGateway>,
}

impl<'m> ProxyView<'m> {
    /// The servers of a router.
    pub fn merged_gateway(&self) -> Option<&'m MergedGateway> {
        self.gateway
    }
}

impl<'m> OutboundView<'m> {
    /// The service of this hostname in the scope.
    pub fn service(&self, hostname: &str) -> Option<&'m Arc<Service>> {
        self.scope.services_by_hostname.get(hostname).map(|&i| &self.scope.services[i])
    }
}
