//! `Http1ProtocolOptions`

use super::ListenerView;
use crate::envoy::Http1ProtocolOptions;

/// Switch `PILOT_HTTP10`, metadata `HTTP10` -> `Http1ProtocolOptions.accept_http_10`; nothing if neither is on.
///
/// istiod: `listener.go` `enableHTTP10`
pub(crate) fn accept_http_10(view: &ListenerView<'_>) -> Option<Http1ProtocolOptions> {
    let enabled = view.outbound.mesh.features().http10 || view.metadata("HTTP10") == "1";
    enabled.then(|| Http1ProtocolOptions { accept_http_10: true, ..Http1ProtocolOptions::default() })
}
