//! `HttpConnectionManager.tracing`, and what it means for request ids.

use super::tracing::{self, TracingSpec};
use super::{both_do, custom_tags, tracing_provider, workload_mode};
use crate::envoy;
use crate::installation::Behaviour;
use crate::model::istio::{ProxyConfig, Tracing};
use crate::proxy::ProxyView;
use crate::translate::listener::ListenerClass;

/// What tracing puts into an HTTP connection manager.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TracingBlock {
    /// `tracing`
    pub(crate) tracing: Option<envoy::HttpConnectionManagerTracing>,
    /// Whether the request id says if a request is traced.
    pub(crate) use_request_id_for_trace_sampling: bool,
}

/// Request ids decide unless tracing is configured and says otherwise.
const NO_TRACING: TracingBlock = TracingBlock { tracing: None, use_request_id_for_trace_sampling: true };

/// `Telemetry.tracing`, `MeshConfig.defaultProviders.tracing`, else `ProxyConfig.tracing` -> `HttpConnectionManager.tracing`
///
/// istiod: `tracing.go` `configureTracingFromTelemetry`
pub(super) fn tracing_block(view: &ProxyView<'_>, entries: &[&Tracing], class: ListenerClass) -> TracingBlock {
    match tracing::merge(&view.outbound.mesh.config, entries, workload_mode(class)) {
        None => TracingBlock { tracing: from_proxy_config(view), ..NO_TRACING },
        Some(spec) => from_telemetry(view, &spec).unwrap_or(NO_TRACING),
    }
}

/// Without a provider here, the one of Envoy's bootstrap is used.
fn from_proxy_config(view: &ProxyView<'_>) -> Option<envoy::HttpConnectionManagerTracing> {
    let proxy_config = &view.proxy.client.proxy_config;
    view.outbound.mesh.config.enable_tracing.then(|| envoy::HttpConnectionManagerTracing {
        custom_tags: custom_tags::from_proxy_config(view),
        max_path_tag_length: max_path_tag_length(proxy_config),
        ..sampling(proxy_config_sampling(view, proxy_config))
    })
}

/// Returns nothing if there is to be no tracing: it is disabled, or the provider cannot be used.
fn from_telemetry(view: &ProxyView<'_>, spec: &TracingSpec<'_>) -> Option<TracingBlock> {
    let provider = tracing_provider::build(view, spec.provider.filter(|_| !spec.disabled)?)?;
    let proxy_config = &view.proxy.client.proxy_config;
    let percentage = if provider.has_sampler {
        // The sampler must see every span.
        100.0
    } else {
        spec.random_sampling_percentage.unwrap_or_else(|| proxy_config_sampling(view, proxy_config))
    };
    let tracing = envoy::HttpConnectionManagerTracing {
        max_path_tag_length: provider.max_path_tag_length.or_else(|| max_path_tag_length(proxy_config)),
        custom_tags: custom_tags::from_telemetry(view, spec),
        no_context_propagation: spec.disable_context_propagation
            && both_do(view, Behaviour::DisablesContextPropagation, Behaviour::ProxyDisablesContextPropagation),
        spawn_upstream_span: provider.spawn_upstream_span.then_some(true),
        provider: Some(provider.http),
        ..sampling(percentage)
    };
    Some(TracingBlock {
        tracing: Some(tracing),
        use_request_id_for_trace_sampling: spec.use_request_id_for_trace_sampling,
    })
}

/// istiod: `tracing.go` `configureSampling`
fn sampling(percentage: f64) -> envoy::HttpConnectionManagerTracing {
    envoy::HttpConnectionManagerTracing {
        client_sampling: Some(envoy::Percent { value: 100.0 }),
        random_sampling: Some(envoy::Percent { value: percentage }),
        overall_sampling: Some(envoy::Percent { value: 100.0 }),
        ..Default::default()
    }
}

/// `ProxyConfig.tracing.sampling`; zero means what `PILOT_TRACE_SAMPLING` says, and more than everything means one percent.
///
/// istiod: `tracing.go` `proxyConfigSamplingValue`
fn proxy_config_sampling(view: &ProxyView<'_>, proxy_config: &ProxyConfig) -> f64 {
    match proxy_config.tracing.as_ref().map_or(0.0, |tracing| tracing.sampling) {
        0.0 => view.outbound.mesh.features().trace_sampling.0,
        sampling if sampling > 100.0 => 1.0,
        sampling => sampling,
    }
}

/// `ProxyConfig.tracing.maxPathTagLength` -> `HttpConnectionManager.Tracing.max_path_tag_length`
fn max_path_tag_length(proxy_config: &ProxyConfig) -> Option<u32> {
    proxy_config.tracing.as_ref().map(|tracing| tracing.max_path_tag_length).filter(|length| *length != 0)
}
