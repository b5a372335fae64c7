//! Virtual hosts: one for each host and service, no domain twice.
//!
//! istiod: `httproute.go` `BuildSidecarOutboundVirtualHosts`

mod names;

use self::names::{Names, Owner};
use crate::diagnostic::Diagnostics;
use crate::envoy::VirtualHost;
use crate::proxy::{EgressListener, OutboundView};
use crate::translate::route::domains::{self, Domains, bracketed, join_host_port};
use crate::translate::route::listener_services::listener_services;
use crate::translate::route::persistent_session;
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
    diagnostics: &mut Diagnostics,
) -> Vec<VirtualHost> {
    let services = listener_services(listener.services.iter().map(AsRef::as_ref), listener_port);
    let wrappers = virtual_host_wrappers(view, listener, &services, listener_port);
    let mut names = Names::new(&wrappers);
    let mut out = Vec::new();
    for wrapper in &wrappers {
        for mut virtual_host in of_wrapper(view, wrapper, listener_port, &mut names, diagnostics) {
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
fn of_wrapper<'a>(
    view: &OutboundView<'_>,
    wrapper: &VirtualHostWrapper<'_, 'a>,
    listener_port: u32,
    names: &mut Names<'a>,
    diagnostics: &mut Diagnostics,
) -> Vec<VirtualHost> {
    let port = wrapper.port;
    let hosts = wrapper.hosts.iter().map(|host| (host.to_lowercase(), None));
    let services = wrapper.services.iter().map(|service| (service.hostname.clone(), Some(service)));
    let mut out = Vec::new();
    for (host, service) in hosts.chain(services) {
        let name = join_host_port(&host, port);
        let owner = Owner { virtual_service: wrapper.virtual_service, service: service.map(|service| service.service) };
        if !names.claim_name(&name, &host, owner, diagnostics) {
            continue;
        }
        let domains = match service {
            None => Domains { all: vec![bracketed(&host)], alternates: Vec::new() },
            Some(service) => domains::domains(view, service, listener_port, port),
        };
        let domains = names.claim_domains(domains, owner, diagnostics);
        if !domains.is_empty() {
            out.push(VirtualHost {
                name,
                domains,
                routes: wrapper.routes.clone(),
                include_request_attempt_count: include_request_attempt_count(view),
                typed_per_filter_config: service
                    .and_then(|service| persistent_session::per_route(view.mesh.features(), &service.service.labels))
                    .into_iter()
                    .collect(),
                ..VirtualHost::default()
            });
        }
    }
    out
}
