//! Short names in a VirtualService: hosts and destinations become fully qualified, gateways `namespace/name`.
//!
//! istiod: `pilot/pkg/model/virtualservice.go` `ResolveVirtualServiceShortnames`

use crate::mesh::short_name;
use crate::mesh::virtual_service::MESH_GATEWAY;
use crate::model::ObjectMeta;
use crate::model::istio::{Destination, HttpRoute, TcpRoute, TlsRoute, VirtualService};

/// Completes the names in a VirtualService. istiod: `ResolveVirtualServiceShortnames`.
pub(super) fn resolve(spec: &VirtualService, meta: &ObjectMeta, cluster_domain: &str) -> VirtualService {
    let names = Names { namespace: &meta.namespace, cluster_domain };
    VirtualService {
        hosts: spec.hosts.iter().map(|h| names.host(h)).collect(),
        gateways: names.gateways(&spec.gateways),
        http: spec.http.iter().map(|r| names.http_route(r.clone())).collect(),
        tls: spec.tls.iter().map(|r| names.tls_route(r.clone())).collect(),
        tcp: spec.tcp.iter().map(|r| names.tcp_route(r.clone())).collect(),
        export_to: spec.export_to.clone(),
    }
}

/// Completes the name of a gateway to `namespace/name`. Accepts `name`, `namespace/name`, `./name` and the old `name.namespace`
/// with or without a domain.
///
/// istiod: `pilot/pkg/model/config.go` `resolveGatewayName`
pub fn resolve_gateway_name(gateway: &str, namespace: &str) -> String {
    match (gateway.split_once('/'), gateway.split_once('.')) {
        (Some((".", name)), _) => format!("{namespace}/{name}"),
        (Some(_), _) => gateway.to_owned(),
        (None, None) => format!("{namespace}/{gateway}"),
        (None, Some((name, rest))) => {
            format!("{}/{name}", rest.split_once('.').map_or(rest, |(namespace, _)| namespace))
        }
    }
}

/// Where the names are written.
struct Names<'a> {
    namespace: &'a str,
    cluster_domain: &'a str,
}

impl Names<'_> {
    fn host(&self, host: &str) -> String {
        short_name::fqdn(host, self.namespace, self.cluster_domain)
    }

    fn gateways(&self, gateways: &[String]) -> Vec<String> {
        let resolve = |g: &String| if g == MESH_GATEWAY { g.clone() } else { resolve_gateway_name(g, self.namespace) };
        gateways.iter().map(resolve).collect()
    }

    fn destination(&self, destination: Option<Destination>) -> Option<Destination> {
        destination.map(|d| Destination { host: self.host(&d.host), ..d })
    }

    fn http_route(&self, mut route: HttpRoute) -> HttpRoute {
        for m in &mut route.r#match {
            m.gateways = self.gateways(&m.gateways);
        }
        for r in &mut route.route {
            r.destination = self.destination(r.destination.take());
        }
        for m in &mut route.mirrors {
            m.destination = self.destination(m.destination.take());
        }
        route.mirror = self.destination(route.mirror.take());
        route
    }

    fn tls_route(&self, mut route: TlsRoute) -> TlsRoute {
        for m in &mut route.r#match {
            m.gateways = self.gateways(&m.gateways);
        }
        for r in &mut route.route {
            r.destination = self.destination(r.destination.take());
        }
        route
    }

    fn tcp_route(&self, mut route: TcpRoute) -> TcpRoute {
        for m in &mut route.r#match {
            m.gateways = self.gateways(&m.gateways);
        }
        for r in &mut route.route {
            r.destination = self.destination(r.destination.take());
        }
        route
    }
}

#[cfg(test)]
mod tests {
    use super::resolve_gateway_name;

    #[test]
    fn gateways_are_named_in_five_ways() {
        for (written, resolved) in [
            ("gw", "ns/gw"),
            ("./gw", "ns/gw"),
            ("other/gw", "other/gw"),
            ("gw.other", "other/gw"),
            ("gw.other.svc.cluster.local", "other/gw"),
        ] {
            assert_eq!(resolve_gateway_name(written, "ns"), resolved);
        }
    }
}
