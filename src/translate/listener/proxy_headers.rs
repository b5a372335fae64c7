//! `ProxyConfig.proxyHeaders`: which headers Envoy adds, and which it leaves alone.

use super::ListenerClass;
use crate::envoy::{
    HttpConnectionManagerForwardClientCertDetails, HttpConnectionManagerServerHeaderTransformation,
    HttpConnectionManagerSetCurrentClientCertDetails,
};
use crate::model::istio::{
    ForwardClientCertDetails, ProxyConfig, ProxyConfigProxyHeaders, ProxyConfigProxyHeadersMetadataExchangeMode,
};

/// The header settings of one class of listeners.
///
/// istiod: `pilot/pkg/networking/util/proxy_headers.go` `ProxyHeaders`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProxyHeaders {
    /// `HttpConnectionManager.server_name`
    pub(crate) server_name: String,
    /// `HttpConnectionManager.server_header_transformation`
    pub(crate) server_header_transformation: HttpConnectionManagerServerHeaderTransformation,
    /// `HttpConnectionManager.generate_request_id`
    pub(crate) generate_request_id: Option<bool>,
    /// `HttpConnectionManager.append_x_forwarded_port`
    pub(crate) append_x_forwarded_port: bool,
    /// HTTP/1 headers keep the case in which they came.
    pub(crate) preserve_http1_header_case: bool,
    /// `Router.suppress_envoy_headers`
    pub(crate) suppress_envoy_headers: bool,
    /// Metadata exchange keeps its headers inside of the mesh.
    pub(crate) skip_external_clusters: bool,
}

/// `ProxyConfig.proxyHeaders` -> settings of HTTP connection managers
///
/// istiod: `proxy_headers.go` `GetProxyHeadersFromProxyConfig`
pub(crate) fn proxy_headers(proxy_config: &ProxyConfig, class: ListenerClass) -> ProxyHeaders {
    let unset = ProxyConfigProxyHeaders::default();
    let headers = proxy_config.proxy_headers.as_ref().unwrap_or(&unset);
    let ProxyConfigProxyHeaders {
        forwarded_client_cert: _,           // `forward_client_cert_details`
        set_current_client_cert_details: _, // `set_current_client_cert_details`
        request_id,
        server,
        attempt_count: _, // a virtual host's setting
        envoy_debug_headers,
        metadata_exchange_headers,
        preserve_http1_header_case,
        x_forwarded_host: _, // a route's setting
        x_forwarded_port,
    } = headers;
    let server_disabled = server.as_ref().is_some_and(|server| server.disabled == Some(true));
    let server_value = server.as_ref().map(|server| server.value.as_str()).filter(|value| !value.is_empty());
    // Envoy's own default is `envoy`.
    let default_name = if class == ListenerClass::SidecarOutbound { "" } else { "istio-envoy" };
    ProxyHeaders {
        server_name: if server_disabled { "" } else { server_value.unwrap_or(default_name) }.to_owned(),
        server_header_transformation: if server_disabled {
            HttpConnectionManagerServerHeaderTransformation::PassThrough
        } else {
            HttpConnectionManagerServerHeaderTransformation::Overwrite
        },
        generate_request_id: request_id.as_ref().is_some_and(|id| id.disabled == Some(true)).then_some(false),
        append_x_forwarded_port: x_forwarded_port.as_ref().is_some_and(|port| port.enabled == Some(true)),
        preserve_http1_header_case: *preserve_http1_header_case == Some(true),
        suppress_envoy_headers: envoy_debug_headers.as_ref().is_some_and(|debug| debug.disabled == Some(true)),
        skip_external_clusters: metadata_exchange_headers
            .as_ref()
            .is_some_and(|exchange| exchange.mode == ProxyConfigProxyHeadersMetadataExchangeMode::InMesh),
    }
}

/// `ProxyConfig.proxyHeaders.forwardedClientCert` -> `HttpConnectionManager.forward_client_cert_details` of a sidecar
pub(super) fn forward_client_cert_details(proxy_config: &ProxyConfig) -> HttpConnectionManagerForwardClientCertDetails {
    let configured = proxy_config.proxy_headers.as_ref().map(|headers| headers.forwarded_client_cert);
    configured
        .and_then(envoy_forward_client_cert_details)
        .unwrap_or(HttpConnectionManagerForwardClientCertDetails::AppendForward)
}

/// Returns Envoy's value, unless it is undefined. istiod: `util.go` `MeshConfigToEnvoyForwardClientCertDetails`
pub(crate) fn envoy_forward_client_cert_details(
    details: ForwardClientCertDetails,
) -> Option<HttpConnectionManagerForwardClientCertDetails> {
    match details {
        ForwardClientCertDetails::Undefined => None,
        ForwardClientCertDetails::Sanitize => Some(HttpConnectionManagerForwardClientCertDetails::Sanitize),
        ForwardClientCertDetails::ForwardOnly => Some(HttpConnectionManagerForwardClientCertDetails::ForwardOnly),
        ForwardClientCertDetails::AppendForward => Some(HttpConnectionManagerForwardClientCertDetails::AppendForward),
        ForwardClientCertDetails::SanitizeSet => Some(HttpConnectionManagerForwardClientCertDetails::SanitizeSet),
        ForwardClientCertDetails::AlwaysForwardOnly => {
            Some(HttpConnectionManagerForwardClientCertDetails::AlwaysForwardOnly)
        }
    }
}

/// `ProxyConfig.proxyHeaders.setCurrentClientCertDetails` -> `HttpConnectionManager.set_current_client_cert_details` of a sidecar
///
/// Subject, URI and DNS names unless they are switched off; certificate and chain only if they are switched on.
///
/// istiod: `listener_inbound.go` `buildSidecarInboundHTTPOpts`
pub(super) fn set_current_client_cert_details(
    proxy_config: &ProxyConfig,
) -> HttpConnectionManagerSetCurrentClientCertDetails {
    let headers = proxy_config.proxy_headers.as_ref();
    let configured = headers.and_then(|headers| headers.set_current_client_cert_details.clone()).unwrap_or_default();
    HttpConnectionManagerSetCurrentClientCertDetails {
        subject: Some(configured.subject.unwrap_or(true)),
        cert: configured.cert == Some(true),
        dns: configured.dns.unwrap_or(true),
        uri: configured.uri.unwrap_or(true),
        chain: configured.chain == Some(true),
        ..HttpConnectionManagerSetCurrentClientCertDetails::default()
    }
}
