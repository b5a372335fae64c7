//! Samplers: a provider decides which spans to keep.

use super::open_telemetry::http_service;
use crate::envoy;
use crate::model::istio::{
    MeshConfigExtensionProviderHttpService, MeshConfigExtensionProviderOpenTelemetryTracingProvider as OpenTelemetry,
    MeshConfigExtensionProviderOpenTelemetryTracingProviderDynatraceSampler as DynatraceSampler,
};
use crate::proxy::ProxyView;
use crate::translate::extension_provider::{self, Backend};

/// `MeshConfig.extensionProviders.opentelemetry.dynatraceSampler` -> `OpenTelemetryConfig.sampler`
///
/// Without a service of its own it asks the one that gets the spans, which must then be reached over HTTP.
///
/// istiod: `tracing.go` `configureDynatraceSampler`
pub(super) fn dynatrace(
    view: &ProxyView<'_>,
    provider: &OpenTelemetry,
    sampler: &DynatraceSampler,
    backend: &Backend,
) -> Option<envoy::TypedExtensionConfig> {
    let DynatraceSampler { tenant, cluster_id, root_spans_per_minute, http_service: own } = sampler;
    let service = match own {
        None => http_service(provider.http.as_ref()?, "api/v2/samplingConfiguration", backend),
        Some(own) => {
            let backend = extension_provider::backend(view.outbound.mesh, &own.service, own.port)?;
            let unset = MeshConfigExtensionProviderHttpService::default();
            let http = own.http.as_ref().unwrap_or(&unset);
            http_service(http, &http.path, &backend)
        }
    };
    let config = envoy::DynatraceSamplerConfig {
        tenant: tenant.clone(),
        cluster_id: *cluster_id,
        http_service: Some(service),
        root_spans_per_minute: *root_spans_per_minute,
    };
    Some(envoy::TypedExtensionConfig {
        name: "envoy.tracers.opentelemetry.samplers.dynatrace".to_owned(),
        typed_config: Some(config.into()),
    })
}
