//! Inbound clusters that a Sidecar names.

use crate::envoy::Cluster;
use crate::mesh::protocol::Protocol;
use crate::mesh::service::Port;
use crate::model::istio::IstioIngressListener;
use crate::proxy::{ProxyView, ServiceTarget};
use crate::translate::address::{self, LOOPBACK_IPV4, LOOPBACK_IPV6, UNIX_PREFIX};
use crate::translate::cluster::inbound::{self, Inbound};

/// In `defaultEndpoint`: the pod's own address.
const POD_IPV4: &str = "0.0.0.0";
const POD_IPV6: &str = "::";

/// `Sidecar.ingress[].{port, defaultEndpoint}` -> clusters. An endpoint that cannot be read is left out.
///
/// istiod: `cluster.go` `buildInboundClustersFromSidecar`
pub(super) fn ingress(view: &ProxyView<'_>) -> Vec<(Cluster, Vec<String>)> {
    let scope = view.outbound.scope;
    let listeners = scope.sidecar.iter().flat_map(|sidecar| &sidecar.spec.ingress);
    let fallback = format!("{}.{}", scope.name, scope.namespace);
    listeners.filter_map(|listener| for_listener(view, listener, &fallback)).collect()
}

fn for_listener(
    view: &ProxyView<'_>,
    listener: &IstioIngressListener,
    fallback: &str,
) -> Option<(Cluster, Vec<String>)> {
    let declared = listener.port.as_ref()?;
    let endpoint = default_endpoint(view, &listener.default_endpoint)?;
    let port = Port {
        name: declared.name.clone(),
        number: declared.number,
        protocol: Protocol::parse(&declared.protocol),
        target_port: None,
    };
    // A service behind the same port lends its name. istiod: `cluster.go` `findOrCreateService`.
    let target = view.proxy.service_targets.iter().find(|target| target.target_port == declared.number);
    let target =
        target.map(|target| ServiceTarget { port: port.clone(), target_port: endpoint.port, ..target.clone() });
    let targets: Vec<&ServiceTarget> = target.iter().collect();
    let hostname = target.as_ref().map_or(fallback, |target| target.service.hostname.as_str());
    let cluster = inbound::cluster(
        view,
        &Inbound {
            cluster_port: declared.number,
            bind: endpoint.address,
            target_port: endpoint.port,
            service: target.as_ref().map(|target| target.service.as_ref()),
            hostname,
            port,
            targets: &targets,
        },
    );
    Some((cluster, vec![hostname.to_owned()]))
}

struct DefaultEndpoint {
    /// Empty for where the request came to.
    address: String,
    port: u32,
}

/// `Sidecar.ingress[].defaultEndpoint`: a socket, loopback or the pod's address; of the family that the proxy has.
fn default_endpoint(view: &ProxyView<'_>, text: &str) -> Option<DefaultEndpoint> {
    if text.is_empty() || text.starts_with(UNIX_PREFIX) {
        return Some(DefaultEndpoint { address: text.to_owned(), port: 0 });
    }
    let (host, port) = text.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().ok()?;
    let own = view.proxy.ip_addresses.iter().map(String::as_str);
    let loopbacks = address::loopbacks(view.outbound.client.ip_mode).iter().copied();
    let address = match host {
        POD_IPV4 => own.into_iter().find(|a| is_ipv4(a)).unwrap_or(LOOPBACK_IPV4),
        POD_IPV6 => own.into_iter().find(|a| !is_ipv4(a)).unwrap_or(LOOPBACK_IPV6),
        LOOPBACK_IPV4 => loopbacks.clone().find(|a| is_ipv4(a)).or(loopbacks.last()).unwrap_or_default(),
        LOOPBACK_IPV6 => loopbacks.clone().find(|a| !is_ipv4(a)).or(loopbacks.last()).unwrap_or_default(),
        // Anything else is not known, so requests go where they came to.
        _ => "",
    };
    Some(DefaultEndpoint { address: address.to_owned(), port })
}

fn is_ipv4(address: &str) -> bool {
    address.parse::<std::net::Ipv4Addr>().is_ok()
}
