//! Protocol selection: the port's appProtocol, name, or number.

/// What a port speaks. istiod: `pkg/config/protocol` `Instance`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// gRPC.
    Grpc,
    /// gRPC-Web.
    GrpcWeb,
    /// HTTP/1.1.
    Http,
    /// An HTTP proxy (Sidecar egress listener).
    HttpProxy,
    /// HTTP/2.
    Http2,
    /// HTTPS: TLS that is not terminated by the sidecar.
    Https,
    /// Plain TCP.
    Tcp,
    /// TLS with SNI.
    Tls,
    /// UDP.
    Udp,
    /// MongoDB.
    Mongo,
    /// Redis.
    Redis,
    /// MySQL.
    MySql,
    /// Not declared: Envoy sniffs.
    Unsupported,
}

impl Protocol {
    /// Reads a protocol's name, in any case. istiod: `protocol.Parse`.
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "grpc" => Self::Grpc,
            "grpc-web" => Self::GrpcWeb,
            "http" => Self::Http,
            "http_proxy" => Self::HttpProxy,
            "http2" => Self::Http2,
            "https" => Self::Https,
            "tls" => Self::Tls,
            "mongo" => Self::Mongo,
            "redis" => Self::Redis,
            "mysql" => Self::MySql,
            _ => Self::Unsupported,
        }
    }

    /// HTTP/2 on the wire. istiod: `IsHTTP2`.
    pub fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Grpc | Self::GrpcWeb)
    }

    /// Any form of HTTP in the clear. istiod: `IsHTTP`.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Http2 | Self::HttpProxy | Self::Grpc | Self::GrpcWeb)
    }

    /// Handled as opaque TCP. istiod: `IsTCP`.
    pub fn is_tcp(self) -> bool {
        matches!(self, Self::Tcp | Self::Https | Self::Tls | Self::Mongo | Self::Redis | Self::MySql)
    }

    /// TLS that is passed through. istiod: `IsTLS`.
    pub fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Tls)
    }

    /// Sniffed by Envoy. istiod: `IsUnsupported`.
    pub fn is_unsupported(self) -> bool {
        self == Self::Unsupported
    }

    /// HTTP, or may turn out to be. istiod: `IsHTTPOrSniffed`.
    pub fn is_http_or_sniffed(self) -> bool {
        self.is_http() || self.is_unsupported()
    }

    /// gRPC or gRPC-Web. istiod: `IsGRPC`.
    pub fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::GrpcWeb)
    }
}
