//! `Http1ProtocolOptions`

use super::ListenerView;
use crate::envoy::Http1ProtocolOptions;

/// Metadata `HTTP10` -> `Http1ProtocolOptions.accept_http_10`; nothing if it is not switched on.
///
/// istiod: `listener.go` `enableHTTP10`
pub(crate) fn accept_http_10(view: &ListenerView<'_>) -> Option<Http1ProtocolOptions> {
    let enabled = view.metadata("HTTP10") == "1";
    enabled.then(|| Http1ProtocolOptions { accept_http_10: true, ..Http1ProtocolOptions::default() })
}
