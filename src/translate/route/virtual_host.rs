//! Virtual hosts: one for each host and service, no domain twice.
//!
//! istiod: `httproute.go` `BuildSidecarOutboundVirtualHosts`

use std::collections::BTreeSet;

use crate::envoy::VirtualHost;
use crate::proxy::{EgressListener, OutboundView};
use crate::translate::route::domains::{self, Domains, bracketed, join_host_port};
use crate::translate::route::listener_services::listener_services;
use crate::translate::route::proxy_headers::include_request_attempt_count;
use crate::translate::route::virtual_host_wrapper::{VirtualHostWrapper, virtual_host_wrappers};

/// What an egress listener imports -> `RouteConfiguration.virtual_hosts` for a port, or for all ports (0)
///
/// For all ports, only the virtual hosts of port 80 have domains without a port.
///
/// istiod: `httproute.go` `BuildSidecarOutboundVirtualHosts`, `mergeAllVirtualHosts`
pub(super) fn virtual_hosts(
    view: &OutboundView<'_>,
    listener: &EgressListener,
    listener_port: u32,
) -> Vec<VirtualHost> {
    let services = listener_services(listener.services.iter().map(AsRef::as_ref), listener_port);
    let wrappers = virtual_host_wrappers(view, listener, &services, listener_port);
    let mut names = Names::new(&wrappers);
    let mut out = Vec::new();
    for wrapper in &wrappers {
        for mut virtual_host in of_wrapper(view, wrapper, listener_port, &mut names) {
            if listener_port == 0 && wrapper.port != 80 {
                virtual_host.domains.retain(|d| d.contains(':'));
            }
            if !virtual_host.domains.is_empty() {
                out.push(virtual_host);
            }
        }
    }
    out
}

/// istiod: `httproute.go` `buildVirtualHost`
fn of_wrapper(
    view: &OutboundView<'_>,
    wrapper: &VirtualHostWrapper<'_, '_>,
    listener_port: u32,
    names: &mut Names,
) -> Vec<VirtualHost> {
    let port = wrapper.port;
    let hosts = wrapper.hosts.iter().map(|host| (host.to_lowercase(), None));
    let services = wrapper.services.iter().map(|service| (service.hostname.clone(), Some(service)));
    let mut out = Vec::new();
    for (host, service) in hosts.chain(services) {
        let name = join_host_port(&host, port);
        if !names.virtual_hosts.insert(name.clone()) {
            continue;
        }
        let domains = match service {
            None => Domains { all: vec![bracketed(&host)], alternates: Vec::new() },
            Some(service) => domains::domains(view, service, listener_port, port),
        };
        let domains = names.claim(domains);
        if !domains.is_empty() {
            out.push(VirtualHost {
                name,
                domains,
                routes: wrapper.routes.clone(),
                include_request_attempt_count: include_request_attempt_count(view),
                ..VirtualHost::default()
            });
        }
    }
    out
}

/// The names in use so far: Envoy refuses a route configuration that has one twice.
#[derive(Debug, Default)]
struct Names {
    virtual_hosts: BTreeSet<String>,
    /// In lower case.
    domains: BTreeSet<String>,
    /// The full names of all services.
    services: BTreeSet<String>,
}

impl Names {
    fn new(wrappers: &[VirtualHostWrapper<'_, '_>]) -> Self {
        let services = wrappers.iter().flat_map(|w| w.services.iter().map(|s| (&s.hostname, w.port)));
        let services =
            services.flat_map(|(hostname, port)| [join_host_port(hostname, port), hostname.clone()]).collect();
        Self { services, ..Self::default() }
    }

    /// Keeps the domains that are free, and takes them. One made from a longer name is not free if it is a service of its own:
    /// `foo.com.cluster.local` must not become `foo.com`.
    ///
    /// istiod: `httproute.go` `dedupeDomains`
    fn claim(&mut self, domains: Domains) -> Vec<String> {
        let Domains { mut all, alternates } = domains;
        all.retain(|domain| {
            let lower = domain.to_lowercase();
            let foreign = alternates.contains(domain) && self.services.contains(domain);
            !foreign && self.domains.insert(lower)
        });
        all
    }
}
