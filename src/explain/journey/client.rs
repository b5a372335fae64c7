//! Where a request comes from.

use std::fmt;
use std::net::SocketAddr;

use crate::proxy::{Proxy, ProxyKind};

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// From outside of the mesh, through a gateway.
    Outside,
    /// From a workload: a Pod, a Deployment or a Service, as `NAME.NAMESPACE`.
    Workload(String),
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("outside"),
            Self::Workload(name) => f.write_str(name),
        }
    }
}

/// Finds the first proxy of a Pod, a workload or a Service.
pub fn find<'p>(proxies: &'p [Proxy], name: &str) -> Result<&'p Proxy, String> {
    let (first, namespace) = name.rsplit_once('.').unwrap_or((name, "default"));
    let of_namespace = || proxies.iter().filter(|proxy| proxy.namespace == namespace);
    let pod = of_namespace().find(|proxy| proxy.name == first);
    let workload = || of_namespace().find(|proxy| proxy.workload_name == first);
    let serves = |proxy: &&Proxy| {
        proxy.service_targets.iter().any(|target| target.service.name == first && target.service.namespace == namespace)
    };
    let service = || proxies.iter().find(serves);
    pod.or_else(workload).or_else(service).ok_or_else(|| {
        format!("no Pod, Deployment or Service {first} with a proxy is in namespace {namespace}; `meshc proxies` lists the proxies")
    })
}

/// Returns the gateways that serve a port, one of each workload, each with the address that takes the connection.
pub(super) fn gateways(proxies: &[Proxy], port: u16) -> Vec<(&Proxy, SocketAddr)> {
    let mut out: Vec<(&Proxy, SocketAddr)> = Vec::new();
    for proxy in proxies.iter().filter(|proxy| proxy.client.kind == ProxyKind::Router) {
        let same = |(other, _): &(&Proxy, SocketAddr)| {
            other.namespace == proxy.namespace
                && other.workload_name == proxy.workload_name
                && !proxy.workload_name.is_empty()
        };
        if out.iter().any(same) {
            continue;
        }
        let target = proxy.service_targets.iter().find(|target| target.port.number == u32::from(port));
        let ip = proxy.ip_addresses.first().and_then(|ip| ip.parse().ok());
        if let (Some(target), Some(ip)) = (target, ip) {
            out.push((proxy, SocketAddr::new(ip, u16::try_from(target.target_port).unwrap_or_default())));
        }
    }
    out
}
