//! Names of statistics by the mesh's patterns.
//!
//! istiod: `pilot/pkg/networking/telemetry/telemetry.go`

use crate::mesh::service::{Port, Service};

/// Ends every name that Envoy reads a statistics prefix from. istiod: `constants.StatPrefixDelimiter`.
const DELIMITER: &str = ";";

/// What the patterns `%SERVICE%` and `%SERVICE_NAME%` stand for, besides the hostname: the Kubernetes names of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StatService<'a> {
    /// The hostname.
    pub(crate) hostname: &'a str,
    /// Name and namespace of a Kubernetes Service.
    pub(crate) kubernetes: Option<(&'a str, &'a str)>,
}

impl<'a> From<&'a Service> for StatService<'a> {
    fn from(service: &'a Service) -> Self {
        let kubernetes = service.is_kubernetes().then_some((service.name.as_str(), service.namespace.as_str()));
        Self { hostname: &service.hostname, kubernetes }
    }
}

/// `MeshConfig.outboundClusterStatName`, `inboundClusterStatName` -> a name for a cluster, or for a filter that leads to it.
///
/// The target port is 0 for what is outbound.
///
/// istiod: `telemetry.go` `BuildStatPrefix`
pub(crate) fn cluster(pattern: &str, service: StatService<'_>, subset: &str, port: &Port, target_port: u32) -> String {
    named(pattern, service, subset)
        .replace("%TARGET_PORT%", &target_port.to_string())
        .replace("%SERVICE_PORT%", &port.number.to_string())
        .replace("%SERVICE_PORT_NAME%", &port.name)
}

/// `MeshConfig.inboundClusterStatName` -> a name for the filters of an inbound filter chain. Knows no target port.
///
/// istiod: `telemetry.go` `BuildInboundStatPrefix`
pub(crate) fn inbound_chain(
    pattern: &str,
    service: StatService<'_>,
    subset: &str,
    port: u32,
    port_name: &str,
) -> String {
    named(pattern, service, subset)
        .replace("%SERVICE_PORT%", &port.to_string())
        .replace("%SERVICE_PORT_NAME%", port_name)
}

/// Appends the delimiter that ends a statistics prefix. istiod: `util.go` `DelimitedStatsPrefix`.
pub(crate) fn delimited(name: &str) -> String {
    format!("{name}{DELIMITER}")
}

fn named(pattern: &str, service: StatService<'_>, subset: &str) -> String {
    let (short, name) = match service.kubernetes {
        Some((name, namespace)) => (format!("{name}.{namespace}"), name.to_owned()),
        None => (service.hostname.to_owned(), service.hostname.to_owned()),
    };
    pattern
        .replace("%SERVICE%", &short)
        .replace("%SERVICE_NAME%", &name)
        .replace("%SERVICE_FQDN%", service.hostname)
        .replace("%SUBSET_NAME%", subset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::protocol::Protocol;

    #[test]
    fn patterns() {
        let service = StatService { hostname: "reviews.shop.svc.cluster.local", kubernetes: Some(("reviews", "shop")) };
        let external = StatService { hostname: "api.example.com", kubernetes: None };
        let port = Port { name: "grpc".to_owned(), number: 7443, protocol: Protocol::Grpc, target_port: None };
        for (pattern, want, want_external) in [
            ("%SERVICE%", "reviews.shop", "api.example.com"),
            ("%SERVICE_NAME%-%SUBSET_NAME%", "reviews-v1", "api.example.com-v1"),
            ("%SERVICE_FQDN%", "reviews.shop.svc.cluster.local", "api.example.com"),
            ("%SERVICE_PORT%_%SERVICE_PORT_NAME%_%TARGET_PORT%", "7443_grpc_8080", "7443_grpc_8080"),
        ] {
            assert_eq!(cluster(pattern, service, "v1", &port, 8080), want);
            assert_eq!(cluster(pattern, external, "v1", &port, 8080), want_external);
        }
        assert_eq!(inbound_chain("%TARGET_PORT%", service, "", 80, "http"), "%TARGET_PORT%");
        assert_eq!(delimited("a"), "a;");
    }
}
