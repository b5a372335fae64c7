//! Which chains a port has, by mutual TLS mode and protocol.
//!
//! istiod: `core/filterchain_options.go`

use crate::installation::Features;
use crate::mesh::peer_authentication::MutualTlsMode;
use crate::translate::listener::chain_match::{MESH_ALPN, PLAINTEXT_HTTP_ALPN, RAW_BUFFER, TLS, plaintext_http_alpn};
use crate::translate::listener::{ChainKind, ListenerProtocol};

/// Which connections a chain takes, and what it makes of them. istiod: `filterchain_options.go` `FilterChainMatchOptions`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChainCondition {
    pub(super) application_protocols: &'static [&'static str],
    pub(super) transport_protocol: &'static str,
    pub(super) kind: ChainKind,
    /// The chain terminates TLS; otherwise it leaves TLS, if there is any, to the workload.
    pub(super) terminates_tls: bool,
}

/// A mesh client whose proxy knew that it is HTTP. istiod: `listener.go` `mtlsHTTPALPNs`
const MESH_HTTP: &[&str] = &["istio-http/1.0", "istio-http/1.1", "istio-h2"];
/// A mesh client whose proxy did not. istiod: `listener.go` `mtlsTCPWithMxcALPNs`
const MESH_TCP: &[&str] = &["istio-peer-exchange", "istio"];

/// TLS that is terminated.
const fn terminated(application_protocols: &'static [&'static str], kind: ChainKind) -> ChainCondition {
    ChainCondition { application_protocols, transport_protocol: TLS, kind, terminates_tls: true }
}

/// No TLS.
const fn plain(application_protocols: &'static [&'static str], kind: ChainKind) -> ChainCondition {
    ChainCondition { application_protocols, transport_protocol: RAW_BUFFER, kind, terminates_tls: false }
}

/// TLS of someone who is not a mesh client: the workload's own affair.
const FOREIGN_TLS: ChainCondition =
    ChainCondition { application_protocols: &[], transport_protocol: TLS, kind: ChainKind::Tcp, terminates_tls: false };

/// Returns the conditions of a port's chains, in istiod's order. What is neither HTTP nor found out is TCP.
///
/// istiod: `filterchain_options.go` `getFilterChainMatchOptions`
pub(super) fn conditions(mode: MutualTlsMode, protocol: ListenerProtocol) -> &'static [ChainCondition] {
    use ChainKind::{Http, Tcp};
    match (protocol, mode) {
        (ListenerProtocol::Auto, MutualTlsMode::Permissive) => {
            const {
                &[
                    terminated(MESH_HTTP, Http),
                    plain(PLAINTEXT_HTTP_ALPN, Http),
                    terminated(MESH_TCP, Tcp),
                    plain(&[], Tcp),
                    FOREIGN_TLS,
                ]
            }
        }
        (ListenerProtocol::Auto, MutualTlsMode::Strict) => {
            const { &[terminated(MESH_HTTP, Http), terminated(&[], Tcp)] }
        }
        (ListenerProtocol::Auto, MutualTlsMode::Disable | MutualTlsMode::Unknown) => {
            const { &[plain(PLAINTEXT_HTTP_ALPN, Http), plain(&[], Tcp)] }
        }
        (ListenerProtocol::Http, MutualTlsMode::Permissive) => {
            const { &[terminated(MESH_ALPN, Http), plain(&[], Http)] }
        }
        (ListenerProtocol::Http, MutualTlsMode::Strict) => const { &[terminated(&[], Http)] },
        (ListenerProtocol::Http, MutualTlsMode::Disable | MutualTlsMode::Unknown) => const { &[plain(&[], Http)] },
        (ListenerProtocol::Tcp | ListenerProtocol::Unknown, MutualTlsMode::Permissive) => {
            const { &[terminated(MESH_ALPN, Tcp), FOREIGN_TLS, plain(&[], Tcp)] }
        }
        (ListenerProtocol::Tcp | ListenerProtocol::Unknown, MutualTlsMode::Strict) => const { &[terminated(&[], Tcp)] },
        (ListenerProtocol::Tcp | ListenerProtocol::Unknown, MutualTlsMode::Disable | MutualTlsMode::Unknown) => {
            const { &[plain(&[], Tcp)] }
        }
    }
}

impl ChainCondition {
    /// The same condition as the switches have it. istiod: `listener.go` `plaintextHTTPALPNs`
    #[must_use]
    pub(super) fn with(self, features: &Features) -> Self {
        if self.application_protocols == PLAINTEXT_HTTP_ALPN {
            Self { application_protocols: plaintext_http_alpn(features), ..self }
        } else {
            self
        }
    }
}

/// Returns the condition of the chain that terminates the TLS of a Sidecar's ingress listener.
///
/// istiod: `filterchain_options.go` `getTLSFilterChainMatchOptions`
pub(super) fn sidecar_tls(protocol: ListenerProtocol) -> ChainCondition {
    terminated(&[], if protocol == ListenerProtocol::Http { ChainKind::Http } else { ChainKind::Tcp })
}
