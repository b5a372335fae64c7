//! Spans in Zipkin's format.

use super::super::both_do;
use super::headers;
use crate::envoy;
use crate::installation::Behaviour;
use crate::model::Duration;
use crate::model::istio::{
    MeshConfigExtensionProviderZipkinTracingProvider as Zipkin,
    MeshConfigExtensionProviderZipkinTracingProviderTraceContextOption as TraceContextOption,
};
use crate::proxy::ProxyView;
use crate::translate::{duration, extension_provider};

/// `MeshConfig.extensionProviders.zipkin` -> `ZipkinConfig`
///
/// Proxies before 1.29 know neither timeout nor headers, and those before 1.28 no context of the W3C.
///
/// istiod: `tracing.go` `zipkinConfig`
pub(super) fn config(view: &ProxyView<'_>, provider: &Zipkin) -> Option<envoy::ZipkinConfig> {
    let backend = extension_provider::backend(view.outbound.mesh, &provider.service, provider.port)?;
    let path = if provider.path.is_empty() { "/api/v2/spans" } else { &provider.path };
    let reads_option = view.proxy.client.behaviours.contains(Behaviour::ProxyReadsTraceContextOption);
    let trace_context_option = match provider.trace_context_option {
        TraceContextOption::UseB3WithW3cPropagation if reads_option => {
            envoy::ZipkinConfigTraceContextOption::UseB3WithW3CPropagation
        }
        TraceContextOption::UseB3WithW3cPropagation | TraceContextOption::UseB3 => {
            envoy::ZipkinConfigTraceContextOption::UseB3
        }
    };
    let config = envoy::ZipkinConfig {
        collector_endpoint_version: envoy::ZipkinConfigCollectorEndpointVersion::HttpJson,
        trace_id_128bit: !provider.enable_64bit_trace_id,
        shared_span_context: Some(false),
        trace_context_option,
        ..Default::default()
    };
    if !both_do(view, Behaviour::SendsZipkinByHttpService, Behaviour::ProxyReadsZipkinHttpService) {
        return Some(envoy::ZipkinConfig {
            collector_cluster: backend.cluster,
            collector_endpoint: path.to_owned(),
            collector_hostname: backend.hostname,
            ..config
        });
    }
    let http_uri = envoy::HttpUri {
        uri: format!("http://{}{path}", backend.hostname),
        http_upstream_type: Some(envoy::HttpUriHttpUpstreamType::Cluster(backend.cluster)),
        // Envoy asks for one.
        timeout: Some(duration::duration(provider.timeout.unwrap_or(Duration::seconds(5)))),
    };
    Some(envoy::ZipkinConfig {
        collector_service: Some(envoy::HttpService {
            http_uri: Some(http_uri),
            request_headers_to_add: headers(&provider.headers),
            ..Default::default()
        }),
        ..config
    })
}
