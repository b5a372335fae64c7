//! What the filter chains of one router are made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::envoy::Filter;
use crate::mesh::gateway::GatewayServer;
use crate::mesh::service::Port;
use crate::model::Config;
use crate::model::istio::{RouteDestination, VirtualService};
use crate::proxy::ProxyView;
use crate::translate::listener::{ListenerView, tcp_destination};

/// The router, and what its chains must not repeat.
pub(super) struct Context<'m> {
    pub(super) view: ProxyView<'m>,
    pub(super) listener_view: ListenerView<'m>,
    /// By listening port and SNI host, the address that took it: of servers that pass TLS through.
    pub(super) sni_hosts: BTreeMap<u32, BTreeMap<String, (String, ())>>,
    /// What is asked for and not served.
    pub(super) diagnostics: Diagnostics,
}

impl<'m> Context<'m> {
    pub(super) fn new(view: &ProxyView<'m>) -> Self {
        let mut diagnostics = Diagnostics::default();
        let listener_view = ListenerView::new(view, &mut diagnostics);
        Self { view: *view, listener_view, sni_hosts: BTreeMap::new(), diagnostics }
    }

    /// The VirtualServices bound to the server's Gateway, in istiod's order.
    pub(super) fn virtual_services(&self, server: &GatewayServer) -> Vec<Arc<Config<VirtualService>>> {
        self.view.outbound.mesh.virtual_services_for_gateway(&self.view.proxy.namespace, &server.gateway_name)
    }

    /// The filters that lead to the destinations of a `tcp` or `tls` route.
    pub(super) fn route_filters(
        &self,
        routes: &[RouteDestination],
        server: &GatewayServer,
        virtual_service: &Config<VirtualService>,
        metadata_exchange: bool,
    ) -> Vec<Filter> {
        let port = Port {
            name: server.port.name.clone(),
            number: server.port.number,
            protocol: server.protocol(),
            target_port: None,
        };
        tcp_destination::routes(&self.listener_view, routes, &port, &virtual_service.meta, metadata_exchange)
    }
}
