//! `ProxyConfig.proxyHeaders`, as far as routes are concerned.
//!
//! istiod: `pilot/pkg/networking/util/proxy_headers.go` `GetProxyHeadersFromProxyConfig`

use crate::proxy::OutboundView;

/// `ProxyConfig.proxyHeaders.attemptCount` -> `VirtualHost.include_request_attempt_count`
pub(crate) fn include_request_attempt_count(view: &OutboundView<'_>) -> bool {
    let headers = view.client.proxy_config.proxy_headers.as_ref();
    headers.and_then(|h| h.attempt_count.as_ref()).and_then(|c| c.disabled) != Some(true)
}

/// `ProxyConfig.proxyHeaders.xForwardedHost` -> `RouteAction.append_x_forwarded_host`
pub(super) fn append_x_forwarded_host(view: &OutboundView<'_>) -> bool {
    let headers = view.client.proxy_config.proxy_headers.as_ref();
    headers.and_then(|h| h.x_forwarded_host.as_ref()).and_then(|h| h.enabled) == Some(true)
}
