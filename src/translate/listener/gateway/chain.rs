//! Filter chains of gateway listeners.

use crate::envoy::{DownstreamTlsContext, Filter, FilterChain};
use crate::installation::Features;
use crate::translate::listener::chain_match::ChainMatch;
use crate::translate::listener::limits::transport_socket_connect_timeout;
use crate::translate::listener::tls_context::transport_socket;

/// A filter chain before the listener is made.
///
/// istiod: `core/listener.go` `filterChainOpts`
pub(super) struct Chain {
    /// The connections it takes.
    pub(super) r#match: ChainMatch,
    /// How TLS is terminated, if it is.
    pub(super) tls_context: Option<DownstreamTlsContext>,
    /// The filters.
    pub(super) filters: Vec<Filter>,
}

impl Chain {
    /// Whether Envoy must look into the TLS greeting to choose the chain or to negotiate.
    ///
    /// istiod: `core/listener.go` `buildGatewayListener`
    pub(super) fn needs_tls_inspector(&self) -> bool {
        let common = self.tls_context.as_ref().and_then(|c| c.common_tls_context.as_ref());
        !self.r#match.sni_hosts.is_empty() || common.is_some_and(|c| !c.alpn_protocols.is_empty())
    }

    /// The Envoy message.
    pub(super) fn filter_chain(self, features: &Features) -> FilterChain {
        FilterChain {
            filter_chain_match: self.r#match.filter_chain_match(),
            filters: self.filters,
            transport_socket: self.tls_context.map(transport_socket),
            // Against clients that never finish the handshake.
            transport_socket_connect_timeout: transport_socket_connect_timeout(features),
            ..FilterChain::default()
        }
    }
}
