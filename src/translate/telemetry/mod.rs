//! Telemetry of one proxy: metrics, access logs and tracing, as Telemetry resources, default providers and the older mesh
//! settings say.
//!
//! ```text
//! selection       which Telemetry resources apply, mesh first, workload last
//! metrics         overrides merged                ─▶ stats          istio.stats filters
//! logging         providers merged                ─▶ access_log/    AccessLog entries
//! tracing         providers and sampling merged   ─▶ tracing_block  HttpConnectionManager.tracing
//! ```
//!
//! The result depends on the side of the proxy only, so it is made once for a proxy and put into every listener.
//!
//! istiod: `pilot/pkg/model/telemetry.go`

mod access_log;
mod crash;
mod custom_tags;
mod logging;
mod metrics;
mod selection;
mod stats;
mod tracing;
mod tracing_block;
mod tracing_provider;

pub(crate) use access_log::AccessLogs;
pub(crate) use crash::crash;
pub(crate) use tracing_block::TracingBlock;

use crate::envoy;
use crate::installation::Behaviour;
use crate::mesh::service::Service;
use crate::model::istio::WorkloadMode;
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::listener::ListenerClass;
use crate::translate::telemetry::selection::Applicable;

/// The telemetry of one proxy.
#[derive(Debug)]
pub(crate) struct Telemetry {
    client: ClassTelemetry,
    server: ClassTelemetry,
}

/// The telemetry of one side of a proxy.
#[derive(Debug)]
pub(crate) struct ClassTelemetry {
    /// The configuration of each `istio.stats` filter.
    pub(crate) stats: Vec<envoy::StatsPluginConfig>,
    /// What goes into `access_log`, by where it is put.
    pub(crate) access_logs: AccessLogs,
    /// What goes into the HTTP connection manager.
    pub(crate) tracing: TracingBlock,
}

impl Telemetry {
    /// Collects and merges what applies to a proxy, or to one of a waypoint's services.
    pub(crate) fn new(view: &ProxyView<'_>, service: Option<&Service>) -> Self {
        let applicable = Applicable::new(view, service);
        let client_class = ListenerClass::outbound(view.proxy.client.kind);
        Self {
            client: ClassTelemetry::new(view, &applicable, client_class),
            server: ClassTelemetry::new(view, &applicable, ListenerClass::SidecarInbound),
        }
    }

    /// Returns what one side of the proxy needs.
    pub(crate) fn of(&self, class: ListenerClass) -> &ClassTelemetry {
        match workload_mode(class) {
            WorkloadMode::Server => &self.server,
            WorkloadMode::Client | WorkloadMode::ClientAndServer => &self.client,
        }
    }
}

impl ClassTelemetry {
    fn new(view: &ProxyView<'_>, applicable: &Applicable<'_>, class: ListenerClass) -> Self {
        Self {
            stats: stats::plugin_configs(view, &applicable.metrics, class),
            access_logs: access_log::access_logs(view.outbound.mesh, &applicable.access_logging, workload_mode(class)),
            tracing: tracing_block::tracing_block(view, &applicable.tracing, class),
        }
    }
}

/// Returns the mode by which a Telemetry resource names this side of a proxy: a gateway is a client.
///
/// istiod: `telemetry.go` `workloadMode`
fn workload_mode(class: ListenerClass) -> WorkloadMode {
    match class {
        ListenerClass::SidecarInbound => WorkloadMode::Server,
        ListenerClass::SidecarOutbound | ListenerClass::Gateway => WorkloadMode::Client,
    }
}

/// Says whether istiod does something that the proxy's release must know too. istiod: `context.go` `VersionGreaterOrEqual`
fn both_do(view: &ProxyView<'_>, istiod: Behaviour, proxy: Behaviour) -> bool {
    view.outbound.mesh.does(istiod) && view.proxy.client.behaviours.contains(proxy)
}

/// Says whether the proxy is a router. istiod: `features.SpawnUpstreamSpanForGateway`
fn is_router(view: &ProxyView<'_>) -> bool {
    view.proxy.client.kind == ProxyKind::Router
}
