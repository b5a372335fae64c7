//! `access_log` of HTTP connection managers, TCP proxies and listeners.
//!
//! ```text
//! Telemetry.accessLogging, MeshConfig.defaultProviders  ─▶ provider    one entry a provider
//! nothing of that applies                               ─▶ mesh_config accessLogFile, enableEnvoyAccessLogService
//! ```
//!
//! istiod: `core/accesslog.go`, `pilot/pkg/model/telemetry_logging.go`

mod file;
mod filter;
mod format;
mod grpc;
mod mesh_config;
mod open_telemetry;
mod provider;

use super::logging::{self, ProviderLogging};
use crate::envoy;
use crate::mesh::Mesh;
use crate::model::istio::{AccessLogging, WorkloadMode};
use crate::translate::extension_provider;

/// The same logs for the three places that bear them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AccessLogs {
    /// For HTTP connection managers.
    pub(crate) http: Vec<envoy::AccessLog>,
    /// For TCP proxies.
    pub(crate) tcp: Vec<envoy::AccessLog>,
    /// For listeners: only what no filter chain took.
    pub(crate) listener: Vec<envoy::AccessLog>,
    /// For the connection manager of tunnels that come in: only refusals, as what is inside is logged elsewhere.
    pub(crate) tunnel_termination: Vec<envoy::AccessLog>,
    /// For the TCP proxy that opens tunnels: only those that could not be opened.
    pub(crate) tunnel_origination: Vec<envoy::AccessLog>,
    /// For the TCP proxy that forwards tunnels.
    pub(crate) tunnel_forwarding: Vec<envoy::AccessLog>,
}

/// Returns the access logs of one side of a proxy.
///
/// A provider that is disabled still counts as configured: the mesh's older settings do not step in for it.
///
/// istiod: `accesslog.go` `setHTTPAccessLog`, `setTCPAccessLog`, `setListenerAccessLog`, `setHboneTerminationAccessLog`,
/// `setHboneOriginationAccessLog`
pub(super) fn access_logs(mesh: &Mesh, levels: &[&[AccessLogging]], mode: WorkloadMode) -> AccessLogs {
    let configured = configured(mesh, levels, mode);
    let mut logs = if configured.is_empty() {
        mesh_config::access_logs(&mesh.config)
    } else {
        let enabled = || configured.iter().filter(|log| !log.logging.disabled);
        AccessLogs {
            http: enabled().map(|log| log.entry(None)).collect(),
            tcp: enabled().map(|log| log.entry(None)).collect(),
            listener: enabled().map(|log| log.entry(Some(filter::no_filter_chain()))).collect(),
            tunnel_termination: enabled().map(|log| log.entry(Some(filter::refused()))).collect(),
            tunnel_origination: enabled().map(|log| log.entry(Some(filter::not_connected()))).collect(),
            tunnel_forwarding: enabled().map(|log| log.entry(Some(filter::not_connected()))).collect(),
        }
    };
    if mesh.config.disable_envoy_listener_log {
        logs.listener.clear();
    }
    logs
}

/// A provider's log and whether and when it is written.
struct ConfiguredLog<'m> {
    access_log: envoy::AccessLog,
    logging: ProviderLogging<'m>,
}

impl ConfiguredLog<'_> {
    fn entry(&self, place: Option<envoy::AccessLogFilter>) -> envoy::AccessLog {
        let expression = self.logging.filter.map(|filter| filter::expression(&filter.expression));
        envoy::AccessLog {
            filter: filter::all_of(place.into_iter().chain(expression).collect()),
            ..self.access_log.clone()
        }
    }
}

/// Returns the logs that providers give, by provider name; none if the mesh's older settings hold.
///
/// istiod: `telemetry.go` `AccessLogging`
fn configured<'m>(mesh: &'m Mesh, levels: &[&'m [AccessLogging]], mode: WorkloadMode) -> Vec<ConfiguredLog<'m>> {
    let defaults = mesh.config.default_providers.as_ref().map_or(&[][..], |providers| &providers.access_logging);
    let mut found = Vec::new();
    for (name, logging) in logging::merge(levels, defaults, mode) {
        let Some(provider) = extension_provider::find(&mesh.config, name) else { continue };
        let Some(access_log) = provider::access_log(mesh, provider) else { continue };
        found.push((provider.name.as_str(), ConfiguredLog { access_log, logging }));
    }
    found.sort_by_key(|(name, _)| *name);
    found.into_iter().map(|(_, log)| log).collect()
}
