//! A host -> an address, as the DNS of a Pod answers.

use std::net::{IpAddr, SocketAddr};

use super::Wanted;
use crate::mesh::Mesh;
use crate::mesh::service::{Resolution, Service, UNSPECIFIED_IP};
use crate::proxy::Proxy;

/// An address of the Internet, for names that only its DNS knows.
const SOMEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1));

/// Names that lead to other names; a loop ends.
const MOST_NAMES: usize = 8;

/// Who asks for a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client<'c> {
    /// The Pod's namespace.
    pub(super) namespace: &'c str,
    /// Whether the mesh answers for its DNS.
    pub(super) dns_capture: bool,
}

impl<'c> Client<'c> {
    /// The Pod of a proxy.
    pub(super) fn of(proxy: &'c Proxy) -> Self {
        Self { namespace: &proxy.namespace, dns_capture: proxy.client.dns_capture }
    }
}

/// Finds the address of a request's host.
pub(super) fn resolve(mesh: &Mesh, client: Client<'_>, wanted: &Wanted, notes: &mut Vec<String>) -> Option<SocketAddr> {
    let port = wanted.port;
    if let Some((.., ip)) = wanted.resolve.iter().find(|(host, of, _)| *host == wanted.host && *of == port) {
        return Some(SocketAddr::new(*ip, port));
    }
    if let Ok(ip) = wanted.host.parse() {
        return Some(SocketAddr::new(ip, port));
    }
    let mut name = wanted.host.to_ascii_lowercase();
    for _ in 0..MOST_NAMES {
        let found = candidates(mesh, client, &name).into_iter().find_map(|candidate| service(mesh, client, &candidate));
        let Some(service) = found else {
            let is_of_cluster =
                name.ends_with(&format!(".svc.{}", mesh.installation.cluster_domain)) || !name.contains('.');
            if is_of_cluster {
                return None;
            }
            notes.push(format!("{name} is a name outside of the mesh; its address is taken to be {SOMEWHERE}"));
            return Some(SocketAddr::new(SOMEWHERE, port));
        };
        if !service.external_name.is_empty() {
            notes.push(format!("{} is another name for {}", service.hostname, service.external_name));
            name.clone_from(&service.external_name);
            continue;
        }
        let ip = address(mesh, client, service, notes);
        let has_address = service.default_address.parse() == Ok(ip);
        if service.is_kubernetes() && has_address && !service.ports.iter().any(|known| known.number == u32::from(port))
        {
            notes.push(format!("{} has no port {port}, so nothing answers there", service.hostname));
        }
        if ip != SOMEWHERE {
            notes.push(format!("{} is {ip}, of {}", wanted.host, service.hostname));
        }
        return Some(SocketAddr::new(ip, port));
    }
    None
}

/// Returns the names that a Pod's resolver tries, in order: with search domains, then as it is.
fn candidates(mesh: &Mesh, client: Client<'_>, name: &str) -> Vec<String> {
    if let Some(absolute) = name.strip_suffix('.') {
        return vec![absolute.to_owned()];
    }
    let domain = &mesh.installation.cluster_domain;
    let searched = [format!("{}.svc.{domain}", client.namespace), format!("svc.{domain}"), domain.clone()];
    let mut out: Vec<String> = searched.iter().map(|search| format!("{name}.{search}")).collect();
    out.push(name.to_owned());
    out
}

fn service<'m>(mesh: &'m Mesh, client: Client<'_>, name: &str) -> Option<&'m Service> {
    if let Some(by_namespace) = mesh.services_by_hostname.get(name) {
        let own = by_namespace.get(client.namespace);
        return own.or_else(|| by_namespace.values().next()).map(|service| &**service);
    }
    // A wildcard of a ServiceEntry: the longest.
    let dots = name.match_indices('.').map(|(at, _)| format!("*{}", &name[at..]));
    dots.into_iter().find_map(|wildcard| mesh.services_by_hostname.get(&wildcard)?.values().next().map(|s| &**s))
}

fn address(mesh: &Mesh, client: Client<'_>, service: &Service, notes: &mut Vec<String>) -> IpAddr {
    let first = std::iter::once(&service.default_address).chain(&service.cluster_vips);
    let vip = first.filter(|address| *address != UNSPECIFIED_IP).find_map(|address| address.parse::<IpAddr>().ok());
    if let Some(vip) = vip {
        return vip;
    }
    let of_endpoint = || {
        let endpoints = mesh.endpoints.get(&service.hostname)?.get(&service.namespace)?;
        endpoints.iter().flat_map(|endpoint| &endpoint.addresses).find_map(|address| address.parse().ok())
    };
    if service.is_kubernetes() || service.resolution == Resolution::Passthrough {
        if let Some(ip) = of_endpoint() {
            notes.push(format!("{} is headless: DNS answers with the addresses of its Pods", service.hostname));
            return ip;
        }
        return SOMEWHERE;
    }
    if client.dns_capture
        && let Ok(ip) = service.auto_allocated_ipv4.parse()
    {
        return ip;
    }
    notes.push(format!("{} has no address of its own; DNS is taken to answer {SOMEWHERE}", service.hostname));
    SOMEWHERE
}
