//! The domains of a service's virtual host: every `Host` header by which clients may mean it.
//!
//! istiod: `httproute.go` `generateVirtualHostDomains`

use crate::mesh::service::{Registry, Resolution, UNSPECIFIED_IP};
use crate::proxy::OutboundView;
use crate::translate::address;
use crate::translate::route::alternate_domains::alternate_domains;
use crate::translate::route::listener_services::ListenerService;

/// The domains of a virtual host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Domains {
    /// All of them, in order.
    pub(super) all: Vec<String>,
    /// Those that are not the name of the service or of an alias, but made from it.
    pub(super) alternates: Vec<String>,
}

/// A service -> `VirtualHost.domains`: its hostname, aliases, their shorter names, and its addresses.
///
/// A listener for all ports (0) must tell them apart: each domain comes with the service's port too.
///
/// istiod: `httproute.go` `generateVirtualHostDomains`
pub(super) fn domains(
    view: &OutboundView<'_>,
    service: &ListenerService<'_>,
    listener_port: u32,
    service_port: u32,
) -> Domains {
    let port = (listener_port == 0).then_some(service_port);
    let mut domains = Domains::default();
    let aliases = service.service.aliases.iter().map(|a| a.hostname.as_str());
    for hostname in [service.hostname.as_str()].into_iter().chain(aliases) {
        let alternates = alternate_domains(view.mesh.features(), hostname, port, &view.client.dns_domain);
        domains.all.extend(with_port(hostname, port));
        domains.all.extend_from_slice(&alternates);
        domains.alternates.extend(alternates);
    }
    if service.service.resolution == Resolution::Passthrough && service.service.registry == Registry::Kubernetes {
        // Headless: the pods have names of their own below it.
        let below: Vec<_> = domains.all.iter().map(|d| format!("*.{d}")).collect();
        domains.all.extend(below);
    }
    let addresses = service.addresses(view, listener_port);
    let addresses = addresses.iter().filter(|a| !a.is_empty() && *a != UNSPECIFIED_IP);
    domains.all.extend(addresses.flat_map(|a| with_port(a, port)));
    domains
}

/// Returns the domain, and if a port is given the domain with it. istiod: `httproute.go` `appendDomainPort`.
pub(super) fn with_port(domain: &str, port: Option<u32>) -> Vec<String> {
    [bracketed(domain)].into_iter().chain(port.map(|port| join_host_port(domain, port))).collect()
}

/// Puts an IPv6 address in brackets. istiod: `util.go` `IPv6Compliant`.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// `host:port`. istiod: `util.go` `DomainName`.
pub(crate) fn join_host_port(host: &str, port: u32) -> String {
    address::host_port(host, port)
}
