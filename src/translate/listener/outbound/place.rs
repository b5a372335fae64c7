//! Where a service port listens.

use super::listener_table::Wanted;
use crate::mesh::service::{Registry, UNSPECIFIED_IP};
use crate::proxy::IpMode;
use crate::translate::listener::address::wildcards;
use crate::translate::listener::bind::Bind;
use crate::translate::listener::{ListenerProtocol, ListenerView};

/// The address that stands for all IPv6 addresses.
const UNSPECIFIED_IPV6: &str = "::";

/// The addresses of a listener, and the ranges that a chain must check because the listener cannot bind to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bind: Bind,
    pub(super) cidrs: Vec<String>,
}

/// Decides where a service port listens if the egress listener does not say.
///
/// HTTP listens on all addresses: hosts tell services apart. Anything else listens on the address of its service; a range of
/// addresses is left to a filter chain.
///
/// istiod: `listener.go` `buildSidecarOutboundListener`
pub(super) fn place(view: &ListenerView<'_>, wanted: &Wanted<'_>, protocol: ListenerProtocol) -> Place {
    let here = |addresses: Vec<String>| Place { bind: wanted.bind.with_addresses(addresses), cidrs: Vec::new() };
    if !wanted.bind.primary().is_empty() {
        return Place { bind: wanted.bind.clone(), cidrs: Vec::new() };
    }
    let all: Vec<String> = wildcards(view.outbound.client.ip_mode).iter().map(|&address| address.to_owned()).collect();
    if protocol == ListenerProtocol::Http {
        return here(all);
    }
    let addresses = service_addresses(view, wanted);
    match addresses.first() {
        Some(main) if main.contains('/') => Place { cidrs: addresses, ..here(all) },
        Some(main) if !main.is_empty() => here(addresses),
        Some(_) | None => Place { bind: wanted.bind.clone(), cidrs: Vec::new() },
    }
}

/// The addresses of the service, the main one first. The address that stands for all is that of the proxy's IP family, for a
/// service outside of Kubernetes.
fn service_addresses(view: &ListenerView<'_>, wanted: &Wanted<'_>) -> Vec<String> {
    let (service, ip_mode) = (wanted.service.as_ref(), view.outbound.client.ip_mode);
    let main = view.outbound.service_address(service);
    let extra = view.outbound.service_extra_addresses(service);
    let any_external = service.registry == Registry::External && main == UNSPECIFIED_IP;
    let main = if any_external && ip_mode == IpMode::Ipv6 { UNSPECIFIED_IPV6 } else { main };
    let ipv6 = (any_external && ip_mode == IpMode::Dual).then(|| UNSPECIFIED_IPV6.to_owned());
    std::iter::once(main.to_owned()).chain(extra).chain(ipv6).collect()
}
