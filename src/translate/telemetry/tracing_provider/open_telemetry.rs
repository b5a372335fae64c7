//! Spans in OpenTelemetry's format.

use super::otel_service_name::otel_service_name;
use super::{header_value, headers, sampler, service_name, url};
use crate::envoy;
use crate::installation::Behaviour;
use crate::model::istio::{
    MeshConfigExtensionProviderGrpcService, MeshConfigExtensionProviderHttpService,
    MeshConfigExtensionProviderOpenTelemetryTracingProvider as OpenTelemetry,
    MeshConfigExtensionProviderOpenTelemetryTracingProviderSampling as Sampling,
    MeshConfigExtensionProviderServiceAttributeEnrichment as Enrichment,
};
use crate::proxy::ProxyView;
use crate::translate::duration;
use crate::translate::extension_provider::{self, Backend};

/// `MeshConfig.extensionProviders.opentelemetry` -> `OpenTelemetryConfig`
///
/// istiod: `tracing.go` `otelConfig`
pub(super) fn config(view: &ProxyView<'_>, provider: &OpenTelemetry) -> Option<envoy::OpenTelemetryConfig> {
    let backend = extension_provider::backend(view.outbound.mesh, &provider.service, provider.port)?;
    let sampler = match &provider.sampling {
        None => None,
        Some(Sampling::DynatraceSampler(dynatrace)) => Some(sampler::dynatrace(view, provider, dynatrace, &backend)?),
    };
    let enrichment = Some(provider.service_attribute_enrichment);
    let enrichment = enrichment.filter(|_| view.outbound.mesh.does(Behaviour::EnrichesServiceAttributes));
    let enrichment = enrichment.unwrap_or_default();
    let service_name = match enrichment {
        Enrichment::OtelSemanticConventions => otel_service_name(view.proxy),
        Enrichment::IstioCanonical => service_name(view),
    };
    let http = provider.http.as_ref();
    Some(envoy::OpenTelemetryConfig {
        grpc_service: http.is_none().then(|| grpc_service(provider.grpc.as_ref(), &backend)),
        http_service: http.map(|http| http_service(http, &http.path, &backend)),
        service_name,
        resource_detectors: resource_detectors(provider, enrichment),
        sampler,
        ..Default::default()
    })
}

/// A service at a path of a backend. Its URI has no scheme.
pub(super) fn http_service(
    http: &MeshConfigExtensionProviderHttpService,
    path: &str,
    backend: &Backend,
) -> envoy::HttpService {
    envoy::HttpService {
        http_uri: Some(envoy::HttpUri {
            uri: url::join_path(&backend.hostname, path),
            http_upstream_type: Some(envoy::HttpUriHttpUpstreamType::Cluster(backend.cluster.clone())),
            timeout: http.timeout.map(duration::duration),
        }),
        request_headers_to_add: headers(&http.headers),
        ..Default::default()
    }
}

fn grpc_service(grpc: Option<&MeshConfigExtensionProviderGrpcService>, backend: &Backend) -> envoy::GrpcService {
    envoy::GrpcService {
        timeout: grpc.and_then(|grpc| grpc.timeout).map(duration::duration),
        initial_metadata: grpc.map_or_else(Vec::new, |grpc| grpc.initial_metadata.iter().map(header_value).collect()),
        ..extension_provider::grpc_service(backend)
    }
}

/// The environment is always read when attributes are to follow OpenTelemetry's conventions.
fn resource_detectors(provider: &OpenTelemetry, enrichment: Enrichment) -> Vec<envoy::TypedExtensionConfig> {
    let detectors = provider.resource_detectors.as_ref();
    let asked_environment = detectors.is_some_and(|detectors| detectors.environment.is_some());
    let mut found = Vec::new();
    if asked_environment {
        found.push(environment_detector());
    }
    if detectors.is_some_and(|detectors| detectors.dynatrace.is_some()) {
        found.push(envoy::TypedExtensionConfig {
            name: "envoy.tracers.opentelemetry.resource_detectors.dynatrace".to_owned(),
            typed_config: Some(envoy::DynatraceResourceDetectorConfig::default().into()),
        });
    }
    if !asked_environment && enrichment == Enrichment::OtelSemanticConventions {
        found.push(environment_detector());
    }
    found
}

fn environment_detector() -> envoy::TypedExtensionConfig {
    envoy::TypedExtensionConfig {
        name: "envoy.tracers.opentelemetry.resource_detectors.environment".to_owned(),
        typed_config: Some(envoy::EnvironmentResourceDetectorConfig::default().into()),
    }
}
