//! The access log of one extension provider.

use super::{file, grpc, open_telemetry};
use crate::envoy;
use crate::mesh::Mesh;
use crate::model::istio::{
    MeshConfigExtensionProvider, MeshConfigExtensionProviderEnvoyFileAccessLogProvider as FileProvider,
    MeshConfigExtensionProviderProvider as Provider,
};

/// The name of the provider that every mesh has.
const BUILT_IN: &str = "envoy";

/// Returns the log of a provider; none if it is of another kind, or if there is no such service.
///
/// istiod: `telemetry_logging.go` `telemetryAccessLog`
pub(super) fn access_log(mesh: &Mesh, provider: &MeshConfigExtensionProvider) -> Option<envoy::AccessLog> {
    match provider.provider.as_ref()? {
        Provider::EnvoyFileAccessLog(file) if provider.name == BUILT_IN && has_no_format(file) => {
            Some(file::from_mesh_config(&file.path, &mesh.config))
        }
        Provider::EnvoyFileAccessLog(file) => Some(file::from_provider(file)),
        Provider::EnvoyHttpAls(als) => grpc::http_from_provider(mesh, als),
        Provider::EnvoyTcpAls(als) => grpc::tcp_from_provider(mesh, als),
        Provider::EnvoyOtelAls(als) => open_telemetry::from_provider(mesh, als),
        Provider::EnvoyExtAuthzHttp(_)
        | Provider::EnvoyExtAuthzGrpc(_)
        | Provider::Zipkin(_)
        | Provider::Lightstep(_)
        | Provider::Datadog(_)
        | Provider::Stackdriver(_)
        | Provider::Opencensus(_)
        | Provider::Skywalking(_)
        | Provider::Opentelemetry(_)
        | Provider::Prometheus(_)
        | Provider::Sds(_) => None,
    }
}

/// The mesh's encoding and format stand in for a format that the built-in provider does not have.
fn has_no_format(file: &FileProvider) -> bool {
    file.log_format.is_none() && !file.omit_empty_values
}
