//! Metrics: which providers report, and what is overridden, by side.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Duration;
use crate::model::istio::{
    MetricSelector, MetricSelectorIstioMetric, MetricSelectorMetricMatch, Metrics, MetricsOverrides,
    MetricsOverridesTagOverride, ProviderRef, WorkloadMode,
};

/// What one provider reports. istiod: `telemetry.go` `metricsConfig`
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ProviderMetrics<'m> {
    /// As a client, and on gateways.
    pub(super) client: ModeMetrics<'m>,
    /// As a server.
    pub(super) server: ModeMetrics<'m>,
    pub(super) reporting_interval: Option<Duration>,
}

/// What one provider reports on one side. istiod: `telemetry.go` `metricConfig`
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ModeMetrics<'m> {
    /// Everything is disabled: no filter at all.
    pub(super) disabled: bool,
    /// By metric: the name of Istio's enum value, or the custom metric's own.
    pub(super) overrides: BTreeMap<String, MetricOverride<'m>>,
}

/// How one metric differs. istiod: `telemetry.go` `metricsOverride`
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MetricOverride<'m> {
    pub(super) disabled: bool,
    pub(super) tags: BTreeMap<&'m str, &'m MetricsOverridesTagOverride>,
}

/// The standard metrics, sorted by name. istiod: `telemetry.go` `allMetrics`
const ALL_METRICS: [MetricSelectorIstioMetric; 10] = [
    MetricSelectorIstioMetric::GrpcRequestMessages,
    MetricSelectorIstioMetric::GrpcResponseMessages,
    MetricSelectorIstioMetric::RequestCount,
    MetricSelectorIstioMetric::RequestDuration,
    MetricSelectorIstioMetric::RequestSize,
    MetricSelectorIstioMetric::ResponseSize,
    MetricSelectorIstioMetric::TcpClosedConnections,
    MetricSelectorIstioMetric::TcpOpenedConnections,
    MetricSelectorIstioMetric::TcpReceivedBytes,
    MetricSelectorIstioMetric::TcpSentBytes,
];

/// Merges `Telemetry.metrics` of all levels, weakest first, into what each provider reports.
///
/// The last entry that names providers decides which ones there are. An entry without providers is for those of the entry
/// before it, at first the mesh's default ones.
///
/// istiod: `telemetry.go` `mergeMetrics`
pub(super) fn merge<'m>(
    entries: &[&'m Metrics],
    default_providers: &'m [String],
) -> BTreeMap<&'m str, ProviderMetrics<'m>> {
    let defaults: Vec<&str> = default_providers.iter().map(String::as_str).collect();
    if entries.is_empty() {
        return defaults.into_iter().map(|provider| (provider, ProviderMetrics::default())).collect();
    }
    let named = entries.iter().rev().find(|entry| !entry.providers.is_empty());
    let in_scope: BTreeSet<&str> =
        named.map_or_else(|| defaults.clone(), |entry| names(&entry.providers)).into_iter().collect();

    let mut merged: BTreeMap<&str, ProviderMetrics<'m>> = BTreeMap::new();
    let mut providers = defaults;
    for entry in entries {
        if !entry.providers.is_empty() {
            providers = names(&entry.providers);
        }
        for provider in providers.iter().filter(|provider| in_scope.contains(*provider)) {
            merged.entry(provider).or_default().add(entry);
        }
    }
    merged
}

fn names(providers: &[ProviderRef]) -> Vec<&str> {
    providers.iter().map(|provider| provider.name.as_str()).collect()
}

impl<'m> ProviderMetrics<'m> {
    fn add(&mut self, entry: &'m Metrics) {
        self.reporting_interval = entry.reporting_interval.or(self.reporting_interval);
        for overrides in &entry.overrides {
            let mode = overrides.r#match.as_ref().map_or(WorkloadMode::ClientAndServer, |selector| selector.mode);
            if mode != WorkloadMode::Server {
                self.client.add(overrides);
            }
            if mode != WorkloadMode::Client {
                self.server.add(overrides);
            }
        }
    }
}

impl<'m> ModeMetrics<'m> {
    /// Disabling all metrics removes the filter until a later override asks for something again.
    fn add(&mut self, overrides: &'m MetricsOverrides) {
        let matched = overrides.r#match.as_ref();
        if overrides.disabled == Some(true) && is_all_metrics(matched) {
            self.disabled = true;
            return;
        }
        self.disabled = false;
        for metric in metric_names(matched) {
            let metric = self.overrides.entry(metric).or_default();
            metric.disabled = overrides.disabled.unwrap_or(metric.disabled);
            metric.tags.extend(overrides.tag_overrides.iter().map(|(tag, change)| (tag.as_str(), change)));
        }
    }
}

/// istiod: `telemetry.go` `isAllMetrics`
fn is_all_metrics(selector: Option<&MetricSelector>) -> bool {
    match selector.and_then(|selector| selector.metric_match.as_ref()) {
        None => true,
        Some(MetricSelectorMetricMatch::Metric(metric)) => *metric == MetricSelectorIstioMetric::AllMetrics,
        Some(MetricSelectorMetricMatch::CustomMetric(_)) => false,
    }
}

/// istiod: `telemetry.go` `getMatches`
fn metric_names(selector: Option<&MetricSelector>) -> Vec<String> {
    match selector.and_then(|selector| selector.metric_match.as_ref()) {
        Some(MetricSelectorMetricMatch::CustomMetric(name)) => vec![name.clone()],
        Some(MetricSelectorMetricMatch::Metric(metric)) if *metric != MetricSelectorIstioMetric::AllMetrics => {
            vec![metric.as_str().to_owned()]
        }
        Some(MetricSelectorMetricMatch::Metric(_)) | None => {
            ALL_METRICS.iter().map(|metric| metric.as_str().to_owned()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(providers: &[&str], overrides: Vec<MetricsOverrides>) -> Metrics {
        let providers = providers.iter().map(|&name| ProviderRef { name: name.to_owned() }).collect();
        Metrics { providers, overrides, ..Metrics::default() }
    }

    fn all(mode: WorkloadMode, disabled: Option<bool>) -> MetricsOverrides {
        MetricsOverrides { r#match: Some(MetricSelector { mode, metric_match: None }), disabled, ..Default::default() }
    }

    #[test]
    fn default_providers_count_when_nothing_is_said() {
        let defaults = ["prometheus".to_owned()];
        let merged = merge(&[], &defaults);
        assert_eq!(merged.into_iter().collect::<Vec<_>>(), [("prometheus", ProviderMetrics::default())]);
    }

    #[test]
    fn the_last_named_providers_replace_all_others() {
        let defaults = ["prometheus".to_owned()];
        let (mesh, namespace) = (entry(&["other"], vec![]), entry(&["mine"], vec![]));
        let inheriting = entry(&[], vec![all(WorkloadMode::Client, Some(false))]);
        let merged = merge(&[&mesh, &namespace, &inheriting], &defaults);
        assert_eq!(merged.keys().copied().collect::<Vec<_>>(), ["mine"]);
        assert_eq!(merged["mine"].client.overrides.len(), ALL_METRICS.len());
        assert!(merged["mine"].server.overrides.is_empty());
    }

    #[test]
    fn a_later_override_brings_disabled_metrics_back() {
        let defaults = ["prometheus".to_owned()];
        let off = entry(&[], vec![all(WorkloadMode::ClientAndServer, Some(true))]);
        let on = entry(&[], vec![all(WorkloadMode::Server, None)]);
        let merged = merge(&[&off, &on], &defaults);
        assert!(merged["prometheus"].client.disabled);
        assert!(!merged["prometheus"].server.disabled);
    }
}
