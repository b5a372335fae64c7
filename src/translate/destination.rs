//! `Destination`: the cluster that a route of any kind leads to.

use std::collections::BTreeMap;

use crate::mesh::service::Service;
use crate::model::istio::Destination;
use crate::translate::name;

/// What a destination's cluster depends on of its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DestinationService<'a> {
    /// The service that this one is another name of, or empty.
    pub(crate) external_name: &'a str,
    /// Its port, if it has just one.
    pub(crate) only_port: Option<u32>,
    /// Its labels.
    pub(crate) labels: Option<&'a BTreeMap<String, String>>,
}

impl<'a> From<&'a Service> for DestinationService<'a> {
    fn from(service: &'a Service) -> Self {
        let only_port = match service.ports.as_slice() {
            [port] => Some(port.number),
            _ => None,
        };
        Self { external_name: &service.external_name, only_port, labels: Some(&service.labels) }
    }
}

/// `Destination` -> the name of a cluster
///
/// Without a port, the only port of the service counts, else that of the listener. Whether there is such a cluster is not asked.
///
/// istiod: `pilot/pkg/networking/core/route/route.go` `GetDestinationCluster`
pub(crate) fn cluster(
    destination: &Destination,
    service: Option<DestinationService<'_>>,
    listener_port: u32,
) -> String {
    let Destination { host, subset, port } = destination;
    if host.is_empty() {
        // A route of the Gateway API with an invalid backend.
        return "UnknownService".to_owned();
    }
    let service = service.unwrap_or_default();
    let host = if service.external_name.is_empty() { host } else { service.external_name };
    let port = port.as_ref().map(|p| p.number).or(service.only_port).unwrap_or(listener_port);
    name::outbound_cluster(port, subset, host)
}
