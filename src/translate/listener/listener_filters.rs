//! Listener filters: what is read of a connection before a filter chain is chosen.
//!
//! istiod: `pilot/pkg/xds/filters/filters.go`

use super::filter;
use crate::envoy::{HttpInspector, ListenerFilter, OriginalDst, OriginalSrc, ProxyProtocol, TlsInspector};

/// Finds where a redirected connection was to go.
pub(super) fn original_dst() -> ListenerFilter {
    filter::listener("envoy.filters.listener.original_dst", OriginalDst::default())
}

/// Connects to the workload from the client's address; the mark keeps these connections from being redirected.
pub(super) fn original_src() -> ListenerFilter {
    filter::listener("envoy.filters.listener.original_src", OriginalSrc { mark: 1337, ..OriginalSrc::default() })
}

/// Finds out whether it is TLS, with which SNI and which ALPN protocols.
pub(crate) fn tls_inspector() -> ListenerFilter {
    let config = TlsInspector { initial_read_buffer_size: Some(512), ..TlsInspector::default() };
    filter::listener("envoy.filters.listener.tls_inspector", config)
}

/// Finds out whether it is HTTP in the clear, and which version.
pub(super) fn http_inspector() -> ListenerFilter {
    filter::listener("envoy.filters.listener.http_inspector", HttpInspector::default())
}

/// Reads the PROXY protocol.
pub(crate) fn proxy_protocol() -> ListenerFilter {
    filter::listener("envoy.filters.listener.proxy_protocol", ProxyProtocol::default())
}
