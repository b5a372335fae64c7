//! `HttpConnectionManager.Tracing.provider`: who gets the spans.

mod open_telemetry;
mod otel_service_name;
mod sampler;
mod url;
mod zipkin;

use super::is_router;
use crate::envoy;
use crate::model::istio::{
    MeshConfigExtensionProvider, MeshConfigExtensionProviderDatadogTracingProvider as Datadog,
    MeshConfigExtensionProviderHttpHeader, MeshConfigExtensionProviderHttpHeaderValue,
    MeshConfigExtensionProviderProvider as Provider,
    MeshConfigExtensionProviderSkyWalkingTracingProvider as SkyWalking,
};
use crate::proxy::ProxyView;
use crate::translate::extension_provider;

/// What a provider puts into the tracing block.
pub(super) struct TracingProvider {
    pub(super) http: envoy::TracingHttp,
    pub(super) max_path_tag_length: Option<u32>,
    pub(super) spawn_upstream_span: bool,
    /// The provider decides itself which spans to keep.
    pub(super) has_sampler: bool,
}

/// `MeshConfig.extensionProviders` -> `HttpConnectionManager.Tracing.provider`
///
/// Returns nothing for a kind of provider that takes no spans, and for one whose service is not there.
///
/// istiod: `tracing.go` `configureFromProviderConfig`
pub(super) fn build(view: &ProxyView<'_>, provider: &MeshConfigExtensionProvider) -> Option<TracingProvider> {
    let spawn_upstream_span = is_router(view) && view.outbound.mesh.features().spawn_upstream_span_for_gateway;
    match provider.provider.as_ref()? {
        Provider::Zipkin(zipkin) => Some(TracingProvider {
            http: http("envoy.tracers.zipkin", zipkin::config(view, zipkin)?),
            max_path_tag_length: non_zero(zipkin.max_tag_length),
            spawn_upstream_span,
            has_sampler: false,
        }),
        Provider::Datadog(datadog) => Some(TracingProvider {
            http: http("envoy.tracers.datadog", datadog_config(view, datadog)?),
            max_path_tag_length: non_zero(datadog.max_tag_length),
            spawn_upstream_span,
            has_sampler: false,
        }),
        Provider::Skywalking(skywalking) => Some(TracingProvider {
            http: http("envoy.tracers.skywalking", skywalking_config(view, skywalking)?),
            max_path_tag_length: None,
            spawn_upstream_span: true,
            has_sampler: false,
        }),
        Provider::Opentelemetry(otel) => Some(TracingProvider {
            http: http("envoy.tracers.opentelemetry", open_telemetry::config(view, otel)?),
            max_path_tag_length: non_zero(otel.max_tag_length),
            spawn_upstream_span,
            has_sampler: otel.sampling.is_some(),
        }),
        Provider::EnvoyExtAuthzHttp(_)
        | Provider::EnvoyExtAuthzGrpc(_)
        | Provider::Lightstep(_)
        | Provider::Stackdriver(_)
        | Provider::Opencensus(_)
        | Provider::Prometheus(_)
        | Provider::EnvoyFileAccessLog(_)
        | Provider::EnvoyHttpAls(_)
        | Provider::EnvoyTcpAls(_)
        | Provider::EnvoyOtelAls(_)
        | Provider::Sds(_) => None,
    }
}

/// istiod: `tracing.go` `datadogConfig`
fn datadog_config(view: &ProxyView<'_>, provider: &Datadog) -> Option<envoy::DatadogConfig> {
    let backend = extension_provider::backend(view.outbound.mesh, &provider.service, provider.port)?;
    Some(envoy::DatadogConfig {
        collector_cluster: backend.cluster,
        service_name: service_name(view),
        collector_hostname: backend.hostname,
        ..Default::default()
    })
}

/// istiod: `tracing.go` `skywalkingConfig`
fn skywalking_config(view: &ProxyView<'_>, provider: &SkyWalking) -> Option<envoy::SkyWalkingConfig> {
    let backend = extension_provider::backend(view.outbound.mesh, &provider.service, provider.port)?;
    Some(envoy::SkyWalkingConfig {
        grpc_service: Some(extension_provider::grpc_service(&backend)),
        ..Default::default()
    })
}

/// The cluster of the proxy's node -> the name under which it reports its spans: `<app>.<namespace>`, unless
/// `ProxyConfig.serviceCluster` or `tracingServiceName` says otherwise.
///
/// istiod: `tracing.go` `configureFromProviderConfig`
fn service_name(view: &ProxyView<'_>) -> String {
    view.proxy.service_cluster.clone()
}

fn http(name: &str, config: impl Into<envoy::Any>) -> envoy::TracingHttp {
    envoy::TracingHttp {
        name: name.to_owned(),
        config_type: Some(envoy::TracingHttpConfigType::TypedConfig(config.into())),
    }
}

/// Headers for requests to a collector. istiod: `tracing.go` `buildHTTPHeaders`
fn headers(headers: &[MeshConfigExtensionProviderHttpHeader]) -> Vec<envoy::HeaderValueOption> {
    let option = |header| envoy::HeaderValueOption {
        header: Some(header_value(header)),
        append_action: envoy::HeaderValueOptionHeaderAppendAction::OverwriteIfExistsOrAdd,
        ..Default::default()
    };
    headers.iter().map(option).collect()
}

/// A value from istiod's environment is not known here: empty, as if it were not set there.
///
/// istiod: `tracing.go` `getHeaderValue`
fn header_value(header: &MeshConfigExtensionProviderHttpHeader) -> envoy::HeaderValue {
    let value = match &header.header_value {
        Some(MeshConfigExtensionProviderHttpHeaderValue::Value(value)) => value.clone(),
        Some(MeshConfigExtensionProviderHttpHeaderValue::EnvName(_)) | None => String::new(),
    };
    envoy::HeaderValue { key: header.name.clone(), value, ..Default::default() }
}

fn non_zero(value: u32) -> Option<u32> {
    Some(value).filter(|value| *value != 0)
}
