//! One filter chain of an outbound listener, before it is put there.

use crate::envoy::{Filter, Metadata};
use crate::translate::listener::chain_match::ChainMatch;
use crate::translate::listener::network_filters::SNI_DYNAMIC_FORWARD_PROXY;

/// A filter chain. istiod: `listener.go` `filterChainOpts`
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chain {
    pub(super) matches: ChainMatch,
    /// Which virtual service made it.
    pub(super) metadata: Option<Metadata>,
    pub(super) filters: Vec<Filter>,
}

impl Chain {
    /// Says whether the listener must read the SNI. istiod: `listener.go` `buildListenerFromEntry`
    pub(super) fn needs_tls_inspector(&self) -> bool {
        !self.matches.sni_hosts.is_empty() || self.filters.iter().any(|filter| filter.name == SNI_DYNAMIC_FORWARD_PROXY)
    }

    /// Says whether the listener must look for HTTP.
    pub(super) fn needs_http_inspector(&self) -> bool {
        !self.matches.application_protocols.is_empty()
    }
}
