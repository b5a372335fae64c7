//! One request, as it reaches one proxy.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::{Map, Value};

/// How a proxy is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The workload's own connection, redirected to the proxy: handed to the listener of the destination.
    Outbound,
    /// A connection to the workload, redirected to the proxy: `virtualInbound`.
    Inbound,
    /// A connection to a port on which the proxy itself listens.
    Gateway,
}

impl Direction {
    /// Its name in the output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Gateway => "gateway",
        }
    }
}

/// The version of HTTP that the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    #[default]
    Http11,
    /// HTTP/2, on a clear connection with prior knowledge.
    Http2,
}

/// What is spoken on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Speaks {
    /// HTTP.
    #[default]
    Http,
    /// Bytes that no inspector knows.
    Bytes,
}

/// The TLS that the client speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Server name; empty when the client sends none.
    pub sni: String,
    /// Protocols that the client offers, in its order.
    pub alpn: Vec<String>,
    /// The client's certificate.
    pub certificate: Option<Certificate>,
}

/// What a certificate says of its owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Subject alternative names that are URIs: `spiffe://cluster.local/ns/default/sa/default`.
    pub uris: Vec<String>,
}

/// The tunnel (HBONE) in which a connection arrives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tunnel {
    /// The certificate of who opened it.
    pub certificate: Option<Certificate>,
    /// Where the connection is to go, as its CONNECT says: an address, or a hostname with a port.
    pub authority: String,
}

/// A token whose signature counts as verified.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Token {
    /// Its claims; `iss` says who issued it.
    pub claims: Map<String, Value>,
}

/// One request, as it reaches one proxy.
#[derive(Debug, Clone)]
pub struct Request {
    /// How the proxy is reached.
    pub direction: Direction,
    /// Where the client connected to.
    pub destination: SocketAddr,
    /// Where the connection comes from.
    pub source: IpAddr,
    /// The TLS of the connection, if it has any.
    pub tls: Option<Tls>,
    /// The tunnel in which the connection arrives, if it does.
    pub tunnel: Option<Tunnel>,
    /// What is spoken inside of it.
    pub speaks: Speaks,
    /// The version of HTTP.
    pub version: Version,
    /// `GET`
    pub method: String,
    /// The header `Host`, or `:authority`.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// Other headers, in order.
    pub headers: Vec<(String, String)>,
    /// A token that is taken as verified, wherever the proxy looks for one.
    pub token: Option<Token>,
}

impl Request {
    /// A request `GET /` over a clear connection from loopback.
    pub fn new(direction: Direction, destination: SocketAddr) -> Self {
        Self {
            direction,
            destination,
            source: IpAddr::V4(Ipv4Addr::LOCALHOST),
            tls: None,
            tunnel: None,
            speaks: Speaks::Http,
            version: Version::Http11,
            method: "GET".to_owned(),
            authority: destination.to_string(),
            path: "/".to_owned(),
            headers: Vec::new(),
            token: None,
        }
    }

    /// Returns the client's certificate: of the connection, or of the tunnel in which it arrives.
    pub(super) fn certificate(&self) -> Option<&Certificate> {
        let of_tunnel = || self.tunnel.as_ref().and_then(|tunnel| tunnel.certificate.as_ref());
        self.tls.as_ref().and_then(|tls| tls.certificate.as_ref()).or_else(of_tunnel)
    }
}
