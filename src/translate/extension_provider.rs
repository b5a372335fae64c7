//! Extension providers: the mesh config's named backends for telemetry, authorization and secrets.

use crate::envoy;
use crate::mesh::Mesh;
use crate::model::istio::{MeshConfig, MeshConfigExtensionProvider};
use crate::translate::name;

/// The service behind a provider, and the cluster that leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backend {
    /// The service's hostname.
    pub(crate) hostname: String,
    /// The cluster's name.
    pub(crate) cluster: String,
}

/// Returns the provider of this name, in any case. istiod: `telemetry.go` `fetchProvider`
pub(crate) fn find<'m>(config: &'m MeshConfig, name: &str) -> Option<&'m MeshConfigExtensionProvider> {
    config.extension_providers.iter().find(|provider| provider.name.eq_ignore_ascii_case(name))
}

/// Finds a provider's service by hostname, or by `<namespace>/<hostname>`.
///
/// Without a namespace the hostname must be in one namespace only. Visibility does not matter, nor does it matter whether
/// the service has the port.
///
/// istiod: `telemetry_logging.go` `LookupCluster`
pub(crate) fn backend(mesh: &Mesh, service: &str, port: u32) -> Option<Backend> {
    let found = if let [namespace, hostname] = service.split('/').collect::<Vec<_>>().as_slice() {
        mesh.services_by_hostname.get(*hostname)?.get(*namespace)?
    } else {
        let by_namespace = mesh.services_by_hostname.get(service)?;
        by_namespace.values().next().filter(|_| by_namespace.len() == 1)?
    };
    Some(Backend { hostname: found.hostname.clone(), cluster: name::outbound_cluster(port, "", &found.hostname) })
}

/// Returns how to reach a provider's service over gRPC.
pub(crate) fn grpc_service(backend: &Backend) -> envoy::GrpcService {
    let envoy_grpc = envoy::GrpcServiceEnvoyGrpc {
        cluster_name: backend.cluster.clone(),
        authority: backend.hostname.clone(),
        ..Default::default()
    };
    envoy::GrpcService {
        target_specifier: Some(envoy::GrpcServiceTargetSpecifier::EnvoyGrpc(envoy_grpc)),
        ..Default::default()
    }
}
