//! The configuration of the `istio.stats` filters.

use std::collections::BTreeMap;

use super::metrics::{self, MetricOverride, ModeMetrics};
use super::workload_mode;
use crate::envoy;
use crate::model::istio::{
    MeshConfigExtensionProviderProvider, Metrics, MetricsOverridesTagOverrideOperation, WorkloadMode,
};
use crate::proxy::{ProxyKind, ProxyView};
use crate::translate::listener::ListenerClass;
use crate::translate::{duration, extension_provider};

/// `Telemetry.metrics`, `MeshConfig.defaultProviders.metrics` -> filter `istio.stats`
///
/// One for each Prometheus provider, by the name that the resource writes; other kinds of providers need no filter.
///
/// istiod: `telemetry.go` `telemetryFilters`, `generateStatsConfig`
pub(super) fn plugin_configs(
    view: &ProxyView<'_>,
    entries: &[&Metrics],
    class: ListenerClass,
) -> Vec<envoy::StatsPluginConfig> {
    let mesh = view.outbound.mesh;
    let defaults = mesh.config.default_providers.as_ref().map_or(&[][..], |providers| &providers.metrics);
    let mut configs = Vec::new();
    for (name, merged) in metrics::merge(entries, defaults) {
        let provider = extension_provider::find(&mesh.config, name).and_then(|provider| provider.provider.as_ref());
        let Some(MeshConfigExtensionProviderProvider::Prometheus(_)) = provider else { continue };
        let metrics = match workload_mode(class) {
            WorkloadMode::Server => &merged.server,
            WorkloadMode::Client | WorkloadMode::ClientAndServer => &merged.client,
        };
        if metrics.disabled {
            continue;
        }
        configs.push(envoy::StatsPluginConfig {
            disable_host_header_fallback: class != ListenerClass::SidecarOutbound,
            tcp_reporting_duration: merged.reporting_interval.map(duration::duration),
            metrics: metric_configs(metrics),
            // A waypoint reports in place of the servers.
            reporter: match view.outbound.client.kind {
                ProxyKind::Waypoint => envoy::StatsReporter::ServerGateway,
                ProxyKind::Sidecar | ProxyKind::Router => envoy::StatsReporter::default(),
            },
            ..envoy::StatsPluginConfig::default()
        });
    }
    configs
}

/// `Telemetry.metrics.overrides` -> `PluginConfig.metrics`
fn metric_configs(metrics: &ModeMetrics<'_>) -> Vec<envoy::StatsMetricConfig> {
    metrics.overrides.iter().map(|(name, change)| metric_config(name, change)).collect()
}

fn metric_config(name: &str, change: &MetricOverride<'_>) -> envoy::StatsMetricConfig {
    let mut dimensions = BTreeMap::new();
    let mut tags_to_remove = Vec::new();
    for (&tag, change) in &change.tags {
        match change.operation {
            MetricsOverridesTagOverrideOperation::Remove => tags_to_remove.push(tag.to_owned()),
            MetricsOverridesTagOverrideOperation::Upsert => {
                dimensions.insert(tag.to_owned(), change.value.clone());
            }
        }
    }
    envoy::StatsMetricConfig {
        dimensions,
        name: prometheus_name(name).to_owned(),
        tags_to_remove,
        drop: change.disabled,
        ..envoy::StatsMetricConfig::default()
    }
}

/// Returns the name under which Prometheus knows a standard metric; a custom one keeps its own.
///
/// istiod: `telemetry.go` `metricToPrometheusMetric`
fn prometheus_name(name: &str) -> &str {
    match name {
        "REQUEST_COUNT" => "requests_total",
        "REQUEST_DURATION" => "request_duration_milliseconds",
        "REQUEST_SIZE" => "request_bytes",
        "RESPONSE_SIZE" => "response_bytes",
        "TCP_OPENED_CONNECTIONS" => "tcp_connections_opened_total",
        "TCP_CLOSED_CONNECTIONS" => "tcp_connections_closed_total",
        "TCP_SENT_BYTES" => "tcp_sent_bytes_total",
        "TCP_RECEIVED_BYTES" => "tcp_received_bytes_total",
        "GRPC_REQUEST_MESSAGES" => "request_messages_total",
        "GRPC_RESPONSE_MESSAGES" => "response_messages_total",
        custom => custom,
    }
}
