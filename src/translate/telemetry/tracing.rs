//! Tracing: which provider gets spans, and how many, by side.

use std::collections::BTreeMap;

use crate::model::istio::{MeshConfig, MeshConfigExtensionProvider, Tracing, TracingCustomTag, WorkloadMode};
use crate::translate::extension_provider;

/// How one side of a proxy traces. istiod: `telemetry.go` `TracingSpec`
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TracingSpec<'m> {
    pub(super) provider: Option<&'m MeshConfigExtensionProvider>,
    pub(super) disabled: bool,
    /// In percent.
    pub(super) random_sampling_percentage: Option<f64>,
    pub(super) custom_tags: Option<&'m BTreeMap<String, TracingCustomTag>>,
    pub(super) use_request_id_for_trace_sampling: bool,
    pub(super) enable_istio_tags: bool,
    pub(super) disable_context_propagation: bool,
}

/// Merges `Telemetry.tracing` of all levels, weakest first, for one side of the proxy; nothing if neither a resource nor a
/// default provider says anything.
///
/// Only the first provider of a list counts. A provider that does not exist takes the place of one that does.
///
/// istiod: `telemetry.go` `Tracing`
pub(super) fn merge<'m>(
    config: &'m MeshConfig,
    entries: &[&'m Tracing],
    mode: WorkloadMode,
) -> Option<TracingSpec<'m>> {
    let default_provider = config.default_providers.as_ref().and_then(|providers| providers.tracing.first());
    if entries.is_empty() && default_provider.is_none() {
        return None;
    }
    let mut spec = TracingSpec {
        provider: default_provider.and_then(|name| extension_provider::find(config, name)),
        disabled: false,
        random_sampling_percentage: None,
        custom_tags: None,
        use_request_id_for_trace_sampling: true,
        enable_istio_tags: true,
        disable_context_propagation: false,
    };
    for entry in entries.iter().filter(|entry| is_for(entry, mode)) {
        spec.set(config, entry);
    }
    spec.disabled |= spec.provider.is_none();
    Some(spec)
}

impl<'m> TracingSpec<'m> {
    fn set(&mut self, config: &'m MeshConfig, entry: &'m Tracing) {
        let Tracing {
            r#match: _, // has been asked
            providers,
            random_sampling_percentage,
            disable_span_reporting,
            custom_tags,
            use_request_id_for_trace_sampling,
            enable_istio_tags,
            disable_context_propagation,
        } = entry;
        if let Some(provider) = providers.first() {
            self.provider = extension_provider::find(config, &provider.name);
        }
        if !custom_tags.is_empty() {
            self.custom_tags = Some(custom_tags);
        }
        self.random_sampling_percentage = random_sampling_percentage.or(self.random_sampling_percentage);
        self.disabled = disable_span_reporting.unwrap_or(self.disabled);
        self.use_request_id_for_trace_sampling =
            use_request_id_for_trace_sampling.unwrap_or(self.use_request_id_for_trace_sampling);
        self.enable_istio_tags = enable_istio_tags.unwrap_or(self.enable_istio_tags);
        self.disable_context_propagation = disable_context_propagation.unwrap_or(self.disable_context_propagation);
    }
}

fn is_for(entry: &Tracing, mode: WorkloadMode) -> bool {
    let selector = entry.r#match.as_ref();
    selector.is_none_or(|selector| selector.mode == WorkloadMode::ClientAndServer || selector.mode == mode)
}
