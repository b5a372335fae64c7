//! What a listener or filter chain speaks.

use crate::mesh::protocol::Protocol;

/// How a listener treats a port's protocol. istiod: `pilot/pkg/networking/networking.go` `ListenerProtocol`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListenerProtocol {
    /// Connections of requests.
    Http,
    /// Connections.
    Tcp,
    /// Envoy finds out.
    Auto,
    /// Nothing that a listener could serve: UDP.
    Unknown,
}

/// What one filter chain speaks; where Envoy finds out, there is one of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChainKind {
    /// It ends in an HTTP connection manager.
    Http,
    /// It ends in a TCP proxy.
    Tcp,
}

impl From<Protocol> for ListenerProtocol {
    /// istiod: `networking.go` `ModelProtocolToListenerProtocol`
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http | Protocol::Http2 | Protocol::HttpProxy | Protocol::Grpc | Protocol::GrpcWeb => Self::Http,
            Protocol::Tcp | Protocol::Https | Protocol::Tls | Protocol::Mongo | Protocol::Redis | Protocol::MySql => {
                Self::Tcp
            }
            Protocol::Udp => Self::Unknown,
            Protocol::Unsupported => Self::Auto,
        }
    }
}
