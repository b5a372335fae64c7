//! One filter chain of an outbound listener, before it is put there.

use super::http_chain::HttpChain;
use crate::envoy::{Filter, Metadata};
use crate::translate::listener::ListenerView;
use crate::translate::listener::chain_match::ChainMatch;
use crate::translate::listener::network_filters::SNI_DYNAMIC_FORWARD_PROXY;

/// A filter chain. istiod: `listener.go` `filterChainOpts`
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) matches: ChainMatch,
    /// Which virtual service made it.
    pub(super) metadata: Option<Metadata>,
    pub(super) filters: ChainFilters,
}

/// The filters of a chain.
#[derive(Debug, Clone)]
pub(super) enum ChainFilters {
    /// The same for all proxies that share their outbound resources.
    Network(Vec<Filter>),
    /// They end in an HTTP connection manager, which says in its tracing block which workload it is.
    Http(HttpChain),
}

impl Chain {
    /// Says whether the listener must read the SNI. istiod: `listener.go` `buildListenerFromEntry`
    pub(super) fn needs_tls_inspector(&self) -> bool {
        let looks_up_by_sni = match &self.filters {
            ChainFilters::Network(filters) => filters.iter().any(|filter| filter.name == SNI_DYNAMIC_FORWARD_PROXY),
            ChainFilters::Http(_) => false,
        };
        looks_up_by_sni || !self.matches.sni_hosts.is_empty()
    }

    /// Says whether the listener must look for HTTP.
    pub(super) fn needs_http_inspector(&self) -> bool {
        !self.matches.application_protocols.is_empty()
    }

    /// Says whether it is for requests.
    pub(super) fn is_http(&self) -> bool {
        matches!(self.filters, ChainFilters::Http(_))
    }
}

impl ChainFilters {
    /// Returns the filters as one proxy has them; `before` come before a connection manager.
    pub(super) fn build(&self, view: &ListenerView<'_>, before: Vec<Filter>) -> Vec<Filter> {
        match self {
            Self::Network(filters) => filters.clone(),
            Self::Http(chain) => chain.filters(view, before),
        }
    }
}
