//! The services that a route configuration is for: those of its egress listener that have its port.
//!
//! istiod: `httproute.go` `BuildSidecarOutboundVirtualHosts`, at the beginning

use indexmap::IndexMap;

use crate::mesh::service::{Port, Service};
use crate::proxy::OutboundView;
use crate::translate::destination::DestinationService;

/// A service as a listener sees it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ListenerService<'a> {
    /// The hostname, in lower case unless the listener is for all ports.
    pub(super) hostname: String,
    /// The service.
    pub(super) service: &'a Service,
    /// The listener's port, or all.
    pub(super) ports: &'a [Port],
}

/// Services by hostname, in the order of the egress listener.
///
/// Where two claim one domain, the first one gets it. istiod walks a Go map: in any order, though one with up to eight entries is
/// mostly walked as it was filled, and so are ours.
pub(super) type ListenerServices<'a> = IndexMap<String, ListenerService<'a>>;

/// Returns the services that have the listener's port, or all for port 0. Of equal hostnames the last one counts.
pub(super) fn listener_services<'a>(
    services: impl Iterator<Item = &'a Service>,
    listener_port: u32,
) -> ListenerServices<'a> {
    let listed = |service: &'a Service| {
        Some(if listener_port == 0 {
            ListenerService { hostname: service.hostname.clone(), service, ports: &service.ports }
        } else {
            let port = service.port(listener_port)?;
            let hostname = service.hostname.to_lowercase();
            ListenerService { hostname, service, ports: std::slice::from_ref(port) }
        })
    };
    services.filter_map(listed).map(|s| (s.hostname.clone(), s)).collect()
}

impl<'a> ListenerService<'a> {
    /// The service's ports on which HTTP is possible.
    pub(super) fn http_ports(&self) -> impl Iterator<Item = u32> + 'a {
        self.ports.iter().filter(|p| p.protocol.is_http_or_sniffed()).map(|p| p.number)
    }

    /// What a destination asks of it.
    pub(super) fn as_destination(&self) -> DestinationService<'a> {
        let only_port = match self.ports {
            [port] => Some(port.number),
            _ => None,
        };
        DestinationService { external_name: &self.service.external_name, only_port, labels: Some(&self.service.labels) }
    }

    /// The addresses by which the proxy reaches it. For one port, istiod works on a copy of the service that knows its cluster IPs,
    /// but of automatically allocated addresses only the first.
    pub(super) fn addresses(&self, view: &OutboundView<'_>, listener_port: u32) -> Vec<String> {
        if listener_port == 0 || !self.service.cluster_vips.is_empty() {
            view.service_all_addresses(self.service)
        } else {
            vec![view.service_address(self.service).to_owned()]
        }
    }
}
